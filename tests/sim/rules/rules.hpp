// Everything that must hold after every step, whatever happens. README.md explains each by its
// name.
#pragma once

#include "tests/sim/rules/choice_rules.hpp"
#include "tests/sim/rules/conduct_rules.hpp"
#include "tests/sim/rules/demotion_rules.hpp"
#include "tests/sim/rules/detection_rules.hpp"
#include "tests/sim/rules/election_rules.hpp"
#include "tests/sim/rules/heard.hpp"
#include "tests/sim/rules/promise_rules.hpp"
#include "tests/sim/rules/promotion_rules.hpp"

namespace vedette::sim {

class Rules {
 public:
  Rules(World& world, const Faults& faults, const Limits& limits)
      : heard_(world),
        promises_(world, limits),
        detection_(world, limits, heard_),
        elections_(world, limits, heard_),
        choices_(world, limits),
        promotions_(world, limits, faults),
        demotions_(world, limits, heard_),
        conduct_(world, limits) {}

  // Whether an operator's order went on without a majority: it excludes nobody.
  [[nodiscard]] bool anything_forced() const { return promises_.anything_forced(); }
  // Epochs of groups in which something was promoted.
  [[nodiscard]] std::size_t promotions() const { return promotions_.executed(); }

 private:
  Heard heard_;  // first of all: the others ask it
  PromiseRules promises_;
  DetectionRules detection_;
  ElectionRules elections_;
  ChoiceRules choices_;
  PromotionRules promotions_;
  DemotionRules demotions_;
  ConductRules conduct_;
};

}  // namespace vedette::sim
