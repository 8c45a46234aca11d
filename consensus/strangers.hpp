// Agents that were heard of at an address where we do not know them. Anybody may publish a hello;
// whoever is to count among the voters, or to take a known agent's place, must have answered there
// with his id, or must go on publishing (README.md, Voters).
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

// A hello of an agent that is not known there. True if it may be taken for real now; else it is
// kept, and taken as soon as its publisher has answered.
// `carrier`: the link that brought it; 0: our port.
bool introduce(Turn& turn, const Group& group, const proto::Hello& hello, LinkId carrier);

// The peer of a group that was reset, or removed and is monitored again: it is asked at once, over
// a connection of its own, whether it is still there and watches the group. Whoever is and does
// comes back without waiting for its hello.
void recall(Turn& turn, const Group& group, const DurablePeer& peer);

// Events of the links over which strangers are asked.
void stranger_link_up(Turn& turn, StrangerId id);
void stranger_link_down(Turn& turn, StrangerId id);
void stranger_identified(Turn& turn, StrangerId id, const PeerIdentified& event);
void stranger_answered(Turn& turn, StrangerId id);
void stranger_told(Turn& turn, StrangerId id, const ConfigurationTold& event);
void stranger_failed(Turn& turn, StrangerId id, const RequestFailed& event);

// Forgets who fell silent.
void tend_strangers(Turn& turn);
Instant strangers_due(const State& state);

}  // namespace vedette::consensus
