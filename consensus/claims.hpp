// A node that only another agent's configuration names: asked, over a connection of its own, who it
// is (adoption.hpp, settling.hpp).
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

// One at a time; another address takes the place of the one before.
void call_claimed(Turn& turn, Group& group, const proto::Address& address);
void claimed_link_up(Turn& turn, Group& group);
void claimed_link_down(Turn& turn, Group& group);
void claimed_node_spoke(Turn& turn, Group& group, const InfoRead& event);
void drop_claim(Turn& turn, Group& group);
void tend_claim(Turn& turn, Group& group);
Instant claim_due(const Group& group);

}  // namespace vedette::consensus
