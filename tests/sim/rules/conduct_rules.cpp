#include "tests/sim/rules/conduct_rules.hpp"

#include <algorithm>

#include "tests/sim/play/faults.hpp"

namespace vedette::sim {

using consensus::Group;

namespace {

constexpr unsigned most_steps = 20'000;  // of one agent and group in a second: no storm of its own
constexpr unsigned most_ticks = 100;     // at one instant
constexpr Duration least_repetition = 1s;
constexpr Duration floor_lasts = 60s;

}  // namespace

void ConductRules::stepping(Agent& agent, const consensus::Event& event) {
  if (!agent.core()) return;
  Record& record = records_[agent];
  check_pace(agent, record, event);
  if (const auto* const pong = std::get_if<consensus::Ponged>(&event)) {
    const auto sent = record.pings.extract(pong->request);
    Return* const back = return_on(agent, record, pong->link);
    const bool counts = pong->kind == consensus::Pong::valid && !pong->loading;
    if (sent.empty() || back == nullptr || !counts) return;
    if (back->down_at && sent.mapped() >= *back->down_at) back->ponged = true;
  } else if (const auto* const role = std::get_if<consensus::RoleRead>(&event)) {
    Return* const back = return_on(agent, record, role->link);
    if (back == nullptr || role->role.role != proto::Role::master) return;
    const Group& group = *master_on(agent, record, role->link);
    if (has_ended_one(*back, group) || group.master().subjectively_down) return;
    if (back->ponged) back->is_back = true;
  }
}

// A return ends one attempt in that time, no more.
bool ConductRules::has_ended_one(const Return& back, const Group& group) const {
  return back.aborted_at && *back.aborted_at + group.options.down_after * 10 > world_.now();
}

// The group whose master that link leads to.
const Group* ConductRules::master_on(const Agent& agent, const Record& record,
                                     consensus::LinkId link) const {
  const auto address = record.links.find(link);
  if (address == record.links.end()) return nullptr;
  for (const auto& [name, back] : record.returns) {
    const Group* const group = agent.core()->state().find(name);
    if (group != nullptr && group->master().address == address->second) return group;
  }
  return nullptr;
}

ConductRules::Return* ConductRules::return_on(const Agent& agent, Record& record,
                                              consensus::LinkId link) {
  const Group* const group = master_on(agent, record, link);
  return group == nullptr ? nullptr : &record.returns[group->name];
}

void ConductRules::stepped(Agent& agent, const consensus::Event&,
                           const consensus::Commands& commands) {
  if (!agent.core()) return;
  Record& record = records_[agent];
  for (const consensus::Command& command : commands) {
    if (const auto* const connect = std::get_if<consensus::Connect>(&command)) {
      if (connect->kind == consensus::LinkKind::command) {
        record.links[connect->link] = connect->address;
      }
    } else if (const auto* const ping = std::get_if<consensus::SendPing>(&command)) {
      if (!record.returns.empty()) record.pings[ping->request] = world_.now();
    } else if (const auto* const news = std::get_if<consensus::Announce>(&command)) {
      note(agent, record, *news);
    } else if (const auto* const follow = std::get_if<consensus::Follow>(&command)) {
      check_repetition(agent, record, *follow);
    } else if (const auto* const promote = std::get_if<consensus::Promote>(&command)) {
      judge_decision(agent, record, promote->hello.master_name);
    }
  }
  if (agent.core()->state().groups.size() > most_groups) return;
  check_switches(agent, record, commands);
  check_syncs(agent, record);
  check_voters(agent, record);
}

// ---- pace and announcements --------------------------------------------------------------------

void ConductRules::check_pace(const Agent& agent, Record& record, const consensus::Event& event) {
  if (std::holds_alternative<consensus::Tick>(event)) {
    record.ticks = record.last_tick == world_.now() ? record.ticks + 1 : 1;
    record.last_tick = world_.now();
    if (record.ticks > most_ticks) fail(agent, "no storm of its own", "its time stands still");
  }
  if (world_.now() - record.window >= 1s) {
    record.window = world_.now();
    record.steps = 0;
  }
  const auto groups = static_cast<unsigned>(agent.core()->state().groups.size());
  if (++record.steps <= most_steps * std::max(groups, 1u)) return;
  fail(agent, "no storm of its own", std::to_string(record.steps) + " steps in a second");
}

// A node that does not do what it is told is not told again and again.
void ConductRules::check_repetition(const Agent& agent, Record& record,
                                    const consensus::Follow& follow) {
  auto& [master, at] = record.follows[follow.link];
  if (master == follow.master && at + least_repetition > world_.now()) {
    fail(agent, "an order is not repeated at once", proto::to_string(follow.master));
  }
  master = follow.master;
  at = world_.now();
}

void ConductRules::check_switches(const Agent& agent, Record& record,
                                  const consensus::Commands& commands) {
  for (const auto& [id, group] : agent.core()->state().groups) {
    const proto::Address& now = group.master().address;
    const auto [known, fresh] = record.masters.try_emplace(id, now);
    if (fresh || known->second == now) continue;
    known->second = now;
    const std::string& name = group.name;
    const bool told = std::any_of(commands.begin(), commands.end(), [&](const auto& command) {
      const auto* const news = std::get_if<consensus::Announce>(&command);
      return news != nullptr && news->event == "+switch-master" && news->group == name;
    });
    if (!told) fail(agent, "every switch is announced", group.name);
  }
}

// Those on their way go on when an operator sets the limit below them.
void ConductRules::check_syncs(const Agent& agent, Record& record) {
  for (const auto& [id, group] : agent.core()->state().groups) {
    const auto busy = std::count_if(group.nodes.begin(), group.nodes.end(), [](const auto& each) {
      return each.second.resync == consensus::Resync::sent ||
             each.second.resync == consensus::Resync::in_progress;
    });
    const auto before = std::exchange(record.busy[id], busy);
    if (busy > std::max(group.options.parallel_syncs, 0) && busy > before) {
      fail(agent, "parallel-syncs is respected", std::to_string(busy) + " replicas at once");
    }
  }
}

// For a minute RESET, or REMOVE and MONITOR, make no majority smaller.
void ConductRules::check_voters(const Agent& agent, Record& record) {
  for (const auto& [id, group] : agent.core()->state().groups) {
    const std::size_t voters = group.voters();
    record.voters[group.name] = voters;
    const auto floor = record.floors.find(group.name);
    if (floor == record.floors.end() || floor->second.until <= agent.clock()) continue;
    if (group.options.voters > 0 || voters >= floor->second.voters) continue;
    fail(agent, "a RESET shrinks no majority",
         group.name + ": " + std::to_string(voters) + " after " +
             std::to_string(floor->second.voters));
  }
}

// ---- a master that is back ---------------------------------------------------------------------

// Nobody forges the hello of one agent, or from one place, often enough to be believed.
void ConductRules::check_newcomer(const Agent& agent, const consensus::Announce& news) {
  if (news.event != "+sentinel" && news.event != "+sentinel-address-switch") return;
  const bool exists = std::any_of(
      world_.agents().begin(), world_.agents().end(),
      [&](const auto& each) { return news.payload.find(each->id().text()) != std::string::npos; });
  if (exists && news.payload.find(forger.host) == std::string::npos) return;
  fail(agent, "who is not heard again is no voter", news.payload);
}

void ConductRules::promoted(Agent&, const proto::Hello&, Redis& node, Instant) {
  promoted_.insert(&node);
}

// Whoever publishes what: a group's master is one of its nodes, and was made one. Real Sentinels
// pass on what they were told, and an address may have gone to another node meanwhile.
void ConductRules::check_adopted(const Agent& agent, const consensus::Announce& news) {
  const Group* const group = agent.core()->state().find(news.group);
  if (news.event != "+config-update-from" || group == nullptr) return;
  if (limits_.legacy || limits_.moved) return;
  const proto::Address& master = group->master().address;
  const auto is_it = [&](const auto& each) { return each->name == news.group; };
  const auto shard = std::find_if(world_.shards().begin(), world_.shards().end(), is_it);
  const auto& nodes = (*shard)->nodes;
  // One that has just crashed counts too.
  const auto is_there = [&](const Redis* each) { return each->address() == master; };
  const auto node = std::find_if(nodes.begin(), nodes.end(), is_there);
  const bool was_made =
      node != nodes.end() && (promoted_.contains(*node) || node == nodes.begin() ||
                              (*node)->role() == proto::Role::master);
  if (was_made) return;
  fail(agent, "a newer configuration is a true one", proto::to_string(master));
}

void ConductRules::note(const Agent& agent, Record& record, const consensus::Announce& news) {
  check_newcomer(agent, news);
  check_adopted(agent, news);
  if (news.event == "+odown") {
    Return& back = record.returns[news.group];
    back.down_at = world_.now();
    back.ponged = back.is_back = false;
  } else if (news.event == "+switch-master" || news.event == "+reset-master" ||
             news.event == "-monitor") {
    Return after;
    // What stopped a failover before a RESET has done so all the same.
    if (news.event == "+reset-master") after.aborted_at = record.returns[news.group].aborted_at;
    record.returns[news.group] = after;
    if (news.event != "+switch-master") {
      record.floors[news.group] = {record.voters[news.group], agent.clock() + floor_lasts};
    }
    record.pings.clear();
    record.follows.clear();  // what was ordered before may have been countermanded meanwhile
  } else if (news.event == "-failover-abort-master-back") {
    Return& back = record.returns[news.group];
    const Group* const group = agent.core()->state().find(news.group);
    if (group != nullptr && has_ended_one(back, *group)) {
      fail(agent, "a master that comes and goes is replaced", news.group);
    }
    back.aborted_at = world_.now();
  }
}

// Judged when it is decided: the write may come later.
void ConductRules::judge_decision(const Agent& agent, Record& record, const std::string& name) {
  const Group* const group = agent.core()->state().find(name);
  if (group == nullptr || !group->attempt || group->attempt->forced) return;
  const Return& back = record.returns[name];
  if (back.is_back && !has_ended_one(back, *group) && !group->attempt->promote_sent_before) {
    fail(agent, "a master that is back stays", proto::to_string(group->master().address));
  }
}

}  // namespace vedette::sim
