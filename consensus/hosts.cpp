#include "consensus/hosts.hpp"

namespace vedette::consensus {

namespace {

const std::string& behind(const State& state, const std::string& host) {
  const auto found = state.resolved.find(host);
  return found == state.resolved.end() ? host : found->second;
}

}  // namespace

void on_host_resolved(Turn& turn, const HostResolved& event) {
  turn.state.resolved[event.host] = event.ip;
}

bool same_place(const State& state, const proto::Address& a, const proto::Address& b) {
  if (a.port != b.port) return false;
  if (a.host == b.host) return true;
  if (state.resolved.empty()) return false;  // no names anywhere
  return proto::equals_ignoring_case(behind(state, a.host), behind(state, b.host));
}

proto::Address known_as(const State& state, const Group& group, const proto::Address& heard) {
  if (state.resolved.empty()) return heard;
  const Node* alias = nullptr;
  for (const auto& [id, node] : group.nodes) {
    if (node.address == heard) return heard;
    if (alias == nullptr && same_place(state, node.address, heard)) alias = &node;
  }
  return alias == nullptr ? heard : alias->address;
}

bool has_address(const State& state, const std::string& host) {
  return proto::is_ip_literal(host) || state.resolved.contains(host);
}

proto::Address shown(const State& state, const proto::Address& address) {
  if (state.announced.hostnames) return address;
  return {behind(state, address.host), address.port};
}

}  // namespace vedette::consensus
