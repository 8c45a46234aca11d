#include "consensus/epochs.hpp"

#include <algorithm>
#include <string>

#include "consensus/announce.hpp"
#include "consensus/election.hpp"
#include "consensus/saving.hpp"

namespace vedette::consensus {

bool is_near(const State& state, proto::Epoch epoch) noexcept {
  return epoch <= proto::max_epoch &&
         number(epoch) <= number(state.current_epoch) + largest_epoch_jump;
}

bool is_believed(const State& state, proto::Epoch epoch) {
  if (epoch > proto::max_epoch) return false;
  if (is_near(state, epoch) || state.current_epoch == proto::Epoch{}) return true;
  const auto publishes = [&](const auto& entry) { return entry.second.published_epoch >= epoch; };
  const auto count = std::count_if(state.peers.begin(), state.peers.end(), publishes);
  return count >= 2 || static_cast<std::size_t>(count) == state.peers.size();
}

void raise_epoch(Turn& turn, const Group& group, proto::Epoch epoch) {
  if (epoch <= turn.state.current_epoch) return;
  turn.state.current_epoch = epoch;
  const std::string payload = std::to_string(number(epoch));
  promise(turn, NewsPromise{make_announce(events::new_epoch, group.name, payload)});
}

void hear_epochs(Turn& turn, const Group& group, Peer& peer, proto::Epoch current,
                 proto::Epoch config) {
  peer.published_epoch = std::max(current, config);
  if (current <= turn.state.current_epoch || !is_believed(turn.state, current)) return;
  if (turn.now < turn.state.started + hold_after_start) turn.state.unvotable_epoch = current;
  raise_epoch(turn, group, current);
}

}  // namespace vedette::consensus
