// Which replica becomes the master.
// Rules: README.md, Choice.
#pragma once

#include <optional>

#include "consensus/state.hpp"
#include "consensus/time.hpp"

namespace vedette::consensus {

// The node has the group's data, or had when it was split off; also if we do not know that history.
bool shares_history(const Group& group, const proto::InfoSnapshot& info);
// The same, by the history before while that of a new master is unknown, or else any node's.
// Nothing if we know none of them.
std::optional<bool> shares_known_history(const Group& group, const proto::InfoSnapshot& info);

// Whether the node may be chosen at all, by what we know now; its INFO must not be older than
// `heard_since`.
bool is_eligible(const Policy& policy, const Group& group, const Node& node, Instant now,
                 Instant heard_since);

// It was to be promoted and would not, in its present run and a short while ago. It comes after its
// equals, for somebody is better than nobody.
bool has_refused(const Node& node, Instant now);

// A node that an earlier leader of this fault already promoted comes first; then nodes of the
// group's replication history before others; then those that have refused no promotion; then
// priority, offset, run id. Nullopt: nobody is eligible.
std::optional<NodeId> choose_replica(const Policy& policy, const Group& group, Instant now,
                                     Instant heard_since);

// How old INFO may be for a choice without a fresh round of questions (SENTINEL FAILOVER,
// standing).
Instant oldest_useful_info(const Group& group, Instant now);

}  // namespace vedette::consensus
