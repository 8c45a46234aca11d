// One attempt to fail over, from the candidacy to the published configuration.
// The phases and what ends them: README.md, One failover.
#pragma once

#include "consensus/announce.hpp"
#include "consensus/event.hpp"
#include "consensus/turn.hpp"
#include "proto/hello.hpp"

namespace vedette::consensus {

// Starts, advances or ends the group's attempt, as far as possible at this instant.
void tend_failover(Turn& turn, Group& group);
Instant failover_due(const Turn& turn, const Group& group);

// SENTINEL FAILOVER.
OrderStatus force_failover(Turn& turn, Group& group);

// Ends the attempt; `event` is announced with the master's instance, nullptr for none.
void abort_attempt(Turn& turn, Group& group, const EventName* event);
// ... as not elected, and stands again soon.
void lose(Turn& turn, Group& group);
// No new attempt for a while.
void stand_later(Turn& turn, Group& group);

// When the attempt takes too long: no voter renews beyond the longest hold.
Instant attempt_end(const Turn& turn, const Group& group);
void enter(Turn& turn, Attempt& attempt, Phase phase);
// Nothing was written to the chosen replica yet: back to the choice.
void choose_again(Turn& turn, Group& group);

// A replica's INFO or ROLE said master: progress of ours or of the leader we voted for.
void node_reports_master(Turn& turn, Group& group, Node& node);
// The master answered ROLE master: the reason for the failover may be gone.
void master_is_back(Turn& turn, Group& group, Instant asked_at);
// Gives up the failover for its sake, unless that happened only lately.
void abort_for_master(Turn& turn, Group& group);
// Another agent publishes a newer configuration; it is taken over.
void configuration_heard(Turn& turn, Group& group, proto::Epoch epoch);
void configuration_adopted(Turn& turn, Group& group, proto::Epoch epoch);

}  // namespace vedette::consensus
