// What everybody hopes for: one master that every agent names and every other node follows.
#pragma once

#include <set>
#include <string>

#include "tests/sim/cluster/world.hpp"

namespace vedette::sim {

// The part of a cluster that is well; everything while `hosts` is empty.
struct Healthy {
  std::set<HostId> hosts;
  [[nodiscard]] bool holds(const Process& process) const {
    return process.running() && (hosts.empty() || hosts.contains(process.host()));
  }
};

// "" if each shard is sound among the healthy, else the first thing that is not.
std::string what_is_wrong(World& world, const Healthy& healthy);

}  // namespace vedette::sim
