// What a daemon owes its system: limits, a pid file, the background, its supervisor.
// Reference: sentinel-behaviour.md 1.5.
#pragma once

#include <cstdint>
#include <string>

#include "agent/config/settings.hpp"
#include "agent/log.hpp"

namespace vedette::agent {

// Makes room for `wanted` descriptors as far as the hard limit allows. Returns how many there may
// be now.
std::uint64_t raise_descriptor_limit(std::uint64_t wanted);

// As raise_descriptor_limit, for the clients and links of these settings; lowers maxclients, with a
// warning, if the system does not give enough.
void make_room_for_clients(Settings& settings, std::size_t groups, std::size_t links, Log& log);

// Ends the parent with exit code 0; the caller goes on as a session leader without a terminal.
// False, with errno, if there is no second process.
bool become_daemon();

class PidFile {
 public:
  PidFile() = default;
  ~PidFile() { remove(); }
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  // Best effort, as the original: an error is not worth refusing to run.
  void write(const std::string& path);
  // Whether there was one.
  bool remove();

 private:
  std::string path_;
};

// Talks to systemd over NOTIFY_SOCKET.
class Supervisor {
 public:
  // supervised no: nothing is ever sent. A setting that asks for systemd without its socket is
  // logged.
  Supervisor(const Settings& settings, Log& log);
  void ready();
  void stopping();
  [[nodiscard]] bool active() const noexcept { return !socket_.empty(); }

 private:
  void send(const std::string& state) const;
  std::string socket_;
};

}  // namespace vedette::agent
