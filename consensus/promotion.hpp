// The second half of an attempt: making the chosen replica a master and publishing that.
// Rules: safety.md 3 and 11.
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

// One phase each; called by tend_failover.
void send_promote(Turn& turn, Group& group);
void wait_promotion(Turn& turn, Group& group);

void on_promote_answered(Turn& turn, const PromoteAnswered& event);
void on_promote_withheld(Turn& turn, const PromoteWithheld& event);
void promote_failed(Turn& turn, Group& group, Node& node, const RequestFailed& event);
void promotion_link_lost(Turn& turn, Group& group, const Node& node);

}  // namespace vedette::consensus
