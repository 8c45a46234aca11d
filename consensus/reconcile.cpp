#include "consensus/reconcile.hpp"

#include <algorithm>

#include "consensus/adoption.hpp"
#include "consensus/aliases.hpp"
#include "consensus/announce.hpp"
#include "consensus/claims.hpp"
#include "consensus/discovery.hpp"
#include "consensus/failover.hpp"
#include "consensus/hellos.hpp"
#include "consensus/hosts.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/promotion.hpp"
#include "consensus/saving.hpp"
#include "consensus/switching.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration proof_validity = std::chrono::seconds{1};
constexpr Duration demotion_stagger = milliseconds{200};
constexpr Duration reconcile_tick = milliseconds{200};

// Agents act one after the other, the one that led the last failover first: one REPLICAOF is
// enough.
Duration turn_in_line(const Turn& turn, const Group& group) {
  if (group.ballot.durable.voted_for == turn.state.my_id &&
      group.ballot.durable.epoch == group.config_epoch) {
    return Duration{0};
  }
  const auto before = [&](const auto& entry) { return entry.first < turn.state.my_id; };
  return demotion_stagger * (1 + std::count_if(group.peers.begin(), group.peers.end(), before));
}

// Whether somebody may have been elected after our configuration and not have published yet. Real
// Sentinels take up to failover-timeout for that; an older vote came to nothing, and so did every
// candidacy of our own that has ended.
bool may_be_outvoted(const Turn& turn, const Group& group) {
  const auto counts = [&](const std::optional<proto::RunId>& leader, proto::Epoch epoch,
                          Instant at) {
    return epoch > group.config_epoch && leader != turn.state.my_id &&
           at + group.options.failover_timeout > turn.now;
  };
  const Ballot& ballot = group.ballot;
  const auto peer_voted = [&](const auto& entry) {
    const PeerView& view = entry.second;
    return counts(view.voted_leader, view.voted_leader_epoch, view.voted_leader_at);
  };
  return counts(ballot.memory.voted_for, ballot.memory.epoch, ballot.held_since) ||
         std::any_of(group.peers.begin(), group.peers.end(), peer_voted);
}

// What every demotion needs: a majority publishes our configuration and nobody a newer one, nobody
// is known to have been elected since, and the configured master just said that it is one.
bool demotion_is_proven(Turn& turn, Group& group) {
  if (group.attempt || may_be_outvoted(turn, group)) return false;
  if (may_be_superseded(turn, group)) return false;
  if (!configuration_is_confirmed(turn, group)) return false;
  Node& master = group.master();
  if (master.proven_at && *master.proven_at + proof_validity > turn.now) return true;
  if (!master.role_request) ask_role_now(turn, group, master);
  return false;
}

// Whether the node's time has come: at once for those we know to be superseded, 8 s for the rest.
Instant demotion_due(const Turn& turn, const Group& group, const Node& node) {
  const Duration patience = turn.state.timings.publish_period * 4;
  const bool at_once =
      turn.state.policy.demote_replaced_master && (node.superseded || node.promoted_in_vain);
  if (at_once) return node.reported_role_at + turn_in_line(turn, group);
  return std::max(node.reported_role_at, node.subjectively_down_since) + patience;
}

bool master_looks_sane(const Turn& turn, const Group& group) {
  const Node& master = group.master();
  return master.reports_master() && master.is_master_by_info() && !master.subjectively_down &&
         !group.objectively_down && *master.info_at + turn.state.timings.info_period * 2 > turn.now;
}

void reconcile_master(Turn& turn, Group& group, Node& node) {
  if (demotion_due(turn, group, node) > turn.now || !master_looks_sane(turn, group)) return;
  if (was_told_lately(turn, node) || !demotion_is_proven(turn, group)) return;
  send_follow(turn, group, node);
  node.promoted_in_vain = false;
  announce(turn, events::convert_to_replica, group, describe(turn.state, group, node));
}

bool follows_elsewhere(const Group& group, const Node& node) {
  return node.info_at && node.reported_role == proto::Role::replica &&
         node.info.role == proto::Role::replica && node.info.master != group.master().address;
}

// A replica that still follows the master we moved from only missed the move; anything else may be
// an operator's doing and is left alone for failover-timeout.
Duration patience_with(const Turn& turn, const Group& group, const Node& node) {
  const bool missed_the_move = group.replaced && node.info.master == group.replaced->address;
  if (missed_the_move) return follow_repeat_after + turn_in_line(turn, group);
  return group.options.failover_timeout;
}

void reconcile_replica(Turn& turn, Group& group, Node& node) {
  if (group.reconfiguration) return;  // it has its turn there
  const Duration patience = patience_with(turn, group, node);
  const bool settled = node.replica_conf_changed_at + patience <= turn.now &&
                       node.subjectively_down_since + patience <= turn.now &&
                       group.master().reported_role_at + patience <= turn.now;
  if (!settled || !master_looks_sane(turn, group) || was_told_lately(turn, node)) return;
  if (!demotion_is_proven(turn, group)) return;
  send_follow(turn, group, node);
  announce(turn, events::fix_replica_config, group, describe(turn.state, group, node));
}

bool needs_work(const Group& group, const Node& node) {
  return may_follow_the_master(group, node) && node.id != group.master_id &&
         node.command.is_open() && !node.subjectively_down &&
         (node.reports_master() || follows_elsewhere(group, node));
}

void note_reboot(Turn& turn, Group& group, Node& node, const proto::InfoSnapshot& info) {
  const bool changed = node.info.run_id && info.run_id && node.info.run_id != info.run_id;
  if (!changed) return;
  const bool counts =
      node.id == group.master_id && group.options.master_reboot_down_after.count() > 0;
  if (counts) node.rebooted_at = turn.now;
  node.refused_promotion_at.reset();
  announce(turn, events::reboot, group, describe(turn.state, group, node));
}

void note_role(Turn& turn, Group& group, Node& node, proto::Role role) {
  if (role == node.reported_role) return;
  node.reported_role = role;
  node.reported_role_at = turn.now;
  const bool expected = (node.id == group.master_id) == (role == proto::Role::master);
  announce(turn, expected ? events::role_as_expected : events::role_unexpected, group,
           describe(turn.state, group, node) + " new reported role is " +
               std::string(proto::to_wire(role)));
  if (role == proto::Role::master && node.id != group.master_id) {
    node_reports_master(turn, group, node);
  }
}

// What was replaced has been a replica of the configured master: it says so, or it was promoted
// from being one, and keeps that history as its second.
bool was_replica_since(const Group& group, const proto::InfoSnapshot& info) {
  if (info.role == proto::Role::replica) return true;
  return !group.replid.empty() && info.replid2 == group.replid;
}

// A restart must not take it for a master that is merely back.
void note_return(Turn& turn, const Group& group, Node& node) {
  if (!node.superseded || !was_replica_since(group, node.info)) return;
  node.superseded = false;
  request_save(turn);
}

void note_history(Turn& turn, Group& group, const Node& node, const proto::InfoSnapshot& info) {
  const bool speaks = node.id == group.master_id && info.role == proto::Role::master;
  if (!speaks || info.replid.empty() || info.replid == group.replid) return;
  group.replid = info.replid;
  request_save(turn);
  // Who was promoted again may have said so before the configured master named its history.
  for (auto& [id, other] : group.nodes) {
    if (other.is_master_by_info()) note_return(turn, group, other);
  }
}

void note_answer(Turn& turn, Group& group, Node& node, proto::Role role, Instant asked_at) {
  node.said = Node::Said{role, asked_at};
  if (role == proto::Role::master) weigh_configurations(turn, group);
}

// To ROLE, or to the INFO that was asked in its place.
void role_answered(Turn& turn, Group& group, Node& node, proto::Role role) {
  const bool is_master = role == proto::Role::master;
  if (is_master && node.role_proves) node.proven_at = node.role_sent_at;
  if (is_master && node.id == group.master_id) master_is_back(turn, group, node.role_sent_at);
  if (is_master && node.id != group.master_id) node_reports_master(turn, group, node);
  if (!is_master) target_is_replica(turn, group, node);
  note_answer(turn, group, node, role, node.role_sent_at);
}

}  // namespace

void on_info_read(Turn& turn, const InfoRead& event) {
  const auto owner = turn.state.links.find(event.link);
  if (owner == turn.state.links.end()) return;
  if (owner->second.claimed) {
    return claimed_node_spoke(turn, turn.state.groups.at(owner->second.group), event);
  }
  if (owner->second.kind != LinkKind::command) return;
  Group& group = turn.state.groups.at(owner->second.group);
  Node& node = group.nodes.at(owner->second.node);
  const bool for_role = node.role_request == event.request;  // ROLE is refused
  if (node.info_request != event.request && !for_role) return;
  if (node.info_request == event.request) node.info_request.reset();
  if (for_role) node.role_request.reset();
  node.info_refused = false;
  note_reboot(turn, group, node, event.info);
  const proto::Address master = known_as(turn.state, group, event.info.master);
  if (master != node.info.master) node.replica_conf_changed_at = turn.now;
  const auto run_id = event.info.run_id ? event.info.run_id : node.info.run_id;
  node.info = event.info;
  node.info.master = master;
  node.info.run_id = node.process = run_id;
  node.introduced = true;
  node.info_at = turn.now;
  node.info_text = event.text;
  if (event.info.role == proto::Role::replica) node.replica_run = run_id;
  if (event.info.role) note_role(turn, group, node, *event.info.role);
  note_return(turn, group, node);
  note_history(turn, group, node, event.info);
  if (event.info.role == proto::Role::master && node.id == group.master_id) {
    discover_replicas(turn, group, event.info);
  }
  note_resync_progress(turn, group, node);
  if (event.info.role && for_role) role_answered(turn, group, node, *event.info.role);
  if (event.info.role && !for_role) {
    note_answer(turn, group, node, *event.info.role, node.info_sent_at);
  }
  turn.touch(group, node);
  turn.touch(group);
  forget_aliases(turn, group);
}

void on_role_read(Turn& turn, const RoleRead& event) {
  const auto owner = turn.state.links.find(event.link);
  if (owner == turn.state.links.end() || owner->second.kind != LinkKind::command) return;
  Group& group = turn.state.groups.at(owner->second.group);
  Node& node = group.nodes.at(owner->second.node);
  if (node.role_request != event.request) return;
  node.role_request.reset();
  role_answered(turn, group, node, event.role.role);
  turn.touch(group, node);
  turn.touch(group);
}

void reconcile(Turn& turn, Group& group) {
  for (auto& [id, node] : group.nodes) {
    if (!needs_work(group, node)) continue;
    if (node.reports_master()) {
      reconcile_master(turn, group, node);
    } else {
      reconcile_replica(turn, group, node);
    }
  }
}

Instant reconcile_due(const Turn& turn, const Group& group) {
  Instant due = never;
  for (const auto& [id, node] : group.nodes) {
    if (!needs_work(group, node)) continue;
    due = std::min(due, turn.now + reconcile_tick);
  }
  return due;
}

}  // namespace vedette::consensus
