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
#include "consensus/monitoring.hpp"
#include "consensus/saving.hpp"

namespace vedette::consensus {

namespace {

using Published = PeerView::Published;

constexpr Duration patience = std::chrono::seconds{5};  // besides twice down-after
constexpr Duration spread = std::chrono::seconds{1};
constexpr Duration look_again_after = std::chrono::seconds{1};

// A newer configuration that is merely out of our reach may be the true one.
bool is_void(const Group& group, const Published& published) {
  const Node* const node = find_node(group, published.master);
  return node != nullptr && node->info_at && node->info_sent_at >= published.claimed_at &&
         node->info.role == proto::Role::replica;
}

// Repeated over our own connection: nobody forged it.
bool contradicts(const Turn& turn, const Group& group, const Published& published) {
  const bool counts =
      published.repeated && is_fresh(turn, published) && published.master != group.master().address;
  if (!counts || !is_believed(turn.state, published.config_epoch)) return false;
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

// Most publish it; of two such, the one with more data, then the smaller address.
bool is_for_us(const Turn& turn, const Group& group) {
  const proto::Address& ours = group.master().address;
  std::map<proto::Address, std::size_t> publishers{{ours, 1}};
  for (const auto& [id, view] : group.peers) {
    const auto& published = view.published;
    const bool counts = published && is_fresh(turn, *published) &&
                        (published->master == ours || published->repeated);
    if (counts) ++publishers[published->master];
  }
  const auto before = [&](const auto& a, const auto& b) {
    if (a.second != b.second) return a.second > b.second;
    const auto [data_a, data_b] = std::pair{offset_of(group, a.first), offset_of(group, b.first)};
    return data_a != data_b ? data_a > data_b : a.first < b.first;
  };
  return std::min_element(publishers.begin(), publishers.end(), before)->first == ours;
}

bool is_sound(const Group& group) {
  const Node& master = group.master();
  return !master.subjectively_down && master.reports_master() && master.is_master_by_info();
}

}  // namespace

void consider_settling(Turn& turn, Group& group) {
  const auto since = contradicted_since(turn, group);
  if (!since || group.objectively_down) {
    group.settle_at.reset();
    return;
  }
  if (!group.settle_at) {
    const Instant earliest = *since + 2 * group.options.down_after + patience;
    group.settle_at = std::max(turn.now, earliest) + turn.state.random.between(Duration{0}, spread);
  }
  if (*group.settle_at > turn.now) return;
  if (!is_sound(group) || !is_for_us(turn, group) || !may_stand(turn, group)) {
    settle_later(turn, group);
    return;
  }
  note(turn, Level::warning,
       "Another configuration of " + group.name + " is published: asking for an epoch in which " +
           proto::to_string(group.master().address) + " is the master");
  Attempt attempt;
  attempt.address = group.master().address;
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
  const bool holds = !group.objectively_down && is_sound(group) && is_for_us(turn, group) &&
                     authority_until(turn.now, group) > turn.now;
  if (!holds) {
    abort_attempt(turn, group, nullptr);
    return settle_later(turn, group);
  }
  group.epoch_step = 1;
  group.config_epoch = group.attempt->epoch;
  end_candidacy(group);
  group.attempt.reset();
  group.settle_at.reset();
  request_save(turn);
  publish_everywhere(turn, group);
  turn.touch(group);
}

void settle_later(Turn& turn, Group& group) {
  group.settle_at = turn.now + look_again_after + turn.state.random.between(Duration{0}, spread);
}

}  // namespace vedette::consensus
