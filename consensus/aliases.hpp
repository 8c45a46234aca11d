// One server under two addresses: a virtual address and the node's own, or files that name it
// differently. It must never be told to follow itself. Rule: README.md, Aliases.
#pragma once

#include "consensus/turn.hpp"

namespace vedette::consensus {

// By the run ids that they last told.
bool is_the_master_itself(const Group& group, const Node& node);
// Who answers on its connection has told who he is, and is not the master.
bool may_follow_the_master(const Group& group, const Node& node);
// What is certain to be the master itself is no replica, neither for us nor for the file.
void forget_aliases(Turn& turn, Group& group);

}  // namespace vedette::consensus
