// One agent's view of everything it monitors. Plain data: the decisions are in the other files,
// readers (SENTINEL MASTER, INFO, HTTP) get it const.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consensus/agenda.hpp"
#include "consensus/command.hpp"
#include "consensus/durable.hpp"
#include "consensus/ids.hpp"
#include "consensus/options.hpp"
#include "consensus/promise.hpp"
#include "consensus/random.hpp"
#include "consensus/time.hpp"
#include "proto/hello.hpp"
#include "proto/info.hpp"
#include "proto/types.hpp"

namespace vedette::consensus {

// ---- one connection ----------------------------------------------------------------------------
struct Link {
  enum class Status { closed, connecting, open };
  Status status = Status::closed;
  LinkId id{};             // of the present or last attempt
  Instant since{};         // when the status began
  Instant retry_at{};      // while closed: not earlier than this
  Duration backoff{0};     // the wait before the attempt after the next failure
  std::string local_host;  // while open
  Instant heard_at{};      // last sign of life (pub/sub: last message)
  [[nodiscard]] bool is_open() const noexcept { return status == Status::open; }
};

// The running measurement behind "subjectively down".
struct PingClock {
  struct Sent {
    RequestId request;
    Instant at;
    OwnTime own;
  };
  std::deque<Sent> outstanding;  // on the present connection, oldest first
  // Start of the silence: sending of the oldest unanswered PING, or loss of the link if that came
  // first.
  std::optional<OwnTime> silent_since;
  std::optional<Instant> silent_since_wall;  // the same instant for readers
  bool answered = false;                     // an acceptable reply came at least once
  Instant last_sent{};
  Instant last_ok{};         // last acceptable reply, or creation
  Instant last_reply{};      // last reply of any kind
  Instant ponged_sent_at{};  // sending of the newest PING answered by a real PONG
  Instant unbroken_since{};  // the end of its last silence that was longer than a hiccup
  Duration round_trip{0};    // of the last answered PING, 0 if none
};

// ---- a data node: the master or a replica of a group -------------------------------------------
enum class Resync { none, sent, in_progress, done };  // re-pointing after a failover

struct Node {
  NodeId id{};
  proto::Address address;
  Link command;
  Link pubsub;
  PingClock ping;

  bool subjectively_down = false;
  Instant subjectively_down_since{};  // kept after the state was left
  bool script_killed = false;         // SCRIPT KILL sent in this episode

  proto::InfoSnapshot info;        // last reading; defaults until the first
  std::optional<Instant> info_at;  // when it arrived
  std::shared_ptr<const std::string> info_text;
  std::optional<RequestId> info_request;
  Instant info_sent_at{};
  bool info_refused = false;  // the last one

  std::optional<proto::RunId> process;  // by its last INFO; survives what makes its past no news
  bool introduced = false;              // INFO has come over the present command connection

  proto::Role reported_role = proto::Role::master;
  Instant reported_role_at{};          // last change
  std::optional<Instant> rebooted_at;  // master only, while the reboot is being counted
  Instant replica_conf_changed_at{};   // master_host/master_port last changed
  bool superseded = false;             // replaced by a switch and not seen as a replica since
  std::optional<proto::RunId>
      replica_run;  // in which it was last seen as a replica, not replaced since

  // ROLE, asked when an answer matters now.
  std::optional<RequestId> role_request;
  Instant role_sent_at{};
  bool role_wanted = false;          // ask as soon as a link is open
  bool role_refused = false;         // on the present connection: INFO is asked in its place
  bool role_proves = false;          // ROLE was sent while a majority published our configuration
  std::optional<Instant> proven_at;  // sending of such a ROLE that was answered "master"

  // What it last answered to ROLE or INFO, and when that question was sent.
  struct Said {
    proto::Role role;
    Instant asked_at;
  };
  std::optional<Said> said;

  std::optional<RequestId> hello_request;
  Instant hello_due{};

  std::optional<Instant> refused_promotion_at;  // by this run of it
  // A Promote went to it that did not become a published configuration: it is re-pointed at once.
  bool promoted_in_vain = false;
  std::optional<RequestId> follow_request;
  Instant follow_sent_at{};
  Resync resync = Resync::none;
  Instant resync_since{};

  [[nodiscard]] bool disconnected() const noexcept {
    return !command.is_open() || !pubsub.is_open();
  }
  // By its last INFO.
  [[nodiscard]] bool is_master_by_info() const noexcept { return info.role == proto::Role::master; }
  // It was a replica in this very run: after a restart it may be a master for want of its
  // configuration, with an old copy of the same history.
  [[nodiscard]] bool was_promoted() const {
    return is_master_by_info() && replica_run && info.run_id == replica_run;
  }
  // By INFO or ROLE, whichever is newer.
  [[nodiscard]] bool reports_master() const noexcept {
    return info_at && reported_role == proto::Role::master;
  }
};

// ---- another agent -----------------------------------------------------------------------------
// One per run id; its link is shared by all groups.
struct Peer {
  proto::RunId id;
  proto::Address address;
  Link link;
  PingClock ping;
  std::optional<bool> speaks_vedette;         // unknown until it answered Identify
  proto::Epoch published_epoch{};             // the highest epoch in its newest hello
  std::optional<Instant> double_told_at{};    // last alarm: another one of this id lives elsewhere
  std::optional<proto::RunId> replaced_by{};  // last answered at its address, with another id
};

// Who was heard of at an address where we do not know him (strangers.hpp).
struct Stranger {
  StrangerId handle{};
  proto::RunId id;
  proto::Address address;
  std::map<GroupId, proto::Hello> hellos{};  // the newest of each group
  // Arrival of the last few hellos, on each link (0: on our port). One that a partition held up
  // arrives by each node when that one can be reached again.
  std::map<LinkId, std::deque<Instant>> heard{};
  Instant heard_at{};            // of the newest
  std::optional<LinkId> link{};  // over which he is asked
  std::optional<RequestId> request{};
  bool identified = false;              // he answered with his id
  std::set<GroupId> recalled{};         // groups that forgot him: does he watch them?
  std::map<RequestId, GroupId> roll{};  // so asked, and not answered yet
  std::optional<Instant> refuted_at{};  // somebody else answered at this address
};

// What a peer thinks about one group.
struct PeerView {
  struct Ask {
    Instant sent_at;
    proto::DownQuery query;
    proto::Epoch config_epoch;  // ours when the ask was sent
  };
  std::map<RequestId, Ask> asks;  // unanswered, at most a few
  Instant ask_due{};
  Instant asked_at{};
  Duration ask_interval{0};
  Instant answered_at{};  // arrival of the newest answer

  // Its opinion about (address, config epoch); valid for 5 s from the sending of the ask.
  struct Opinion {
    bool down = false;
    Instant asked_at;
    proto::Address address;
    proto::Epoch config_epoch;
  };
  std::optional<Opinion> opinion;
  // Its recorded vote, for readers and for the log.
  std::optional<proto::RunId> voted_leader;
  proto::Epoch voted_leader_epoch{};
  Instant voted_leader_at{};  // when we first heard of it

  // Its last hello for this group.
  struct Published {
    Instant at;
    proto::Address master;
    proto::Epoch config_epoch;
    Instant claimed_at;                 // since when it publishes this
    bool repeated = false;              // over our own connection to it
    bool denied = false;                // the node, asked, is no master of ours
    std::optional<Instant> alias_at{};  // the node, asked, was our own master (aliases.hpp)
  };
  std::optional<Published> published;
  std::optional<RequestId> configuration_request;
  Instant configuration_asked_at{};
  Instant last_hello{};
  std::optional<RequestId> hello_request;
  Instant hello_due{};

  bool subjectively_down = false;
  Instant subjectively_down_since{};
};

// ---- elections ---------------------------------------------------------------------------------
// The voter's side (README.md, Votes and Authority).
struct Ballot {
  Vote memory;                        // newest; never goes back
  Vote durable;                       // what is known to be on disk: all that others may see
  bool candidacy = false;             // `memory` is our own living candidacy
  std::optional<Instant> held_until;  // no vote to another and no epoch of our own before
  Instant held_since{};               // receipt of the ask that got the vote
  Instant rival_at{};                 // the hold last kept it from another candidate
  proto::Epoch led_to{};              // of a vote: its configuration was heard of
};

enum class Phase {
  idle,
  wait_start,
  select_replica,
  send_promote,
  wait_promotion,
  reconfigure_replicas,
  update_config
};

// One attempt to fail over, from the candidacy to the announcement (failover.hpp).
struct Attempt {
  proto::Epoch epoch{};
  proto::Address address;  // of the master it replaces, or of the one that it settles for
  Phase phase = Phase::wait_start;
  bool forced = false;    // SENTINEL FAILOVER
  bool by_force = false;  // ... that goes on without a majority
  bool settles = false;   // no failover: a new epoch for `address`, which stays (settling.hpp)
  int tries = 0;          // of a forced attempt: epochs in which it was outvoted
  Instant started{};
  Instant phase_since{};
  Instant stand_at{};    // forced and outvoted: the next epoch is not taken before
  bool durable = false;  // the candidacy is on disk; nothing leaves before
  std::map<proto::RunId, Instant> confirmed;  // voter -> sending of the newest ask it confirmed
  std::set<proto::RunId> refused;
  proto::Epoch higher_vote{};     // highest vote epoch named by a reply
  bool epoch_was_hidden = false;  // a legacy voter refused, for an epoch that it does not name
  bool asked_to_renew = false;
  Instant info_deadline{};  // select_replica: stop waiting for INFO
  Instant choose_again_at{};
  std::optional<NodeId> target;
  std::optional<RequestId> promote_request;
  std::optional<Instant> promote_sent_at;      // a Promote left
  std::optional<Instant> promote_sent_before;  // an earlier one to the same target
  // While a Promote was under way, which may turn out not to have been written.
  bool master_returned = false;
  bool configuration_moved = false;
  bool confirmed_master = false;  // ROLE or INFO of the target said master
  Instant poll_at{};
};

// The background work after a switch: pointing the other replicas at the new master.
struct Reconfiguration {
  proto::Address old_master;
  Instant started{};
  std::optional<proto::RunId> leader;  // who does it; we ourselves if unset
};

// A node that only a newer configuration names, asked whether it is a master of ours
// (adoption.hpp).
enum class Kinship { ours, unknown, foreign };
struct Claim {
  proto::Address address;
  LinkId link;
  Instant since;
  std::optional<RequestId> request{};
  std::optional<Kinship> kinship{};  // of the master that answered there
};

// How many voters there were before RESET or REMOVE. They may be at work in an election: with fewer
// of them counted there could be two leaders.
struct Forgotten {
  std::size_t voters = 0;  // 0: none
  Instant until{};
};
struct Removed {
  Forgotten forgotten;
  std::vector<DurablePeer> peers;  // that were there
};

// ---- a monitored master with its replicas and the agents that share it
// ---------------------------
struct Group {
  GroupId id{};
  std::string name;
  GroupOptions options;
  std::map<NodeId, Node> nodes;  // the master and every replica
  NodeId master_id{};
  std::map<proto::RunId, PeerView> peers;

  proto::Epoch config_epoch{};
  std::string replid;         // the group's replication history, last known; "" unknown
  std::string former_replid;  // the one before, while that of a new master is unknown
  Ballot ballot;
  std::optional<Replaced> replaced;

  bool objectively_down = false;
  Instant objectively_down_since{};

  std::optional<Attempt> attempt;
  std::optional<proto::Epoch> promoted_in;  // our last epoch in which a Promote was written
  std::optional<Reconfiguration> reconfiguration;
  // Before a new candidacy: not earlier than this; unset while there is no reason to stand.
  std::optional<Instant> stand_at;
  Duration retry_wait{0};
  std::uint64_t epoch_step = 1;  // 1, 2, 4 .. 64 while legacy voters hide a higher epoch
  std::optional<Instant> aborted_for_master_at;  // last abort because the master was back
  std::optional<Instant> no_replica_told_at;     // in this episode of objectively down
  Forgotten forgotten;
  std::optional<Claim> claim;
  std::optional<Instant> proof_sought_at;  // the wait for a proof began (adoption.hpp)
  std::optional<Instant> settle_at;        // of two configurations: not before
  Duration settle_wait{0};                 // after a lost election for that
  Instant moved_hello_at{};  // last hello sent because someone asked about an address we left

  [[nodiscard]] Node& master() { return nodes.at(master_id); }
  [[nodiscard]] const Node& master() const { return nodes.at(master_id); }
  [[nodiscard]] const Attempt* failover() const noexcept {
    return attempt && !attempt->settles ? &*attempt : nullptr;
  }
  [[nodiscard]] Phase phase() const noexcept { return failover() ? attempt->phase : Phase::idle; }
  // Every known peer and this agent.
  [[nodiscard]] std::size_t agents() const noexcept { return peers.size() + 1; }
  // The denominator of every majority: those, never fewer than before a RESET of late, or as many
  // as the operator says.
  [[nodiscard]] std::size_t voters() const noexcept {
    return options.voters > 0 ? options.voters : std::max(agents(), forgotten.voters);
  }
};

// ---- the whole ---------------------------------------------------------------------------------
// Who owns a link.
struct LinkOwner {
  LinkKind kind;
  GroupId group{};  // data nodes
  NodeId node{};
  std::optional<proto::RunId> peer{};
  std::optional<StrangerId> stranger{};
  bool claimed = false;  // of the group's claim
};

struct State {
  State(proto::RunId id, std::uint64_t seed) : my_id(std::move(id)), random(seed) {}

  proto::RunId my_id;
  Announced announced;
  Timings timings;
  Policy policy;
  proto::Epoch current_epoch{};  // newest; see durable_epoch
  proto::Epoch durable_epoch{};  // what may be shown
  // Heard right after the start and above our file: votes up to here may have been forgotten.
  proto::Epoch unvotable_epoch{};

  std::map<GroupId, Group> groups;
  std::map<std::string, GroupId> names;    // exact, case-sensitive
  std::map<std::string, Removed> removed;  // of late, and not monitored again
  std::map<proto::RunId, Peer> peers;
  std::map<StrangerId, Stranger> strangers;
  std::map<std::string, std::string> resolved;  // host name -> address (hosts.hpp)
  std::map<LinkId, LinkOwner> links;

  Instant started{};
  Duration lateness{0};  // total time this process was late; own time = now - lateness
  std::optional<Instant> tilt_since;
  Instant tilt_last{};  // arrival of the last anomaly

  Promises promises;
  Agenda agenda;
  Random random;
  std::uint64_t serial = 0;  // source of all handles

  [[nodiscard]] const Group* find(const std::string& name) const {
    const auto it = names.find(name);
    return it == names.end() ? nullptr : &groups.at(it->second);
  }
  [[nodiscard]] Group* find(const std::string& name) {
    const auto it = names.find(name);
    return it == names.end() ? nullptr : &groups.at(it->second);
  }
};

}  // namespace vedette::consensus
