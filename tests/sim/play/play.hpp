// Plays one plan from beginning to end, and says how it went.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/play/plan.hpp"
#include "tests/sim/play/story.hpp"

namespace vedette::sim {

struct Outcome {
  std::string invariant;  // that was broken; "" if none
  std::string failure;    // how
  std::uint64_t hash = 0;
  std::uint64_t steps = 0;
  std::uint64_t failovers = 0;  // masters replaced, by whomever
  Duration virtual_time{0};
  Duration recovery{0};            // from the end of the trouble to one master for everybody
  std::uint64_t acknowledged = 0;  // writes
  std::uint64_t lost = 0;
  // Performance mode: from the death of the master.
  Duration detected{0};
  Duration announced{0};
  std::vector<Line> story;  // if it was to be recorded

  [[nodiscard]] bool failed() const { return !invariant.empty(); }
};

Outcome play(const Plan& plan, bool record_story = false);

}  // namespace vedette::sim
