// Why this agent is not ready to fail over, in words.
#pragma once

#include <string>
#include <vector>

#include "consensus/state.hpp"

namespace vedette::agent {

struct GroupReadiness {
  std::string name;
  bool ready = false;
  std::string reason;  // "" when ready
};

// One entry per monitored master, ordered by name.
[[nodiscard]] std::vector<GroupReadiness> readiness(const consensus::State& state,
                                                    consensus::Instant now);

}  // namespace vedette::agent
