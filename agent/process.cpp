#include "agent/process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>

namespace vedette::agent {

using consensus::Level;

namespace {

constexpr std::uint64_t own_descriptors = 32;  // files, listeners, timers, scripts; as the original

}  // namespace

std::uint64_t raise_descriptor_limit(std::uint64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  // Root may raise the hard limit as well, up to fs.nr_open.
  rlimit more{wanted, std::max<rlim_t>(wanted, limit.rlim_max)};
  if (::setrlimit(RLIMIT_NOFILE, &more) == 0) return wanted;
  more = {std::min<rlim_t>(wanted, limit.rlim_max), limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &more) == 0 ? more.rlim_cur : limit.rlim_cur;
}

std::size_t count_links(const consensus::Durable& durable) {
  std::size_t to_nodes = 0;
  std::set<proto::RunId> peers;  // one link each, whatever it watches with us
  for (const auto& group : durable.groups) {
    to_nodes += 2 * (group.replicas.size() + 1);
    for (const auto& peer : group.peers) peers.insert(peer.id);
  }
  return to_nodes + peers.size();
}

unsigned clients_within(std::uint64_t descriptors, std::size_t links) {
  const std::uint64_t usable = descriptors - std::min(descriptors, own_descriptors);
  const std::uint64_t left = usable - std::min<std::uint64_t>(usable, links);
  const std::uint64_t clients = std::max<std::uint64_t>({left, usable / 2, 1});
  return static_cast<unsigned>(std::min<std::uint64_t>(clients, UINT_MAX));
}

void make_room_for_clients(Settings& settings, const consensus::Durable& durable, Log& log) {
  constexpr std::size_t undiscovered = 16;  // links, for each master
  const std::size_t links = count_links(durable);
  const std::uint64_t wanted = settings.maxclients + own_descriptors + links;
  const std::uint64_t granted =
      raise_descriptor_limit(wanted + undiscovered * durable.groups.size());
  const unsigned left = clients_within(granted, links);
  if (left >= settings.maxclients) return;
  log.write(Level::warning, "You requested maxclients of " + std::to_string(settings.maxclients) +
                                " requiring at least " + std::to_string(wanted) +
                                " max file descriptors.");
  log.write(Level::warning,
            "Current maximum open files is " + std::to_string(granted) +
                ". maxclients has been reduced to " + std::to_string(left) +
                " to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'"
                " (LimitNOFILE= in the systemd unit).");
  settings.maxclients = left;
}

bool become_daemon() {
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child > 0) ::_exit(0);
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return true;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, stream);
  if (null > STDERR_FILENO) ::close(null);
  return true;
}

void PidFile::write(const std::string& path) {
  std::ofstream file(path);
  file << ::getpid() << '\n';
  if (file.flush()) path_ = path;
}

bool PidFile::remove() {
  if (path_.empty()) return false;
  ::unlink(path_.c_str());
  path_.clear();
  return true;
}

Supervisor::Supervisor(const Settings& settings, Log& log) {
  if (settings.supervised == "no" || settings.supervised == "upstart") return;
  const char* const socket = std::getenv("NOTIFY_SOCKET");
  if (socket != nullptr && *socket != '\0') {
    socket_ = socket;
  } else if (settings.supervised == "systemd") {
    log.write(Level::warning, "systemd supervision error: NOTIFY_SOCKET not found!");
  }
}

void Supervisor::ready() { send("STATUS=Ready to accept connections\nREADY=1\n"); }

void Supervisor::stopping() { send("STOPPING=1\n"); }

void Supervisor::send(const std::string& state) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address), size);
  ::close(descriptor);
}

}  // namespace vedette::agent
