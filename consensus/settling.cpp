#include "consensus/settling.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "consensus/adoption.hpp"
#include "consensus/announce.hpp"
#include "consensus/discovery.hpp"
#include "consensus/election.hpp"
#include "consensus/epochs.hpp"
#include "consensus/failover.hpp"
#include "consensus/hellos.hpp"
#include "consensus/hosts.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/saving.hpp"
#include "consensus/switching.hpp"

namespace vedette::consensus {

namespace {

using Published = PeerView::Published;

constexpr Duration patience = std::chrono::seconds{5};  // besides twice down-after
constexpr Duration spread = std::chrono::seconds{1};
constexpr Duration look_again_after = std::chrono::seconds{1};
// After lost elections, each of which costs an epoch.
constexpr Duration longest_wait = std::chrono::seconds{60};

// Repeated over our own connection: nobody forged it.
bool contradicts(const Turn& turn, const Group& group, const Published& published) {
  const bool counts =
      published.repeated && is_fresh(turn, published) && published.master != group.master().address;
  if (!counts || published.alias_at || !is_believed(turn.state, published.config_epoch))
    return false;
  return published.config_epoch == group.config_epoch ||
         (published.config_epoch > group.config_epoch && is_void(group, published));
}

std::optional<Instant> contradicted_since(const Turn& turn, const Group& group) {
  std::optional<Instant> since;
  for (const auto& [id, view] : group.peers) {
    if (!view.published || !contradicts(turn, group, *view.published)) continue;
    since = std::max(since.value_or(Instant{}), view.published->claimed_at);
  }
  return since;
}

std::int64_t offset_of(const Group& group, const proto::Address& address) {
  const Node* const node = find_node(group, address);
  return node == nullptr ? -1 : node->info.master_repl_offset;
}

struct Publishers {
  std::size_t count = 0;
  bool settle_it = false;  // one of them is of our kind: a real Sentinel does not settle anything
};

// The master that shall stay: most publish it, and no other than ours says that it is a replica
// (a replica of ours is not sound); of two such, the one with more data, then the smaller address.
// None if it is for others to have that elected.
std::optional<proto::Address> ours_to_settle(const Turn& turn, const Group& group) {
  const proto::Address& ours = group.master().address;
  std::map<proto::Address, Publishers> all{{ours, {1, false}}};
  for (const auto& [id, view] : group.peers) {
    const auto& published = view.published;
    if (!published || !is_fresh(turn, *published)) continue;
    const bool counts =
        published->master == ours || (published->repeated && !is_void(group, *published));
    if (!counts) continue;
    Publishers& publishers = all[published->master];
    ++publishers.count;
    if (turn.state.peers.at(id).speaks_vedette.value_or(false)) publishers.settle_it = true;
  }
  const auto before = [&](const auto& a, const auto& b) {
    if (a.second.count != b.second.count) return a.second.count > b.second.count;
    const auto [data_a, data_b] = std::pair{offset_of(group, a.first), offset_of(group, b.first)};
    return data_a != data_b ? data_a > data_b : a.first < b.first;
  };
  const auto& [stays, publishers] = *std::min_element(all.begin(), all.end(), before);
  if (stays != ours && publishers.settle_it) return std::nullopt;
  return stays;
}

bool is_sound(const Group& group, const proto::Address& address) {
  const Node* const node = find_node(group, address);
  return node != nullptr && !node->subjectively_down && node->reports_master() &&
         node->is_master_by_info();
}

// The one that a legacy majority publishes.
void follow_majority(Turn& turn, Group& group, const proto::Address& stays) {
  const proto::Address from = group.master().address;
  switch_master(turn, group, stays);
  lead_reconfiguration(turn, group, from);
  turn.emit(
      RunReconfigScript{group.name, false, shown(turn.state, from), shown(turn.state, stays)});
}

void look_again_later(Turn& turn, Group& group, Duration wait) {
  group.settle_at = turn.now + wait + turn.state.random.between(Duration{0}, spread);
}

}  // namespace

void consider_settling(Turn& turn, Group& group) {
  const auto since = contradicted_since(turn, group);
  if (!since || group.objectively_down) {
    group.settle_at.reset();
    group.settle_wait = Duration{0};
    return;
  }
  if (!group.settle_at) {
    const Instant earliest = *since + 2 * group.options.down_after + patience;
    group.settle_at = std::max(turn.now, earliest) + turn.state.random.between(Duration{0}, spread);
  }
  if (*group.settle_at > turn.now) return;
  const auto stays = ours_to_settle(turn, group);
  if (!stays || !is_sound(group, *stays) || !may_stand(turn, group)) {
    look_again_later(turn, group, look_again_after);
    return;
  }
  note(turn, Level::warning,
       "Another configuration of " + group.name + " is published: asking for an epoch in which " +
           proto::to_string(*stays) + " is the master");
  Attempt attempt;
  attempt.address = *stays;
  attempt.settles = true;
  attempt.started = attempt.phase_since = turn.now;
  group.attempt = attempt;
  stand(turn, group);
}

Instant settling_due(const Turn& turn, const Group& group) {
  if (group.attempt || group.objectively_down) return never;
  if (group.settle_at) return *group.settle_at;
  return contradicted_since(turn, group) ? turn.now : never;
}

void settle(Turn& turn, Group& group) {
  // Much may have happened while the answers came.
  const proto::Address stays = group.attempt->address;
  const bool holds = !group.objectively_down && is_sound(group, stays) &&
                     ours_to_settle(turn, group) == stays &&
                     authority_until(turn.now, group) > turn.now;
  if (!holds) return settling_lost(turn, group);
  group.epoch_step = 1;
  group.config_epoch = group.attempt->epoch;
  end_candidacy(group);
  group.attempt.reset();
  group.settle_at.reset();
  group.settle_wait = Duration{0};
  if (stays != group.master().address) follow_majority(turn, group, stays);
  request_save(turn);
  publish_everywhere(turn, group);
  turn.touch(group);
}

void settling_lost(Turn& turn, Group& group) {
  abort_attempt(turn, group, nullptr);
  group.settle_wait = std::min(std::max(group.settle_wait * 2, look_again_after), longest_wait);
  look_again_later(turn, group, group.settle_wait);
}

}  // namespace vedette::consensus
