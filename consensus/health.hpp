// What CKQUORUM and readiness say, read from the state.
#pragma once

#include <cstddef>

#include "consensus/state.hpp"
#include "consensus/time.hpp"

namespace vedette::consensus {

struct Usable {
  std::size_t usable = 1;  // this agent and every peer that is not subjectively down
  std::size_t voters = 1;  // this agent and every known peer
  std::size_t majority = 1;
  bool quorum_ok = false;    // usable >= the group's quorum
  bool majority_ok = false;  // usable >= majority
};
Usable count_usable(const Group& group);

// The group's master was heard (its INFO was read) or is known to be down, and a majority of its
// agents answered within 5 s.
bool is_ready(const State& state, const Group& group, Instant now);
// Every monitored group is ready; true when nothing is monitored.
bool is_ready(const State& state, Instant now);

}  // namespace vedette::consensus
