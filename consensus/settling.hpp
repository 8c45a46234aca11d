// Two configurations between which no proof decides: equal config epochs with two addresses (two
// real Sentinels won one epoch), or a newer one whose node is no master any more. What most voters
// publish gets a new epoch, by an election without a promotion. Rule: README.md, Adoption.
#pragma once

#include "consensus/turn.hpp"

namespace vedette::consensus {

// Stands if there is something to settle, it is for us to do it, and its time has come.
void consider_settling(Turn& turn, Group& group);
Instant settling_due(const Turn& turn, const Group& group);
// The votes are there, or will not come.
void settle(Turn& turn, Group& group);
void settling_lost(Turn& turn, Group& group);

}  // namespace vedette::consensus
