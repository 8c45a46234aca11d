// Which epochs are believed. A forged or broken one that is far ahead must not end all elections.
#pragma once

#include "consensus/turn.hpp"

namespace vedette::consensus {

// The distance that one agent's word is enough for.
inline constexpr std::uint64_t largest_epoch_jump = std::uint64_t{1} << 20;

// Whether an epoch is within one step of what we know.
bool is_near(const State& state, proto::Epoch epoch) noexcept;
// Whether a published epoch may be taken: it is near, or we start fresh, or two peers (or the only
// one) publish it or more.
bool is_believed(const State& state, proto::Epoch epoch);

// Raises the current epoch; shown and announced when it is on disk.
void raise_epoch(Turn& turn, const Group& group, proto::Epoch epoch);
// The epochs of a hello. A file older than what peers publish may have forgotten votes.
void hear_epochs(Turn& turn, const Group& group, Peer& peer, proto::Epoch current,
                 proto::Epoch config);

}  // namespace vedette::consensus
