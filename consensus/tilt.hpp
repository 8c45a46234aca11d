// Sentinel's TILT, kept as a visible sign only: after a long stall of our own, is-master-down
// answers 0 until every link had one PING round trip, at most one second. Measurements are
// protected by OwnTime, not by this (README.md, Detection).
#pragma once

#include "consensus/turn.hpp"

namespace vedette::consensus {

// This process was late by `late`.
void note_stall(Turn& turn, Duration late);
void tend_tilt(Turn& turn);
Instant tilt_due(const State& state, Instant now);

}  // namespace vedette::consensus
