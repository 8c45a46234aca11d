#include "agent/config/store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "agent/config/render.hpp"

namespace vedette::agent {

namespace {

// "" or the errno text. A file that is gone leaves `text` as it was.
std::string read_present(const std::string& path, std::string& text) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return errno == ENOENT ? std::string{} : std::strerror(errno);
  std::string present;
  std::array<char, 16384> part{};
  ssize_t got = 0;
  while ((got = ::read(descriptor, part.data(), part.size())) > 0) {
    present.append(part.data(), static_cast<std::size_t>(got));
  }
  const int problem = errno;
  ::close(descriptor);
  if (got < 0) return std::strerror(problem);
  text = std::move(present);
  return {};
}

}  // namespace

Store::Store(std::string path, std::string text, Post post, Take take, Report report)
    : path_(std::move(path)),
      post_(std::move(post)),
      take_(std::move(take)),
      report_(std::move(report)),
      loaded_text_(std::move(text)),
      last_text_(loaded_text_) {
  // Signals are for the loop's thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread(&Store::work, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Store::~Store() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Store::persist(consensus::SaveNumber number) {
  wanted_ = std::max(wanted_, number);
  if (!running_) start();
}

void Store::start() {
  Snapshot snapshot = take_();
  running_ = true;
  {
    const std::lock_guard lock(mutex_);
    job_ = std::move(snapshot);
    job_number_ = wanted_;
  }
  wake_.notify_one();
}

void Store::finished(consensus::SaveNumber number, const SaveResult& result) {
  running_ = false;
  report_(number, result);
  // The report may have led to a new wish and started it already.
  if (!running_ && wanted_ > number) start();
}

SaveResult Store::save_now(const Snapshot& snapshot) {
  // The file is read again each time: the user may have edited it since.
  std::string problem = read_present(path_, last_text_);
  if (!problem.empty()) return {std::move(problem)};
  const std::string base = with_settings_of(loaded_text_, last_text_);
  std::string text = render_config(base, snapshot.durable, snapshot.settings);
  SaveResult result = replace_file(path_, text);
  if (result.error.empty()) last_text_ = std::move(text);
  return result;
}

void Store::replace(std::string path, std::string content,
                    std::function<void(const SaveResult&)> done) {
  {
    const std::lock_guard lock(mutex_);
    replacements_.push_back({std::move(path), std::move(content), std::move(done)});
  }
  wake_.notify_one();
}

void Store::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || job_.has_value() || !replacements_.empty(); });
    // Promises wait for the configuration: it comes first.
    if (job_) {
      const Snapshot snapshot = std::move(*job_);
      job_.reset();
      const consensus::SaveNumber number = job_number_;
      lock.unlock();
      save(snapshot, number);
    } else if (!replacements_.empty()) {
      const Replacement replacement = std::move(replacements_.front());
      replacements_.pop_front();
      lock.unlock();
      carry_out(replacement);
    } else {
      return;
    }
  }
}

void Store::save(const Snapshot& snapshot, consensus::SaveNumber number) {
  const SaveResult result = save_now(snapshot);
  post_([this, alive = alive_for_posts_, number, result] {
    if (alive.lock()) finished(number, result);
  });
}

void Store::carry_out(const Replacement& replacement) {
  const SaveResult result = replace_file(replacement.path, replacement.content);
  post_([alive = alive_for_posts_, done = replacement.done, result] {
    if (alive.lock()) done(result);
  });
}

}  // namespace vedette::agent
