#include "consensus/replica_choice.hpp"

#include <algorithm>
#include <tuple>

#include "consensus/aliases.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration freshest_ping = std::chrono::seconds{5};
constexpr Duration info_age_in_trouble = std::chrono::seconds{5};
constexpr Duration refusal_counts_for = std::chrono::minutes{10};
constexpr Duration info_age_in_peace = std::chrono::seconds{30};

// Promoted for this fault by a leader that did not live to publish it.
bool is_already_promoted(const Group& group, const Node& node) {
  return node.was_promoted() && !group.replid.empty() && shares_history(group, node.info);
}

// A master that was made a replica counts as down only much later, but nobody could follow it.
Duration longest_link_outage(const Group& group, Instant now) {
  const Node& master = group.master();
  Instant out_since = now;
  if (master.subjectively_down) out_since = master.subjectively_down_since;
  if (master.reported_role == proto::Role::replica) {
    out_since = std::min(out_since, master.reported_role_at);
  }
  return now - out_since + group.options.down_after * 10;
}

enum class Tier { already_promoted, same_history, other_history };

Tier tier_of(const Policy& policy, const Group& group, const Node& node) {
  if (!policy.prefer_promoted_replica) return Tier::same_history;
  if (is_already_promoted(group, node)) return Tier::already_promoted;
  const bool follows = !node.is_master_by_info() && shares_history(group, node.info);
  return follows ? Tier::same_history : Tier::other_history;
}

// Smaller is better. Masters report neither priority nor replica offset, so only their own offset
// counts.
auto rank_of(const Policy& policy, const Group& group, const Node& node, Instant now) {
  const Tier tier = tier_of(policy, group, node);
  const bool promoted = tier == Tier::already_promoted;
  const bool refused = !promoted && has_refused(node, now);
  const int priority = promoted ? 0 : node.info.priority;
  const std::int64_t offset =
      promoted ? node.info.master_repl_offset : node.info.replica_repl_offset;
  const std::string run_id = node.info.run_id ? proto::to_lower(node.info.run_id->text()) : "";
  // Offsets say nothing across histories; of the others one is as good as the next.
  const std::string history = tier == Tier::other_history ? node.info.replid : "";
  return std::tuple{tier, refused, priority, history, -offset, run_id.empty(), run_id};
}

// Whatever has no name yet may be anybody's.
bool is_of(const std::string& history, const proto::InfoSnapshot& info) {
  return history.empty() || info.replid == history || info.replid2 == history;
}

}  // namespace

bool shares_history(const Group& group, const proto::InfoSnapshot& info) {
  return is_of(group.replid, info);
}

std::optional<bool> shares_known_history(const Group& group, const proto::InfoSnapshot& info) {
  const std::string& last = group.replid.empty() ? group.former_replid : group.replid;
  if (!last.empty()) return is_of(last, info);
  const auto has_spoken = [](const auto& entry) { return !entry.second.info.replid.empty(); };
  const auto shares = [&](const auto& entry) {
    return has_spoken(entry) && is_of(entry.second.info.replid, info);
  };
  const auto& nodes = group.nodes;
  if (std::none_of(nodes.begin(), nodes.end(), has_spoken)) return std::nullopt;
  return std::any_of(nodes.begin(), nodes.end(), shares);
}

bool has_refused(const Node& node, Instant now) {
  return node.refused_promotion_at && *node.refused_promotion_at + refusal_counts_for > now;
}

bool is_eligible(const Policy& policy, const Group& group, const Node& node, Instant now,
                 Instant heard_since) {
  if (node.id == group.master_id || is_the_master_itself(group, node)) return false;
  if (node.subjectively_down || !node.command.is_open()) return false;
  if (!node.ping.answered || node.ping.last_ok + freshest_ping < now) return false;
  if (!node.info_at || *node.info_at < heard_since) return false;
  if (policy.prefer_promoted_replica && is_already_promoted(group, node)) return true;
  return node.info.priority != 0 &&
         node.info.master_link_down_for <= longest_link_outage(group, now);
}

std::optional<NodeId> choose_replica(const Policy& policy, const Group& group, Instant now,
                                     Instant heard_since) {
  const Node* best = nullptr;
  for (const auto& [id, node] : group.nodes) {
    if (!is_eligible(policy, group, node, now, heard_since)) continue;
    if (best == nullptr || rank_of(policy, group, node, now) < rank_of(policy, group, *best, now))
      best = &node;
  }
  if (best == nullptr) return std::nullopt;
  return best->id;
}

Instant oldest_useful_info(const Group& group, Instant now) {
  return now - (group.master().subjectively_down ? info_age_in_trouble : info_age_in_peace);
}

}  // namespace vedette::consensus
