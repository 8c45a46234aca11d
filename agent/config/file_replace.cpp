#include "agent/config/file_replace.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>

namespace vedette::agent {

namespace {

constexpr int crash_code = 99;

// Only the writer thread comes here (and main, before that thread starts).
void crash_point(std::string_view point) {
  const char* const wish = std::getenv("VEDETTE_CRASH_AT");
  if (wish == nullptr) return;
  const std::string_view wanted(wish);
  const std::size_t colon = wanted.find(':');
  if (wanted.substr(0, colon) != point) return;
  static std::map<std::string, unsigned long, std::less<>> reached;
  const unsigned long times = ++reached[std::string(point)];
  const unsigned long fatal =
      colon == std::string_view::npos ? 1 : std::strtoul(wish + colon + 1, nullptr, 10);
  if (times == fatal) ::_exit(crash_code);
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool valid() const { return value_ >= 0; }
  // Errors of close are those of writing back, which fsync has reported already.
  void close() {
    if (value_ >= 0) ::close(value_);
    value_ = -1;
  }

 private:
  int value_;
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_durably(int descriptor, std::string_view content) {
  crash_point("before-write");
  if (!write_all(descriptor, content)) return false;
  crash_point("after-write");
  if (::fsync(descriptor) != 0) return false;
  crash_point("after-fsync");
  return true;
}

std::string follow_links(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) == nullptr ? path : std::string(resolved);
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// What a new file must look like. Giving it to another owner may be forbidden; then it is ours, and
// the group gets nothing that it had not.
bool dress(int descriptor, const std::optional<struct stat>& old) {
  if (!old) return true;  // mkostemp made it 0600
  mode_t mode = old->st_mode & 07777;
  struct stat now {};
  if (::fstat(descriptor, &now) != 0) return false;
  const bool same = now.st_uid == old->st_uid && now.st_gid == old->st_gid;
  if (!same && ::fchown(descriptor, old->st_uid, old->st_gid) != 0 && now.st_gid != old->st_gid &&
      ::fchown(descriptor, static_cast<uid_t>(-1), old->st_gid) != 0) {
    mode &= static_cast<mode_t>(~070);
  }
  return ::fchmod(descriptor, mode) == 0;
}

// Makes the file longer by empty lines, which are on the disk on return. Not by fallocate: ramfs,
// 9p and older NFS have none, and what a crash leaves here is still the old configuration.
bool add_room(int descriptor, off_t old_size, std::size_t more) {
  if (::lseek(descriptor, old_size, SEEK_SET) < 0) return false;
  if (!write_all(descriptor, std::string(more, '\n'))) return false;
  return ::fsync(descriptor) == 0 && ::lseek(descriptor, 0, SEEK_SET) == 0;
}

// "" or the errno text.
std::string overwrite(const std::string& path, std::string_view content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return std::strerror(errno);
  struct stat old {};
  if (::fstat(file.get(), &old) != 0) return std::strerror(errno);
  const auto size = static_cast<off_t>(content.size());
  // All the room first, so that a full disk cannot leave half of the new text over the old one.
  if (size > old.st_size &&
      !add_room(file.get(), old.st_size, static_cast<std::size_t>(size - old.st_size))) {
    const int problem = errno;
    if (::ftruncate(file.get(), old.st_size) != 0) return std::strerror(errno);
    return std::strerror(problem);
  }
  if (!write_durably(file.get(), content)) return std::strerror(errno);
  if (::ftruncate(file.get(), size) != 0) return std::strerror(errno);
  return ::fsync(file.get()) == 0 ? std::string{} : std::strerror(errno);
}

// Its directory is not ours to change, the file itself may be.
bool may_still_be_overwritten(int problem) {
  return problem == EACCES || problem == EPERM || problem == EROFS;
}

std::string sync_directory(const std::string& path) {
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || ::fsync(directory.get()) != 0) return std::strerror(errno);
  return {};
}

}  // namespace

SaveResult replace_file(const std::string& path, std::string_view content) {
  const std::string target = follow_links(path);
  std::optional<struct stat> old;
  if (struct stat found{}; ::stat(target.c_str(), &found) == 0) old = found;

  std::string temporary = target + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.valid()) {
    const int problem = errno;
    if (!old || !may_still_be_overwritten(problem)) return {std::strerror(problem)};
    return {overwrite(target, content), true};
  }
  const bool written = dress(file.get(), old) && write_durably(file.get(), content);
  int problem = errno;
  file.close();
  if (written && ::rename(temporary.c_str(), target.c_str()) == 0) {
    crash_point("after-rename");
    SaveResult result{sync_directory(directory_of(target))};
    if (result.error.empty()) crash_point("after-dirsync");
    return result;
  }
  if (written) problem = errno;
  ::unlink(temporary.c_str());
  if (written && (problem == EBUSY || problem == EXDEV)) return {overwrite(target, content), true};
  return {std::strerror(problem)};
}

}  // namespace vedette::agent
