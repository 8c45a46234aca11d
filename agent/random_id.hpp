// Chance for the agent layer; the core has its own seeded source.
#pragma once

#include <cstdint>

#include "proto/types.hpp"

namespace vedette::agent {

// 40 random lower-case hexadecimal digits. Aborts if the system has no entropy: two agents with one
// identity would be worse.
proto::RunId make_run_id();
std::uint64_t make_seed();

}  // namespace vedette::agent
