// Watching one node or peer: PING, INFO and hello schedules, and "subjectively down".
// Rules: README.md, Detection.
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

// Does what is due for it and sets its next deadline.
void tend(Turn& turn, Group& group, Node& node);
void tend(Turn& turn, Peer& peer);

// Told by links.cpp.
void command_link_up(Turn& turn, Group& group, Node& node);
void command_link_lost(Turn& turn, Group& group, Node& node);
void peer_link_up(Turn& turn, Peer& peer);
void peer_link_lost(Turn& turn, Peer& peer);

void on_ponged(Turn& turn, const Ponged& event);
void on_acknowledged(Turn& turn, const Acknowledged& event);
void on_request_failed(Turn& turn, const RequestFailed& event);

// Questions that must not wait for the schedule.
void ask_info_now(Turn& turn, Node& node);
void ask_role_now(Turn& turn, const Group& group, Node& node);

// Starts the node's silence clock anew, as for an instance just created (address switch, RESET).
void restart_clock(Turn& turn, Node& node);
// Whether it owes an answer, or has been without a link, for longer than a hiccup.
bool is_silent(const PingClock& ping, Instant now) noexcept;
// Whether a node or peer answered a PING within `age`.
bool answered_within(const PingClock& ping, Instant now, Duration age) noexcept;

}  // namespace vedette::consensus
