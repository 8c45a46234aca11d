// One step of the model, and the rules it is made of.
#pragma once

#include <string>
#include <utility>

#include "consensus/announce.hpp"
#include "tests/sim/legacy/state.hpp"

namespace vedette::sim {

struct LegacyTurn {
  Instant now;
  LegacyState& state;
  consensus::Commands& out;

  template <class C>
  void emit(C command) {
    out.emplace_back(std::move(command));
  }
  void announce(consensus::EventName event, const LegacyGroup& group, std::string payload) {
    emit(consensus::make_announce(event, group.name, std::move(payload)));
  }
  void announce(consensus::EventName event, std::string payload) {
    emit(consensus::make_announce(event, {}, std::move(payload)));
  }
  // Rewrites the file; nobody waits (section 3.1).
  void persist() { emit(consensus::Persist{consensus::SaveNumber{++state.saves}}); }
};

// One instance with what belongs to it; `node` or `peer` is null.
struct LegacyRef {
  LegacyGroup& group;
  LegacyKind kind;
  LegacyInstance& instance;
  LegacyLink& link;
  LegacyNode* node;
  LegacyPeer* peer;
};
LegacyRef master_of(LegacyGroup& group);
LegacyRef replica_of(LegacyGroup& group, LegacyNode& replica);
LegacyRef peer_of(LegacyTurn& turn, LegacyGroup& group, LegacyPeer& peer);

// The instance part of an event's payload (sentinel-protocol.md, section 6).
std::string describe(const LegacyGroup& group);
std::string describe(const LegacyGroup& group, const LegacyNode& replica);
std::string describe(const LegacyGroup& group, const LegacyPeer& peer);
std::string describe(const LegacyRef& ref);
std::string spaced(const proto::Address& address);  // "ip port"

// ---- legacy_owners.cpp -------------------------------------------------------------------------
// What a link belongs to, if that still exists; the node is null for a peer's link.
struct LegacyFound {
  LegacyGroup* group = nullptr;
  LegacyNode* node = nullptr;
};
LegacyFound find_node(LegacyState& state, const LegacyOwner& owner);
LegacyPeer* find_peer(LegacyState& state, const LegacyOwner& owner, consensus::GroupId group);
LegacyLink* find_link(LegacyState& state, const LegacyOwner& owner);

// ---- legacy_links.cpp --------------------------------------------------------------------------
void start_link(LegacyTurn& turn, LegacyLink& link);
bool is_disconnected(const LegacyLink& link, LegacyKind kind);
void close_connection(LegacyTurn& turn, LegacyConnection& connection);
void close_link(LegacyTurn& turn, LegacyLink& link);
void reconnect(LegacyTurn& turn, const LegacyRef& ref);
consensus::RequestId new_request(LegacyTurn& turn, LegacyConnection& connection,
                                 LegacyRequest::Kind kind, const LegacyGroup& group);
void submit(LegacyTurn& turn, LegacyConnection& connection, consensus::Command command);
void send_follow(LegacyTurn& turn, const LegacyGroup& group, LegacyNode& node,
                 const proto::Address& master);
void link_up(LegacyTurn& turn, const consensus::LinkUp& event);
void link_down(LegacyTurn& turn, consensus::LinkId link);
void pubsub_heard(LegacyTurn& turn, consensus::LinkId link);

// ---- legacy_replies.cpp ------------------------------------------------------------------------
void on_reply(LegacyTurn& turn, const consensus::Ponged& event);
void on_reply(LegacyTurn& turn, const consensus::InfoRead& event);
void on_reply(LegacyTurn& turn, const consensus::PeerAnswered& event);
void on_reply(LegacyTurn& turn, const consensus::Acknowledged& event);
void on_reply(LegacyTurn& turn, const consensus::RequestFailed& event);

// ---- legacy_health.cpp -------------------------------------------------------------------------
void send_periodic(LegacyTurn& turn, const LegacyRef& ref);
void check_subjectively_down(LegacyTurn& turn, const LegacyRef& ref);
void check_objectively_down(LegacyTurn& turn, LegacyGroup& group);
void ask_peers(LegacyTurn& turn, LegacyGroup& group, bool forced);
void watch_tilt(LegacyTurn& turn);
bool in_tilt(LegacyTurn& turn);

// ---- legacy_info.cpp ---------------------------------------------------------------------------
void take_info(LegacyTurn& turn, const LegacyRef& ref, const proto::InfoSnapshot& info);
LegacyNode& add_replica(LegacyTurn& turn, LegacyGroup& group, const proto::Address& address);

// ---- legacy_election.cpp -----------------------------------------------------------------------
void raise_epoch(LegacyTurn& turn, proto::Epoch epoch);
void vote(LegacyTurn& turn, LegacyGroup& group, proto::Epoch epoch, const proto::RunId& candidate);
std::optional<proto::RunId> count_votes(LegacyTurn& turn, LegacyGroup& group);
void answer_vote(LegacyTurn& turn, const consensus::VoteAsked& event);

// ---- legacy_failover.cpp -----------------------------------------------------------------------
const LegacyNode* choose_replica(const LegacyTurn& turn, const LegacyGroup& group);
void begin_failover(LegacyTurn& turn, LegacyGroup& group);
bool begin_failover_if_due(LegacyTurn& turn, LegacyGroup& group);
void step_failover(LegacyTurn& turn, LegacyGroup& group);
void promotion_seen(LegacyTurn& turn, LegacyGroup& group, const LegacyNode& replica);

// ---- legacy_switch.cpp -------------------------------------------------------------------------
void reset_group(LegacyTurn& turn, LegacyGroup& group, bool keep_peers);
void switch_master(LegacyTurn& turn, LegacyGroup& group, const proto::Address& address);
void finish_failover(LegacyTurn& turn, LegacyGroup& group);

// ---- legacy_hello.cpp --------------------------------------------------------------------------
void take_hello(LegacyTurn& turn, const consensus::HelloHeard& event);
LegacyPeer& add_peer(LegacyTurn& turn, LegacyGroup& group, const proto::RunId& id,
                     const proto::Address& address);
void remove_peer(LegacyTurn& turn, LegacyGroup& group, const proto::RunId& id);

// ---- legacy_orders.cpp -------------------------------------------------------------------------
void carry_out(LegacyTurn& turn, const consensus::Ordered& event);
LegacyGroup& add_group(LegacyTurn& turn, const std::string& name, const proto::Address& master,
                       const consensus::GroupOptions& options);

}  // namespace vedette::sim
