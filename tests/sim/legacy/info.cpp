// What INFO changes (section 5.3).
#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

using consensus::Resync;
using proto::Role;

namespace {

// A known node with another run id; a master's restart is watched only if the operator set a
// period.
void note_run_id(LegacyTurn& turn, const LegacyRef& ref, const proto::InfoSnapshot& info) {
  if (!info.run_id) return;
  LegacyNode& node = *ref.node;
  const bool changed = node.run_id && *node.run_id != *info.run_id;
  node.run_id = info.run_id;
  if (!changed) return;
  const bool watched = ref.kind == LegacyKind::master &&
                       ref.group.options.master_reboot_down_after > milliseconds{0};
  if (watched) node.rebooted_at = turn.now;
  turn.announce(consensus::events::reboot, ref.group, describe(ref));
}

void note_role(LegacyTurn& turn, const LegacyRef& ref, Role role) {
  LegacyNode& node = *ref.node;
  if (node.reported_role == role) return;
  node.reported_role = role;
  node.reported_role_at = turn.now;
  const bool expected = (role == Role::master) == (ref.kind == LegacyKind::master);
  turn.announce(expected ? consensus::events::role_as_expected : consensus::events::role_unexpected,
                ref.group,
                describe(ref) + " new reported role is " + std::string(proto::to_wire(role)));
}

void note_replication(LegacyTurn& turn, LegacyNode& node, const proto::InfoSnapshot& info) {
  if (!info.master.host.empty() && node.following != info.master) {
    node.following = info.master;
    node.following_since = turn.now;
  }
  node.master_link_up = info.master_link_up;
  node.priority = info.priority;
  node.offset = info.replica_repl_offset;
}

// "The master looks sane": it says so itself, is not down, and its INFO is fresh (section 4).
bool is_sane(const LegacyTurn& turn, const LegacyGroup& group) {
  const LegacyNode& master = group.master;
  return master.reported_role == Role::master && !master.subjectively_down &&
         !group.objectively_down && master.info_at &&
         turn.now - *master.info_at < 2 * turn.state.timings.info_period;
}

bool was_up_for(const LegacyTurn& turn, const LegacyNode& node, Duration duration) {
  return turn.now - node.subjectively_down_since > duration;
}

// A replica that says master: the promotion that we wait for, or after 8 s, which leave time for a
// newer configuration to arrive, one to demote.
void meet_master(LegacyTurn& turn, LegacyGroup& group, LegacyNode& replica) {
  if (group.promoted == replica.address) {
    if (group.phase == consensus::Phase::wait_promotion) promotion_seen(turn, group, replica);
    return;
  }
  const Duration wait = 4 * turn.state.timings.publish_period;
  if (!is_sane(turn, group) || !was_up_for(turn, replica, wait)) return;
  if (turn.now - replica.reported_role_at <= wait) return;
  send_follow(turn, group, replica, group.master.address);
  turn.announce(consensus::events::convert_to_replica, group, describe(group, replica));
}

// A replica that follows somebody else is put right when nothing happened to it for
// failover-timeout.
void meet_stray(LegacyTurn& turn, LegacyGroup& group, LegacyNode& replica) {
  if (replica.following.host.empty() || replica.following == group.master.address) return;
  const Duration wait = group.options.failover_timeout;
  if (!is_sane(turn, group) || !was_up_for(turn, replica, wait)) return;
  if (turn.now - replica.following_since <= wait) return;
  send_follow(turn, group, replica, group.master.address);
  turn.announce(consensus::events::fix_replica_config, group, describe(group, replica));
}

// Progress of a replica that our failover re-pointed; both steps may be seen in one INFO.
void note_resync(LegacyTurn& turn, LegacyGroup& group, LegacyNode& replica) {
  if (replica.resync == Resync::sent && group.promoted == replica.following) {
    replica.resync = Resync::in_progress;
    replica.resync_since = turn.now;
    turn.announce(consensus::events::resync_in_progress, group, describe(group, replica));
  }
  if (replica.resync == Resync::in_progress && replica.master_link_up) {
    replica.resync = Resync::done;
    replica.resync_since = turn.now;
    turn.announce(consensus::events::resync_done, group, describe(group, replica));
  }
}

}  // namespace

void take_info(LegacyTurn& turn, const LegacyRef& ref, const proto::InfoSnapshot& info) {
  LegacyNode& node = *ref.node;
  LegacyGroup& group = ref.group;
  node.info_at = turn.now;
  note_run_id(turn, ref, info);
  if (ref.kind == LegacyKind::master) {
    for (const proto::Address& each : info.replicas) {
      if (group.replicas.contains(each)) continue;
      add_replica(turn, group, each);
      turn.persist();
    }
  }
  node.master_link_down_for = info.master_link_down_for;
  if (info.role) note_role(turn, ref, *info.role);
  if (node.reported_role == Role::replica) note_replication(turn, node, info);
  // TILT: look, but do nothing.
  if (turn.state.tilt || ref.kind == LegacyKind::master) return;
  if (node.reported_role == Role::master) {
    meet_master(turn, group, node);
  } else {
    meet_stray(turn, group, node);
    note_resync(turn, group, node);
  }
}

LegacyNode& add_replica(LegacyTurn& turn, LegacyGroup& group, const proto::Address& address) {
  LegacyNode& replica = group.replicas[address];
  replica.address = address;
  replica.hello_at = turn.now;
  replica.reported_role = Role::replica;
  replica.reported_role_at = replica.following_since = turn.now;
  start_link(turn, replica.link);
  turn.announce(consensus::events::replica_found, group, describe(group, replica));
  return replica;
}

}  // namespace vedette::sim
