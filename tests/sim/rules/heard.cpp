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
    hear(agent, record, *told);
  } else if (const auto* const recalled = std::get_if<consensus::ConfigurationTold>(&event)) {
    hear(agent, record, *recalled);
  }
}

void Heard::hear(const Agent& agent, Record& record, const consensus::HelloHeard& event) {
  const proto::Hello& hello = event.hello;
  const consensus::Group* const group = agent.core()->state().find(hello.master_name);
  if (group == nullptr || hello.agent_id == agent.id()) return;
  Published& known = record.groups[group->id].hellos[{hello.agent_id, hello.agent}];
  const bool late =
      hello.config_epoch < known.config_epoch && known.at + longest_detour > world_.now();
  if (late) return;
  known = {world_.now(), hello.master, hello.config_epoch};
}

// Of a peer that RESET forgot it counts as its hello, if there is none. A peer that answers with an
// older one has not published what was heard in its name.
void Heard::hear(const Agent& agent, Record& record, const consensus::ConfigurationTold& event) {
  const auto question = record.configurations.extract(event.request);
  const consensus::State& state = agent.core()->state();
  const auto owner = state.links.find(event.link);
  if (question.empty() || owner == state.links.end()) return;
  const consensus::Group* const group = state.find(question.mapped().group);
  if (group == nullptr) return;
  auto& hellos = record.groups[group->id].hellos;
  const auto& [master, epoch] = event.configuration;
  if (owner->second.peer) {
    const consensus::Peer& peer = state.peers.at(*owner->second.peer);
    const auto known = hellos.find({peer.id, peer.address});
    if (known == hellos.end()) return;
    const bool ours = known->second.master == group->master().address &&
                      known->second.config_epoch == group->config_epoch;
    const bool denied =
        !ours && epoch < known->second.config_epoch && question.mapped().asked >= known->second.at;
    if (denied) hellos.erase(known);
  } else if (owner->second.stranger) {
    const consensus::Stranger& who = state.strangers.at(*owner->second.stranger);
    if (group->peers.contains(who.id) || who.hellos.contains(group->id)) return;
    hellos[{who.id, who.address}] = {world_.now(), master, epoch};
  }
}

void Heard::hear(Record& record, const consensus::PeerAnswered& event) {
  const auto asked = record.asks.extract(event.request);
  if (asked.empty()) return;
  Ask& ask = asked.mapped();
  ask.reply = event.reply;
  record.answer = ask;
  record.answered[ask.voter] = world_.now();
  OfGroup& group = record.groups[ask.group];
  group.opinions.insert_or_assign(ask.voter, ask);
  if (!ask.reply.voted_for) return;
  const consensus::Vote vote{ask.reply.epoch, ask.reply.voted_for};
  KnownVote& known = group.votes[ask.voter_id];
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
    const auto& links = agent.core()->state().links;
    const auto owner = links.find(c.link);
    if (link == record.peers.end() || owner == links.end() || !owner->second.peer) return;
    for (const auto& [id, group] : agent.core()->state().groups) {
      // Between two configurations each is asked by the one that it publishes.
      const bool settles = group.attempt && group.attempt->settles;
      const bool asked = settles ? consensus::find_node(group, c.query.master) != nullptr
                                 : group.master().address == c.query.master;
      if (!asked) continue;
      record.asks.insert_or_assign(
          c.request,
          Ask{id, link->second, *owner->second.peer, c.query, group.config_epoch, now, {}});
    }
  }
  void operator()(const consensus::AskConfiguration& c) const {
    record.configurations[c.request] = {c.group, now};
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
