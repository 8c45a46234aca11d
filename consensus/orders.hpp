// What operators ask for: MONITOR, REMOVE, SET, RESET, FAILOVER and their like.
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

void on_ordered(Turn& turn, const Ordered& event);

}  // namespace vedette::consensus
