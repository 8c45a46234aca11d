#include "tests/sim/rules/detection_rules.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "consensus/discovery.hpp"

namespace vedette::sim {

using consensus::Group;

namespace {

constexpr Duration opinion_lasts = Heard::opinion_lasts;

// The words of a payload: "master <name> <ip> <port> ...".
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

struct DetectionRules::Look {
  DetectionRules& all;
  const Agent& agent;
  Record& record;

  void operator()(const consensus::SendPing& c) const {
    const auto link = record.links.find(c.link);
    if (link == record.links.end()) return;
    link->second->pings.emplace_back(c.request, all.own_time(record));
  }
  void operator()(const consensus::Connect& c) const { all.note_connect(record, c); }
  void operator()(const consensus::Disconnect& c) const { all.note_loss(record, c.link); }
  void operator()(const consensus::Announce& c) const { all.judge_news(agent, record, c); }
  template <class Other>
  void operator()(const Other&) const {}
};

void DetectionRules::stepping(Agent& agent, const consensus::Event& event) {
  if (!agent.core()) return;
  Record& record = records_[agent];
  measure_lateness(agent, record);
  if (const auto* const down = std::get_if<consensus::LinkDown>(&event)) {
    note_loss(record, down->link);
  } else if (const auto* const pong = std::get_if<consensus::Ponged>(&event)) {
    const auto link = record.links.find(pong->link);
    if (link == record.links.end() || pong->kind != consensus::Pong::valid) return;
    Silence& silence = *link->second;
    const auto answered =
        std::erase_if(silence.pings, [&](const auto& ping) { return ping.first <= pong->request; });
    if (answered > 0) silence.since.reset();
  } else if (const auto* const info = std::get_if<consensus::InfoRead>(&event)) {
    const auto link = record.links.find(info->link);
    if (link == record.links.end()) return;
    std::optional<Instant>& since = link->second->replica_since;
    if (info->info.role != proto::Role::replica) {
      since.reset();
    } else if (!since) {
      since = world_.now();
    }
  }
}

void DetectionRules::stepped(Agent& agent, const consensus::Event& event,
                             const consensus::Commands& commands) {
  if (!agent.core()) return;
  Record& record = records_[agent];
  for (const consensus::Command& command : commands) {
    std::visit(Look{*this, agent, record}, command);
  }
  if (!std::holds_alternative<consensus::Tick>(event)) return;
  for (const auto& [id, group] : agent.core()->state().groups) {
    if (group.objectively_down) judge_opinions(agent, group, group.master().address);
  }
}

// ---- one agent's own judgement -----------------------------------------------------------------

// Time in which the agent was late does not pass for it; it is late when it does not come to its
// turn by the deadline that it named.
void DetectionRules::measure_lateness(const Agent& agent, Record& record) {
  const Instant due = agent.core()->deadline();
  const Instant expected =
      std::max(due - agent.clock_ahead, record.last_step.value_or(world_.now()));
  if (due != consensus::never && world_.now() > expected) record.late += world_.now() - expected;
  record.last_step = world_.now();
}

void DetectionRules::note_connect(Record& record, const consensus::Connect& connect) {
  if (connect.kind != consensus::LinkKind::command) return;
  const auto [known, fresh] = record.silences.try_emplace(connect.address);
  if (fresh) known->second.since = own_time(record);
  record.links[connect.link] = &known->second;
}

// What was asked is not answered any more.
void DetectionRules::lose(const Record& record, Silence& silence) {
  if (!silence.since) {
    silence.since = silence.pings.empty() ? own_time(record) : silence.pings.front().second;
  }
  silence.pings.clear();
}

void DetectionRules::note_loss(Record& record, consensus::LinkId link) {
  const auto lost = record.links.extract(link);
  if (!lost.empty()) lose(record, *lost.mapped());
}

// All nodes of the group are new to the agent: what they said before says nothing about them.
void DetectionRules::begin_anew(const Agent& agent, Record& record, const std::string& name) {
  const Group* const group = agent.core()->state().find(name);
  if (group == nullptr) return;
  for (const auto& [id, node] : group->nodes) {
    const auto known = record.silences.find(node.address);
    if (known == record.silences.end()) continue;
    lose(record, known->second);
    known->second.replica_since.reset();
  }
}

void DetectionRules::judge_news(const Agent& agent, Record& record,
                                const consensus::Announce& news) {
  if (news.event == "+switch-master" || news.event == "+reset-master") {
    begin_anew(agent, record, news.group);
  }
  const bool down = news.event == "+sdown";
  if (!down && news.event != "-sdown" && news.event != "+odown") return;
  const std::vector<std::string> words = words_of(news.payload);
  if (words.size() < 4 || words[0] == "sentinel") return;
  const proto::Address address{words[2], static_cast<std::uint16_t>(std::stoul(words[3]))};
  if (news.event == "+odown") {
    const Group* const group = agent.core()->state().find(words[1]);
    if (group == nullptr) return;
    judge_opinions(agent, *group, address);
    return judge_truth(agent, *group, address);
  }
  if (words[0] == "master") note_down(agent, words[1], address, down);
  if (down) judge_down(agent, record, news.group, address);
}

// A node may be called down only after a silence of down-after, from the oldest PING that it left
// unanswered or the loss of the link; the time in which we were stopped ourselves does not count.
// A master also if it calls itself a replica for down-after and two periods of INFO.
void DetectionRules::judge_down(const Agent& agent, const Record& record, const std::string& name,
                                const proto::Address& address) {
  const consensus::State& state = agent.core()->state();
  const Group* const group = state.find(name);
  const auto found = record.silences.find(address);
  if (group == nullptr || found == record.silences.end()) return;
  const Silence& silence = found->second;
  Instant since = silence.pings.empty() ? own_time(record) : silence.pings.front().second;
  if (silence.since) since = std::min(since, *silence.since);
  const Duration silent = own_time(record) - since;
  const Duration wrong_role = group->options.down_after + 2 * state.timings.info_period;
  const bool is_master = group->master().address == address;
  if (is_master && group->options.master_reboot_down_after.count() > 0) return;
  const bool is_replica =
      is_master && silence.replica_since && *silence.replica_since + wrong_role <= world_.now();
  if (silent >= group->options.down_after || is_replica) return;
  // An address that changed hands, or that a real Sentinel was made to believe, may be a node of
  // two groups: one record stands for both.
  const auto holds = [&](const auto& each) {
    return consensus::find_node(each.second, address) != nullptr;
  };
  const bool shared = std::count_if(state.groups.begin(), state.groups.end(), holds) > 1;
  if (limits_.stopped_clock || limits_.moved || shared) return;
  fail(agent, "down means silent for down-after",
       proto::to_string(address) + " is called down after " +
           std::to_string(silent.count() / 1000) + " ms");
}

// ---- what a quorum thinks ----------------------------------------------------------------------

void DetectionRules::note_down(const Agent& agent, const std::string& name,
                               const proto::Address& master, bool down) {
  Down& known = downs_[master][{&agent, name}];
  if (down) {
    known = Down{world_.now(), std::nullopt};
  } else {
    known.until = world_.now();
  }
}

void DetectionRules::judge_opinions(const Agent& agent, const Group& group,
                                    const proto::Address& master) {
  if (limits_.stopped_clock || may_be_ambiguous()) return;
  const unsigned agreed = heard_.agreeing(agent, group, master);
  if (agreed >= group.options.quorum) return;
  fail(agent, "opinions are fresh",
       group.name + " counts as down, but only " + std::to_string(agreed) + " agents said so");
}

// Each opinion that counts was true at its owner within the last 5 s (and the way to us), under
// whatever name: it is asked for by address.
void DetectionRules::judge_truth(const Agent& agent, const Group& group,
                                 const proto::Address& master) {
  if (limits_.legacy || limits_.stopped_clock) return;
  std::set<const Agent*> agreed;
  const Instant oldest = world_.now() - opinion_lasts - 1s;
  for (const auto& [whose, down] : downs_[master]) {
    if (!down.until || *down.until >= oldest) agreed.insert(whose.first);
  }
  if (agreed.size() >= group.options.quorum) return;
  fail(agent, "opinions are true",
       group.name + " is objectively down, but only " + std::to_string(agreed.size()) +
           " agents held it for down");
}

}  // namespace vedette::sim
