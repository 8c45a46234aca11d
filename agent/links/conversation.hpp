// What is said on one outgoing connection: requests into bytes, replies into events. No sockets
// here. Reference: sentinel-protocol.md section 9.
#pragma once

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "consensus/command.hpp"
#include "consensus/event.hpp"
#include "proto/resp.hpp"

namespace vedette::agent {

using RenamedCommands = std::map<std::string, std::string>;

struct LinkSpec {
  consensus::LinkId link{};
  consensus::LinkKind kind = consensus::LinkKind::command;
  proto::Address address;
  std::string user;                // used only with a password
  std::string password;            // "" = no AUTH
  RenamedCommands renamed;         // lower-case command -> what the server calls it
  std::string my_id;               // 40 characters
  std::string source_address;      // "" = any
  unsigned keepalive_seconds = 0;  // 0 = none
};

class Conversation {
 public:
  explicit Conversation(LinkSpec spec) : spec_(std::move(spec)) {}

  [[nodiscard]] const LinkSpec& spec() const noexcept { return spec_; }

  // For what is said from now on.
  void rename(RenamedCommands renamed) { spec_.renamed = std::move(renamed); }

  // The first bytes of a connection: AUTH, CLIENT SETNAME, SUBSCRIBE.
  void begin();

  void say(const consensus::SendPing& command);
  void say(const consensus::SendInfo& command);
  void say(const consensus::SendRole& command);
  void say(const consensus::Identify& command);
  void say(const consensus::AskPeer& command);
  void say(const consensus::AskConfiguration& command);
  void say(const consensus::PublishHello& command);
  void say(const consensus::Promote& command);
  void say(const consensus::Retract& command);
  void say(const consensus::Follow& command);
  void say(const consensus::KillScript& command);

  // ---- the socket's side ------------------------------------------------------------------------
  using Events = std::vector<consensus::Event>;
  // What is to be written next; empty: nothing. A Promote whose time is over is dropped, which
  // makes a PromoteWithheld. Ask again immediately before every write.
  [[nodiscard]] std::string_view output(consensus::Instant now, Events& events);
  // So much of it was written.
  void wrote(std::size_t bytes);
  // Bytes that arrived.
  void hear(std::string_view bytes, Events& events);
  // Not empty: the connection must be closed for this reason.
  [[nodiscard]] const std::string& broken() const noexcept { return broken_; }
  // A Promote that has not left with its EXEC: if the connection is lost now, it will not run.
  [[nodiscard]] std::optional<consensus::RequestId> unwritten() const;
  // Requests without an answer, sent or not.
  [[nodiscard]] std::size_t pending() const noexcept;

 private:
  enum class Kind {
    ignored,
    subscription,
    ping,
    info,
    role,
    identify,
    my_id,
    ask,
    configuration,
    publish,
    step,  // one of the commands inside a transaction
    promote_exec,
    promote_role,
    follow_exec
  };
  struct Expected {
    Kind kind;
    consensus::RequestId request{};
  };
  struct Chunk {
    std::string bytes;
    std::vector<Expected> replies;
    std::optional<consensus::Instant> not_after;  // a Promote: not to be begun or finished later
    consensus::RequestId promote{};
    std::size_t decisive = 0;  // of a Promote: so many bytes, up to its EXEC, make it run
    std::size_t written = 0;
  };
  using Words = std::initializer_list<std::string_view>;

  // A Promote that has not left with its EXEC.
  static bool is_unwritten(const Chunk& chunk) {
    return chunk.not_after && chunk.written < chunk.decisive;
  }

  Chunk& open_chunk();
  void add(Chunk& chunk, Expected expected, std::string_view command, Words arguments);
  void check_bound();
  void answer(const Expected& expected, const proto::Value& reply, Events& events);
  void answer_ping(const Expected& expected, const proto::Value& reply, Events& events);
  void answer_exec(const Expected& expected, const proto::Value& reply, Events& events);
  void fail(const Expected& expected, std::string_view what, const proto::Value& reply,
            Events& events);
  void hear_message(const proto::Value& message, Events& events);

  LinkSpec spec_;
  std::deque<Chunk> queue_;
  std::size_t queued_bytes_ = 0;
  std::deque<Expected> expected_;
  proto::ReplyParser parser_;
  std::string broken_;
  // Of the transaction whose replies are being read.
  std::string step_error_;
  bool executed_ = false;
  bool is_vedette_ = false;  // the peer, by its answer to VEDETTE HELLO
};

}  // namespace vedette::agent
