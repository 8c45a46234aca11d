// Keeping connections to nodes and peers: when to connect, when to give up on one, how long to
// wait.
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

inline constexpr Duration longest_backoff = milliseconds{250};

// How long a connection attempt may take, and a PING may stay unanswered before its connection is
// tried anew: a fraction of down-after, so that a fresh connection can still prove the server alive
// in time.
Duration link_patience(milliseconds down_after);
// The smallest down-after of the groups that share the peer.
milliseconds down_after_of(const State& state, const Peer& peer);

// Opens what is due, gives up what takes too long or is silent.
void tend_links(Turn& turn, Group& group, Node& node);
void tend_links(Turn& turn, Peer& peer, milliseconds down_after);

// When the next of these is due.
Instant links_due(const State& state, const Group& group, const Node& node);
Instant links_due(const Peer& peer, milliseconds down_after);

void on_link_up(Turn& turn, const LinkUp& event);
void on_link_down(Turn& turn, const LinkDown& event);

// Closes for good (address changed, node forgotten); the next attempt may be made at once.
void close_link(Turn& turn, Link& link);
void close_links(Turn& turn, Node& node);
// A valid reply came: the other side is really there, so the next loss is answered at once.
void prove_link(Link& link) noexcept;

}  // namespace vedette::consensus
