// The arithmetic of agreement.
#pragma once

#include <cstddef>

namespace vedette::consensus {

constexpr std::size_t majority(std::size_t voters) noexcept { return voters / 2 + 1; }

// Votes that make a leader: a majority of all known agents, and at least the quorum.
constexpr std::size_t votes_needed(std::size_t voters, unsigned quorum) noexcept {
  return majority(voters) > quorum ? majority(voters) : quorum;
}

}  // namespace vedette::consensus
