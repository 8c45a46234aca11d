// Asking peers whether the master is down for them too, and "objectively down".
// Rules: README.md, Votes.
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

// Sends the asks that are due while the master is subjectively down here.
void tend_asks(Turn& turn, Group& group);
Instant asks_due(const State& state, const Group& group);

// Asks at once: everyone for a vote (with a candidate epoch), or whoever does not agree yet.
void ask_for_votes(Turn& turn, Group& group);
void ask_dissenters(Turn& turn, Group& group);

void on_peer_answered(Turn& turn, const PeerAnswered& event);

// Re-judges "objectively down" with the opinions that are valid now.
void judge_objectively(Turn& turn, Group& group);
// When an opinion that is counted expires.
Instant opinions_due(const Turn& turn, const Group& group);

}  // namespace vedette::consensus
