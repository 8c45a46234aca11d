#include "consensus/core.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "consensus/adoption.hpp"
#include "consensus/announce.hpp"
#include "consensus/claims.hpp"
#include "consensus/discovery.hpp"
#include "consensus/election.hpp"
#include "consensus/failover.hpp"
#include "consensus/hellos.hpp"
#include "consensus/hosts.hpp"
#include "consensus/links.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/opinions.hpp"
#include "consensus/orders.hpp"
#include "consensus/promotion.hpp"
#include "consensus/reconcile.hpp"
#include "consensus/saving.hpp"
#include "consensus/strangers.hpp"
#include "consensus/switching.hpp"
#include "consensus/tilt.hpp"

namespace vedette::consensus {

namespace {

// Tending one subject may touch others; this many rounds are far more than any chain needs.
constexpr int most_rounds = 64;

struct Handle {
  Turn& turn;
  // Deadlines are judged here only: what was already waiting to be read comes first.
  void operator()(const Tick&) const {
    const auto take = [&](const Subject& subject) { turn.touch(subject); };
    turn.state.agenda.for_each_due(turn.now, take);
  }
  void operator()(const LinkUp& event) const { on_link_up(turn, event); }
  void operator()(const LinkDown& event) const { on_link_down(turn, event); }
  void operator()(const Ponged& event) const { on_ponged(turn, event); }
  void operator()(const InfoRead& event) const { on_info_read(turn, event); }
  void operator()(const RoleRead& event) const { on_role_read(turn, event); }
  void operator()(const PeerAnswered& event) const { on_peer_answered(turn, event); }
  void operator()(const PeerIdentified& event) const { on_identified(turn, event); }
  void operator()(const ConfigurationTold& event) const { on_configuration_told(turn, event); }
  void operator()(const PromoteAnswered& event) const { on_promote_answered(turn, event); }
  void operator()(const PromoteWithheld& event) const { on_promote_withheld(turn, event); }
  void operator()(const Acknowledged& event) const { on_acknowledged(turn, event); }
  void operator()(const RequestFailed& event) const { on_request_failed(turn, event); }
  void operator()(const HelloHeard& event) const { on_hello_heard(turn, event); }
  void operator()(const VoteAsked& event) const { on_vote_asked(turn, event); }
  void operator()(const HostResolved& event) const { on_host_resolved(turn, event); }
  void operator()(const Persisted& event) const { on_persisted(turn, event.number); }
  void operator()(const PersistFailed& event) const {
    on_persist_failed(turn, event.number, event.error);
  }
  void operator()(const Ordered& event) const { on_ordered(turn, event); }
};

void tend_group(Turn& turn, Group& group) {
  if (group.forgotten.until <= turn.now) group.forgotten = {};
  tend_claim(turn, group);
  judge_objectively(turn, group);
  tend_asks(turn, group);
  tend_failover(turn, group);
  tend_reconfiguration(turn, group);
  reconcile(turn, group);
  tend_hellos(turn, group);
}

void rearm_group(Turn& turn, const Group& group) {
  const State& state = turn.state;
  const Instant due = std::min({hellos_due(state, group), asks_due(state, group),
                                opinions_due(turn, group), failover_due(turn, group),
                                reconfiguration_due(turn, group), reconcile_due(turn, group)});
  const Instant over = group.forgotten.voters > 0 ? group.forgotten.until : never;
  turn.state.agenda.set(group.id, std::min({due, over, claim_due(group)}));
}

// Gives each its next deadline. Who is gone has none: with an old one the core would be called on
// and on.
struct Tend {
  Turn& turn;
  void operator()(const Process&) const {
    retry_save(turn);
    tend_tilt(turn);
    tend_strangers(turn);
    const Instant retry = turn.state.promises.retry_at.value_or(never);
    turn.state.agenda.set(
        Process{}, std::min({retry, tilt_due(turn.state, turn.now), strangers_due(turn.state)}));
  }
  void operator()(const GroupId& id) const {
    const auto group = turn.state.groups.find(id);
    if (group == turn.state.groups.end()) return turn.state.agenda.forget(id);
    tend_group(turn, group->second);
    rearm_group(turn, group->second);
  }
  void operator()(const NodeRef& ref) const {
    const auto group = turn.state.groups.find(ref.group);
    if (group == turn.state.groups.end()) return turn.state.agenda.forget(ref);
    const auto node = group->second.nodes.find(ref.node);
    if (node == group->second.nodes.end()) return turn.state.agenda.forget(ref);
    tend(turn, group->second, node->second);
  }
  void operator()(const proto::RunId& id) const {
    const auto peer = turn.state.peers.find(id);
    if (peer == turn.state.peers.end()) return turn.state.agenda.forget(id);
    tend(turn, peer->second);
  }
};

void settle(Turn& turn) {
  for (int round = 0; round < most_rounds && !turn.touched.empty(); ++round) {
    std::set<Subject> batch;
    batch.swap(turn.touched);
    for (const Subject& subject : batch) std::visit(Tend{turn}, subject);
  }
  // Never reached by design; the work is then taken up again in a moment rather than spun on.
  for (const Subject& subject : turn.touched) {
    turn.state.agenda.set(subject, turn.now + milliseconds{1});
  }
}

void announce_start(Turn& turn) {
  for (const auto& [name, id] : turn.state.names) {
    const Group& group = turn.state.groups.at(id);
    announce(turn, events::monitor, group,
             describe(turn.state, group) + " quorum " + std::to_string(group.options.quorum));
  }
}

}  // namespace

Core::Core(const Durable& durable, const Announced& announced, const Timings& timings,
           std::uint64_t seed, Instant now, const Policy& policy)
    : state_(durable.my_id, seed), last_step_(now) {
  state_.announced = announced;
  state_.timings = timings;
  state_.policy = policy;
  state_.started = now;
  state_.current_epoch = durable.current_epoch;
  Commands none;
  Turn turn{now, state_, none};
  for (const DurableGroup& group : durable.groups) {
    remember_voters(turn, add_group(turn, group), group.voters);
    state_.current_epoch = std::max({state_.current_epoch, group.config_epoch, group.vote.epoch});
  }
  state_.durable_epoch = state_.current_epoch;
  for (const Subject& subject : turn.touched) state_.agenda.set(subject, now);
}

void Core::step(Instant now, const Event& event, Commands& out) {
  now = std::max(now, last_step_);
  Turn turn{now, state_, out};
  measure_lateness(turn);
  if (!started_) {
    started_ = true;
    announce_start(turn);
  }
  std::visit(Handle{turn}, event);
  settle(turn);
  last_step_ = now;
}

void Core::measure_lateness(Turn& turn) {
  const Instant expected = std::max(state_.agenda.next(), last_step_);
  if (expected == never || turn.now <= expected) return;
  const Duration late = turn.now - expected;
  state_.lateness += late;
  note_stall(turn, late);
}

Durable Core::durable() const { return take_durable(state_); }

}  // namespace vedette::consensus
