#include "tests/sim/rules/heard.hpp"

#include <utility>

#include "consensus/discovery.hpp"

namespace vedette::sim {

void Heard::stepping(Agent& agent, const consensus::Event& event) {
  if (!agent.core()) return;
  Record& record = records_[agent];
  record.answer.reset();
  for (const consensus::GroupId id : std::exchange(record.moved, {})) {
    record.groups[id].opinions.clear();
  }
  if (const auto* const answer = std::get_if<consensus::PeerAnswered>(&event)) {
    hear(record, *answer);
  } else if (const auto* const pong = std::get_if<consensus::Ponged>(&event)) {
    const auto link = record.peers.find(pong->link);
    if (link != record.peers.end()) record.answered[link->second] = world_.now();
  } else if (const auto* const told = std::get_if<consensus::HelloHeard>(&event)) {
    const consensus::Group* const group = agent.core()->state().find(told->hello.master_name);
    if (group == nullptr || told->hello.agent_id == agent.id()) return;
    auto& hellos = record.groups[group->id].hellos;
    auto& known = hellos[{told->hello.agent_id, told->hello.agent}];
    const bool late =
        told->hello.config_epoch < known.config_epoch && known.at + longest_detour > world_.now();
    if (!late) known = {world_.now(), told->hello.master, told->hello.config_epoch};
  } else if (const auto* const recalled = std::get_if<consensus::ConfigurationTold>(&event)) {
    hear(agent, record, *recalled);
  }
}

// Of a peer that RESET forgot it counts as its hello, if there is none.
void Heard::hear(const Agent& agent, Record& record, const consensus::ConfigurationTold& event) {
  const auto asked = record.configurations.extract(event.request);
  const consensus::State& state = agent.core()->state();
  const auto owner = state.links.find(event.link);
  if (asked.empty() || owner == state.links.end() || !owner->second.stranger) return;
  const consensus::Group* const group = state.find(asked.mapped());
  if (group == nullptr) return;
  const consensus::Stranger& who = state.strangers.at(*owner->second.stranger);
  if (group->peers.contains(who.id) || who.hellos.contains(group->id)) return;
  const auto& [master, epoch] = event.configuration;
  record.groups[group->id].hellos[{who.id, who.address}] = {world_.now(), master, epoch};
}

void Heard::hear(Record& record, const consensus::PeerAnswered& event) {
  const auto asked = record.asks.extract(event.request);
  if (asked.empty()) return;
  Ask& ask = asked.mapped();
  ask.reply = event.reply;
  record.answer = ask;
  record.answered[ask.voter] = world_.now();
  OfGroup& group = record.groups[ask.group];
  group.opinions[ask.voter] = ask;
  if (!ask.reply.voted_for) return;
  const consensus::Vote vote{ask.reply.epoch, ask.reply.voted_for};
  KnownVote& known = group.votes[ask.voter];
  if (known.vote.epoch != vote.epoch) known.since = world_.now();
  known.vote = vote;
}

struct Heard::Look {
  const Agent& agent;
  Record& record;
  Instant now;

  void operator()(const consensus::Connect& c) const {
    if (c.kind == consensus::LinkKind::peer) record.peers[c.link] = c.address;
  }
  void operator()(const consensus::AskPeer& c) const {
    const auto link = record.peers.find(c.link);
    if (link == record.peers.end()) return;
    for (const auto& [id, group] : agent.core()->state().groups) {
      // Between two configurations each is asked by the one that it publishes.
      const bool settles = group.attempt && group.attempt->settles;
      const bool asked = settles ? consensus::find_node(group, c.query.master) != nullptr
                                 : group.master().address == c.query.master;
      if (!asked) continue;
      record.asks[c.request] = {id, link->second, c.query, group.config_epoch, now, {}};
    }
  }
  void operator()(const consensus::AskConfiguration& c) const {
    record.configurations[c.request] = c.group;
  }
  void operator()(const consensus::Announce& c) const {
    if (c.event != "+switch-master" && c.event != "+reset-master") return;
    const consensus::Group* const group = agent.core()->state().find(c.group);
    if (group == nullptr) return;
    record.moved.push_back(group->id);
    if (c.event == "+reset-master") record.groups[group->id].votes.clear();  // and all peers
  }
  template <class Other>
  void operator()(const Other&) const {}
};

void Heard::stepped(Agent& agent, const consensus::Event&, const consensus::Commands& commands) {
  if (!agent.core()) return;
  const Look look{agent, records_[agent], world_.now()};
  for (const consensus::Command& command : commands) std::visit(look, command);
}

unsigned Heard::agreeing(const Agent& agent, const consensus::Group& group,
                         const proto::Address& master) {
  const bool left = master != group.master().address;
  unsigned agreed = 1;
  for (const auto& [voter, opinion] : of(agent, group).opinions) {
    const bool counts = opinion.reply.down && opinion.sent + opinion_lasts > world_.now() &&
                        opinion.query.master == master &&
                        (left || opinion.config_epoch == group.config_epoch);
    if (counts) ++agreed;
  }
  return agreed;
}

}  // namespace vedette::sim
