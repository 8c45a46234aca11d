// What is known about one client, without the socket under it: commands are executed against this,
// and so can be tested without a network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "agent/server/output.hpp"
#include "consensus/time.hpp"
#include "proto/resp.hpp"

namespace vedette::agent {

// What a connection may ask of its socket.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void flush() = 0;   // there is new output
  virtual void resume() = 0;  // the answer that execution waited for is in the output
  virtual void abort() = 0;   // close at once; pending output is lost
};

// CLIENT REPLY.
enum class ReplyMode { on, off, skip_next };

struct Connection : std::enable_shared_from_this<Connection> {
  explicit Connection(std::uint64_t number) : id(number) {}

  std::uint64_t id;
  std::string peer;  // "127.0.0.1:50000", "[::1]:50000"; of a Unix socket "/path:0"
  std::string local;
  bool over_unix_socket = false;
  int descriptor = -1;
  consensus::Instant connected_at{};
  consensus::Instant active_at{};  // last bytes from the client

  proto::RespVersion version = proto::RespVersion::v2;
  std::string name;
  std::string library_name;
  std::string library_version;
  bool authenticated = true;
  std::string user = "default";
  std::string last_command = "NULL";  // full name, for CLIENT LIST
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t commands = 0;  // executed so far
  std::size_t unread = 0;      // bytes received and not executed yet

  std::set<std::string> channels;
  std::set<std::string> patterns;

  Output output;
  ReplyMode reply_mode = ReplyMode::on;
  bool muted = false;      // the command being executed is not answered
  bool suspended = false;  // its answer comes later; nothing further is executed before
  bool closing = false;    // to be closed once the output is written
  std::optional<consensus::Instant> crowded_since;  // output above the soft limit since then

  Transport* transport = nullptr;  // unset once the socket is gone

  [[nodiscard]] std::size_t subscriptions() const noexcept {
    return channels.size() + patterns.size();
  }
  // Only few commands may be sent then, because replies could not be told from messages.
  [[nodiscard]] bool in_subscriber_mode() const noexcept {
    return version == proto::RespVersion::v2 && subscriptions() > 0;
  }
  [[nodiscard]] proto::ReplyWriter reply() {
    discarded_.clear();
    return {muted ? discarded_ : output.tail(), version};
  }

  // For what comes like a message: CLIENT REPLY does not silence it.
  [[nodiscard]] proto::ReplyWriter message() { return {output.tail(), version}; }

 private:
  std::string discarded_;
};

// Everyone who is connected, in the order of arrival.
struct Clients {
  std::map<std::uint64_t, std::shared_ptr<Connection>> all;
  std::uint64_t last_id = 0;
  std::optional<consensus::Instant> warned_of_http_at;

  std::shared_ptr<Connection> add() {
    auto client = std::make_shared<Connection>(++last_id);
    all.emplace(client->id, client);
    return client;
  }
  void remove(std::uint64_t id) { all.erase(id); }
};

}  // namespace vedette::agent
