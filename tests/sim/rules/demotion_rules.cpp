#include "tests/sim/rules/demotion_rules.hpp"

#include <algorithm>

#include "consensus/discovery.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/quorum.hpp"
#include "consensus/saving.hpp"

namespace vedette::sim {

using consensus::Group;
using consensus::Node;

namespace {

// consensus/README.md, Demotion, written down once more.
constexpr Duration hello_lasts = 5s;
constexpr std::uint64_t largest_jump = std::uint64_t{1} << 20;
constexpr Duration proof_lasts = 1s;
constexpr Duration patience_with_masters = 8s;
constexpr Duration recently = 5s;
constexpr Duration in_vain_at_once = 5s;  // turns of up to nine agents, and ROLE before it
constexpr Duration close_enough = 250ms;  // a master that can be proven to be one

}  // namespace

struct DemotionRules::Look {
  DemotionRules& all;
  const Agent& agent;
  Record& record;

  void operator()(const consensus::SendRole& c) const { note_question(c); }
  // Where ROLE is refused it is the question.
  void operator()(const consensus::SendInfo& c) const {
    const Group* group = nullptr;
    const Node* const node = all.node_on(agent, c.link, group);
    if (node != nullptr && node->role_request == c.request) note_question(c);
  }
  void operator()(const consensus::Follow& c) const {
    const Group* group = nullptr;
    const Node* const node = all.node_on(agent, c.link, group);
    if (node == nullptr) return;
    record.promoted_in_vain.erase(node->address);
    const bool is_master = node->info_at && node->info.role == proto::Role::master;
    record.demoted[node->address] = is_master ? all.world_.now() : Instant{};
    if (is_master) all.judge_demotion(agent, *group, *node);
  }
  // Decided; the agent cannot always know whether it was written.
  void operator()(const consensus::Promote& c) const { record.promoted.insert(c.hello.master); }
  void operator()(const consensus::Persist&) const { all.judge_file(agent, record); }
  template <class Other>
  void operator()(const Other&) const {}

  template <class Question>
  void note_question(const Question& c) const {
    const Group* group = nullptr;
    if (all.node_on(agent, c.link, group) == nullptr || !all.majority_publishes(agent, *group)) {
      return;
    }
    record.roles[c.request] = all.world_.now();
  }
};

const Node* DemotionRules::node_on(const Agent& agent, consensus::LinkId link,
                                   const Group*& group) {
  const consensus::State& state = agent.core()->state();
  const auto owner = state.links.find(link);
  if (owner == state.links.end() || owner->second.peer || owner->second.claimed) return nullptr;
  group = &state.groups.at(owner->second.group);
  return &group->nodes.at(owner->second.node);
}

void DemotionRules::stepping(Agent& agent, const consensus::Event& event) {
  if (!agent.core()) return;
  if (forgets(event)) records_[agent].promoted_in_vain.clear();
  note_roles(agent, event);
  const Group* group = nullptr;
  if (const auto* const role = std::get_if<consensus::RoleRead>(&event)) {
    note_proof(agent, role->link, role->request, role->role.role);
  } else if (const auto* const info = std::get_if<consensus::InfoRead>(&event)) {
    if (info->info.role) note_proof(agent, info->link, info->request, *info->info.role);
    const Node* const node = node_on(agent, info->link, group);
    if (node == nullptr || node->info_request != info->request) return;
    // It says so, or was promoted from being one.
    const bool followed = !group->replid.empty() && info->info.replid2 == group->replid;
    if (followed || info->info.role == proto::Role::replica) {
      OfGroup& own = records_[agent].groups[group->id];
      own.returned.insert(node->address);
      own.replaced.erase(node->address);
    }
  }
}

void DemotionRules::note_proof(const Agent& agent, consensus::LinkId link,
                               consensus::RequestId request, proto::Role role) {
  Record& record = records_[agent];
  const auto asked = record.roles.extract(request);
  const Group* group = nullptr;
  const Node* const node = node_on(agent, link, group);
  const bool proves = !asked.empty() && node != nullptr && node->id == group->master_id &&
                      role == proto::Role::master;
  if (proves) record.groups[group->id].proven = asked.mapped();
}

// Since when it has said nothing else than that it is a master.
void DemotionRules::note_roles(const Agent& agent, const consensus::Event& event) {
  const auto note = [&](consensus::LinkId link, proto::Role role) {
    const Group* group = nullptr;
    const Node* const node = node_on(agent, link, group);
    if (node == nullptr) return;
    auto& masters = records_[agent].masters_since;
    if (role != proto::Role::master) masters.erase(node->address);
    if (role == proto::Role::master) masters.try_emplace(node->address, world_.now());
  };
  const auto* const role = std::get_if<consensus::RoleRead>(&event);
  if (role != nullptr) note(role->link, role->role.role);
  const auto* const info = std::get_if<consensus::InfoRead>(&event);
  if (info != nullptr && info->info.role) note(info->link, *info->info.role);
}

void DemotionRules::stepped(Agent& agent, const consensus::Event&,
                            const consensus::Commands& commands) {
  if (!agent.core() || agent.core()->state().groups.size() > most_groups) return;
  Record& record = records_[agent];
  note_groups(agent, record);
  for (const consensus::Command& command : commands) {
    std::visit(Look{*this, agent, record}, command);
  }
  if (!record.promoted_in_vain.empty() && !limits_.moved) judge_vain(agent, record);
}

void DemotionRules::note_groups(const Agent& agent, Record& record) {
  for (const auto& [id, group] : agent.core()->state().groups) {
    const auto [known, fresh] = record.groups.try_emplace(id);
    OfGroup& own = known->second;
    const proto::Address& master = group.master().address;
    if (own.master != master) {
      const bool by_its_file = own.master == proto::Address{};
      if (!by_its_file) own.replaced.insert(own.master);
      if (by_its_file && group.replaced) own.replaced.insert(group.replaced->address);
      own.replaced.erase(master);
      own.master = master;
      own.proven.reset();
      own.returned.clear();
      published_.insert(master);
      record.promoted_in_vain.erase(master);
    }
    if (own.vote == group.ballot.memory) continue;
    own.vote = group.ballot.memory;
    own.voted = fresh ? Instant{} : world_.now();
  }
}

// ---- what a demotion needs ---------------------------------------------------------------------

bool DemotionRules::majority_publishes(const Agent& agent, const Group& group) {
  std::set<proto::RunId> publishers{agent.id()};
  for (const auto& [publisher, hello] : heard_.of(agent, group).hellos) {
    const bool same = hello.at + hello_lasts >= world_.now() &&
                      hello.master == group.master().address &&
                      hello.config_epoch == group.config_epoch;
    if (same) publishers.insert(publisher.first);
  }
  return publishers.size() >= consensus::majority(group.voters());
}

// Somebody may have been elected after our configuration, and act on it.
bool DemotionRules::may_be_outvoted(const Agent& agent, Record& record, const Group& group) {
  const auto counts = [&](const consensus::Vote& vote, Instant since) {
    return vote.epoch > group.config_epoch && vote.voted_for != agent.id() &&
           since + group.options.failover_timeout > world_.now();
  };
  const auto& told = heard_.of(agent, group).votes;
  const OfGroup& own = record.groups[group.id];
  return counts(own.vote, own.voted) ||
         std::any_of(told.begin(), told.end(),
                     [&](const auto& each) { return counts(each.second.vote, each.second.since); });
}

// Who published another master in a newer epoch within the last 5 s, true or not.
std::set<proto::RunId> DemotionRules::newer_published_by(const Agent& agent, const Group& group) {
  std::set<proto::RunId> publishers;
  for (const auto& [publisher, hello] : heard_.of(agent, group).hellos) {
    const bool newer = hello.at + hello_lasts >= world_.now() &&
                       hello.config_epoch > group.config_epoch &&
                       hello.master != group.master().address;
    if (newer) publishers.insert(publisher.first);
  }
  return publishers;
}

// One that it did publish, and whose master is known here and is one. A single agent's word is not
// believed if its epoch is far ahead.
bool DemotionRules::is_superseded(const Agent& agent, const Group& group) {
  const auto publishers = newer_published_by(agent, group);
  const auto holds = [&](const std::unique_ptr<Agent>& other) {
    if (!other->core() || !publishers.contains(other->id())) return false;
    const auto& peers = agent.core()->state().peers;
    const auto peer = peers.find(other->id());
    if (peer == peers.end() || peer->second.address != other->address()) return false;
    const Group* const theirs = other->core()->state().find(group.name);
    if (theirs == nullptr || theirs->config_epoch <= group.config_epoch) return false;
    const auto near = proto::number(agent.core()->state().current_epoch) + largest_jump;
    if (proto::number(theirs->config_epoch) > near) return false;
    const proto::Address& master = theirs->master().address;
    const Redis* const node = world_.node_at(master);
    return master != group.master().address && consensus::find_node(group, master) != nullptr &&
           node != nullptr && node->role() == proto::Role::master;
  };
  return std::any_of(world_.agents().begin(), world_.agents().end(), holds);
}

void DemotionRules::judge_demotion(const Agent& agent, const Group& group, const Node& node) {
  if (limits_.stopped_clock) return;
  const std::string whom = proto::to_string(node.address);
  if (!majority_publishes(agent, group)) {
    fail(agent, "a demotion has a majority behind it", whom);
  }
  Record& record = records_[agent];
  if (may_be_outvoted(agent, record, group)) {
    fail(agent, "no demotion against a newer vote", whom);
  }
  if (!limits_.moved && is_superseded(agent, group)) {
    fail(agent, "no demotion against a newer configuration", whom);
  }
  const auto& proven = record.groups[group.id].proven;
  if (!proven || *proven + proof_lasts < world_.now()) {
    fail(agent, "a demotion is for a proven master", whom);
  }
}

// ---- what becomes of those who were masters ----------------------------------------------------

// If it becomes a master again, somebody made it one: it must not look merely back after a start.
void DemotionRules::judge_file(const Agent& agent, Record& record) {
  if (limits_.moved) return;
  for (const auto& entry : consensus::take_durable(agent.core()->state()).groups) {
    const Group* const group = agent.core()->state().find(entry.name);
    if (group == nullptr || !entry.replaced) continue;
    if (!record.groups[group->id].returned.contains(entry.replaced->address)) continue;
    fail(agent, "a master that returned is forgotten", proto::to_string(entry.replaced->address));
  }
}

void DemotionRules::promote_written(Agent& agent, const consensus::Promote&, Redis& node) {
  if (!agent.core()) return;
  records_[agent].promoted_in_vain[node.address()] = {};
}

// Who was silent has to publish anew: it is given the time for that.
bool DemotionRules::hears_majority(const Agent& agent, const Group& group) {
  constexpr Duration hello_period = 2s;
  const auto hears = [&](const auto& each) {
    const consensus::PingClock& ping = agent.core()->state().peers.at(each.first).ping;
    return !consensus::is_silent(ping, agent.clock()) &&
           ping.unbroken_since + hello_period <= agent.clock();
  };
  const auto count = 1 + std::count_if(group.peers.begin(), group.peers.end(), hears);
  return static_cast<std::size_t>(count) >= consensus::majority(group.voters());
}

// Whether it could be demoted, had it been promoted in vain.
bool DemotionRules::is_ripe(const Agent& agent, Record& record, const Group& group,
                            const Node& node) {
  const Node& master = group.master();
  const auto is_master = [](const Node& each) {
    return each.command.is_open() && !each.subjectively_down && each.info_at &&
           each.info.role == proto::Role::master;
  };
  return is_master(node) && is_master(master) && node.reported_role == proto::Role::master &&
         master.reported_role == proto::Role::master && !group.objectively_down && !group.attempt &&
         !agent.core()->state().tilt_since &&
         *master.info_at + 2 * agent.core()->state().timings.info_period > agent.clock() &&
         master.ping.round_trip < close_enough && master.ping.last_ok + 2s > agent.clock() &&
         majority_publishes(agent, group) && hears_majority(agent, group) &&
         newer_published_by(agent, group).empty() && !may_be_outvoted(agent, record, group);
}

// Nobody else may know why it is a master: who promoted it does not wait for others to wonder.
void DemotionRules::judge_vain(const Agent& agent, Record& record) {
  for (auto& [address, vain] : record.promoted_in_vain) {
    bool ripe = false;
    for (const auto& [id, group] : agent.core()->state().groups) {
      for (const auto& [node_id, node] : group.nodes) {
        if (node.address == address) ripe |= is_ripe(agent, record, group, node);
      }
    }
    // Between two steps far apart anything may have happened.
    if (!ripe || vain.seen + 1s < world_.now()) vain.ripe_since = world_.now();
    vain.seen = world_.now();
    if (vain.ripe_since + in_vain_at_once > world_.now()) continue;
    fail(agent, "what was promoted in vain is re-pointed", proto::to_string(address));
  }
}

void DemotionRules::promoted(Agent&, const proto::Hello&, Redis& node, Instant) {
  published_.erase(node.address());  // it is new in this role, until somebody publishes it
  promoted_at_[node.address()] = world_.now();
}

// It was replaced, and for all that this agent was told it has not been a replica since.
bool DemotionRules::is_still_replaced(const Record& record, const proto::Address& node) {
  return std::any_of(record.groups.begin(), record.groups.end(),
                     [&](const auto& each) { return each.second.replaced.contains(node); });
}

// At once only who was replaced, or promoted by us in vain. Everybody else gets Sentinel's 8 s.
void DemotionRules::following(Agent& agent, Redis& node, const proto::Address& to,
                              Instant written) {
  if (!agent.core()) return;
  if (world_.node_at(to) == &node) {
    fail(agent, "nobody is told to follow itself",
         proto::to_string(node.address()) + " as " + proto::to_string(to));
  }
  if (node.role() != proto::Role::master) return;
  if (limits_.moved || limits_.legacy) return;
  const Redis* const master = world_.node_at(to);
  const std::optional<Instant> was = master == nullptr ? std::nullopt : master->last_master();
  if (!was || *was + recently < written) {
    fail(agent, "no demotion leaves a group without a master",
         proto::to_string(node.address()) + " is pointed at " + proto::to_string(to) +
             ", which is no master");
  }
  if (agent.core()->state().groups.size() > most_groups) return;  // nobody noted who was published
  Record& record = records_[agent];
  if (record.promoted.contains(node.address()) || published_.contains(node.address())) return;
  if (is_still_replaced(record, node.address())) return;
  // Nobody made it one: it restarted without its configuration.
  if (promoted_at_[node.address()] < node.master_since()) return;
  // It may have become one since it was last looked at, or while the order was on its way.
  if (node.master_since() >= record.demoted[node.address()]) return;
  if (world_.now() - node.master_since() >= patience_with_masters) return;
  // It was one before, and became one again where this agent could not see it.
  const auto told = record.masters_since.find(node.address());
  if (told != record.masters_since.end() && told->second + patience_with_masters <= written) return;
  fail(agent, "an unexpected master has its 8 s", proto::to_string(node.address()));
}

}  // namespace vedette::sim
