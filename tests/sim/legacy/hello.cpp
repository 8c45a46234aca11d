// Peers and newer configurations, both learnt from hellos (section 5.4; sentinel-protocol.md,
// section 8).
#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

namespace {

// The same id under other masters moves along.
void update_elsewhere(LegacyTurn& turn, const LegacyPeer& moved) {
  int count = 0;
  for (auto& [name, group] : turn.state.groups) {
    const auto found = group.peers.find(moved.id);
    if (found == group.peers.end() || found->second.address == moved.address) continue;
    found->second.address = moved.address;
    ++count;
  }
  if (count == 0) return;
  close_link(turn, turn.state.peer_links.at(moved.id));
  for (const auto& [name, group] : turn.state.groups) {
    const auto found = group.peers.find(moved.id);
    if (found == group.peers.end() || &found->second != &moved) continue;
    turn.announce(
        consensus::events::peer_address_update, group,
        describe(group, moved) + " " + std::to_string(count) + " additional matching instances");
  }
}

// An id replaces its own older address, and an address its older id under all masters.
void make_room(LegacyTurn& turn, LegacyGroup& group, const proto::Hello& hello, bool moves) {
  if (moves) {
    turn.announce(consensus::events::peer_address_switch, group,
                  describe(group) + " ip " + hello.agent.host + " port " +
                      std::to_string(hello.agent.port) + " for " + hello.agent_id.text());
    remove_peer(turn, group, hello.agent_id);
    return;
  }
  for (const auto& [id, peer] : group.peers) {
    if (peer.address != hello.agent) continue;
    turn.announce(consensus::events::peer_invalid_address, group, describe(group, peer));
    const proto::RunId gone = id;
    for (auto& [name, each] : turn.state.groups) remove_peer(turn, each, gone);
    return;
  }
}

void learn_peer(LegacyTurn& turn, LegacyGroup& group, const proto::Hello& hello) {
  const auto known = group.peers.find(hello.agent_id);
  if (known != group.peers.end() && known->second.address == hello.agent) return;
  const bool moves = known != group.peers.end();
  make_room(turn, group, hello, moves);
  const LegacyPeer& peer = add_peer(turn, group, hello.agent_id, hello.agent);
  if (!moves) turn.announce(consensus::events::peer_found, group, describe(group, peer));
  if (moves) update_elsewhere(turn, peer);
  turn.persist();
}

// Strictly newer only: two configurations of one epoch stay as they are, each with whoever has it
// (section 7.1, item 3). With the same address only the epoch is taken, and not saved (7.1, item
// 12).
void adopt_configuration(LegacyTurn& turn, LegacyGroup& group, const proto::Hello& hello) {
  if (hello.config_epoch <= group.config_epoch) return;
  group.config_epoch = hello.config_epoch;
  const proto::Address old = group.master.address;
  if (old == hello.master) return;
  const LegacyPeer& peer = group.peers.at(hello.agent_id);
  turn.announce(consensus::events::config_update_from, group, describe(group, peer));
  turn.announce(consensus::events::switch_master, group,
                group.name + " " + spaced(old) + " " + spaced(hello.master));
  switch_master(turn, group, hello.master);
  turn.emit(consensus::RunReconfigScript{group.name, false, old, hello.master});
}

}  // namespace

// On the pub/sub path our own ones are ignored; on the direct path a hello with our id makes us a
// peer of ourselves (sentinel-protocol.md, section 8).
void take_hello(LegacyTurn& turn, const consensus::HelloHeard& event) {
  if (event.link) {
    if (!turn.state.owners.contains(*event.link)) return;
    pubsub_heard(turn, *event.link);
    if (event.hello.agent_id == turn.state.my_id) return;
  }
  const auto found = turn.state.groups.find(event.hello.master_name);
  if (found == turn.state.groups.end()) return;
  LegacyGroup& group = found->second;
  learn_peer(turn, group, event.hello);
  raise_epoch(turn, event.hello.current_epoch);
  adopt_configuration(turn, group, event.hello);
}

LegacyPeer& add_peer(LegacyTurn& turn, LegacyGroup& group, const proto::RunId& id,
                     const proto::Address& address) {
  const auto [link, created] = turn.state.peer_links.try_emplace(id);
  if (created) start_link(turn, link->second);
  LegacyPeer& peer = group.peers.try_emplace(id, id).first->second;
  peer.address = address;
  peer.hello_at = peer.answered_at = turn.now;
  return peer;
}

// The link goes with the last master that shares it.
void remove_peer(LegacyTurn& turn, LegacyGroup& group, const proto::RunId& id) {
  if (group.peers.erase(id) == 0) return;
  for (const auto& [name, each] : turn.state.groups) {
    if (each.peers.contains(id)) return;
  }
  const auto link = turn.state.peer_links.find(id);
  close_link(turn, link->second);
  turn.state.peer_links.erase(link);
}

}  // namespace vedette::sim
