// A failover, one state a tick (sections 5.6 and 5.7).
#include <algorithm>

#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

using consensus::Phase;
using consensus::Resync;
namespace events = consensus::events;

namespace {

void enter(LegacyTurn& turn, LegacyGroup& group, Phase phase) {
  group.phase = phase;
  group.phase_since = turn.now;
}

// The next attempt has to wait, for the start of this one is not forgotten.
void abort_failover(LegacyTurn& turn, LegacyGroup& group, consensus::EventName event) {
  turn.announce(event, group, describe(group));
  enter(turn, group, Phase::idle);
  group.forced = false;
  group.promoted.reset();
}

LegacyNode& promoted_node(LegacyGroup& group) { return group.replicas.at(*group.promoted); }

bool may_be_chosen(const LegacyTurn& turn, const LegacyGroup& group, const LegacyNode& node) {
  const bool master_down = group.master.subjectively_down;
  const auto limit = std::chrono::seconds{5};
  const Duration info_limit = master_down ? Duration{limit} : 3 * turn.state.timings.info_period;
  Duration link_limit = 10 * group.options.down_after;
  if (master_down) link_limit += turn.now - group.master.subjectively_down_since;
  return !node.subjectively_down && !is_disconnected(node.link, LegacyKind::replica) &&
         turn.now - node.link.last_available <= limit && node.priority != 0 && node.info_at &&
         turn.now - *node.info_at <= info_limit && node.master_link_down_for <= link_limit;
}

// Lower priority, then the higher offset that its last INFO told, then the smaller run id.
bool is_better(const LegacyNode& a, const LegacyNode& b) {
  if (a.priority != b.priority) return a.priority < b.priority;
  if (a.offset != b.offset) return a.offset > b.offset;
  if (!a.run_id || !b.run_id) return a.run_id.has_value() && !b.run_id;
  return proto::to_lower(a.run_id->text()) < proto::to_lower(b.run_id->text());
}

void wait_start(LegacyTurn& turn, LegacyGroup& group) {
  const auto winner = count_votes(turn, group);
  if (winner != turn.state.my_id && !group.forced) {
    const Duration limit =
        std::min(turn.state.timings.election_timeout, group.options.failover_timeout);
    if (turn.now - group.failover_start > limit) {
      abort_failover(turn, group, events::abort_not_elected);
    }
    return;
  }
  turn.announce(events::elected_leader, group, describe(group));
  enter(turn, group, Phase::select_replica);
  turn.announce(events::select_replica, group, describe(group));
}

void select_replica(LegacyTurn& turn, LegacyGroup& group) {
  const LegacyNode* chosen = choose_replica(turn, group);
  if (chosen == nullptr) {
    abort_failover(turn, group, events::abort_no_good_replica);
    return;
  }
  turn.announce(events::selected_replica, group, describe(group, *chosen));
  group.promoted = chosen->address;
  enter(turn, group, Phase::send_promote);
  turn.announce(events::send_promote, group, describe(group, *chosen));
}

// Nothing looks whether the old master came back (section 7.1, item 2).
void send_promote(LegacyTurn& turn, LegacyGroup& group) {
  LegacyNode& node = promoted_node(group);
  if (is_disconnected(node.link, LegacyKind::replica)) {
    if (turn.now - group.phase_since > group.options.failover_timeout) {
      abort_failover(turn, group, events::abort_replica_timeout);
    }
    return;
  }
  send_follow(turn, group, node, {});
  turn.announce(events::wait_promotion, group, describe(group, node));
  enter(turn, group, Phase::wait_promotion);
}

void wait_promotion(LegacyTurn& turn, LegacyGroup& group) {
  if (turn.now - group.phase_since <= group.options.failover_timeout) return;
  abort_failover(turn, group, events::abort_replica_timeout);
}

bool is_under_way(const LegacyNode& node) {
  return node.resync == Resync::sent || node.resync == Resync::in_progress;
}

// Re-points as many as parallel-syncs allows. That a replica has not moved for 10 s is looked at
// only while there is a free place, so that with parallel-syncs 1 one silent replica holds up all
// others until failover-timeout (seen by running 7.0.15; the page does not tell).
void repoint_replicas(LegacyTurn& turn, LegacyGroup& group) {
  const auto allowed = group.options.parallel_syncs;
  auto busy = std::count_if(group.replicas.begin(), group.replicas.end(),
                            [](const auto& each) { return is_under_way(each.second); });
  for (auto& [address, node] : group.replicas) {
    if (busy >= allowed) break;
    if (address == group.promoted || node.resync == Resync::done) continue;
    const Duration patience = turn.state.timings.replica_reconf_timeout;
    if (node.resync == Resync::sent && turn.now - node.resync_since > patience) {
      turn.announce(events::resync_timeout, group, describe(group, node));
      node.resync = Resync::done;
      continue;
    }
    if (is_under_way(node) || is_disconnected(node.link, LegacyKind::replica)) continue;
    send_follow(turn, group, node, *group.promoted);
    node.resync = Resync::sent;
    node.resync_since = turn.now;
    turn.announce(events::resync_sent, group, describe(group, node));
    ++busy;
  }
}

// Ends when every reachable replica is done, or with failover-timeout; never while the promoted
// replica is down (section 7.1, item 5).
void detect_end(LegacyTurn& turn, LegacyGroup& group) {
  if (promoted_node(group).subjectively_down) return;
  const auto is_left = [&](const auto& each) {
    const LegacyNode& node = each.second;
    return node.address != group.promoted && node.resync != Resync::done && !node.subjectively_down;
  };
  const bool late = turn.now - group.phase_since > group.options.failover_timeout;
  const bool left = std::any_of(group.replicas.begin(), group.replicas.end(), is_left);
  if (left && !late) return;
  if (late) turn.announce(events::failover_end_for_timeout, group, describe(group));
  turn.announce(events::failover_end, group, describe(group));
  enter(turn, group, Phase::update_config);
  if (!late) return;
  for (auto& [address, node] : group.replicas) {
    if (address == group.promoted || node.resync != Resync::none) continue;
    if (is_disconnected(node.link, LegacyKind::replica)) continue;
    send_follow(turn, group, node, *group.promoted);
    turn.announce(events::resync_best_effort, group, describe(group, node));
    node.resync = Resync::sent;
  }
}

}  // namespace

// The replica that would be promoted now, or null (section 5.7).
const LegacyNode* choose_replica(const LegacyTurn& turn, const LegacyGroup& group) {
  const LegacyNode* best = nullptr;
  for (const auto& [address, node] : group.replicas) {
    if (!may_be_chosen(turn, group, node)) continue;
    if (best == nullptr || is_better(node, *best)) best = &node;
  }
  return best;
}

// The own epoch is not saved here, only with the vote that follows (section 3.1). The random part
// of the start delays nothing: it only shifts the time-outs (section 4).
void begin_failover(LegacyTurn& turn, LegacyGroup& group) {
  LegacyState& state = turn.state;
  enter(turn, group, Phase::wait_start);
  state.current_epoch = proto::next(state.current_epoch);
  group.failover_epoch = state.current_epoch;
  turn.announce(events::new_epoch, std::to_string(number(state.current_epoch)));
  turn.announce(events::try_failover, group, describe(group));
  const auto extra = static_cast<std::int64_t>(state.random.next() % 1000);
  group.failover_start = turn.now + milliseconds{extra};
}

// Not before twice failover-timeout after any attempt, our own or one that we voted for
// (sections 5.6 and 7.1, item 10).
bool begin_failover_if_due(LegacyTurn& turn, LegacyGroup& group) {
  if (!group.objectively_down || group.phase != Phase::idle) return false;
  if (turn.now - group.failover_start >= 2 * group.options.failover_timeout) {
    begin_failover(turn, group);
    return true;
  }
  if (group.delay_noted_for != group.failover_start) {
    group.delay_noted_for = group.failover_start;
    turn.emit(consensus::Note{consensus::Level::warning, "Next failover delay: " + group.name});
  }
  return false;
}

void step_failover(LegacyTurn& turn, LegacyGroup& group) {
  switch (group.phase) {
    case Phase::wait_start:
      return wait_start(turn, group);
    case Phase::select_replica:
      return select_replica(turn, group);
    case Phase::send_promote:
      return send_promote(turn, group);
    case Phase::wait_promotion:
      return wait_promotion(turn, group);
    case Phase::reconfigure_replicas:
      repoint_replicas(turn, group);
      return detect_end(turn, group);
    case Phase::idle:
    case Phase::update_config:
      return;
  }
}

// The configuration gets the epoch of the failover, whichever epoch the votes were counted in
// (section 7.1, item 3); hellos go out with the next tick.
void promotion_seen(LegacyTurn& turn, LegacyGroup& group, const LegacyNode& replica) {
  group.config_epoch = group.failover_epoch;
  enter(turn, group, Phase::reconfigure_replicas);
  turn.persist();
  turn.announce(events::promoted, group, describe(group, replica));
  turn.announce(events::reconfigure_replicas, group, describe(group));
  turn.emit(consensus::RunReconfigScript{group.name, true, group.master.address, replica.address});
  const Duration beyond = turn.state.timings.publish_period + milliseconds{1};
  group.master.hello_at -= beyond;
  for (auto& [address, node] : group.replicas) node.hello_at -= beyond;
  for (auto& [id, peer] : group.peers) peer.hello_at -= beyond;
}

}  // namespace vedette::sim
