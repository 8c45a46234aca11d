#include "consensus/aliases.hpp"

#include <vector>

#include "consensus/announce.hpp"
#include "consensus/discovery.hpp"
#include "consensus/saving.hpp"

namespace vedette::consensus {

bool is_the_master_itself(const Group& group, const Node& node) {
  const Node& master = group.master();
  return node.id != master.id && node.process && node.process == master.process;
}

bool may_follow_the_master(const Group& group, const Node& node) {
  return node.introduced && !is_the_master_itself(group, node);
}

void forget_aliases(Turn& turn, Group& group) {
  if (group.attempt || !group.master().introduced) return;  // an attempt holds on to its target
  std::vector<NodeId> aliases;
  for (const auto& [id, node] : group.nodes) {
    if (node.introduced && is_the_master_itself(group, node)) aliases.push_back(id);
  }
  for (const NodeId id : aliases) {
    note(turn, Level::warning,
         proto::to_string(group.nodes.at(id).address) + " is the master of " + group.name +
             " itself, " + proto::to_string(group.master().address) +
             ", under another address: not kept as a replica");
    forget_node(turn, group, id);
    request_save(turn);
  }
}

}  // namespace vedette::consensus
