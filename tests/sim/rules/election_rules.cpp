#include "tests/sim/rules/election_rules.hpp"

#include <algorithm>

#include "consensus/quorum.hpp"

namespace vedette::sim {

using consensus::Group;
using consensus::Vote;

namespace {

// consensus/README.md, Authority and hold: written down once more, so that a change there shows.
constexpr Duration authority = 500ms;
constexpr Duration hold = 1s;
constexpr Duration longest_hold = 5s;
constexpr Duration longest_execution = 500ms;  // of a Promote, from its write
constexpr Duration silence_after_start = 3s;
constexpr Duration voters_answer_within = 1500ms;  // 1 s by the rule, and one round trip
constexpr std::size_t most_groups = 4;  // more are looked at by name only, for the sake of speed

std::string text_of(const Vote& vote) {
  return "epoch " + std::to_string(proto::number(vote.epoch));
}

}  // namespace

struct ElectionRules::Look {
  ElectionRules& all;
  const Agent& agent;
  Record& record;
  bool told_by_others;

  void operator()(const consensus::Connect& c) const {
    if (c.kind == consensus::LinkKind::peer) record.links[c.link] = c.address;
  }
  void operator()(const consensus::AskPeer& c) const {
    const auto link = record.links.find(c.link);
    if (!c.query.candidate || link == record.links.end()) return;
    for (const auto& [id, group] : agent.core()->state().groups) {
      const bool asks = group.attempt && group.attempt->epoch == c.query.epoch &&
                        group.attempt->address == c.query.master;
      if (!asks) continue;
      record.asks[c.request] = {group.name, c.query.epoch, all.world_.now(), link->second};
      Candidacy& candidacy = record.candidacies[group.name];
      if (candidacy.epoch != c.query.epoch) candidacy = Candidacy{c.query.epoch, false, {}, {}};
    }
  }
  void operator()(const consensus::ReplyVote& c) const { all.judge_reply(agent, record, c); }
  void operator()(const consensus::Announce& c) const {
    if (c.event == "+elected-leader") all.judge_victory(agent, record, c.group);
    if (c.event == "+promoted-slave") {
      all.judge_publication(agent, c.group, record, told_by_others);
    }
  }
  template <class Other>
  void operator()(const Other&) const {}
};

ElectionRules::ElectionRules(World& world, const Limits& limits) : world_(world), limits_(limits) {
  world.watch(*this);
}

void ElectionRules::fail(const Agent& agent, const std::string& invariant,
                         const std::string& what) {
  world_.fail(invariant, agent.name() + ": " + what);
}

ElectionRules::Record& ElectionRules::record_of(const Agent& agent) {
  Record& record = records_[agent];
  if (record.life != agent.life()) {
    record = Record{};
    record.life = agent.life();
    record.booted = world_.now();
  }
  return record;
}

// ---- what the agent hears ----------------------------------------------------------------------

void ElectionRules::stepping(Agent& agent, const consensus::Event& event) {
  if (!agent.core()) return;
  Record& record = record_of(agent);
  record.promoted.reset();
  if (const auto* const answer = std::get_if<consensus::PeerAnswered>(&event)) {
    hear_answer(agent, record, *answer);
  } else if (const auto* const pong = std::get_if<consensus::Ponged>(&event)) {
    const auto link = record.links.find(pong->link);
    if (link != record.links.end()) record.heard[link->second] = world_.now();
  } else if (const auto* const asked = std::get_if<consensus::VoteAsked>(&event)) {
    record.inbound[asked->ticket] = {asked->query, world_.now()};
  } else if (const auto* const done = std::get_if<consensus::PromoteAnswered>(&event)) {
    note_promotion(agent, record, *done);
  } else if (std::holds_alternative<consensus::PersistFailed>(event)) {
    record.disk_refuses = true;
  } else if (std::holds_alternative<consensus::Persisted>(event)) {
    record.disk_refuses = false;
  }
}

void ElectionRules::hear_answer(const Agent& agent, Record& record,
                                const consensus::PeerAnswered& event) {
  const auto link = record.links.find(event.link);
  if (link != record.links.end()) record.heard[link->second] = world_.now();
  const auto asked = record.asks.extract(event.request);
  if (asked.empty()) return;
  const Ask& ask = asked.mapped();
  Candidacy& candidacy = record.candidacies[ask.group];
  if (candidacy.epoch != ask.epoch) return;
  if (event.reply.voted_for == agent.id() && event.reply.epoch == ask.epoch) {
    Instant& sent = candidacy.confirmed[ask.voter];
    sent = std::max(sent, ask.sent);
  } else {
    candidacy.confirmed.erase(ask.voter);
  }
}

void ElectionRules::note_promotion(const Agent& agent, Record& record,
                                   const consensus::PromoteAnswered& event) {
  const bool master = event.role && event.role->role == proto::Role::master;
  if (!event.executed || !master) return;
  for (const auto& [id, group] : agent.core()->state().groups) {
    const bool awaited = group.attempt && group.attempt->promote_request == event.request;
    if (awaited && has_authority(record, group)) {
      record.promoted = Confirmed{group.name, group.attempt->epoch};
    }
  }
}

// ---- what it does ------------------------------------------------------------------------------

void ElectionRules::stepped(Agent& agent, const consensus::Event& event,
                            const consensus::Commands& commands) {
  if (!agent.core()) return;
  Record& record = record_of(agent);
  const bool told_by_others = std::holds_alternative<consensus::HelloHeard>(event);
  for (const consensus::Command& command : commands) {
    std::visit(Look{*this, agent, record, told_by_others}, command);
  }
  judge_groups(agent, record);
  if (!record.promoted) return;
  const Group* const group = agent.core()->state().find(record.promoted->group);
  if (group == nullptr || group->config_epoch == record.promoted->epoch) return;
  fail(agent, "a confirmed promotion is published at once",
       group->name + " in " + text_of({record.promoted->epoch, {}}));
}

void ElectionRules::judge_groups(const Agent& agent, Record& record) {
  const auto& groups = agent.core()->state().groups;
  if (groups.size() > most_groups) return;
  for (const auto& [id, group] : groups) {
    const auto [known, fresh] = record.votes.try_emplace(id, group.ballot.memory);
    if (!fresh && known->second != group.ballot.memory) {
      const Vote old = std::exchange(known->second, group.ballot.memory);
      judge_vote(agent, record, group, old);
    }
    if (fresh && world_.now() > record.booted &&
        group.ballot.memory.epoch < agent.core()->state().durable_epoch) {
      fail(agent, "a new entry forgets no vote", group.name);
    }
    const auto candidacy = record.candidacies.find(group.name);
    if (candidacy == record.candidacies.end()) continue;
    if (group.attempt && group.attempt->by_force) candidacy->second.by_force = true;
    if (group.config_epoch >= candidacy->second.epoch) candidacy->second.written.reset();
  }
}

void ElectionRules::judge_vote(const Agent& agent, Record& record, const Group& group,
                               const Vote& old) {
  const Vote& vote = group.ballot.memory;
  if (vote.epoch <= old.epoch) {
    fail(agent, "votes only go up", text_of(vote) + " after " + text_of(old));
  }
  if (vote.epoch <= group.config_epoch) {
    fail(agent, "no vote up to the config epoch", text_of(vote));
  }
  if (!limits_.stopped_clock) judge_hold(agent, record, group);
  if (vote.voted_for == agent.id()) {
    judge_candidacy(agent, record, group);
  } else {
    record.given[group.name] = {vote, world_.now(), world_.now() + hold};
  }
}

// A vote binds: nobody else gets one before the hold is over, nor do we take an epoch ourselves.
void ElectionRules::judge_hold(const Agent& agent, Record& record, const Group& group) {
  const Vote& vote = group.ballot.memory;
  const bool forced = group.attempt && group.attempt->forced;
  if (world_.now() < record.booted + silence_after_start && !forced) {
    fail(agent, "no vote right after a start", text_of(vote));
  }
  const Given& given = record.given[group.name];
  if (given.vote.voted_for && given.vote.voted_for != vote.voted_for && !forced &&
      world_.now() < given.held_until && !limits_.forgotten_peers) {
    fail(agent, "a voter keeps its hold",
         text_of(vote) + " within the hold of " + text_of(given.vote));
  }
  const Candidacy& own = record.candidacies[group.name];
  const bool executes =
      own.written && world_.now() < *own.written + longest_execution && !own.by_force;
  if (executes && vote.voted_for != agent.id()) {
    fail(agent, "a leader keeps its vote while a promotion may execute", text_of(vote));
  }
}

void ElectionRules::judge_candidacy(const Agent& agent, const Record& record, const Group& group) {
  if (group.attempt && group.attempt->forced) return;
  std::size_t heard = 1;
  for (const auto& [voter, at] : record.heard) {
    if (at + voters_answer_within >= world_.now()) ++heard;
  }
  const std::size_t needed = consensus::votes_needed(group.voters(), group.options.quorum);
  if (heard < needed && !limits_.forgotten_peers) {
    fail(agent, "a lone agent spends no epoch",
         std::to_string(heard) + " of " + std::to_string(needed) + " answered lately");
  }
  if (record.disk_refuses) fail(agent, "no candidacy while the disk refuses", group.name);
  const bool candidate = std::any_of(group.nodes.begin(), group.nodes.end(), [&](const auto& each) {
    const consensus::Node& node = each.second;
    return each.first != group.master_id && !node.subjectively_down && node.command.is_open();
  });
  if (!candidate) fail(agent, "no epoch is spent without a candidate replica", group.name);
  const bool down = group.objectively_down;
  if (!down) fail(agent, "no candidacy without a fault", group.name);
}

void ElectionRules::judge_reply(const Agent& agent, Record& record,
                                const consensus::ReplyVote& reply) {
  const auto asked = record.inbound.extract(reply.ticket);
  if (asked.empty()) return;
  if (reply.reply.down && agent.core()->state().tilt_since) {
    fail(agent, "nobody is down for an agent in tilt", "");
  }
  const Vote told{reply.reply.epoch, reply.reply.voted_for};
  if (!told.voted_for) return;
  const proto::DownQuery& query = asked.mapped().query;
  const Group* group = nullptr;
  for (const auto& [id, each] : agent.core()->state().groups) {
    if (each.ballot.memory == told) group = &each;
  }
  if (group == nullptr) {
    return fail(agent, "a vote told is the newest", text_of(told) + " was told");
  }
  if (told.voted_for != query.candidate || told.epoch != query.epoch) return;
  Given& given = record.given[group->name];
  if (given.vote != told) return;
  const Instant end = std::min(asked.mapped().at + hold, given.first + longest_hold);
  given.held_until = std::max(given.held_until, end);
}

// ---- what it wins and writes -------------------------------------------------------------------

bool ElectionRules::has_authority(const Record& record, const Group& group) const {
  const auto found = record.candidacies.find(group.name);
  if (found == record.candidacies.end()) return group.voters() == 1;
  const auto& confirmed = found->second.confirmed;
  const auto fresh = std::count_if(confirmed.begin(), confirmed.end(), [&](const auto& each) {
    return each.second + authority >= world_.now();
  });
  return static_cast<std::size_t>(fresh) + 1 >= consensus::majority(group.voters());
}

void ElectionRules::judge_victory(const Agent& agent, const Record& record,
                                  const std::string& name) {
  const Group* const group = agent.core()->state().find(name);
  if (group == nullptr || !group->attempt || group->attempt->by_force) return;
  const auto candidacy = record.candidacies.find(name);
  const std::size_t votes =
      1 + (candidacy == record.candidacies.end() ? 0 : candidacy->second.confirmed.size());
  const std::size_t needed = consensus::votes_needed(group->voters(), group->options.quorum);
  if (votes >= needed) return;
  fail(agent, "a leader has majority and quorum",
       std::to_string(votes) + " of " + std::to_string(needed) + " votes");
}

void ElectionRules::promote_written(Agent& agent, const consensus::Promote& promote, Redis&) {
  if (!agent.core()) return;
  Record& record = record_of(agent);
  const Group* const group = agent.core()->state().find(promote.hello.master_name);
  if (group == nullptr || !group->attempt) return;  // Invariants says so
  record.candidacies[group->name].written = world_.now();
  if (group->attempt->by_force) return;
  const proto::Epoch epoch = promote.hello.config_epoch;
  if (epoch != group->attempt->epoch || epoch != group->ballot.memory.epoch) {
    fail(agent, "the epoch won is the one published", text_of({epoch, {}}));
  }
  if (limits_.stopped_clock || has_authority(record, *group)) return;
  fail(agent, "authority is fresh when a promotion is written", text_of({epoch, {}}));
}

void ElectionRules::judge_publication(const Agent& agent, const std::string& name,
                                      const Record& record, bool told_by_others) {
  const Group* const group = agent.core()->state().find(name);
  const auto candidacy = record.candidacies.find(name);
  if (group == nullptr || candidacy == record.candidacies.end() || told_by_others) return;
  if (candidacy->second.by_force || limits_.stopped_clock || has_authority(record, *group)) return;
  fail(agent, "authority is fresh when a promotion is published", name);
}

}  // namespace vedette::sim
