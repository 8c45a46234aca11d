// Judgements and deeds: who is called down, who is elected, chosen, promoted, demoted.
#include <algorithm>

#include "consensus/election.hpp"
#include "consensus/quorum.hpp"
#include "tests/sim/rules/invariants.hpp"

namespace vedette::sim {

using consensus::Group;
using consensus::Node;
using consensus::Vote;
using proto::Epoch;

namespace {

constexpr Duration opinion_lasts = 5s;
constexpr Duration longest_execution = 500ms;  // hold - authority (consensus/README.md)

std::string text_of(Epoch epoch) { return std::to_string(proto::number(epoch)); }

// The third and fourth words of a payload: "master <name> <ip> <port> ...".
std::vector<std::string> words_of(const std::string& payload) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < payload.size()) {
    const std::size_t end = std::min(payload.find(' ', at), payload.size());
    words.push_back(payload.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace

// ---- down --------------------------------------------------------------------------------------

void Invariants::judge_news(const Agent& agent, const consensus::Announce& news) {
  const bool down = news.event == "+sdown";
  if (news.event == "+elected-leader") asked_at_[{&agent, news.group}] = agent.clock();
  if (news.event == "+selected-slave") {
    const Group* const group = agent.core()->state().find(news.group);
    if (group != nullptr) check_choice(agent, *group);
  }
  if (news.event == "+switch-master" || news.event == "+reset-master") begin_anew(agent);
  if (!down && news.event != "-sdown" && news.event != "+odown") return;
  const std::vector<std::string> words = words_of(news.payload);
  if (words.size() < 4) return;
  const proto::Address address{words[2], static_cast<std::uint16_t>(std::stoul(words[3]))};
  if (news.event == "+odown") return judge_objectively_down(agent, words[1], words[2] + words[3]);
  if (words[0] == "master") note_down(agent, words[1] + words[2] + words[3], down);
  if (down && words[0] == "slave") judge_down(agent, address);
}

// Time in which the agent was late does not pass here; it is late when it does not come to its
// turn by the deadline that it named.
Instant Invariants::own_time(const Agent& agent) { return world_.now() - lateness_[agent].total; }

void Invariants::measure_lateness(const Agent& agent) {
  Lateness& late = lateness_[agent];
  if (late.life != agent.life()) late = Lateness{agent.life(), world_.now(), Duration{0}};
  const Instant due = agent.core()->deadline();
  const Instant expected = std::max(due - agent.clock_ahead, late.last_step);
  if (due != consensus::never && world_.now() > expected) late.total += world_.now() - expected;
  late.last_step = world_.now();
}

Invariants::Silence* Invariants::silence_on(const Agent& agent, consensus::LinkId link) {
  const auto& links = links_[agent];
  const auto found = links.find(link);
  return found == links.end() ? nullptr : found->second;
}

void Invariants::note_connect(const Agent& agent, const consensus::Connect& connect) {
  links_[agent].erase(connect.link);  // an earlier life of the agent used the same numbers
  if (connect.kind != consensus::LinkKind::command) return;
  const auto [known, fresh] = silences_.try_emplace({&agent, connect.address});
  Silence& silence = known->second;
  if (fresh || silence.life != agent.life()) silence = Silence{agent.life(), own_time(agent), {}};
  links_[agent][connect.link] = &silence;
}

// What was asked is not answered any more.
void Invariants::lose(const Agent& agent, Silence& silence) {
  if (!silence.since) {
    silence.since = silence.pings.empty() ? own_time(agent) : silence.pings.front().second;
  }
  silence.pings.clear();
}

void Invariants::note_loss(const Agent& agent, consensus::LinkId link) {
  Silence* const silence = silence_on(agent, link);
  if (silence == nullptr) return;
  lose(agent, *silence);
  links_[agent].erase(link);
}

// All nodes are new to the agent: an answer to a PING from before says nothing about them.
void Invariants::begin_anew(const Agent& agent) {
  for (auto& [key, silence] : silences_) {
    if (key.first == &agent) lose(agent, silence);
  }
}

// A node may be called down only after a silence of down-after, from the oldest PING that it left
// unanswered or the loss of the link. Time
// in which we were stopped ourselves does not count.
void Invariants::judge_down(const Agent& agent, const proto::Address& address) {
  const Group* group = nullptr;
  for (const auto& [id, each] : agent.core()->state().groups) {
    for (const auto& [node_id, node] : each.nodes) {
      if (node.address == address) group = &each;
    }
  }
  const auto found = silences_.find({&agent, address});
  if (group == nullptr || found == silences_.end()) return;
  const Silence& silence = found->second;
  Instant since = silence.pings.empty() ? own_time(agent) : silence.pings.front().second;
  if (silence.since) since = std::min(since, *silence.since);
  const Duration silent = own_time(agent) - since;
  // An address that changed hands may be a node of two groups.
  if (silent >= group->options.down_after || limits_.stopped_clock || limits_.moved) return;
  fail(agent, "down means silent for down-after",
       proto::to_string(address) + " is called down after " +
           std::to_string(silent.count() / 1000) + " ms");
}

void Invariants::note_down(const Agent& agent, const std::string& master, bool down) {
  Down& known = downs_[{&agent, master}];
  if (down) {
    known = Down{world_.now(), std::nullopt};
  } else {
    known.until = world_.now();
  }
}

// Each opinion that counts was true at its owner within the last 5 s (and the way to us).
void Invariants::judge_objectively_down(const Agent& agent, const std::string& group,
                                        const std::string& master) {
  if (limits_.legacy) return;
  const Group* const own = agent.core()->state().find(group);
  if (own == nullptr) return;
  unsigned agreed = 0;
  const Instant oldest = world_.now() - opinion_lasts - 1s;
  for (const auto& [key, down] : downs_) {
    if (key.second != group + master) continue;
    if (!down.until || *down.until >= oldest) ++agreed;
  }
  if (agreed >= own->options.quorum) return;
  fail(agent, "opinions are true and fresh",
       group + " is objectively down, but only " + std::to_string(agreed) +
           " agents held it for down");
}

// ---- promotions --------------------------------------------------------------------------------

void Invariants::promote_written(Agent& agent, const consensus::Promote& promote, Redis& node) {
  if (!agent.core()) return;
  const Group* const own = agent.core()->state().find(promote.hello.master_name);
  if (own == nullptr || !own->attempt) {
    return fail(agent, "no promotion without an attempt", proto::to_string(node.address()));
  }
  const auto [name, first] = promoted_for_.try_emplace(node.address(), own->name);
  if (!first && name->second != own->name && !limits_.moved) {
    fail(agent, "nothing promoted for two names",
         proto::to_string(node.address()) + " for " + name->second + " and " + own->name);
  }
  if (own->attempt->by_force) return;
  const Epoch epoch = promote.hello.config_epoch;
  check_bound_voters(agent, own->name, {epoch, agent.id()});
  check_authority(agent, promote);
  check_need(agent, *own);
}

// A majority must still be bound to the leader, whatever the leader's own arithmetic says.
void Invariants::check_bound_voters(const Agent& agent, const std::string& name, const Vote& vote) {
  if (limits_.forgotten_peers || limits_.restored_disk) return;
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
  const std::size_t needed = consensus::votes_needed(
      world_.agents().size(), agent.core()->state().find(name)->options.quorum);
  if (bound >= needed) return;
  fail(agent, "no promotion without majority and quorum",
       "only " + std::to_string(bound) + " of " + std::to_string(needed) + " are bound to it");
}

void Invariants::check_authority(const Agent& agent, const consensus::Promote& promote) {
  if (limits_.legacy || limits_.stopped_clock || limits_.forgotten_peers || limits_.restored_disk) {
    return;
  }
  const std::string& name = promote.hello.master_name;
  const Epoch epoch = promote.hello.config_epoch;
  for (const auto& other : world_.agents()) {
    if (other.get() == &agent || !other->core()) continue;
    const Group* const group = other->core()->state().find(name);
    if (group == nullptr || !group->attempt || group->attempt->by_force) continue;
    if (consensus::authority_until(other->clock(), *group) > other->clock()) {
      fail(agent, "one authority at a time", other->name() + " has it too");
    }
  }
  const auto [known, fresh] = targets_.try_emplace({name, epoch}, promote.hello.master);
  if (!fresh && known->second != promote.hello.master) {
    fail(agent, "one target per epoch", "two in epoch " + text_of(epoch));
  }
  const auto above = targets_.upper_bound({name, epoch});
  if (above != targets_.end() && above->first.first == name) {
    fail(agent, "promotions in the order of epochs",
         "epoch " + text_of(epoch) + " after " + text_of(above->first.second));
  }
}

// Nobody may be replaced who was well, and known to be well, for long enough.
void Invariants::check_need(const Agent& agent, const Group& group) {
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
void Invariants::promoted(Agent& agent, const proto::Hello& hello, Redis& node, Instant written) {
  if (limits_.legacy || limits_.stopped_clock || limits_.forgotten_peers || limits_.restored_disk ||
      !agent.core()) {
    return;
  }
  if (world_.now() - written > longest_execution) return;
  const auto above = targets_.upper_bound({hello.master_name, hello.config_epoch});
  if (above == targets_.end() || above->first.first != hello.master_name) return;
  if (above->second == node.address()) return;
  fail(agent, "promotions in the order of epochs",
       "executed in epoch " + text_of(hello.config_epoch) + " after one was written in " +
           text_of(above->first.second));
}

// ---- the choice --------------------------------------------------------------------------------

namespace {

// By the rule (consensus/README.md, Choice), written down once more.
bool is_better(const Group& group, const Node& a, const Node& b) {
  const auto ours = [&](const Node& node) {
    return group.replid.empty() || node.info.replid == group.replid ||
           node.info.replid2 == group.replid;
  };
  const auto done = [&](const Node& node) {
    return node.info.role == proto::Role::master && !group.replid.empty() && ours(node) &&
           !node.superseded;
  };
  if (done(a) != done(b)) return done(a);
  if (done(a)) return a.info.master_repl_offset > b.info.master_repl_offset;
  const auto same = [&](const Node& node) {
    return node.info.role != proto::Role::master && ours(node);
  };
  if (same(a) != same(b)) return same(a);
  if (a.info.priority != b.info.priority) return a.info.priority < b.info.priority;
  if (!same(a) && a.info.replid != b.info.replid) return false;
  if (a.info.replica_repl_offset != b.info.replica_repl_offset) {
    return a.info.replica_repl_offset > b.info.replica_repl_offset;
  }
  return a.info.run_id && b.info.run_id && *a.info.run_id < *b.info.run_id;
}

}  // namespace

// The one chosen: its INFO is of this election, and it has not been cut off for too long.
void Invariants::check_chosen(const Agent& agent, const Group& group, const Node& chosen,
                              Instant since) {
  constexpr Duration patience = 200ms;
  if (!chosen.info_at || *chosen.info_at < since) {
    fail(agent, "the choice is made on fresh INFO", proto::to_string(chosen.address));
  }
  const Node& master = group.master();
  const Duration outage =
      master.subjectively_down ? agent.clock() - master.subjectively_down_since : Duration{0};
  const bool cut_off =
      chosen.info.master_link_down_for > outage + Duration{group.options.down_after} * 10;
  if (cut_off && chosen.info.role != proto::Role::master) {
    fail(agent, "a replica cut off for too long is not chosen", proto::to_string(chosen.address));
  }
  for (const auto& [id, node] : group.nodes) {
    const bool awaited = id != group.master_id && node.command.is_open() &&
                         !node.subjectively_down && (!node.info_at || *node.info_at < since);
    if (awaited && agent.clock() < since + patience) {
      fail(agent, "the choice waits for INFO", proto::to_string(node.address));
    }
  }
}

void Invariants::check_choice(const Agent& agent, const Group& group) {
  if (!group.attempt || !group.attempt->target) return;
  const auto found = group.nodes.find(*group.attempt->target);
  if (found == group.nodes.end()) return;
  const Node& chosen = found->second;
  const bool already = chosen.info.role == proto::Role::master;
  if (chosen.info.priority == 0 && !already) {
    fail(agent, "priority 0 is never promoted", proto::to_string(chosen.address));
  }
  const Instant since = asked_at_[{&agent, group.name}];
  check_chosen(agent, group, chosen, since);
  for (const auto& [id, node] : group.nodes) {
    const bool candidate =
        id != group.master_id && id != chosen.id && node.info_at && *node.info_at >= since &&
        !node.subjectively_down && node.command.is_open() && node.info.priority != 0 &&
        node.info.master_link_up && node.ping.answered && node.ping.last_ok + 5s >= agent.clock();
    if (candidate && is_better(group, node, chosen)) {
      fail(agent, "the best replica is chosen",
           proto::to_string(chosen.address) + " although " + proto::to_string(node.address) +
               " is better");
    }
  }
}

// ---- demotions ---------------------------------------------------------------------------------

void Invariants::following(Agent& agent, Redis& node, const proto::Address& to) {
  constexpr Duration recently = 5s;
  if (!agent.core() || node.role() != proto::Role::master || to == node.address()) return;
  const Redis* const master = world_.node_at(to);
  const std::optional<Instant> was = master == nullptr ? std::nullopt : master->last_master();
  if (was && *was + recently >= world_.now()) return;
  if (limits_.legacy || limits_.moved) return;
  fail(agent, "no demotion leaves a group without a master",
       proto::to_string(node.address()) + " is pointed at " + proto::to_string(to) +
           ", which is no master");
}

}  // namespace vedette::sim
