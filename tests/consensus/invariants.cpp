#include "tests/consensus/invariants.hpp"

#include <algorithm>

#include "consensus/election.hpp"

namespace vedette::consensus::testing {

namespace {

bool holds_vote(const Durable& disk, const Vote& vote) {
  return std::any_of(disk.groups.begin(), disk.groups.end(),
                     [&](const DurableGroup& group) { return group.vote == vote; });
}

// Also if it was overwritten since: it cannot be given to another any more.
bool held_vote(const Durable& disk, const Vote& vote) {
  const auto newer = [&](const DurableGroup& group) { return group.vote.epoch > vote.epoch; };
  return holds_vote(disk, vote) || std::any_of(disk.groups.begin(), disk.groups.end(), newer);
}

proto::Epoch highest(const Durable& disk) {
  proto::Epoch epoch = disk.current_epoch;
  for (const DurableGroup& group : disk.groups) {
    epoch = std::max({epoch, group.vote.epoch, group.config_epoch});
  }
  return epoch;
}

}  // namespace

// Everything by which an epoch or a vote can leave an agent.
struct Invariants::Look {
  Invariants& all;
  const Agent& agent;

  void operator()(const ReplyVote& c) const {
    if (!c.reply.voted_for) return;
    all.check_vote(agent, {c.reply.epoch, c.reply.voted_for}, "ReplyVote");
    all.note_vote(agent, {c.reply.epoch, c.reply.voted_for});
  }
  void operator()(const AskPeer& c) const {
    all.check_epoch(agent, c.query.epoch, "AskPeer");
    if (!c.query.candidate) return;
    all.check_vote(agent, {c.query.epoch, agent.id}, "AskPeer");
    all.note_vote(agent, {c.query.epoch, agent.id});
  }
  void operator()(const PublishHello& c) const {
    all.check_epoch(agent, c.hello.current_epoch, "PublishHello");
    all.note_hello(agent, c.hello);
  }
  void operator()(const Promote& c) const {
    all.check_epoch(agent, c.hello.current_epoch, "Promote");
    all.check_epoch(agent, c.hello.config_epoch, "Promote");
    all.note_hello(agent, c.hello);
  }
  void operator()(const Announce& c) const {
    if (c.event == "+new-epoch") {
      all.check_epoch(agent, proto::Epoch{std::stoull(c.payload)}, "+new-epoch");
    }
    if (c.event != "+vote-for-leader") return;
    const auto blank = c.payload.find(' ');
    const Vote vote{proto::Epoch{std::stoull(c.payload.substr(blank + 1))},
                    proto::RunId::parse(c.payload.substr(0, blank))};
    if (!held_vote(agent.confirmed, vote)) all.fail(agent, "+vote-for-leader before it is durable");
  }
  template <class Other>
  void operator()(const Other&) const {}
};

Invariants::Invariants(World& world) : world_(world) {
  world.on_step = [this](const Agent& agent, const Commands& commands) {
    check_step(agent, commands);
  };
  world.on_promote = [this](const Agent& agent, const Promote& promote) {
    check_promote(agent, promote);
  };
}

void Invariants::fail(const Agent& agent, const std::string& what) {
  if (!broken_.empty()) return;
  const auto ms = world_.now().time_since_epoch().count() / 1000;
  broken_ = std::to_string(ms) + "ms " + agent.name + ": " + what;
}

void Invariants::check_epoch(const Agent& agent, proto::Epoch epoch, const std::string& where) {
  if (epoch <= highest(agent.confirmed)) return;
  fail(agent, where + " shows epoch " + std::to_string(number(epoch)) + " before it is durable");
}

void Invariants::check_vote(const Agent& agent, const Vote& vote, const std::string& where) {
  if (holds_vote(agent.confirmed, vote)) return;
  fail(agent, where + " shows a vote of epoch " + std::to_string(number(vote.epoch)) +
                  " that is not durable");
}

void Invariants::note_vote(const Agent& agent, const Vote& vote) {
  const auto [known, fresh] = votes_.try_emplace({agent.name, vote.epoch}, *vote.voted_for);
  if (fresh || known->second == *vote.voted_for) return;
  fail(agent, "two votes in epoch " + std::to_string(number(vote.epoch)));
}

void Invariants::note_hello(const Agent& agent, const proto::Hello& hello) {
  if (hello.config_epoch == proto::Epoch{}) return;
  const auto [known, fresh] = published_.try_emplace(hello.config_epoch, hello.master);
  if (fresh || known->second == hello.master) return;
  fail(agent, "config epoch " + std::to_string(number(hello.config_epoch)) + " has two addresses");
}

void Invariants::check_step(const Agent& agent, const Commands& commands) {
  for (const Command& command : commands) std::visit(Look{*this, agent}, command);
  const State& state = agent.core->state();
  check_epoch(agent, state.durable_epoch, "durable_epoch");
  for (const auto& [id, group] : state.groups) {
    const Vote& vote = group.ballot.durable;
    if (vote != Vote{} && !held_vote(agent.confirmed, vote)) fail(agent, "Ballot::durable is not");
  }
}

// A majority must still be bound to the leader, whatever the leader's own arithmetic says.
void Invariants::check_bound_voters(const Agent& agent, const Vote& vote) {
  std::size_t bound = 0;
  for (const auto& voter : world_.agents()) {
    if (voter->sentinel) {
      ++bound;  // votes for anyone's next epoch: with them, exclusion is best effort
    } else if (voter->alive) {
      const Group* group = voter->core->state().find("mymaster");
      if (group != nullptr && group->ballot.memory == vote) ++bound;
    } else if (holds_vote(voter->disk, vote)) {
      ++bound;
    }
  }
  if (bound > world_.agents().size() / 2) return;
  fail(agent,
       "writes a Promote although only " + std::to_string(bound) + " voters are bound to it");
}

void Invariants::check_promote(const Agent& agent, const Promote& promote) {
  const Group& own = *agent.core->state().find(promote.hello.master_name);
  if (!own.attempt || own.attempt->by_force) return;
  const proto::Epoch epoch = promote.hello.config_epoch;
  check_bound_voters(agent, {epoch, agent.id});
  for (const auto& other : world_.agents()) {
    if (other.get() == &agent || !other->alive || !other->core) continue;
    const Group* group = other->core->state().find(promote.hello.master_name);
    if (group == nullptr || !group->attempt || group->attempt->by_force) continue;
    if (authority_until(world_.now(), *group) > world_.now()) {
      fail(agent, "writes a Promote while " + other->name + " has authority");
    }
  }
  const auto [known, fresh] = targets_.try_emplace(epoch, promote.hello.master);
  if (!fresh && known->second != promote.hello.master) {
    fail(agent, "two targets in epoch " + std::to_string(number(epoch)));
  }
  if (targets_.rbegin()->first > epoch) {
    fail(agent, "writes a Promote of an epoch below one that was written already");
  }
}

}  // namespace vedette::consensus::testing
