#include "tests/sim/rules/soundness.hpp"

#include <algorithm>

namespace vedette::sim {

namespace {

// Somebody monitors it. A node that returned elsewhere as a master is a stranger to everybody.
bool is_known(World& world, const Healthy& healthy, const Shard& shard, const Redis& node) {
  return std::any_of(world.agents().begin(), world.agents().end(), [&](const auto& agent) {
    if (!healthy.holds(*agent) || !agent->core()) return false;
    const consensus::Group* const group = agent->core()->state().find(shard.name);
    return group != nullptr &&
           std::any_of(group->nodes.begin(), group->nodes.end(),
                       [&](const auto& each) { return each.second.address == node.address(); });
  });
}

std::string what_is_wrong(World& world, const Healthy& healthy, const Shard& shard) {
  std::optional<proto::Address> master;
  for (const auto& agent : world.agents()) {
    if (!healthy.holds(*agent)) continue;
    const std::optional<proto::Address> named = agent->master_of(shard.name);
    if (!named) return agent->name() + " does not know " + shard.name;
    const bool same = master && world.node_at(*named) == world.node_at(*master);
    if (master && !same) {
      return "agents name " + proto::to_string(*master) + " and " + proto::to_string(*named);
    }
    master = named;
  }
  if (!master) return {};
  Redis* const node = world.node_at(*master);
  if (node == nullptr || !healthy.holds(*node) || node->role() != proto::Role::master) {
    return proto::to_string(*master) + " is no living master";
  }
  for (const Redis* const other : shard.nodes) {
    if (other == node || !healthy.holds(*other) || !is_known(world, healthy, shard, *other)) {
      continue;
    }
    const bool follows =
        other->role() == proto::Role::replica && world.node_at(other->following()) == node;
    if (!follows || !other->in_sync()) {
      return proto::to_string(other->address()) + " does not follow " + proto::to_string(*master) +
             ": " + other->role_reply().link_state + " " + proto::to_string(other->following());
    }
  }
  return {};
}

}  // namespace

std::string what_is_wrong(World& world, const Healthy& healthy) {
  for (const auto& shard : world.shards()) {
    const std::string wrong = what_is_wrong(world, healthy, *shard);
    if (!wrong.empty()) return shard->name + ": " + wrong;
  }
  return {};
}

}  // namespace vedette::sim
