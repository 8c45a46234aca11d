#include "tests/sim/rules/promotion_rules.hpp"

#include <algorithm>

#include "consensus/election.hpp"
#include "consensus/quorum.hpp"

namespace vedette::sim {

using consensus::Group;
using consensus::Vote;
using proto::Epoch;

namespace {

constexpr Duration longest_execution = 500ms;  // hold - authority (consensus/README.md)

}  // namespace

void PromotionRules::stepped(Agent& agent, const consensus::Event&,
                             const consensus::Commands& commands) {
  if (!agent.core()) return;
  for (const consensus::Command& command : commands) {
    const auto* const promote = std::get_if<consensus::Promote>(&command);
    if (promote == nullptr) continue;
    const Group* const own = agent.core()->state().find(promote->hello.master_name);
    const bool by_force = own != nullptr && own->attempt && own->attempt->by_force;
    if (by_force) forced_[agent].insert(promote->request);
  }
}

void PromotionRules::promote_written(Agent& agent, const consensus::Promote& promote, Redis& node) {
  if (!agent.core()) return;
  const bool by_force = forced_[agent].contains(promote.request);
  const Group* const own = agent.core()->state().find(promote.hello.master_name);
  if (own == nullptr || !own->attempt) {
    if (by_force) return;  // it has no authority that could end
    return fail(agent, "no promotion without an attempt", proto::to_string(node.address()));
  }
  const auto [name, first] = promoted_for_.try_emplace(node.address(), own->name);
  if (!first && name->second != own->name && !limits_.moved) {
    fail(agent, "nothing promoted for two names",
         proto::to_string(node.address()) + " for " + name->second + " and " + own->name);
  }
  const Epoch epoch = promote.hello.config_epoch;
  if (by_force) {
    written_by_force_.insert({own->name, epoch});
    return;
  }
  check_bound_voters(agent, own->name, {epoch, agent.id()});
  check_authority(agent, promote);
  check_need(agent, *own);
}

// A majority must still be bound to the leader, whatever the leader's own arithmetic says.
void PromotionRules::check_bound_voters(const Agent& agent, const std::string& name,
                                        const Vote& vote) {
  // Votes are asked for by address: where two names have one, they may be recorded for the other.
  if (limits_.forgotten_peers || limits_.restored_disk || limits_.moved) return;
  // Whose clock stands does not see that their holds ran out.
  if (limits_.stopped_clock) return;
  std::size_t bound = 0;
  for (const auto& voter : world_.agents()) {
    if (voter->kind() == Kind::legacy) {
      ++bound;  // votes for anyone's next epoch: with them, exclusion is best effort
      continue;
    }
    const Group* const group = voter->core() ? voter->core()->state().find(name) : nullptr;
    const auto& groups = voter->disk.file().groups;
    const bool on_file = std::any_of(groups.begin(), groups.end(), [&](const auto& each) {
      return each.name == name && each.vote == vote;
    });
    if (group != nullptr ? group->ballot.memory == vote : !voter->alive() && on_file) ++bound;
  }
  // The quorum was needed for the election; a renewal needs a majority.
  const std::size_t needed = consensus::majority(world_.agents().size());
  if (bound >= needed) return;
  fail(agent, "no promotion without majority and quorum",
       "only " + std::to_string(bound) + " of " + std::to_string(needed) + " are bound to it");
}

void PromotionRules::check_authority(const Agent& agent, const consensus::Promote& promote) {
  if (!limits_.exclusion()) return;
  const std::string& name = promote.hello.master_name;
  const Epoch epoch = promote.hello.config_epoch;
  for (const auto& other : world_.agents()) {
    if (other.get() == &agent || !other->core()) continue;
    const Group* const group = other->core()->state().find(name);
    if (group == nullptr || !group->attempt || group->attempt->by_force) continue;
    // It promoted, and nothing else in that epoch: an order needs not wait until it knows.
    if (executed_.contains({name, group->attempt->epoch})) continue;
    if (consensus::authority_until(other->clock(), *group) > other->clock()) {
      fail(agent, "one authority at a time", other->name() + " has it too");
    }
  }
  const auto [known, fresh] = targets_.try_emplace({name, epoch}, promote.hello.master);
  if (!fresh && known->second != promote.hello.master) {
    fail(agent, "one target per epoch", "two in " + text_of(epoch));
  }
  const auto above = targets_.upper_bound({name, epoch});
  if (above != targets_.end() && above->first.first == name) {
    fail(agent, "promotions in the order of epochs",
         text_of(epoch) + " after " + text_of(above->first.second));
  }
}

// Nobody may be replaced who was well, and known to be well, for long enough.
void PromotionRules::check_need(const Agent& agent, const Group& group) {
  constexpr Duration long_enough = 15s;  // opinions, an attempt and its hold
  if (group.attempt->forced || limits_.legacy || limits_.moved) return;
  const Redis* const old = world_.node_at(group.attempt->address);
  const bool well =
      old != nullptr && old->answers() && !old->loading && old->role() == proto::Role::master;
  if (!well || world_.now() < faults_.last_trouble() + long_enough + group.options.down_after) {
    return;
  }
  fail(agent, "no failover of a healthy master", proto::to_string(group.attempt->address));
}

// At its execution too, if that was in time.
void PromotionRules::promoted(Agent& agent, const proto::Hello& hello, Redis& node,
                              Instant written) {
  executed_.insert({hello.master_name, hello.config_epoch});
  if (!limits_.exclusion() || !agent.core()) return;
  if (written_by_force_.contains({hello.master_name, hello.config_epoch})) return;
  if (world_.now() - written > longest_execution) return;
  const auto above = targets_.upper_bound({hello.master_name, hello.config_epoch});
  if (above == targets_.end() || above->first.first != hello.master_name) return;
  if (above->second == node.address()) return;
  fail(agent, "promotions in the order of epochs",
       "executed in " + text_of(hello.config_epoch) + " after one was written in " +
           text_of(above->first.second));
}

}  // namespace vedette::sim
