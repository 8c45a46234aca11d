// Changing the address of a group's master, and the work that follows: pointing the other replicas
// at it. Rules: README.md, After.
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

// Announces +switch-master and makes the node at `to` the master. Links, INFO and the other
// replicas stay; the clocks of both nodes start anew; opinions about the old address count no
// longer.
void switch_master(Turn& turn, Group& group, const proto::Address& to);

// After a switch: re-point the other replicas ourselves, or watch that `leader` does.
void lead_reconfiguration(Turn& turn, Group& group, const proto::Address& old_master);
void watch_reconfiguration(Turn& turn, Group& group, const proto::Address& old_master,
                           const proto::RunId& leader);

void tend_reconfiguration(Turn& turn, Group& group);
Instant reconfiguration_due(const Turn& turn, const Group& group);

// A replica's INFO while it is being re-pointed.
void note_resync_progress(Turn& turn, Group& group, Node& node);

// An order that was not obeyed, or lost, is repeated no sooner.
inline constexpr Duration follow_repeat_after = std::chrono::seconds{1};
[[nodiscard]] bool was_told_lately(const Turn& turn, const Node& node);

// REPLICAOF the configured master.
void send_follow(Turn& turn, Group& group, Node& node);

}  // namespace vedette::consensus
