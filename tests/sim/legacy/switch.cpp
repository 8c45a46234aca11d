// Moving a master to another address, and forgetting (section 5.8).
#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

// Not reset, and the cause of spurious second failovers: the grid of the reconnects, what peers
// said about the old address, and the age of INFO (section 7.1, item 1). The vote keeps its epoch
// and loses its name.
void reset_group(LegacyTurn& turn, LegacyGroup& group, bool keep_peers) {
  for (auto& [address, replica] : group.replicas) close_link(turn, replica.link);
  group.replicas.clear();
  while (!keep_peers && !group.peers.empty()) {
    const proto::RunId id = group.peers.begin()->first;
    remove_peer(turn, group, id);
  }
  LegacyNode& master = group.master;
  close_link(turn, master.link);
  start_link(turn, master.link);
  master.subjectively_down = false;
  master.script_killed = false;
  master.rebooted_at.reset();
  master.run_id.reset();
  master.following = {};
  master.reported_role = proto::Role::master;
  master.reported_role_at = master.following_since = turn.now;
  group.objectively_down = false;
  group.leader.reset();
  group.phase = consensus::Phase::idle;
  group.phase_since = turn.now;
  group.forced = false;
  group.promoted.reset();
  group.failover_start = long_ago;
}

void switch_master(LegacyTurn& turn, LegacyGroup& group, const proto::Address& address) {
  const proto::Address old = group.master.address;
  std::vector<proto::Address> replicas;
  for (const auto& [each, replica] : group.replicas) {
    if (each != address) replicas.push_back(each);
  }
  if (old != address) replicas.push_back(old);
  reset_group(turn, group, true);
  group.master.address = address;
  group.master.subjectively_down_since = group.objectively_down_since = long_ago;
  for (const proto::Address& each : replicas) add_replica(turn, group, each);
  turn.persist();
}

void finish_failover(LegacyTurn& turn, LegacyGroup& group) {
  const proto::Address next = *group.promoted;
  const proto::Address& old = group.master.address;
  turn.announce(consensus::events::switch_master, group,
                group.name + " " + spaced(old) + " " + spaced(next));
  switch_master(turn, group, next);
}

}  // namespace vedette::sim
