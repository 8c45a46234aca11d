// Faults that wait for a point of a failover.
#include <algorithm>
#include <iterator>

#include "tests/sim/play/faults.hpp"

namespace vedette::sim {

void Faults::stepped(Agent& it, const consensus::Event&, const consensus::Commands& commands) {
  if (armed_.empty()) return;
  for (const consensus::Command& command : commands) {
    const auto* const news = std::get_if<consensus::Announce>(&command);
    if (news == nullptr) continue;
    const auto hit = std::find_if(armed_.begin(), armed_.end(), [&](const Action& each) {
      return ambush_points[static_cast<std::size_t>(each.value) % ambush_points.size()] ==
             news->event;
    });
    if (hit == armed_.end()) continue;
    const Action ambush = *hit;
    armed_.erase(hit);
    // Behind the step: what it wants has been written, or is about to be.
    const Duration delay{static_cast<Duration::rep>(ambush.b % 4) * 150};
    world_.queue().after(delay, [this, &it, ambush, group = news->group] {
      if (!ended_) spring(it, ambush, group);
    });
    return;
  }
}

void Faults::spring(Agent& it, const Action& ambush, const std::string& group) {
  constexpr std::uint32_t kinds = ambush_blows.size();
  strike(it, ambush, ambush_blows[ambush.a % kinds], group);
  // A second one has a length of its own.
  const std::uint32_t other = ambush.a / kinds;
  if (other == 0 || other > kinds) return;
  Action second = ambush;
  second.lasts = ambush.lasts * (1 + ambush.b / 4 % 8) / 4;
  strike(it, second, ambush_blows[other - 1], group);
}

void Faults::strike(Agent& it, const Action& ambush, What what, const std::string& group) {
  Action blow = ambush;
  blow.what = what;
  const bool on_others =
      blow.what == What::isolate || blow.what == What::stray_ask || blow.what == What::relieve;
  if (What::move_agent < blow.what && !on_others) {
    return spring_on_target(it, blow, group);
  }
  blow.a = blow.what == What::isolate ? static_cast<std::uint32_t>(it.host()) : number_of(it);
  // Asked for its vote is whoever may have given it, not only who came here.
  if (blow.what == What::stray_ask) blow.a += ambush.b / 4;
  blow.b = number_of_shard(group);
  blow.value = 1;  // a vote for the next epoch is asked for
  run(blow);
  // With something to save.
  if (blow.what == What::fail_disk) run({{}, What::set_option, blow.a, blow.b, {}, 1});
}

// On the node that it has chosen, its zone, or on the way there; before that on its master.
void Faults::spring_on_target(Agent& it, const Action& ambush, const std::string& group) {
  const consensus::Group* const own = it.core() ? it.core()->state().find(group) : nullptr;
  if (own == nullptr) return;
  const bool chosen = own->attempt && own->attempt->target;
  const consensus::Node& target = chosen ? own->nodes.at(*own->attempt->target) : own->master();
  const Redis* const node = world_.node_at(target.address);
  if (node == nullptr) return;
  Action blow = ambush;
  const auto host = static_cast<std::uint32_t>(node->host());
  const bool on_route = blow.what >= What::cut;
  blow.a = on_route ? static_cast<std::uint32_t>(it.host()) : number_of(*node);
  if (blow.what == What::cut_zone) blow.a = host;
  blow.b = host;
  if (blow.what == What::flap_node) blow.value = (1 + blow.value) * 100'000;
  run(blow);
}

}  // namespace vedette::sim
