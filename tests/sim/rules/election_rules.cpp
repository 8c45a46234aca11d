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
constexpr Duration longest_execution = 500ms;       // of a Promote, from its write
constexpr Duration silence_after_start = 3s - 1ms;  // our record begins a moment after the start
constexpr Duration voters_answer_within = 1500ms;   // 1 s by the rule, and one round trip

// What the vote of that voter for a third one is worth to `agent`: it is bound for that long.
Instant bound_until(const Agent& agent, const Heard::Voter& voter, const Heard::OfGroup& heard) {
  for (const auto& [id, peer] : agent.core()->state().peers) {
    if (peer.address != voter) continue;
    const auto told = heard.votes.find(id);
    if (told == heard.votes.end()) return Instant{};
    const Heard::KnownVote& known = told->second;
    const bool binds = known.vote.voted_for != agent.id() && known.vote.voted_for != id &&
                       peer.speaks_vedette.value_or(false);
    return binds ? known.since + hold : Instant{};
  }
  return Instant{};
}

}  // namespace

struct ElectionRules::Look {
  ElectionRules& all;
  const Agent& agent;
  Record& record;
  bool told_by_others;

  void operator()(const consensus::AskPeer& c) const {
    if (!c.query.candidate) return;
    for (const auto& [id, group] : agent.core()->state().groups) {
      const bool asks = group.attempt && group.attempt->epoch == c.query.epoch &&
                        group.attempt->address == c.query.master;
      if (!asks) continue;
      Candidacy& candidacy = record.candidacies[group.name];
      if (candidacy.epoch != c.query.epoch) candidacy = Candidacy{c.query.epoch, false, {}};
    }
  }
  void operator()(const consensus::Promote& c) const {
    const Group* const group = agent.core()->state().find(c.hello.master_name);
    if (group == nullptr) return;
    Candidacy& candidacy = record.candidacies[group->name];
    candidacy.decided_voters = group->voters();
    candidacy.decided_confirmed = candidacy.confirmed;
  }
  void operator()(const consensus::ReplyVote& c) const { all.judge_reply(agent, record, c); }
  // An operator's force may find a target that is a master already, and end in the same step.
  void operator()(const consensus::Note& c) const {
    for (auto& [name, candidacy] : record.candidacies) {
      const bool forced = c.text.starts_with("FAILOVER of " + name + " goes on without a majority");
      if (forced) candidacy.by_force = true;
    }
  }
  void operator()(const consensus::Announce& c) const {
    if (c.event == "+elected-leader") all.judge_victory(agent, record, c.group);
    if (c.event == "+promoted-slave") {
      all.judge_publication(agent, c.group, record, told_by_others);
    }
    if (c.event == "-failover-abort-master-back") all.judge_return(agent, record, c.group);
  }
  template <class Other>
  void operator()(const Other&) const {}
};

ElectionRules::Record& ElectionRules::record_of(const Agent& agent) {
  Record& record = records_[agent];
  if (!record.booted) record.booted = world_.now();
  return record;
}

// ---- what the agent hears ----------------------------------------------------------------------

void ElectionRules::stepping(Agent& agent, const consensus::Event& event) {
  if (!agent.core()) return;
  Record& record = record_of(agent);
  record.promoted.reset();
  if (forgets(event)) {
    for (auto& [name, candidacy] : record.candidacies) candidacy.written.reset();
  }
  if (const auto& answer = heard_.of(agent).answer) {
    note_answer(agent, record, *answer);
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

void ElectionRules::note_answer(const Agent& agent, Record& record, const Heard::Ask& answer) {
  const auto& groups = agent.core()->state().groups;
  const auto group = groups.find(answer.group);
  if (!answer.query.candidate || group == groups.end()) return;
  Candidacy& candidacy = record.candidacies[group->second.name];
  if (candidacy.epoch != answer.query.epoch) return;
  if (answer.reply.voted_for == agent.id() && answer.reply.epoch == answer.query.epoch) {
    Instant& sent = candidacy.confirmed[answer.voter];
    sent = std::max(sent, answer.sent);
  } else {
    candidacy.confirmed.erase(answer.voter);
  }
}

void ElectionRules::note_promotion(const Agent& agent, Record& record,
                                   const consensus::PromoteAnswered& event) {
  const bool master = event.role && event.role->role == proto::Role::master;
  if (!event.executed || !master) return;
  for (const auto& [id, group] : agent.core()->state().groups) {
    const bool awaited = group.attempt && group.attempt->promote_request == event.request;
    const Instant later = world_.now() + Duration{1};  // the last moment may count either way
    if (awaited && has_authority(record, group.name, group.voters(), later)) {
      record.promoted = Confirmed{group.name, group.attempt->epoch};
    }
  }
}

// ---- what it does ------------------------------------------------------------------------------

void ElectionRules::stepped(Agent& agent, const consensus::Event& event,
                            const consensus::Commands& commands) {
  if (!agent.core()) return;
  Record& record = record_of(agent);
  // A moved agent shows who it is before its hello counts; and whoever published it repeats it.
  const bool told_by_others = std::holds_alternative<consensus::HelloHeard>(event) ||
                              std::holds_alternative<consensus::ConfigurationTold>(event) ||
                              std::holds_alternative<consensus::PeerIdentified>(event);
  for (const consensus::Command& command : commands) {
    std::visit(Look{*this, agent, record, told_by_others}, command);
  }
  judge_groups(agent, record);
  if (const auto& answer = heard_.of(agent).answer) judge_answer(agent, *answer);
  if (!record.promoted) return;
  const Group* const group = agent.core()->state().find(record.promoted->group);
  if (group == nullptr || group->config_epoch == record.promoted->epoch) return;
  fail(agent, "a confirmed promotion is published at once",
       group->name + " in " + text_of(record.promoted->epoch));
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
    if (fresh && world_.now() > *record.booted &&
        group.ballot.memory.epoch < agent.core()->state().durable_epoch) {
      fail(agent, "a new entry forgets no vote", group.name);
    }
    judge_attempt(agent, record, group);
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
    fail(agent, "votes only go up", text_of(vote.epoch) + " after " + text_of(old.epoch));
  }
  if (vote.epoch <= group.config_epoch) {
    fail(agent, "no vote up to the config epoch", text_of(vote.epoch));
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
  if (world_.now() < *record.booted + silence_after_start && !forced) {
    fail(agent, "no vote right after a start", text_of(vote.epoch));
  }
  const Given& given = record.given[group.name];
  if (given.vote.voted_for && given.vote.voted_for != vote.voted_for && !forced &&
      world_.now() < given.held_until && !limits_.forgotten_peers) {
    fail(agent, "a voter keeps its hold",
         group.name + ": " + text_of(vote.epoch) + " within the hold of " +
             text_of(given.vote.epoch));
  }
  judge_own_hold(agent, record, group);
}

// As long as something that it wrote may still execute, and while it leads and may write yet, a
// leader votes for nobody else; nor does it try again while its own may execute.
void ElectionRules::judge_own_hold(const Agent& agent, Record& record, const Group& group) {
  const Candidacy& own = record.candidacies[group.name];
  const Vote& vote = group.ballot.memory;
  if (own.by_force) return;
  if (own.written && world_.now() < *own.written + longest_execution) {
    fail(agent, "no new vote while a promotion may execute", text_of(vote.epoch));
  }
  const Running& running = record.running[group.id];
  const bool leads = running.leads && running.epoch == own.epoch && vote.voted_for != agent.id();
  if (leads && confirmed_since(own.confirmed, world_.now() - authority, group.voters())) {
    fail(agent, "a leader keeps its vote", text_of(vote.epoch));
  }
}

void ElectionRules::judge_candidacy(const Agent& agent, Record& record, const Group& group) {
  if (group.attempt && group.attempt->forced) {
    record.given.erase(group.name);  // an operator's order ends a hold
    return;
  }
  judge_voters(agent, group);
  if (record.disk_refuses) fail(agent, "no candidacy while the disk refuses", group.name);
  if (group.attempt && group.attempt->settles) return;  // nobody is replaced
  const bool candidate = std::any_of(group.nodes.begin(), group.nodes.end(), [&](const auto& each) {
    const consensus::Node& node = each.second;
    return each.first != group.master_id && !node.subjectively_down && node.command.is_open();
  });
  if (!candidate) fail(agent, "no epoch is spent without a candidate replica", group.name);
  const bool agreed = limits_.stopped_clock || may_be_ambiguous() ||
                      heard_.agreeing(agent, group, group.master().address) >= group.options.quorum;
  if (!group.objectively_down || !agreed) fail(agent, "no candidacy without a fault", group.name);
}

// A majority and quorum answered lately, and as far as it was told they are not bound to another.
void ElectionRules::judge_voters(const Agent& agent, const Group& group) {
  if (limits_.forgotten_peers || limits_.stopped_clock) return;
  std::size_t heard = 1;
  std::size_t unbound = 1;
  for (const auto& [voter, at] : heard_.of(agent).answered) {
    if (at + voters_answer_within < world_.now()) continue;
    ++heard;
    if (bound_until(agent, voter, heard_.of(agent, group)) <= world_.now()) ++unbound;
  }
  const std::size_t needed = consensus::votes_needed(group.voters(), group.options.quorum);
  if (heard < needed) {
    fail(agent, "a lone agent spends no epoch",
         std::to_string(heard) + " of " + std::to_string(needed) + " answered lately");
  }
  if (unbound < needed && !limits_.moved) {
    fail(agent, "no candidacy while the voters are bound",
         std::to_string(unbound) + " of " + std::to_string(needed) + " are free");
  }
}

// What overtakes an attempt ends it at once.
void ElectionRules::judge_attempt(const Agent& agent, Record& record, const Group& group) {
  Running& running = record.running[group.id];
  if (!group.attempt) {
    running = {};
    return;
  }
  const consensus::Attempt& attempt = *group.attempt;
  if (running.epoch != attempt.epoch) running = {attempt.epoch, group.config_epoch, false};
  running.leads = attempt.phase != consensus::Phase::wait_start;
  const bool overtaken = attempt.epoch != proto::Epoch{} && group.config_epoch >= attempt.epoch;
  const bool moved = !attempt.promote_sent_at && group.config_epoch != running.config_epoch;
  if (overtaken || moved) {
    fail(agent, "a newer configuration ends an attempt",
         group.name + ": " + text_of(attempt.epoch) + " goes on");
  }
}

void ElectionRules::judge_answer(const Agent& agent, const Heard::Ask& answer) {
  const auto& groups = agent.core()->state().groups;
  const auto group = groups.find(answer.group);
  const bool newer = answer.query.candidate && answer.reply.epoch > answer.query.epoch;
  if (!newer || group == groups.end() || !group->second.attempt) return;
  const consensus::Attempt& attempt = *group->second.attempt;
  if (attempt.epoch != answer.query.epoch || attempt.by_force) return;
  fail(agent, "a newer vote ends an attempt",
       text_of(attempt.epoch) + " although " + text_of(answer.reply.epoch) + " was told");
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
    // In memory now, or until this step went on to vote anew.
    const auto before = record.votes.find(id);
    const bool was = before != record.votes.end() && before->second == told;
    if (each.ballot.memory != told && !was) continue;
    // A real Sentinel stands for several groups in one epoch.
    if (group == nullptr || each.master().address == query.master) group = &each;
  }
  if (group == nullptr) {
    return fail(agent, "a vote told is the newest", text_of(told.epoch) + " was told");
  }
  if (told.voted_for != query.candidate || told.epoch != query.epoch) return;
  Given& given = record.given[group->name];
  if (given.vote != told) return;
  const Instant end = std::min(asked.mapped().at + hold, given.first + longest_hold);
  given.held_until = std::max(given.held_until, end);
}

// ---- what it wins and writes -------------------------------------------------------------------

// A majority confirmed asks that were sent since then.
bool ElectionRules::confirmed_since(const std::map<Voter, Instant>& confirmed, Instant since,
                                    std::size_t voters) {
  const auto fresh = std::count_if(confirmed.begin(), confirmed.end(),
                                   [&](const auto& each) { return each.second >= since; });
  return static_cast<std::size_t>(fresh) + 1 >= consensus::majority(voters);
}

bool ElectionRules::has_authority(const Record& record, const std::string& name, std::size_t voters,
                                  Instant at) const {
  const auto found = record.candidacies.find(name);
  if (found == record.candidacies.end()) return voters == 1;
  return confirmed_since(found->second.confirmed, at - authority, voters);
}

void ElectionRules::judge_victory(const Agent& agent, Record& record, const std::string& name) {
  const Group* const group = agent.core()->state().find(name);
  if (group == nullptr || !group->attempt) return;
  if (group->attempt->by_force) {
    record.candidacies[name].by_force = true;
    return;
  }
  if (may_be_ambiguous()) return;
  const auto candidacy = record.candidacies.find(name);
  const std::size_t votes =
      1 + (candidacy == record.candidacies.end() ? 0 : candidacy->second.confirmed.size());
  const std::size_t needed = consensus::votes_needed(group->voters(), group->options.quorum);
  if (votes >= needed) return;
  fail(agent, "a leader has majority and quorum",
       std::to_string(votes) + " of " + std::to_string(needed) + " votes");
}

void ElectionRules::judge_return(const Agent& agent, Record& record, const std::string& name) {
  const Group* const group = agent.core()->state().find(name);
  if (group == nullptr) return;
  const Candidacy& own = record.candidacies[name];
  if (!own.written || record.running[group->id].epoch != own.epoch) return;
  fail(agent, "a returned master ends no written promotion", name);
}

void ElectionRules::promote_written(Agent& agent, const consensus::Promote& promote, Redis&) {
  if (!agent.core()) return;
  Record& record = record_of(agent);
  const Group* const group = agent.core()->state().find(promote.hello.master_name);
  if (group == nullptr || !group->attempt) return;  // Invariants says so
  Candidacy& candidacy = record.candidacies[group->name];
  candidacy.written = world_.now();
  if (group->attempt->by_force) return;
  const proto::Epoch epoch = promote.hello.config_epoch;
  if (epoch != group->attempt->epoch || epoch != group->ballot.memory.epoch) {
    fail(agent, "the epoch won is the one published", text_of(epoch));
  }
  // Who came since then was not asked.
  const std::size_t voters = std::min(candidacy.decided_voters, group->voters());
  if (limits_.stopped_clock || may_be_ambiguous()) return;
  const Instant oldest = world_.now() - authority;
  if (confirmed_since(candidacy.decided_confirmed, oldest, voters)) return;
  fail(agent, "authority is fresh when a promotion is written", text_of(epoch));
}

void ElectionRules::judge_publication(const Agent& agent, const std::string& name,
                                      const Record& record, bool told_by_others) {
  const Group* const group = agent.core()->state().find(name);
  const auto candidacy = record.candidacies.find(name);
  if (group == nullptr || candidacy == record.candidacies.end() || told_by_others) return;
  if (candidacy->second.by_force || limits_.stopped_clock || may_be_ambiguous()) return;
  if (has_authority(record, name, group->voters(), world_.now())) return;
  fail(agent, "authority is fresh when a promotion is published", name);
}

}  // namespace vedette::sim
