// The second half of an attempt: making the chosen replica a master and publishing that.
// Rules: README.md, Authority and After.
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
// Its link was lost before its EXEC was written; comes before promotion_link_lost.
void promote_unwritten(Turn& turn, Group& group, RequestId request);
void promotion_link_lost(Turn& turn, Group& group, const Node& node);
// The target answered ROLE slave: a Promote that was lost is written again.
void target_is_replica(Turn& turn, Group& group, const Node& node);
// The target is a master by our Promote: the new configuration is published.
void publish_promotion(Turn& turn, Group& group);

}  // namespace vedette::consensus
