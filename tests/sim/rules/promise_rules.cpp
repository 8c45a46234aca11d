#include "tests/sim/rules/promise_rules.hpp"

#include <algorithm>

namespace vedette::sim {

using consensus::Durable;
using consensus::DurableGroup;
using consensus::Vote;
using proto::Epoch;

namespace {

constexpr std::uint64_t absurd_epoch = std::uint64_t{1} << 30;  // nobody gets there in a run

bool holds_vote(const Durable& disk, const Vote& vote) {
  return std::any_of(disk.groups.begin(), disk.groups.end(),
                     [&](const DurableGroup& group) { return group.vote == vote; });
}

// Also if it was overwritten since: it cannot be given to another any more.
bool held_vote(const Durable& disk, const Vote& vote) {
  const auto newer = [&](const DurableGroup& group) { return group.vote.epoch > vote.epoch; };
  return holds_vote(disk, vote) || std::any_of(disk.groups.begin(), disk.groups.end(), newer);
}

Epoch highest(const Durable& disk) {
  Epoch epoch = disk.current_epoch;
  for (const DurableGroup& group : disk.groups) {
    epoch = std::max({epoch, group.vote.epoch, group.config_epoch});
  }
  return epoch;
}

}  // namespace

// Everything by which an epoch or a vote can leave an agent.
struct PromiseRules::Look {
  PromiseRules& all;
  Agent& agent;

  void operator()(const consensus::ReplyVote& c) const {
    const auto asked = all.asked_.extract({&agent, c.ticket});
    if (!c.reply.voted_for) return;
    const Vote vote{c.reply.epoch, c.reply.voted_for};
    all.check_vote(agent, vote, "a reply");
    if (!asked.empty() && !asked.mapped().empty()) all.note_vote(agent, asked.mapped(), vote);
  }
  void operator()(const consensus::AskPeer& c) const {
    all.check_epoch(agent, c.query.epoch, "an ask");
    if (!c.query.candidate) return;
    all.check_vote(agent, {c.query.epoch, agent.id()}, "an ask");
    const std::string group = all.group_of(agent, c.query.master);
    if (!group.empty()) all.note_vote(agent, group, {c.query.epoch, agent.id()});
  }
  void operator()(const consensus::PublishHello& c) const {
    all.check_epoch(agent, c.hello.current_epoch, "a hello");
    all.note_hello(agent, c.hello);
  }
  void operator()(const consensus::Promote& c) const {
    all.check_epoch(agent, c.hello.current_epoch, "a promotion");
    all.check_epoch(agent, c.hello.config_epoch, "a promotion");
  }
  void operator()(const consensus::Announce& c) const {
    if (c.event != "+elected-leader") return;
    const consensus::Group* const group = agent.core()->state().find(c.group);
    if (group == nullptr || !group->attempt || !group->attempt->by_force) return;
    all.forced_.insert({group->name, group->attempt->epoch});
  }
  template <class Other>
  void operator()(const Other&) const {}
};

// An address that changed hands may be known in several groups: then whose master it is counts.
std::string PromiseRules::group_of(const Agent& agent, const proto::Address& master) const {
  for (const auto& [id, group] : agent.core()->state().groups) {
    if (group.master().address == master) return group.name;
  }
  for (const auto& [id, group] : agent.core()->state().groups) {
    for (const auto& [node_id, node] : group.nodes) {
      if (node.address == master) return group.name;
    }
  }
  return {};
}

void PromiseRules::stepping(Agent& agent, const consensus::Event& event) {
  if (!agent.core()) return;
  const auto* const asked = std::get_if<consensus::VoteAsked>(&event);
  if (asked == nullptr) return;
  asked_[{&agent, asked->ticket}] = group_of(agent, asked->query.master);
}

void PromiseRules::stepped(Agent& agent, const consensus::Event& event,
                           const consensus::Commands& commands) {
  if (!agent.core()) return;
  const auto* const saved = std::get_if<consensus::Persisted>(&event);
  if (saved != nullptr && saved->number == agent.core()->save_number()) check_saved(agent);
  for (const consensus::Command& command : commands) std::visit(Look{*this, agent}, command);
  ++checks_;
  const std::size_t groups = agent.core()->state().groups.size();
  if (groups <= 4 || checks_ % groups == 0) check_state(agent);
  if (checks_ % 64 == 0) check_bounds(agent);
}

// One that was decided and withheld has told nobody anything.
void PromiseRules::promote_written(Agent& agent, const consensus::Promote& promote, Redis&) {
  note_hello(agent, promote.hello);
}

void PromiseRules::check_state(const Agent& agent) {
  const consensus::State& state = agent.core()->state();
  check_epoch(agent, state.durable_epoch, "what readers see");
  if (proto::number(state.current_epoch) >= absurd_epoch && !limits_.single_word) {
    fail(agent, "one agent's word makes no epoch jump", "");
  }
  for (const auto& [id, group] : state.groups) {
    const Vote& vote = group.ballot.durable;
    if (vote != Vote{} && !held_vote(agent.disk.confirmed(), vote)) {
      fail(agent, "nothing shown before it is durable", "a vote that readers see is not on disk");
    }
  }
  check_heights(agent);
}

// Nothing newer waits for the disk: a restart would know what we know.
void PromiseRules::check_saved(const Agent& agent) {
  for (const DurableGroup& saved : agent.disk.confirmed().groups) {
    const consensus::Group* const group = agent.core()->state().find(saved.name);
    if (group == nullptr) continue;
    if (saved.config_epoch != group->config_epoch || saved.master != group->master().address) {
      fail(agent, "a configuration survives a restart", saved.name + " is saved in another one");
    }
  }
}

// Within one life nothing goes back; what counts as durable not even across lives.
void PromiseRules::check_heights(const Agent& agent) {
  const consensus::State& state = agent.core()->state();
  Heights& seen = heights_[agent];
  if (seen.life != agent.life()) {
    seen.groups.clear();
    seen.life = agent.life();
    if (limits_.restored_disk) seen.current = Epoch{};
  }
  if (state.durable_epoch < seen.current) fail(agent, "epochs never go back", "the current epoch");
  seen.current = state.durable_epoch;
  for (const auto& [id, group] : state.groups) {
    auto& [config, vote] = seen.groups[id];
    if (group.config_epoch < config) {
      fail(agent, "epochs never go back", "the config epoch of " + group.name);
    }
    if (group.ballot.durable.epoch < vote) {
      fail(agent, "epochs never go back", "the vote for " + group.name);
    }
    config = group.config_epoch;
    vote = group.ballot.durable.epoch;
  }
}

void PromiseRules::check_links(const Agent& agent) {
  const consensus::State& state = agent.core()->state();
  std::size_t held = 0;
  const auto count = [&](const consensus::Link& link) {
    if (link.status != consensus::Link::Status::closed) ++held;
  };
  for (const auto& [id, group] : state.groups) {
    for (const auto& [node_id, node] : group.nodes) {
      count(node.command);
      count(node.pubsub);
    }
    held += group.claim ? 1 : 0;
  }
  for (const auto& [id, peer] : state.peers) count(peer.link);
  for (const auto& [id, stranger] : state.strangers) held += stranger.link ? 1 : 0;
  if (state.links.size() == held) return;
  fail(agent, "every link has an owner",
       std::to_string(state.links.size()) + " links, of which " + std::to_string(held) +
           " are held");
}

void PromiseRules::check_bounds(const Agent& agent) {
  check_links(agent);
  constexpr std::size_t most = 64;
  const consensus::State& state = agent.core()->state();
  const auto check = [&](std::size_t size, const char* what) {
    if (size > most) fail(agent, "bounded memory", std::to_string(size) + " " + what);
  };
  for (const auto& [id, group] : state.groups) {
    for (const auto& [node_id, node] : group.nodes) {
      check(node.ping.outstanding.size(), "unanswered pings of a node");
    }
    for (const auto& [peer_id, view] : group.peers) check(view.asks.size(), "unanswered asks");
  }
  for (const auto& [id, peer] : state.peers) {
    check(peer.ping.outstanding.size(), "unanswered pings of a peer");
  }
  // Each who asks waits for the disk with a mark of its own; the others are ours.
  const consensus::Promises& promises = state.promises;
  const std::size_t asked = std::min(promises.marks.size(), promises.waiting.size());
  check((promises.marks.size() - asked) / (1 + state.groups.size()), "marks of saves");
}

void PromiseRules::check_epoch(const Agent& agent, Epoch epoch, std::string_view where) {
  if (epoch <= highest(agent.disk.confirmed())) return;
  fail(agent, "nothing shown before it is durable",
       std::string(where) + " shows " + text_of(epoch));
}

void PromiseRules::check_vote(const Agent& agent, const Vote& vote, std::string_view where) {
  if (holds_vote(agent.disk.confirmed(), vote)) return;
  fail(agent, "nothing shown before it is durable",
       std::string(where) + " shows a vote of " + text_of(vote.epoch));
}

void PromiseRules::note_vote(const Agent& agent, const std::string& group, const Vote& vote) {
  if (limits_.restored_disk) return;
  const auto [known, fresh] = votes_.try_emplace({agent.id(), group, vote.epoch}, *vote.voted_for);
  if (fresh || known->second == *vote.voted_for) return;
  fail(agent, "one vote per epoch", "two votes for " + group + " in " + text_of(vote.epoch));
}

// Two winners of one epoch among real Sentinels publish two addresses, and agents pass them on.
void PromiseRules::note_hello(const Agent& agent, const proto::Hello& hello) {
  if (hello.config_epoch == Epoch{} || !limits_.exclusion()) return;
  if (forced_.contains({hello.master_name, hello.config_epoch})) return;
  const auto [known, fresh] =
      published_.try_emplace({hello.master_name, hello.config_epoch}, hello.master);
  if (fresh || known->second == hello.master) return;
  fail(agent, "one address per config epoch",
       text_of(hello.config_epoch) + " of " + hello.master_name + " has " +
           proto::to_string(known->second) + " and " + proto::to_string(hello.master));
}

}  // namespace vedette::sim
