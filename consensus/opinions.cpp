#include "consensus/opinions.hpp"

#include <algorithm>
#include <string>

#include "consensus/announce.hpp"
#include "consensus/election.hpp"
#include "consensus/hosts.hpp"
#include "consensus/strangers.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration opinion_validity = std::chrono::seconds{5};
constexpr Duration eager_low = milliseconds{20};
constexpr Duration eager_high = milliseconds{50};
constexpr Duration eager_for = std::chrono::seconds{2};
constexpr std::size_t most_outstanding_asks = 3;

bool is_valid(const PeerView::Opinion& opinion, const Group& group, Instant now) {
  return opinion.address == group.master().address && opinion.config_epoch == group.config_epoch &&
         opinion.asked_at + opinion_validity > now;
}

bool agrees(const PeerView& view, const Group& group, Instant now) {
  return view.opinion && view.opinion->down && is_valid(*view.opinion, group, now);
}

// Eager until the quorum is reached or two seconds passed, then Sentinel's period.
Duration next_interval(Turn& turn, const Group& group, const PeerView& view) {
  const Duration normal = turn.state.timings.ask_period;
  if (group.objectively_down) return normal;
  if (turn.now - group.master().subjectively_down_since < eager_for) {
    return std::min(normal, turn.state.random.between(eager_low, eager_high));
  }
  return std::clamp(view.ask_interval * 2, eager_low, normal);
}

void send_ask(Turn& turn, Group& group, PeerView& view, const Peer& peer) {
  proto::DownQuery query{group.master().address, turn.state.durable_epoch, std::nullopt};
  if (group.attempt && group.attempt->durable) {
    query.epoch = group.attempt->epoch;
    query.candidate = turn.state.my_id;
  }
  // Whoever holds another master for ours finds its vote by that one.
  if (group.attempt && group.attempt->settles && view.published) {
    query.master = view.published->master;
  }
  const RequestId request = turn.new_request();
  proto::DownQuery asked = query;
  asked.master = shown(turn.state, query.master);
  turn.emit(AskPeer{peer.link.id, request, std::move(asked)});
  view.asks[request] = PeerView::Ask{turn.now, std::move(query), group.config_epoch};
  view.asked_at = turn.now;
  view.ask_interval = next_interval(turn, group, view);
  view.ask_due = turn.now + view.ask_interval;
}

void record_vote(Turn& turn, PeerView& view, const Peer& peer, const proto::DownReply& reply) {
  if (!reply.voted_for) return;
  if (view.voted_leader_epoch != reply.epoch) {
    view.voted_leader_at = turn.now;
    note(turn, Level::warning,
         peer.id.text() + " voted for " + reply.voted_for->text() + " " +
             std::to_string(number(reply.epoch)));
  }
  view.voted_leader = reply.voted_for;
  view.voted_leader_epoch = reply.epoch;
}

std::size_t count_down(const Group& group, Instant now) {
  std::size_t count = 1;
  for (const auto& [id, view] : group.peers) {
    if (agrees(view, group, now)) ++count;
  }
  return count;
}

}  // namespace

void tend_asks(Turn& turn, Group& group) {
  if (!group.master().subjectively_down) return;
  for (auto& [id, view] : group.peers) {
    if (view.ask_due > turn.now || !view.asks.empty()) continue;
    const Peer& peer = turn.state.peers.at(id);
    if (peer.link.is_open()) send_ask(turn, group, view, peer);
  }
}

Instant asks_due(const State& state, const Group& group) {
  if (!group.master().subjectively_down) return never;
  Instant due = never;
  for (const auto& [id, view] : group.peers) {
    if (state.peers.at(id).link.is_open() && view.asks.empty()) due = std::min(due, view.ask_due);
  }
  return due;
}

void ask_for_votes(Turn& turn, Group& group) {
  for (auto& [id, view] : group.peers) {
    const Peer& peer = turn.state.peers.at(id);
    if (!peer.link.is_open() || view.asks.size() >= most_outstanding_asks) continue;
    send_ask(turn, group, view, peer);
  }
}

void ask_dissenters(Turn& turn, Group& group) {
  if (!group.master().subjectively_down) return;
  for (auto& [id, view] : group.peers) {
    if (agrees(view, group, turn.now)) continue;
    // Two in tilt never agree: each ask would bring the next one.
    const Instant next = std::max(turn.now, view.asked_at + eager_low);
    view.ask_due = std::min(view.ask_due, next);
  }
  turn.touch(group);
}

void on_peer_answered(Turn& turn, const PeerAnswered& event) {
  const auto owner = turn.state.links.find(event.link);
  if (owner == turn.state.links.end()) return;
  if (owner->second.stranger) return stranger_answered(turn, *owner->second.stranger);
  if (!owner->second.peer) return;
  const Peer& peer = turn.state.peers.at(*owner->second.peer);
  for (auto& [id, group] : turn.state.groups) {
    const auto found = group.peers.find(peer.id);
    if (found == group.peers.end()) continue;
    PeerView& view = found->second;
    const auto ask = view.asks.find(event.request);
    if (ask == view.asks.end()) continue;
    const PeerView::Ask answered = ask->second;
    view.asks.erase(ask);
    view.answered_at = turn.now;
    view.opinion = PeerView::Opinion{event.reply.down, answered.sent_at, answered.query.master,
                                     answered.config_epoch};
    record_vote(turn, view, peer, event.reply);
    count_vote(turn, group, peer, answered, event.reply);
    turn.touch(group);
    return;
  }
}

void judge_objectively(Turn& turn, Group& group) {
  const std::size_t count = count_down(group, turn.now);
  const bool down = group.master().subjectively_down && count >= group.options.quorum;
  if (down == group.objectively_down) return;
  group.objectively_down = down;
  if (!down) {
    announce(turn, events::objectively_up, group, describe(turn.state, group));
    return;
  }
  group.objectively_down_since = turn.now;
  announce(turn, events::objectively_down, group,
           describe(turn.state, group) + " #quorum " + std::to_string(count) + "/" +
               std::to_string(group.options.quorum));
  // The replicas are asked for fresh INFO every second from now on.
  for (const auto& [id, node] : group.nodes) turn.touch(group, node);
}

Instant opinions_due(const Turn& turn, const Group& group) {
  Instant due = never;
  if (!group.objectively_down) return due;
  for (const auto& [id, view] : group.peers) {
    if (agrees(view, group, turn.now)) {
      due = std::min(due, view.opinion->asked_at + opinion_validity);
    }
  }
  return due;
}

}  // namespace vedette::consensus
