#include "consensus/discovery.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "consensus/announce.hpp"
#include "consensus/claims.hpp"
#include "consensus/hosts.hpp"
#include "consensus/links.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/saving.hpp"
#include "consensus/strangers.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration other_id_period = std::chrono::seconds{1};  // until it is asked again

bool known_anywhere(const State& state, const proto::RunId& id) {
  const auto knows = [&](const auto& entry) { return entry.second.peers.contains(id); };
  return std::any_of(state.groups.begin(), state.groups.end(), knows);
}

void drop_peer_if_unknown(Turn& turn, const proto::RunId& id) {
  if (known_anywhere(turn.state, id)) return;
  const auto peer = turn.state.peers.find(id);
  if (peer == turn.state.peers.end()) return;
  close_link(turn, peer->second.link);
  turn.state.agenda.forget(id);
  turn.touched.erase(Subject{id});
  turn.state.peers.erase(peer);
}

// A new id at a known address: whoever had it before is gone, everywhere.
void evict_from_address(Turn& turn, Group& group, const proto::RunId& newcomer,
                        const proto::Address& address) {
  std::vector<proto::RunId> evicted;
  for (const auto& [id, view] : group.peers) {
    const Peer& peer = turn.state.peers.at(id);
    if (id != newcomer && same_place(turn.state, peer.address, address)) evicted.push_back(id);
  }
  for (const proto::RunId& id : evicted) {
    announce(turn, events::peer_invalid_address, group,
             describe(turn.state, group, turn.state.peers.at(id)));
    for (auto& [group_id, each] : turn.state.groups) {
      if (each.peers.erase(id) > 0) turn.touch(each);
    }
    drop_peer_if_unknown(turn, id);
  }
}

// For the group that hears of it first it is a move only if it knew the peer; the link is shared
// anyway.
void move_peer(Turn& turn, const Group& group, Peer& peer, const proto::Address& address) {
  const bool in_group = group.peers.contains(peer.id);
  if (in_group) {
    const proto::Address told = shown(turn.state, address);
    announce(turn, events::peer_address_switch, group,
             describe(turn.state, group) + " ip " + told.host + " port " +
                 std::to_string(told.port) + " for " + peer.id.text());
  }
  peer.address = address;
  close_link(turn, peer.link);
  peer_link_lost(turn, peer);
  const auto shares = [&](const auto& entry) {
    return entry.first != group.id && entry.second.peers.contains(peer.id);
  };
  const auto others = std::count_if(turn.state.groups.begin(), turn.state.groups.end(), shares);
  if (in_group && others > 0) {
    announce(turn, events::peer_address_update, group,
             describe(turn.state, group, peer) + " " + std::to_string(others) +
                 " additional matching instances");
  }
  turn.touch(peer);
}

// What it says is not the word of the one that we know there.
void dismiss(Turn& turn, Peer& peer, const proto::RunId& other) {
  if (peer.replaced_by != other) {
    note(turn, Level::warning,
         "At " + proto::to_string(peer.address) + " there is " + other.text() + " instead of " +
             peer.id.text() + ": what it says does not count for that one");
  }
  peer.replaced_by = other;
  close_link(turn, peer.link);
  peer.link.retry_at = turn.now + other_id_period;
  peer_link_lost(turn, peer);
  turn.touch(peer);
}

}  // namespace

const Node* find_node(const Group& group, const proto::Address& address) {
  for (const auto& [id, node] : group.nodes) {
    if (node.address == address) return &node;
  }
  return nullptr;
}

Node* find_node(Group& group, const proto::Address& address) {
  return const_cast<Node*>(find_node(std::as_const(group), address));
}

Node& add_node(Turn& turn, Group& group, const proto::Address& address) {
  if (Node* known = find_node(group, address)) return *known;
  const NodeId id{++turn.state.serial};
  Node& node = group.nodes[id];
  node.id = id;
  node.address = address;
  node.reported_role = proto::Role::replica;
  node.reported_role_at = turn.now;
  restart_clock(turn, node);
  turn.touch(group, node);
  return node;
}

void forget_node(Turn& turn, Group& group, NodeId id) {
  const auto found = group.nodes.find(id);
  if (found == group.nodes.end()) return;
  close_links(turn, found->second);
  turn.state.agenda.forget(NodeRef{group.id, id});
  turn.touched.erase(Subject{NodeRef{group.id, id}});
  group.nodes.erase(found);
}

Peer& add_peer(Turn& turn, Group& group, const proto::RunId& id, const proto::Address& address) {
  const auto [found, fresh] = turn.state.peers.try_emplace(id, Peer{id, address, {}, {}, {}});
  Peer& peer = found->second;
  if (fresh) {
    peer.ping.last_ok = peer.ping.last_reply = turn.now;
    peer.ping.silent_since = turn.own();
    peer.ping.silent_since_wall = turn.now;
  }
  PeerView& view = group.peers[id];
  view.last_hello = turn.now;
  view.hello_due = view.ask_due = turn.now;
  turn.touch(peer);
  turn.touch(group);
  return peer;
}

Peer& meet_peer(Turn& turn, Group& group, const proto::RunId& id, const proto::Address& address) {
  const bool in_group = group.peers.contains(id);
  const auto known = turn.state.peers.find(id);
  const bool moved =
      known != turn.state.peers.end() && !same_place(turn.state, known->second.address, address);
  if (known != turn.state.peers.end()) known->second.replaced_by.reset();  // its hello counts
  if (in_group && !moved) return known->second;
  evict_from_address(turn, group, id, address);
  if (moved) move_peer(turn, group, known->second, address);
  Peer& peer = add_peer(turn, group, id, address);
  if (!in_group) announce(turn, events::peer_found, group, describe(turn.state, group, peer));
  request_save(turn);
  return peer;
}

void on_identified(Turn& turn, const PeerIdentified& event) {
  const auto found = turn.state.links.find(event.link);
  if (found == turn.state.links.end()) return;
  if (found->second.stranger) return stranger_identified(turn, *found->second.stranger, event);
  if (!found->second.peer) return;
  Peer& peer = turn.state.peers.at(*found->second.peer);
  if (event.id && *event.id != peer.id) return dismiss(turn, peer, *event.id);
  if (event.id) peer.replaced_by.reset();
  peer.speaks_vedette = event.vedette;
}

void remember_voters(Turn& turn, Group& group, std::size_t voters) {
  group.forgotten = {voters, turn.now + forgotten_for};
}

void forget_peer(Turn& turn, Group& group, const proto::RunId& id) {
  group.peers.erase(id);
  drop_peer_if_unknown(turn, id);
}

Group& add_group(Turn& turn, const DurableGroup& durable) {
  const GroupId id{++turn.state.serial};
  Group& group = turn.state.groups[id];
  turn.state.names[durable.name] = id;
  group.id = id;
  group.name = durable.name;
  group.options = durable.options;
  group.config_epoch = durable.config_epoch;
  group.replid = durable.replid;
  group.replaced = durable.replaced;
  group.ballot.memory = group.ballot.durable = durable.vote;
  group.ballot.held_since = turn.now;  // if a vote was given, then before
  Node& master = add_node(turn, group, durable.master);
  master.reported_role = proto::Role::master;
  group.master_id = master.id;
  for (const proto::Address& replica : durable.replicas) add_node(turn, group, replica);
  if (group.replaced) {
    Node* replaced = find_node(group, group.replaced->address);
    if (replaced != nullptr && replaced->id != group.master_id) replaced->superseded = true;
  }
  for (const DurablePeer& peer : durable.peers) {
    if (peer.id != turn.state.my_id) add_peer(turn, group, peer.id, peer.address);
  }
  turn.touch(group);
  return group;
}

void remove_group(Turn& turn, Group& group) {
  drop_claim(turn, group);
  std::vector<NodeId> nodes;
  for (const auto& [id, node] : group.nodes) nodes.push_back(id);
  for (const NodeId id : nodes) forget_node(turn, group, id);
  std::vector<proto::RunId> peers;
  for (const auto& [id, view] : group.peers) peers.push_back(id);
  for (const proto::RunId& id : peers) forget_peer(turn, group, id);
  turn.state.agenda.forget(group.id);
  turn.touched.erase(Subject{group.id});
  const GroupId group_id = group.id;
  turn.state.names.erase(std::string(group.name));
  turn.state.groups.erase(group_id);
}

void discover_replicas(Turn& turn, Group& group, const proto::InfoSnapshot& info) {
  for (const proto::Address& listed : info.replicas) {
    const proto::Address address = known_as(turn.state, group, listed);
    if (address.port == 0 || find_node(group, address) != nullptr) continue;
    if (!has_address(turn.state, address.host)) continue;
    const Node& node = add_node(turn, group, address);
    announce(turn, events::replica_found, group, describe(turn.state, group, node));
    request_save(turn);
  }
}

}  // namespace vedette::consensus
