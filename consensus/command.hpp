// Everything the core may ask of the shell. Commands are verbs, executed in order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "consensus/ids.hpp"
#include "consensus/time.hpp"
#include "proto/hello.hpp"
#include "proto/types.hpp"
#include "proto/vote.hpp"

namespace vedette::consensus {

// ---- links -------------------------------------------------------------------------------------
enum class LinkKind {
  command,  // to a data node
  pubsub,   // to a data node; the shell subscribes to the hello channel by itself
  peer      // to another agent, shared by all groups
};
// Open a connection. The shell authenticates (with the credentials of `group`, or those for peers)
// and names the connection, pipelined, then reports LinkUp without waiting for those replies; or
// LinkDown.
struct Connect {
  LinkId link;
  LinkKind kind;
  std::string group;  // name of the master; "" for a peer
  proto::Address address;
};
// Close it, quietly: no LinkDown follows. Unknown ids are ignored.
struct Disconnect {
  LinkId link;
};

// ---- requests on a link; a link that is gone swallows them -------------------------------------
struct SendPing {
  LinkId link;
  RequestId request;
};
struct SendInfo {
  LinkId link;
  RequestId request;
};
struct SendRole {
  LinkId link;
  RequestId request;
};
// Ask a peer whether it is one of ours (VEDETTE HELLO; a real Sentinel answers an error), and for
// its id (SENTINEL MYID; unknown to Sentinels before Redis 6.2).
struct Identify {
  LinkId link;
  RequestId request;
};
struct AskPeer {
  LinkId link;
  RequestId request;
  proto::DownQuery query;
};
// SENTINEL MASTER name: what the peer itself holds for the configuration.
struct AskConfiguration {
  LinkId link;
  RequestId request;
  std::string group;
};
struct PublishHello {
  LinkId link;
  RequestId request;
  proto::Hello hello;
};
// MULTI, REPLICAOF NO ONE, PUBLISH hello, CONFIG REWRITE, CLIENT KILL TYPE normal, EXEC and behind
// it ROLE, in one write; CLIENT KILL TYPE pubsub after the answers. Must not be written after
// `not_after`, the end of our authority: then PromoteWithheld.
struct Promote {
  LinkId link;
  RequestId request;
  proto::Hello hello;
  Instant not_after;
};
// The attempt is over: if nothing of its Promote was written yet, it shall not be. No answer.
struct Retract {
  LinkId link;
  RequestId request;
};
// MULTI, REPLICAOF address, CONFIG REWRITE, CLIENT KILL TYPE normal, CLIENT KILL TYPE pubsub, EXEC.
struct Follow {
  LinkId link;
  RequestId request;
  proto::Address master;
};
// SCRIPT KILL; the reply does not matter.
struct KillScript {
  LinkId link;
};

// ---- the disk ----------------------------------------------------------------------------------
// Make Core::durable() as of now or later durable, then report Persisted with a number not lower.
struct Persist {
  SaveNumber number;
};

// ---- answers -----------------------------------------------------------------------------------
struct ReplyVote {
  Ticket ticket;
  proto::DownReply reply;
};
enum class OrderStatus {
  ok,
  save_failed,  // in force, but not on disk; retried until it is
  no_such_master,
  duplicate_master,
  failover_in_progress,
  no_good_replica
};
struct ReplyOrder {
  Ticket ticket;
  OrderStatus status = OrderStatus::ok;
  std::int64_t count = 0;  // groups reset
};

// ---- news --------------------------------------------------------------------------------------
enum class Level { debug, verbose, notice, warning };
// One decision, one announcement: the log line `<event> <payload>`, the message on the channel
// <event> (verbose and above), the notification script (warning with a group), counters and history
// all read it.
struct Announce {
  std::string_view event;  // "+sdown"; static storage
  Level level = Level::notice;
  std::string group;  // "" when no instance is concerned
  std::string payload;
};
// A line for the log only.
struct Note {
  Level level = Level::notice;
  std::string text;
};
// client-reconfig-script of a group.
struct RunReconfigScript {
  std::string group;
  bool leader = false;  // role word: leader or observer
  proto::Address from;
  proto::Address to;
};

using Command = std::variant<Connect, Disconnect, SendPing, SendInfo, SendRole, Identify, AskPeer,
                             AskConfiguration, PublishHello, Promote, Retract, Follow, KillScript,
                             Persist, ReplyVote, ReplyOrder, Announce, Note, RunReconfigScript>;
using Commands = std::vector<Command>;

}  // namespace vedette::consensus
