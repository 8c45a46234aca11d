// What a daemon owes its system: limits, a pid file, the background, its supervisor.
// Reference: sentinel-behaviour.md 1.5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/config/settings.hpp"
#include "agent/log.hpp"
#include "consensus/durable.hpp"

namespace vedette::agent {

// Makes room for `wanted` descriptors as far as the hard limit allows. Returns how many there may
// be now.
std::uint64_t raise_descriptor_limit(std::uint64_t wanted);

// The links that the known nodes and agents need.
[[nodiscard]] std::size_t count_links(const consensus::Durable& durable);

// How many clients there may be with these descriptors: all that the links leave, for without them
// everything seems to be down; but never less than half.
[[nodiscard]] unsigned clients_within(std::uint64_t descriptors, std::size_t links);

// Raises the limit for the clients and links of this configuration; lowers maxclients, with a
// warning, if the system does not give enough.
void make_room_for_clients(Settings& settings, const consensus::Durable& durable, Log& log);

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
