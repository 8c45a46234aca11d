#include "agent/links/failed_connection.hpp"

#include "consensus/announce.hpp"

namespace vedette::agent {

namespace {

using consensus::Link;
using consensus::LinkKind;

std::vector<std::string> lines_of_peer(const consensus::State& state, const consensus::Peer& peer,
                                       const std::string& reason) {
  std::vector<std::string> lines;
  for (const auto& [id, group] : state.groups) {
    if (!group.peers.contains(peer.id)) continue;
    lines.push_back("-cmd-link-reconnection " + describe(state, group, peer) + " #" + reason);
  }
  return lines;
}

}  // namespace

std::vector<std::string> failed_connection_lines(const consensus::State& state,
                                                 const consensus::LinkDown& down) {
  const auto found = state.links.find(down.link);
  if (found == state.links.end()) return {};
  const consensus::LinkOwner& owner = found->second;
  if (owner.peer) {
    const consensus::Peer& peer = state.peers.at(*owner.peer);
    const bool never_made = peer.link.status == Link::Status::connecting;
    return never_made ? lines_of_peer(state, peer, down.reason) : std::vector<std::string>{};
  }
  if (owner.stranger || owner.claimed) return {};
  const consensus::Group& group = state.groups.at(owner.group);
  const consensus::Node& node = group.nodes.at(owner.node);
  const bool commands = owner.kind == LinkKind::command;
  if ((commands ? node.command : node.pubsub).status != Link::Status::connecting) return {};
  const std::string event = commands ? "-cmd-link-reconnection " : "-pubsub-link-reconnection ";
  return {event + describe(state, group, node) + " #" + down.reason};
}

}  // namespace vedette::agent
