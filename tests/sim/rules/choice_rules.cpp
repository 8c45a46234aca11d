#include "tests/sim/rules/choice_rules.hpp"

#include <algorithm>

namespace vedette::sim {

using consensus::Group;
using consensus::Node;

namespace {

constexpr Duration info_patience = 200ms;
constexpr Duration freshest_ping = 5s;
constexpr Duration refusal_counts_for = 10min;

}  // namespace

// The rule of consensus/README.md, Choice, written down once more.
struct ChoiceRules::Rule {
  const Choice& choice;
  Instant now;
  Duration down_after;
  const Replicas& replicas;
  const Refusals& refusals;
  const std::string& group;

  [[nodiscard]] static bool is_master(const Node& node) {
    return node.info.role == proto::Role::master;
  }
  [[nodiscard]] bool shares_history(const Node& node) const {
    return choice.replid.empty() || node.info.replid == choice.replid ||
           node.info.replid2 == choice.replid;
  }
  // Promoted for this fault already: it was a replica in the same run.
  [[nodiscard]] bool is_done(const Node& node) const {
    const auto run = replicas.find({group, node.address});
    return is_master(node) && !choice.replid.empty() && shares_history(node) &&
           run != replicas.end() && node.info.run_id == run->second;
  }
  [[nodiscard]] bool has_refused(const Node& node) const {
    const auto at = refusals.find({group, node.address});
    return at != refusals.end() && at->second + refusal_counts_for > now;
  }
  [[nodiscard]] bool is_cut_off(const Node& node) const {
    const Duration outage = choice.out_since ? now - *choice.out_since : Duration{0};
    return node.info.master_link_down_for > outage + 10 * down_after;
  }
  [[nodiscard]] bool is_heard(const Node& node) const {
    return node.id != choice.master && node.command.is_open() && !node.subjectively_down &&
           node.info_at && *node.info_at >= choice.since && node.ping.answered &&
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
    if (has_refused(a) != has_refused(b)) return has_refused(b);
    if (a.info.priority != b.info.priority) return a.info.priority < b.info.priority;
    if (!follows(a) && a.info.replid != b.info.replid) return false;
    if (a.info.replica_repl_offset != b.info.replica_repl_offset) {
      return a.info.replica_repl_offset > b.info.replica_repl_offset;
    }
    return a.info.run_id && b.info.run_id && *a.info.run_id < *b.info.run_id;
  }
};

void ChoiceRules::stepping(Agent& agent, const consensus::Event& event) {
  if (!agent.core()) return;
  Record& record = records_[agent];
  if (forgets(event)) {
    record.replicas.clear();
    record.refusals.clear();
  }
  if (const auto* const failed = std::get_if<consensus::RequestFailed>(&event)) {
    note_refusal(agent, failed->link, failed->request);
  } else if (const auto* const told = std::get_if<consensus::PromoteAnswered>(&event)) {
    const bool done = told->executed || (told->role && told->role->role == proto::Role::master);
    if (!done) note_refusal(agent, told->link, told->request);
  }
  for (const auto& [id, group] : agent.core()->state().groups) {
    if (group.attempt) note_master(records_[agent].choices[group.name], group);
  }
  const auto* const info = std::get_if<consensus::InfoRead>(&event);
  if (info == nullptr || !info->info.run_id) return;
  const consensus::State& state = agent.core()->state();
  const auto owner = state.links.find(info->link);
  if (owner == state.links.end() || owner->second.claimed) return;
  const Group& group = state.groups.at(owner->second.group);
  const Node& node = group.nodes.at(owner->second.node);
  if (node.info_request != info->request) return;
  const bool restarted = node.info.run_id && node.info.run_id != info->info.run_id;
  if (restarted) record.refusals.erase({group.name, node.address});
  if (info->info.role != proto::Role::replica) return;
  record.replicas.insert_or_assign({group.name, node.address}, *info->info.run_id);
}

void ChoiceRules::stepped(Agent& agent, const consensus::Event&,
                          const consensus::Commands& commands) {
  if (!agent.core()) return;
  Record& record = records_[agent];
  for (const consensus::Command& command : commands) {
    const auto* const news = std::get_if<consensus::Announce>(&command);
    if (news == nullptr) continue;
    if (news->event == "+elected-leader") begin(record.choices[news->group], agent);
    if (news->event == "+switch-master") forget_replaced(agent, news->group);
    if (news->event != "+selected-slave") continue;
    record.choices[news->group].made = true;
    const Group* const group = agent.core()->state().find(news->group);
    if (group == nullptr) continue;
    // The master may have named a new history in this very step.
    if (group->attempt) record.choices[news->group].replid = group->replid;
    judge(agent, *group, news->payload);
  }
  for (auto& [name, choice] : record.choices) {
    const Group* const group = agent.core()->state().find(name);
    const bool again = choice.made && group != nullptr && group->attempt && !group->attempt->target;
    if (again) begin(choice, agent);
  }
}

void ChoiceRules::begin(Choice& choice, const Agent& agent) {
  choice.since = agent.clock();
  choice.made = false;
}

// Of the promotion that its agent waits for.
void ChoiceRules::note_refusal(const Agent& agent, consensus::LinkId link,
                               consensus::RequestId request) {
  const consensus::State& state = agent.core()->state();
  const auto owner = state.links.find(link);
  if (owner == state.links.end() || owner->second.claimed || owner->second.peer) return;
  const auto found = state.groups.find(owner->second.group);
  if (found == state.groups.end()) return;
  const auto& [id, group] = *found;
  if (!group.attempt || group.attempt->promote_request != request) return;
  const Node& node = group.nodes.at(owner->second.node);
  records_[agent].refusals.insert_or_assign({group.name, node.address}, agent.clock());
}

// Whatever it was before: it is one of the replaced now.
void ChoiceRules::forget_replaced(const Agent& agent, const std::string& name) {
  const Group* const group = agent.core()->state().find(name);
  if (group != nullptr) records_[agent].refusals.erase({name, group->master().address});
  if (group != nullptr && group->replaced) {
    records_[agent].replicas.erase({name, group->replaced->address});
  }
}

void ChoiceRules::note_master(Choice& choice, const Group& group) {
  choice.master = group.master_id;
  const Node& master = group.master();
  choice.out_since.reset();
  if (master.subjectively_down) choice.out_since = master.subjectively_down_since;
  if (master.reported_role == proto::Role::replica) {
    choice.out_since = std::min(choice.out_since.value_or(Instant::max()), master.reported_role_at);
  }
  choice.replid = group.replid;
}

void ChoiceRules::judge(const Agent& agent, const Group& group, const std::string& payload) {
  const auto found = std::find_if(group.nodes.begin(), group.nodes.end(), [&](const auto& entry) {
    return payload.starts_with("slave " + proto::to_string(entry.second.address) + " ");
  });
  if (found == group.nodes.end()) return;
  const Node& chosen = found->second;
  Record& record = records_[agent];
  const Choice& choice = record.choices[group.name];
  const Rule rule{choice,          agent.clock(),   group.options.down_after,
                  record.replicas, record.refusals, group.name};
  if (chosen.info.priority == 0 && !Rule::is_master(chosen)) {
    fail(agent, "priority 0 is never promoted", proto::to_string(chosen.address));
  }
  if (rule.is_cut_off(chosen) && !Rule::is_master(chosen)) {
    fail(agent, "a replica cut off for too long is not chosen", proto::to_string(chosen.address));
  }
  judge_readings(agent, group, choice, chosen);
  for (const auto& [id, node] : group.nodes) {
    if (id == chosen.id || !rule.is_candidate(node) || !rule.is_better(node, chosen)) continue;
    fail(agent, "the best replica is chosen",
         proto::to_string(chosen.address) + " although " + proto::to_string(node.address) +
             " is better");
  }
}

// The INFO of the one chosen is of this election, and others had time to give theirs.
void ChoiceRules::judge_readings(const Agent& agent, const Group& group, const Choice& choice,
                                 const Node& chosen) {
  if (!chosen.info_at || *chosen.info_at < choice.since) {
    fail(agent, "the choice is made on fresh INFO", proto::to_string(chosen.address));
  }
  if (agent.clock() >= choice.since + info_patience) return;
  for (const auto& [id, node] : group.nodes) {
    const bool awaited = id != choice.master && node.command.is_open() && !node.subjectively_down &&
                         (!node.info_at || *node.info_at < choice.since);
    if (awaited) fail(agent, "the choice waits for INFO", proto::to_string(node.address));
  }
}

}  // namespace vedette::sim
