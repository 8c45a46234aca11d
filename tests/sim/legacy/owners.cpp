// Whose a link is.
#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

namespace {

LegacyGroup* find_group(LegacyState& state, consensus::GroupId id) {
  for (auto& [name, group] : state.groups) {
    if (group.id == id) return &group;
  }
  return nullptr;
}

}  // namespace

LegacyFound find_node(LegacyState& state, const LegacyOwner& owner) {
  LegacyGroup* group = owner.peer ? nullptr : find_group(state, owner.group);
  if (group == nullptr) return {};
  if (owner.is_master) return {group, &group->master};
  const auto found = group->replicas.find(owner.address);
  return {group, found == group->replicas.end() ? nullptr : &found->second};
}

LegacyPeer* find_peer(LegacyState& state, const LegacyOwner& owner, consensus::GroupId id) {
  LegacyGroup* group = owner.peer ? find_group(state, id) : nullptr;
  if (group == nullptr) return nullptr;
  const auto found = group->peers.find(*owner.peer);
  return found == group->peers.end() ? nullptr : &found->second;
}

LegacyLink* find_link(LegacyState& state, const LegacyOwner& owner) {
  if (!owner.peer) {
    LegacyNode* node = find_node(state, owner).node;
    return node == nullptr ? nullptr : &node->link;
  }
  const auto found = state.peer_links.find(*owner.peer);
  return found == state.peer_links.end() ? nullptr : &found->second;
}

}  // namespace vedette::sim
