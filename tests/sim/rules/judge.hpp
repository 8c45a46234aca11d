// Whoever watches a world and says when a rule is broken.
#pragma once

#include <cstddef>
#include <string>

#include "tests/sim/cluster/world.hpp"
#include "tests/sim/rules/limits.hpp"

namespace vedette::sim {

class Judge : public Watcher {
 protected:
  Judge(World& world, const Limits& limits) : world_(world), limits_(limits) { world.watch(*this); }

  void fail(const Agent& agent, const std::string& invariant, const std::string& what) {
    world_.fail(invariant, agent.name() + ": " + what);
  }
  // By order of an operator it may forget whom it has met, and what it did to them.
  static bool forgets(const consensus::Event& event) {
    const auto* const by_hand = std::get_if<consensus::Ordered>(&event);
    return by_hand != nullptr && (std::holds_alternative<consensus::RemoveGroup>(by_hand->order) ||
                                  std::holds_alternative<consensus::ResetGroups>(by_hand->order));
  }
  // Opinions and votes are asked for by address: where two names have one, it is not known which
  // was meant.
  [[nodiscard]] bool may_be_ambiguous() const {
    return limits_.two_names && world_.shards().size() > 1;
  }
  static std::string text_of(proto::Epoch epoch) {
    return "epoch " + std::to_string(proto::number(epoch));
  }

  // Agents with more groups are not looked at in every step, for the sake of speed.
  static constexpr std::size_t most_groups = 4;

  World& world_;
  const Limits limits_;
};

}  // namespace vedette::sim
