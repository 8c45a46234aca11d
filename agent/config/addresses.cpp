#include "agent/config/addresses.hpp"

#include <algorithm>
#include <vector>

#include "consensus/hosts.hpp"

namespace vedette::agent {

consensus::Durable by_address(consensus::Durable durable,
                              const std::map<std::string, std::string>& resolved) {
  const auto replace = [&](proto::Address& place) {
    const auto found = resolved.find(place.host);
    if (found != resolved.end()) place.host = found->second;
  };
  for (consensus::DurableGroup& group : durable.groups) {
    replace(group.master);
    if (group.replaced) replace(group.replaced->address);
    for (consensus::DurablePeer& peer : group.peers) replace(peer.address);
    std::vector<proto::Address> replicas;
    for (proto::Address& replica : group.replicas) {
      replace(replica);
      const bool known = replica == group.master ||
                         std::find(replicas.begin(), replicas.end(), replica) != replicas.end();
      if (!known) replicas.push_back(replica);
    }
    group.replicas = std::move(replicas);
  }
  return durable;
}

std::string name_without_address(const consensus::State& state) {
  for (const auto& [id, group] : state.groups) {
    for (const auto& [node_id, node] : group.nodes) {
      if (!has_address(state, node.address.host)) return node.address.host;
    }
  }
  for (const auto& [id, peer] : state.peers) {
    if (!has_address(state, peer.address.host)) return peer.address.host;
  }
  return {};
}

}  // namespace vedette::agent
