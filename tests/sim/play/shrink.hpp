// Makes a failing plan smaller while it keeps failing in the same way.
#pragma once

#include "tests/sim/play/plan.hpp"

namespace vedette::sim {

// At most `runs` plays are spent.
Plan shrink(const Plan& plan, const std::string& invariant, unsigned runs = 600);

}  // namespace vedette::sim
