#include "tests/sim/rules/choice_rules.hpp"

namespace vedette::sim {

using consensus::Group;
using consensus::Node;

namespace {

constexpr Duration info_patience = 200ms;
constexpr Duration freshest_ping = 5s;

// The rule of consensus/README.md, Choice, written down once more.
struct Rule {
  const Group& group;
  Instant now;
  Instant since;  // of the election

  [[nodiscard]] static bool is_master(const Node& node) {
    return node.info.role == proto::Role::master;
  }
  [[nodiscard]] bool shares_history(const Node& node) const {
    return group.replid.empty() || node.info.replid == group.replid ||
           node.info.replid2 == group.replid;
  }
  // Promoted for this fault already.
  [[nodiscard]] bool is_done(const Node& node) const {
    return is_master(node) && !group.replid.empty() && shares_history(node) && !node.superseded;
  }
  [[nodiscard]] bool is_cut_off(const Node& node) const {
    const Node& master = group.master();
    const Duration outage =
        master.subjectively_down ? now - master.subjectively_down_since : Duration{0};
    return node.info.master_link_down_for > outage + Duration{group.options.down_after} * 10;
  }
  [[nodiscard]] bool is_heard(const Node& node) const {
    return node.id != group.master_id && node.command.is_open() && !node.subjectively_down &&
           node.info_at && *node.info_at >= since && node.ping.answered &&
           node.ping.last_ok + freshest_ping >= now;
  }
  [[nodiscard]] bool is_candidate(const Node& node) const {
    return is_heard(node) && (is_done(node) || (node.info.priority != 0 && !is_cut_off(node)));
  }
  [[nodiscard]] bool is_better(const Node& a, const Node& b) const {
    if (is_done(a) != is_done(b)) return is_done(a);
    if (is_done(a)) return a.info.master_repl_offset > b.info.master_repl_offset;
    const auto follows = [&](const Node& node) { return !is_master(node) && shares_history(node); };
    if (follows(a) != follows(b)) return follows(a);
    if (a.info.priority != b.info.priority) return a.info.priority < b.info.priority;
    if (!follows(a) && a.info.replid != b.info.replid) return false;
    if (a.info.replica_repl_offset != b.info.replica_repl_offset) {
      return a.info.replica_repl_offset > b.info.replica_repl_offset;
    }
    return a.info.run_id && b.info.run_id && *a.info.run_id < *b.info.run_id;
  }
};

}  // namespace

void ChoiceRules::stepped(Agent& agent, const consensus::Event&,
                          const consensus::Commands& commands) {
  if (!agent.core()) return;
  for (const consensus::Command& command : commands) {
    const auto* const news = std::get_if<consensus::Announce>(&command);
    if (news == nullptr) continue;
    if (news->event == "+elected-leader") elected_[agent][news->group] = agent.clock();
    if (news->event != "+selected-slave") continue;
    const Group* const group = agent.core()->state().find(news->group);
    if (group != nullptr && group->attempt && group->attempt->target) judge(agent, *group);
  }
}

void ChoiceRules::judge(const Agent& agent, const Group& group) {
  const auto found = group.nodes.find(*group.attempt->target);
  if (found == group.nodes.end()) return;
  const Node& chosen = found->second;
  const Instant since = elected_[agent][group.name];
  const Rule rule{group, agent.clock(), since};
  if (chosen.info.priority == 0 && !Rule::is_master(chosen)) {
    fail(agent, "priority 0 is never promoted", proto::to_string(chosen.address));
  }
  if (rule.is_cut_off(chosen) && !Rule::is_master(chosen)) {
    fail(agent, "a replica cut off for too long is not chosen", proto::to_string(chosen.address));
  }
  judge_readings(agent, group, chosen, since);
  for (const auto& [id, node] : group.nodes) {
    if (id == chosen.id || !rule.is_candidate(node) || !rule.is_better(node, chosen)) continue;
    fail(agent, "the best replica is chosen",
         proto::to_string(chosen.address) + " although " + proto::to_string(node.address) +
             " is better");
  }
}

// The INFO of the one chosen is of this election, and others had time to give theirs.
void ChoiceRules::judge_readings(const Agent& agent, const Group& group, const Node& chosen,
                                 Instant since) {
  if (!chosen.info_at || *chosen.info_at < since) {
    fail(agent, "the choice is made on fresh INFO", proto::to_string(chosen.address));
  }
  if (agent.clock() >= since + info_patience) return;
  for (const auto& [id, node] : group.nodes) {
    const bool awaited = id != group.master_id && node.command.is_open() &&
                         !node.subjectively_down && (!node.info_at || *node.info_at < since);
    if (awaited) fail(agent, "the choice waits for INFO", proto::to_string(node.address));
  }
}

}  // namespace vedette::sim
