// Learning which replicas and peers exist.
#pragma once

#include <string>

#include "consensus/durable.hpp"
#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

// A group as configured or restored; announces nothing.
Group& add_group(Turn& turn, const DurableGroup& durable);
void remove_group(Turn& turn, Group& group);

// The node at the address, or a new one.
Node& add_node(Turn& turn, Group& group, const proto::Address& address);
Node* find_node(Group& group, const proto::Address& address);
const Node* find_node(const Group& group, const proto::Address& address);
void forget_node(Turn& turn, Group& group, NodeId node);

// Registers what a hello says about its sender: a new peer, a moved one, an address taken over.
Peer& meet_peer(Turn& turn, Group& group, const proto::RunId& id, const proto::Address& address);
// Adds a known peer to the group without news, e.g. from the file.
Peer& add_peer(Turn& turn, Group& group, const proto::RunId& id, const proto::Address& address);
// For so long RESET, REMOVE with MONITOR and a start in between make no majority smaller.
inline constexpr Duration forgotten_for = std::chrono::seconds{60};
void remember_voters(Turn& turn, Group& group, std::size_t voters);
// Who answers at the address of a stranger, or of a known peer.
void on_identified(Turn& turn, const PeerIdentified& event);
void forget_peer(Turn& turn, Group& group, const proto::RunId& id);

// Replicas named by the master's INFO.
void discover_replicas(Turn& turn, Group& group, const proto::InfoSnapshot& info);

}  // namespace vedette::consensus
