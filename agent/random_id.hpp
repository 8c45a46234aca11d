// Chance for the agent layer; the core has its own seeded source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "proto/types.hpp"

namespace vedette::agent {

// 40 random lower-case hexadecimal digits. Aborts if the system has no entropy: two agents with one
// identity would be worse.
proto::RunId make_run_id();
std::uint64_t make_seed();
// So many random lower-case hexadecimal digits.
std::string random_hex(std::size_t digits);

}  // namespace vedette::agent
