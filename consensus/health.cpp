#include "consensus/health.hpp"

#include <algorithm>

#include "consensus/monitoring.hpp"
#include "consensus/quorum.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration reachable_within = std::chrono::seconds{5};

}  // namespace

Usable count_usable(const Group& group) {
  const auto is_up = [](const auto& entry) { return !entry.second.subjectively_down; };
  Usable out;
  out.usable =
      1 + static_cast<std::size_t>(std::count_if(group.peers.begin(), group.peers.end(), is_up));
  out.voters = group.voters();
  out.majority = majority(out.voters);
  out.quorum_ok = out.usable >= group.options.quorum;
  out.majority_ok = out.usable >= out.majority;
  return out;
}

bool is_ready(const State& state, const Group& group, Instant now) {
  const Node& master = group.master();
  if (!master.info_at && !master.subjectively_down) return false;
  std::size_t reachable = 1;
  for (const auto& [id, view] : group.peers) {
    const Peer& peer = state.peers.at(id);
    if (peer.link.is_open() && answered_within(peer.ping, now, reachable_within)) ++reachable;
  }
  return reachable >= majority(group.voters());
}

bool is_ready(const State& state, Instant now) {
  const auto ready = [&](const auto& entry) { return is_ready(state, entry.second, now); };
  return std::all_of(state.groups.begin(), state.groups.end(), ready);
}

}  // namespace vedette::consensus
