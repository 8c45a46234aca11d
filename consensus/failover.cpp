#include "consensus/failover.hpp"

#include <algorithm>
#include <string>

#include "consensus/adoption.hpp"
#include "consensus/election.hpp"
#include "consensus/hellos.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/promotion.hpp"
#include "consensus/replica_choice.hpp"
#include "consensus/saving.hpp"
#include "consensus/settling.hpp"
#include "consensus/switching.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration vote_patience = std::chrono::seconds{1};  // for answers of voters
constexpr Duration info_patience = milliseconds{200};        // for INFO before choosing
constexpr Duration choose_again_after = milliseconds{100};
constexpr Duration choice_patience = std::chrono::seconds{4};  // within the longest hold
constexpr Duration stand_recheck = milliseconds{100};
constexpr Duration insist_after = std::chrono::seconds{1};  // most holds are over then
constexpr Duration insist_after_hidden_epoch = milliseconds{100};
constexpr Duration least_retry = milliseconds{5};
constexpr Duration least_retry_with_legacy = milliseconds{100};
constexpr Duration longest_retry = std::chrono::seconds{1};
constexpr Duration retry_after_abort = std::chrono::seconds{5};
constexpr int most_forced_tries = 3;

bool has_legacy_voters(const State& state, const Group& group) {
  const auto legacy = [&](const auto& entry) {
    return !state.peers.at(entry.first).speaks_vedette.value_or(false);
  };
  return std::any_of(group.peers.begin(), group.peers.end(), legacy);
}

// A lost election is repeated after a short random wait that doubles.
void retry_soon(Turn& turn, Group& group) {
  const Duration least =
      has_legacy_voters(turn.state, group) ? least_retry_with_legacy : least_retry;
  const Duration base = std::max({vote_round(turn.state, group), least, group.retry_wait});
  group.stand_at = turn.now + turn.state.random.between(base, base * 2);
  group.retry_wait = std::min(base * 2, longest_retry);
}

// Agents whose id comes earlier stand earlier, so that in the usual case only one does.
Duration stagger(Turn& turn, const Group& group) {
  std::int64_t rank = 0;
  for (const auto& [id, view] : group.peers) {
    if (id < turn.state.my_id && !view.subjectively_down) ++rank;
  }
  const Duration step =
      std::clamp<Duration>(vote_round(turn.state, group) * 2, milliseconds{2}, milliseconds{25});
  return step * rank + turn.state.random.between(Duration{0}, step / 4);
}

// ---- wait_start --------------------------------------------------------------------------------

void begin_attempt(Turn& turn, Group& group, bool forced) {
  Attempt attempt;
  attempt.address = group.master().address;
  attempt.forced = forced;
  attempt.started = attempt.phase_since = turn.now;
  group.attempt = attempt;
  group.reconfiguration.reset();
}

// Without a replica to promote nobody stands, and no epoch is spent. Operators wait for the word
// that Sentinel's leader has for it at each try.
void tell_no_replica(Turn& turn, Group& group) {
  const Instant due = group.no_replica_told_at
                          ? *group.no_replica_told_at + 2 * group.options.failover_timeout
                          : group.objectively_down_since + choice_patience;
  if (due > turn.now) return;
  group.no_replica_told_at = turn.now;
  announce(turn, events::abort_no_good_replica, group, describe(turn.state, group));
}

void consider_standing(Turn& turn, Group& group) {
  if (!group.objectively_down) {
    group.no_replica_told_at.reset();
    group.stand_at.reset();
    group.retry_wait = Duration{0};
    return;
  }
  if (!group.stand_at) group.stand_at = turn.now + stagger(turn, group);
  group.stand_at = std::max(*group.stand_at, proof_awaited_until(turn, group));
  if (*group.stand_at > turn.now) return;
  const bool candidate =
      choose_replica(turn.state.policy, group, turn.now, oldest_useful_info(group, turn.now))
          .has_value();
  if (!candidate) tell_no_replica(turn, group);
  if (!candidate || !may_stand(turn, group)) {
    // Voters for the same candidate become free together: in order again, not all at once.
    const Instant own = group.ballot.held_until.value_or(turn.now);
    const Instant free = std::max(own, voters_free_at(turn, group)) + stagger(turn, group);
    group.stand_at = std::max(turn.now + stand_recheck, free);
    return;
  }
  begin_attempt(turn, group, false);
  stand(turn, group);
}

void begin_choice(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  enter(turn, attempt, Phase::select_replica);
  attempt.info_deadline = turn.now + info_patience;
  for (auto& [id, node] : group.nodes) {
    if (id != group.master_id) ask_info_now(turn, node);
  }
}

void elected(Turn& turn, Group& group) {
  group.retry_wait = Duration{0};
  group.epoch_step = 1;
  announce(turn, events::elected_leader, group, describe(turn.state, group));
  announce(turn, events::select_replica, group, describe(turn.state, group));
  begin_choice(turn, group);
}

void go_on_by_force(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  attempt.by_force = true;
  note(turn, Level::warning,
       "FAILOVER of " + group.name +
           " goes on without a majority of votes, as Sentinel does: only " +
           std::to_string(attempt.confirmed.size() + 1) + " of " + std::to_string(group.voters()) +
           " agents voted for it");
  elected(turn, group);
}

// A reply named a newer vote: whoever got it may be acting already.
bool is_overtaken(const Attempt& attempt) {
  return attempt.phase != Phase::wait_start && !attempt.by_force &&
         attempt.higher_vote > attempt.epoch;
}

// The operator's wish outlives a lost vote: first with fresh epochs, after the holds of voters who
// are bound to another; without a majority by force.
void insist(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  const bool outvoted = !attempt.refused.empty() && ++attempt.tries < most_forced_tries;
  if (!outvoted) {
    go_on_by_force(turn, group);
    return;
  }
  const Duration wait = attempt.epoch_was_hidden ? insist_after_hidden_epoch : insist_after;
  attempt.stand_at = turn.now + turn.state.random.between(wait, wait + wait / 2);
  attempt.confirmed.clear();
  attempt.refused.clear();
  attempt.higher_vote = {};
  attempt.durable = false;
  attempt.epoch = {};
  end_candidacy(group);
}

void wait_start(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  if (attempt.epoch == proto::Epoch{}) {  // forced, and not allowed to vote yet
    if (is_held(turn, group) || attempt.stand_at > turn.now) return;
    stand(turn, group);
  }
  if (!attempt.durable) return;
  if (has_won(group)) {
    return attempt.settles ? settle(turn, group) : elected(turn, group);
  }
  const bool given_up = has_lost(group) || attempt.phase_since + vote_patience <= turn.now;
  if (!given_up) return;
  if (attempt.settles) {
    settling_lost(turn, group);
  } else if (attempt.forced) {
    insist(turn, group);
  } else {
    lose(turn, group);
  }
}

// ---- select_replica ----------------------------------------------------------------------------

bool all_infos_came(const Group& group, const Attempt& attempt) {
  for (const auto& [id, node] : group.nodes) {
    if (id == group.master_id || !node.command.is_open() || node.subjectively_down) continue;
    if (!node.info_at || *node.info_at < attempt.phase_since) return false;
  }
  return true;
}

void ask_infos_again(Turn& turn, Group& group) {
  for (auto& [id, node] : group.nodes) {
    if (id != group.master_id && !node.info_request) ask_info_now(turn, node);
  }
  group.attempt->choose_again_at = turn.now + choose_again_after;
}

void select_replica(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  if (attempt.choose_again_at > turn.now) return;
  if (!all_infos_came(group, attempt) && attempt.info_deadline > turn.now) return;
  const auto chosen = choose_replica(turn.state.policy, group, turn.now, attempt.phase_since);
  if (!chosen) {
    const Instant end = attempt.phase_since + choice_patience;
    if (std::min(end, attempt_end(turn, group)) <= turn.now) {
      abort_attempt(turn, group, &events::abort_no_good_replica);
      stand_later(turn, group);
    } else {
      ask_infos_again(turn, group);
    }
    return;
  }
  Node& node = group.nodes.at(*chosen);
  attempt.target = chosen;
  announce(turn, events::selected_replica, group, describe(turn.state, group, node));
  announce(turn, events::send_promote, group, describe(turn.state, group, node));
  enter(turn, attempt, Phase::send_promote);
}

}  // namespace

void enter(Turn& turn, Attempt& attempt, Phase phase) {
  attempt.phase = phase;
  attempt.phase_since = turn.now;
}

Instant attempt_end(const Turn& turn, const Group& group) {
  const Attempt& attempt = *group.attempt;
  const Instant timeout = attempt.phase_since + group.options.failover_timeout;
  if (attempt.by_force || !turn.state.policy.limit_authority) return timeout;
  return std::min(timeout, group.ballot.held_since + longest_hold);
}

void lose(Turn& turn, Group& group) {
  const bool leave_it_to_another = another_has_won(group);
  abort_attempt(turn, group, &events::abort_not_elected);
  retry_soon(turn, group);
  // Its voters are bound for that long anyway.
  if (leave_it_to_another) group.stand_at = *group.stand_at + hold_for_vedette;
}

void stand_later(Turn& turn, Group& group) { group.stand_at = turn.now + retry_after_abort; }

void choose_again(Turn& turn, Group& group) {
  group.attempt->target.reset();
  begin_choice(turn, group);
}

void tend_failover(Turn& turn, Group& group) {
  if (group.attempt && is_overtaken(*group.attempt)) lose(turn, group);
  if (!group.attempt) consider_standing(turn, group);
  if (!group.attempt) consider_settling(turn, group);
  // Each phase may hand over to the next in the same step; four phases, so four rounds suffice.
  for (int round = 0; round < 4 && group.attempt; ++round) {
    const Phase before = group.attempt->phase;
    if (before == Phase::wait_start)
      wait_start(turn, group);
    else if (before == Phase::select_replica)
      select_replica(turn, group);
    else if (before == Phase::send_promote)
      send_promote(turn, group);
    else if (before == Phase::wait_promotion)
      wait_promotion(turn, group);
    if (!group.attempt || group.attempt->phase == before) return;
  }
}

Instant failover_due(const Turn& turn, const Group& group) {
  if (!group.attempt) return std::min(group.stand_at.value_or(never), settling_due(turn, group));
  const Attempt& attempt = *group.attempt;
  const Instant give_up = attempt_end(turn, group);
  switch (attempt.phase) {
    case Phase::wait_start: {
      if (attempt.epoch == proto::Epoch{}) {
        return std::max(turn.now + stand_recheck, attempt.stand_at);
      }
      return attempt.durable ? attempt.phase_since + vote_patience : never;
    }
    case Phase::select_replica: {
      return std::max(attempt.choose_again_at,
                      std::min(attempt.info_deadline, turn.now + choose_again_after));
    }
    case Phase::send_promote:
      return attempt.asked_to_renew ? std::min(attempt.poll_at, give_up) : give_up;
    case Phase::wait_promotion: {
      if (attempt.confirmed_master) return attempt.poll_at;  // answers of voters are waited for
      return attempt.promote_request ? give_up : std::min(attempt.poll_at, give_up);
    }
    default:
      return never;
  }
}

OrderStatus force_failover(Turn& turn, Group& group) {
  const bool voted_elsewhere = group.ballot.held_until && turn.now < *group.ballot.held_until &&
                               group.ballot.memory.epoch > group.config_epoch;
  if (group.failover() != nullptr || voted_elsewhere) return OrderStatus::failover_in_progress;
  if (!choose_replica(turn.state.policy, group, turn.now, oldest_useful_info(group, turn.now))) {
    return OrderStatus::no_good_replica;
  }
  note(turn, Level::warning, "Executing user requested FAILOVER of '" + group.name + "'");
  abort_attempt(turn, group, nullptr);  // to settle something can wait
  group.ballot.held_until.reset();
  begin_attempt(turn, group, true);
  turn.touch(group);
  return OrderStatus::ok;
}

void abort_attempt(Turn& turn, Group& group, const EventName* event) {
  if (!group.attempt) return;
  const Attempt attempt = *group.attempt;
  const bool is_told = event != nullptr && !attempt.settles;
  if (is_told) announce(turn, *event, group, describe(turn.state, group));
  if (attempt.promote_sent_at) {
    // It may still execute: nobody else gets our vote, nor do we take an epoch, until it cannot.
    group.ballot.held_until = *attempt.promote_sent_at + hold_for_vedette;
    const auto found = group.nodes.find(*attempt.target);
    if (found != group.nodes.end()) {
      Node& node = found->second;
      node.promoted_in_vain = true;
      if (attempt.promote_request) turn.emit(Retract{node.command.id, *attempt.promote_request});
    }
  }
  end_candidacy(group);
  group.attempt.reset();
  turn.touch(group);
}

void node_reports_master(Turn& turn, Group& group, Node& node) {
  if (group.attempt && group.attempt->target == node.id &&
      group.attempt->phase == Phase::wait_promotion) {
    group.attempt->confirmed_master = true;
    turn.touch(group);
    return;
  }
  prolong_hold(turn, group);
}

void master_is_back(Turn& turn, Group& group, Instant asked_at) {
  if (!turn.state.policy.abort_when_master_returns) return;
  if (!group.attempt || group.attempt->forced || group.attempt->settles) return;
  const Node& master = group.master();
  const bool after_down = asked_at >= group.objectively_down_since &&
                          master.ping.ponged_sent_at >= group.objectively_down_since;
  if (!after_down || master.subjectively_down) return;
  if (group.attempt->promote_sent_at) {
    group.attempt->master_returned = true;
    return;
  }
  abort_for_master(turn, group);
}

void abort_for_master(Turn& turn, Group& group) {
  const Duration often = group.options.down_after * 10;
  const bool again = group.aborted_for_master_at && *group.aborted_for_master_at + often > turn.now;
  if (again) return;  // a master that comes and goes must not stop every failover
  group.aborted_for_master_at = turn.now;
  abort_attempt(turn, group, &events::abort_master_back);
}

void configuration_heard(Turn& turn, Group& group, proto::Epoch epoch) {
  const bool is_news = group.ballot.memory.epoch == epoch && group.ballot.led_to != epoch;
  if (is_news) {
    prolong_hold(turn, group);
    group.ballot.led_to = epoch;
  }
  if (group.attempt && epoch >= group.attempt->epoch) abort_attempt(turn, group, nullptr);
}

void configuration_adopted(Turn& turn, Group& group, proto::Epoch epoch) {
  configuration_heard(turn, group, epoch);
  group.stand_at.reset();
  if (!group.attempt) return;
  // A Promote that left under a newer epoch still stands.
  if (!group.attempt->promote_sent_at) return abort_attempt(turn, group, nullptr);
  group.attempt->configuration_moved = true;
}

}  // namespace vedette::consensus
