// What a run cannot promise (README.md, "Known limits").
#pragma once

#include "tests/sim/play/plan.hpp"

namespace vedette::sim {

struct Limits {
  bool legacy = false;  // with real Sentinels in it
  bool restored_disk = false;
  bool stopped_clock = false;
  bool forgotten_peers = false;  // REMOVE, or agents that never met
  bool forgotten_nodes = false;  // RESET: a deposed master that nobody pointed elsewhere yet
  bool single_word = false;      // an agent may know one peer only, and must believe its epoch
  bool torn_epochs = false;      // one may believe an epoch so far ahead that no other does
  bool changed_hands = false;    // addresses did
  bool moved = false;            // so, or one server has two: an address does not say who is there
  bool two_names = false;        // so, or by a lie, an address may be the master of two groups

  // Real Sentinels, forgotten votes, clocks that stand still and two majorities: no two agents
  // exclude each other then.
  [[nodiscard]] bool exclusion() const {
    return !(legacy || stopped_clock || forgotten_peers || restored_disk);
  }
};

Limits limits_of(const Plan& plan);

}  // namespace vedette::sim
