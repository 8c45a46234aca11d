// Events in, the rules in the order of Sentinel's own timer, commands out.
#include "tests/sim/legacy/legacy.hpp"

#include <algorithm>
#include <variant>

#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

namespace {

// The first part of a tick, for every instance; false in TILT, when it is also the last (section
// 4).
bool tend(LegacyTurn& turn, const LegacyRef& ref) {
  reconnect(turn, ref);
  send_periodic(turn, ref);
  if (in_tilt(turn)) return false;
  check_subjectively_down(turn, ref);
  return true;
}

// The order of a tick is that of section 4.
void tend(LegacyTurn& turn, LegacyGroup& group) {
  if (tend(turn, master_of(group))) {
    check_objectively_down(turn, group);
    if (begin_failover_if_due(turn, group)) ask_peers(turn, group, true);
    step_failover(turn, group);
    ask_peers(turn, group, false);
  }
  for (auto& [address, replica] : group.replicas) tend(turn, replica_of(group, replica));
  for (auto& [id, peer] : group.peers) tend(turn, peer_of(turn, group, peer));
}

// Ten to nineteen ticks a second, drawn anew each time: all that keeps elections apart (section 4).
void tick(LegacyTurn& turn) {
  LegacyState& state = turn.state;
  watch_tilt(turn);
  LegacyGroup* finished = nullptr;  // one a tick (section 7.2, item 8)
  for (auto& [name, group] : state.groups) {
    tend(turn, group);
    if (group.phase == consensus::Phase::update_config) finished = &group;
  }
  if (finished != nullptr) finish_failover(turn, *finished);
  const auto rate = static_cast<std::int64_t>(10 + state.random.next() % 10);
  state.next_tick = turn.now + milliseconds{1000 / rate};
}

struct Take {
  LegacyTurn& turn;

  void operator()(const consensus::Tick&) const {
    if (turn.now >= turn.state.next_tick) tick(turn);
  }
  void operator()(const consensus::LinkUp& event) const { link_up(turn, event); }
  void operator()(const consensus::LinkDown& event) const { link_down(turn, event.link); }
  void operator()(const consensus::Ponged& event) const { on_reply(turn, event); }
  void operator()(const consensus::InfoRead& event) const { on_reply(turn, event); }
  void operator()(const consensus::PeerAnswered& event) const { on_reply(turn, event); }
  void operator()(const consensus::Acknowledged& event) const { on_reply(turn, event); }
  void operator()(const consensus::RequestFailed& event) const { on_reply(turn, event); }
  void operator()(const consensus::HelloHeard& event) const { take_hello(turn, event); }
  void operator()(const consensus::VoteAsked& event) const { answer_vote(turn, event); }
  void operator()(const consensus::Ordered& event) const { carry_out(turn, event); }
  // Never asked for, or, of a save, never looked at (section 3.5).
  void operator()(const consensus::RoleRead&) const {}
  void operator()(const consensus::PeerIdentified&) const {}
  void operator()(const consensus::ConfigurationTold&) const {}
  void operator()(const consensus::HostResolved&) const {}
  void operator()(const consensus::PromoteAnswered&) const {}
  void operator()(const consensus::PromoteWithheld&) const {}
  void operator()(const consensus::Persisted&) const {}
  void operator()(const consensus::PersistFailed&) const {}
};

}  // namespace

LegacyRef master_of(LegacyGroup& group) {
  return {group, LegacyKind::master, group.master, group.master.link, &group.master, nullptr};
}
LegacyRef replica_of(LegacyGroup& group, LegacyNode& replica) {
  return {group, LegacyKind::replica, replica, replica.link, &replica, nullptr};
}
LegacyRef peer_of(LegacyTurn& turn, LegacyGroup& group, LegacyPeer& peer) {
  LegacyLink& link = turn.state.peer_links.at(peer.id);
  return {group, LegacyKind::peer, peer, link, nullptr, &peer};
}

std::string spaced(const proto::Address& address) {
  return address.host + " " + std::to_string(address.port);
}
std::string describe(const LegacyGroup& group) {
  return "master " + group.name + " " + spaced(group.master.address);
}
std::string describe(const LegacyGroup& group, const LegacyNode& replica) {
  return "slave " + proto::to_string(replica.address) + " " + spaced(replica.address) + " @ " +
         group.name + " " + spaced(group.master.address);
}
std::string describe(const LegacyGroup& group, const LegacyPeer& peer) {
  return "sentinel " + peer.id.text() + " " + spaced(peer.address) + " @ " + group.name + " " +
         spaced(group.master.address);
}
std::string describe(const LegacyRef& ref) {
  if (ref.kind == LegacyKind::master) return describe(ref.group);
  return ref.peer != nullptr ? describe(ref.group, *ref.peer) : describe(ref.group, *ref.node);
}

// current-epoch is raised by config-epoch but not by leader-epoch (section 2.2; the latter by
// running 7.0.15). All known peers are voters from the start (section 3.3).
Legacy::Legacy(const consensus::Durable& file, const consensus::Announced& announced,
               std::uint64_t seed, Instant now)
    : state_(file.my_id, seed) {
  state_.announced = announced;
  state_.current_epoch = file.current_epoch;
  state_.last_tick = state_.next_tick = now;
  consensus::Commands unheard;  // nothing is announced of what a file holds but +monitor
  LegacyTurn turn{now, state_, unheard};
  for (const consensus::DurableGroup& each : file.groups) {
    LegacyGroup& group = add_group(turn, each.name, each.master, each.options);
    group.config_epoch = each.config_epoch;
    group.leader_epoch = each.vote.epoch;
    state_.current_epoch = std::max(state_.current_epoch, each.config_epoch);
    for (const proto::Address& replica : each.replicas) add_replica(turn, group, replica);
    for (const consensus::DurablePeer& peer : each.peers) {
      add_peer(turn, group, peer.id, peer.address);
    }
  }
}

void Legacy::step(Instant now, const consensus::Event& event, consensus::Commands& out) {
  LegacyTurn turn{now, state_, out};
  if (!started_) {
    started_ = true;
    for (const auto& [name, group] : state_.groups) {
      turn.announce(consensus::events::monitor, group,
                    describe(group) + " quorum " + std::to_string(group.options.quorum));
    }
  }
  std::visit(Take{turn}, event);
}

// From reconf_slaves on the file shows the promoted replica as the master, and the old one in its
// place (section 3.2).
consensus::Durable Legacy::durable() const {
  consensus::Durable file{state_.my_id, state_.current_epoch, {}};
  file.groups.reserve(state_.groups.size());
  for (const auto& [name, group] : state_.groups) {
    consensus::DurableGroup& each = file.groups.emplace_back();
    each.name = name;
    each.master = group.published();
    each.options = group.options;
    each.config_epoch = group.config_epoch;
    each.vote.epoch = group.leader_epoch;
    for (const auto& [address, replica] : group.replicas) {
      each.replicas.push_back(address == each.master ? group.master.address : address);
    }
    for (const auto& [id, peer] : group.peers) each.peers.push_back({id, peer.address});
  }
  return file;
}

}  // namespace vedette::sim
