#include "consensus/tilt.hpp"

#include <algorithm>

#include "consensus/announce.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration longest_tilt = std::chrono::seconds{1};
constexpr Duration recheck = milliseconds{50};

bool proved_since(const Link& link, const PingClock& ping, Instant since) {
  return !link.is_open() || ping.last_reply >= since;
}

bool all_links_proved(const State& state, Instant since) {
  for (const auto& [id, group] : state.groups) {
    for (const auto& [node_id, node] : group.nodes) {
      if (!proved_since(node.command, node.ping, since)) return false;
    }
  }
  const auto proved = [&](const auto& entry) {
    return proved_since(entry.second.link, entry.second.ping, since);
  };
  return std::all_of(state.peers.begin(), state.peers.end(), proved);
}

}  // namespace

void note_stall(Turn& turn, Duration late) {
  if (late <= Duration{turn.state.timings.tilt_trigger}) return;
  turn.state.tilt_last = turn.now;
  turn.touch(Process{});
  if (turn.state.tilt_since) return;
  turn.state.tilt_since = turn.now;
  turn.emit(make_announce(events::tilt, "", "#tilt mode entered"));
}

void tend_tilt(Turn& turn) {
  State& state = turn.state;
  if (!state.tilt_since) return;
  const bool over = state.tilt_last + longest_tilt <= turn.now ||
                    (turn.now > state.tilt_last && all_links_proved(state, state.tilt_last));
  if (!over) return;
  state.tilt_since.reset();
  turn.emit(make_announce(events::tilt_end, "", "#tilt mode exited"));
}

Instant tilt_due(const State& state, Instant now) {
  return state.tilt_since ? now + recheck : never;
}

}  // namespace vedette::consensus
