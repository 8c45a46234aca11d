// Everything that can happen to the core. Events are past participles; any event is legal in any
// state.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "consensus/ids.hpp"
#include "consensus/options.hpp"
#include "proto/configuration.hpp"
#include "proto/hello.hpp"
#include "proto/info.hpp"
#include "proto/types.hpp"
#include "proto/vote.hpp"

namespace vedette::consensus {

// A deadline passed; also the first event after construction.
struct Tick {};

// ---- links: what became of a Connect -----------------------------------------------------------
struct LinkUp {
  LinkId link;
  std::string local_host;  // our side of the connection, an IP literal
};
// Refused, timed out, reset, closed by the other side, unintelligible. Not sent for a link that the
// core itself disconnected. Requests still unanswered on it are dead.
struct LinkDown {
  LinkId link;
  std::string reason;
  std::optional<RequestId> unwritten{};  // a Promote that left without its EXEC: it will not run
};

// ---- replies; `request` is the one given in the command ---------------------------------------
enum class Pong { valid, busy, refused };  // PONG/LOADING/MASTERDOWN; BUSY; any other error
struct Ponged {
  LinkId link;
  RequestId request;
  Pong kind = Pong::valid;
  bool loading = false;  // a valid pong that was not PONG itself
};
struct InfoRead {
  LinkId link;
  RequestId request;
  proto::InfoSnapshot info;
  std::shared_ptr<const std::string> text{};  // as it came; kept for SENTINEL INFO-CACHE only
};
struct RoleRead {
  LinkId link;
  RequestId request;
  proto::RoleSnapshot role;
};
struct PeerAnswered {
  LinkId link;
  RequestId request;
  proto::DownReply reply;
};
// Answer to Identify: whether the peer is one of ours, and its id if it tells.
struct PeerIdentified {
  LinkId link;
  RequestId request;
  bool vedette = false;
  std::optional<proto::RunId> id{};
};
// Answer to AskConfiguration.
struct ConfigurationTold {
  LinkId link;
  RequestId request;
  proto::Configuration configuration;
};
// Answer to Promote. `executed`: EXEC ran. `role`: of the ROLE behind it, if that could be read.
struct PromoteAnswered {
  LinkId link;
  RequestId request;
  bool executed = false;
  std::optional<proto::RoleSnapshot> role;
};
// The Promote was not written and will not run: its `not_after` had passed.
struct PromoteWithheld {
  LinkId link;
  RequestId request;
};
// PublishHello, Follow: the server took it.
struct Acknowledged {
  LinkId link;
  RequestId request;
};
// Any request answered with an error or with something malformed.
struct RequestFailed {
  LinkId link;
  RequestId request;
  std::string error;
};

// ---- what others say ---------------------------------------------------------------------------
// A well-formed hello, our own ones included (they prove that a pub/sub link is alive).
struct HelloHeard {
  std::optional<LinkId> link;  // the pub/sub link; nullopt: PUBLISH on our own port
  proto::Hello hello;
};
// An inbound is-master-down-by-addr; answered by ReplyVote with the same ticket, possibly later.
struct VoteAsked {
  Ticket ticket;
  proto::DownQuery query;
};

// The address behind a host name: the first one, or another one than before.
struct HostResolved {
  std::string host;
  std::string ip;  // a literal
};

// ---- the disk ----------------------------------------------------------------------------------
// The state as of `number` (and all before) is durable.
struct Persisted {
  SaveNumber number;
};
struct PersistFailed {
  SaveNumber number;
  std::string error;
};

// ---- operators; each is answered by ReplyOrder with the same ticket ----------------------------
struct MonitorGroup {
  std::string name;
  proto::Address address;
  GroupOptions options;
};
struct RemoveGroup {
  std::string name;
};
// SENTINEL SET: the options as they shall be now. `applied` holds "option value" texts, one +set
// event each.
struct SetOptions {
  std::string name;
  GroupOptions options;
  std::vector<std::string> applied;
  bool reconnect = false;  // credentials changed: reopen the links of this group's nodes
  bool save = true;        // false if nothing that is stored changed
};
struct ResetGroups {
  std::string pattern;  // glob
};
struct FailOver {
  std::string name;
};
struct FlushConfig {};
struct SetTimings {
  Timings timings;
};
// SENTINEL CONFIG SET: how we announce ourselves; credentials for peers may have changed.
struct SetAnnounced {
  Announced announced;
  bool reconnect_peers = false;
};
using Order = std::variant<MonitorGroup, RemoveGroup, SetOptions, ResetGroups, FailOver,
                           FlushConfig, SetTimings, SetAnnounced>;
struct Ordered {
  Ticket ticket;
  Order order;
};

using Event =
    std::variant<Tick, LinkUp, LinkDown, Ponged, InfoRead, RoleRead, PeerAnswered, PeerIdentified,
                 ConfigurationTold, PromoteAnswered, PromoteWithheld, Acknowledged, RequestFailed,
                 HelloHeard, VoteAsked, HostResolved, Persisted, PersistFailed, Ordered>;

}  // namespace vedette::consensus
