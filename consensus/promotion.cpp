#include "consensus/promotion.hpp"

#include <utility>

#include "consensus/announce.hpp"
#include "consensus/election.hpp"
#include "consensus/failover.hpp"
#include "consensus/hellos.hpp"
#include "consensus/hosts.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/replica_choice.hpp"
#include "consensus/saving.hpp"
#include "consensus/switching.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration answer_patience = std::chrono::seconds{1};  // for renewals
constexpr Duration promotion_poll = milliseconds{20};
constexpr Duration repeat_after = milliseconds{200};

// An operator's force needs no votes, and the limit itself can be switched off.
bool is_unlimited(const Turn& turn, const Group& group) {
  return group.attempt->by_force || !turn.state.policy.limit_authority;
}

bool has_authority(Turn& turn, Group& group) {
  return is_unlimited(turn, group) || authority_until(turn.now, group) > turn.now;
}

// Asks once, then waits for the answers; false while waiting.
bool authority_renewed(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  if (has_authority(turn, group)) {
    attempt.asked_to_renew = false;
    return true;
  }
  if (!attempt.asked_to_renew) {
    attempt.asked_to_renew = true;
    attempt.poll_at = turn.now + answer_patience;
    renew_authority(turn, group);
  }
  return false;
}

void write_promote(Turn& turn, Group& group, Node& node) {
  Attempt& attempt = *group.attempt;
  proto::Hello hello = make_hello(turn.state, group, node.command.local_host);
  hello.master = shown(turn.state, node.address);
  hello.config_epoch = attempt.epoch;
  attempt.promote_request = turn.new_request();
  attempt.promote_sent_before = attempt.promote_sent_at;
  attempt.promote_sent_at = turn.now;
  group.promoted_in = attempt.epoch;
  attempt.asked_to_renew = false;
  const Instant not_after = is_unlimited(turn, group) ? never : authority_until(turn.now, group);
  turn.emit(Promote{node.command.id, *attempt.promote_request, std::move(hello), not_after});
  announce(turn, events::wait_promotion, group, describe(turn.state, group, node));
  enter(turn, attempt, Phase::wait_promotion);
}

// The attempt's target if the event answers its Promote.
Node* promote_target(Turn& turn, LinkId link, RequestId request) {
  const auto owner = turn.state.links.find(link);
  if (owner == turn.state.links.end() || owner->second.kind != LinkKind::command) return nullptr;
  Group& group = turn.state.groups.at(owner->second.group);
  if (!group.attempt || group.attempt->promote_request != request) return nullptr;
  turn.touch(group);
  return &group.nodes.at(owner->second.node);
}

// The next attempt waits for the hold that the written Promote leaves behind, no longer.
void time_out(Turn& turn, Group& group) {
  abort_attempt(turn, group, &events::abort_replica_timeout);
  group.stand_at = turn.now;
}

// What was refused cannot run any more: with another replica to promote there is nothing to wait
// for but the hold.
void refuse(Turn& turn, Group& group, Node& node) {
  node.refused_promotion_at = turn.now;
  const auto next =
      choose_replica(turn.state.policy, group, turn.now, oldest_useful_info(group, turn.now));
  if (next && !has_refused(group.nodes.at(*next), turn.now)) return time_out(turn, group);
  abort_attempt(turn, group, &events::abort_replica_timeout);
  stand_later(turn, group);
}

void promote_withheld(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  attempt.promote_request.reset();
  attempt.promote_sent_at = attempt.promote_sent_before;
  if (!attempt.promote_sent_at) group.promoted_in.reset();
  enter(turn, attempt, Phase::send_promote);
  if (attempt.promote_sent_at) return;
  if (attempt.configuration_moved) return abort_attempt(turn, group, nullptr);
  if (attempt.master_returned) abort_for_master(turn, group);
}

Group& group_of(Turn& turn, LinkId link) {
  return turn.state.groups.at(turn.state.links.at(link).group);
}

}  // namespace

void publish_promotion(Turn& turn, Group& group) {
  const Attempt attempt = *group.attempt;
  Node& node = group.nodes.at(*attempt.target);
  if (node.reported_role != proto::Role::master) {
    node.reported_role = proto::Role::master;
    node.reported_role_at = turn.now;
    announce(turn, events::role_unexpected, group,
             describe(turn.state, group, node) + " new reported role is master");
  }
  const proto::Address from = group.master().address;
  const proto::Address to = node.address;
  announce(turn, events::promoted, group, describe(turn.state, group, node));
  announce(turn, events::reconfigure_replicas, group, describe(turn.state, group));
  turn.emit(RunReconfigScript{group.name, true, shown(turn.state, from), shown(turn.state, to)});
  group.config_epoch = attempt.epoch;
  end_candidacy(group);
  group.attempt.reset();
  switch_master(turn, group, to);
  lead_reconfiguration(turn, group, from);
  request_save(turn);
  publish_everywhere(turn, group);
}

void send_promote(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  Node& node = group.nodes.at(*attempt.target);
  if (attempt_end(turn, group) <= turn.now) {
    time_out(turn, group);
    return;
  }
  if (!node.command.is_open()) {
    // While nothing was written to it, another may still be chosen.
    if (!attempt.promote_sent_at) return choose_again(turn, group);
    attempt.asked_to_renew = false;  // once more when there is somebody to promote
    return;
  }
  if (authority_renewed(turn, group)) {
    // A node that an earlier leader promoted needs no second promotion.
    if (node.info.role == proto::Role::master) attempt.confirmed_master = true;
    if (!attempt.confirmed_master) {
      write_promote(turn, group, node);
    } else {
      enter(turn, attempt, Phase::wait_promotion);
    }
  } else if (attempt.poll_at <= turn.now) {
    lose(turn, group);
  }
}

void wait_promotion(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  if (attempt.confirmed_master) {
    if (authority_renewed(turn, group)) {
      publish_promotion(turn, group);
    } else if (attempt.poll_at <= turn.now) {
      lose(turn, group);
    }
    return;
  }
  const Node& target = group.nodes.at(*attempt.target);
  const bool hopeless =
      target.subjectively_down && *attempt.promote_sent_at + hold_for_vedette <= turn.now;
  if (hopeless || attempt_end(turn, group) <= turn.now) {
    time_out(turn, group);
    return;
  }
  if (attempt.promote_request || attempt.poll_at > turn.now) return;
  attempt.poll_at = turn.now + promotion_poll;
  ask_role_now(turn, group, group.nodes.at(*attempt.target));
}

void on_promote_answered(Turn& turn, const PromoteAnswered& event) {
  Node* node = promote_target(turn, event.link, event.request);
  if (node == nullptr) return;
  Attempt& attempt = *group_of(turn, event.link).attempt;
  attempt.promote_request.reset();
  attempt.poll_at = turn.now;
  attempt.confirmed_master = event.role && event.role->role == proto::Role::master;
  if (attempt.confirmed_master || event.executed) return;
  note(turn, Level::warning, "Promotion not executed by " + proto::to_string(node->address));
  refuse(turn, group_of(turn, event.link), *node);
}

void on_promote_withheld(Turn& turn, const PromoteWithheld& event) {
  if (promote_target(turn, event.link, event.request) == nullptr) return;
  promote_withheld(turn, group_of(turn, event.link));
}

void promote_failed(Turn& turn, Group& group, Node& node, const RequestFailed& event) {
  if (!group.attempt || group.attempt->promote_request != event.request) return;
  note(turn, Level::warning,
       "Promotion refused by " + proto::to_string(node.address) + ": " + event.error);
  group.attempt->promote_request.reset();
  refuse(turn, group, node);
}

void promote_unwritten(Turn& turn, Group& group, RequestId request) {
  if (group.attempt && group.attempt->promote_request == request) promote_withheld(turn, group);
}

void promotion_link_lost(Turn& turn, Group& group, const Node& node) {
  if (!group.attempt || !group.attempt->promote_request || group.attempt->target != node.id) return;
  // It may have executed: look as soon as the node can be asked again.
  group.attempt->promote_request.reset();
  group.attempt->poll_at = turn.now;
  turn.touch(group);
}

void target_is_replica(Turn& turn, Group& group, const Node& node) {
  if (!group.attempt || group.attempt->target != node.id) return;
  Attempt& attempt = *group.attempt;
  const bool lost = attempt.phase == Phase::wait_promotion && !attempt.promote_request &&
                    !attempt.confirmed_master;
  if (!lost || *attempt.promote_sent_at + repeat_after > turn.now) return;
  enter(turn, attempt, Phase::send_promote);
}

}  // namespace vedette::consensus
