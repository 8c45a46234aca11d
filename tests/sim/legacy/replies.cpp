// What the answers to our own requests change.
#include <algorithm>

#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

namespace {

// The request that this answers, which is thereby done.
struct Answered {
  const LegacyOwner* owner;
  LegacyLink* link;
  LegacyRequest request;
};
std::optional<Answered> take(LegacyState& state, consensus::LinkId id,
                             consensus::RequestId request) {
  const auto owner = state.owners.find(id);
  if (owner == state.owners.end()) return std::nullopt;
  LegacyLink* link = find_link(state, owner->second);
  if (link == nullptr || link->command.id != id) return std::nullopt;
  auto& open = link->command.unanswered;
  const auto same = [&](const LegacyRequest& each) { return each.id == request; };
  const auto found = std::find_if(open.begin(), open.end(), same);
  if (found == open.end()) return std::nullopt;
  Answered answered{&owner->second, link, *found};
  open.erase(found);
  return answered;
}

}  // namespace

// PONG, LOADING and MASTERDOWN are valid; any other reply only shows that the link lives. BUSY of
// an instance that is down gets one SCRIPT KILL. A real PONG ends the watch on a rebooted master
// (sections 5.1 and 5.2).
void on_reply(LegacyTurn& turn, const consensus::Ponged& event) {
  const auto answered = take(turn.state, event.link, event.request);
  if (!answered) return;
  LegacyLink& link = *answered->link;
  LegacyNode* node = find_node(turn.state, *answered->owner).node;
  if (event.kind == consensus::Pong::valid) {
    link.last_available = turn.now;
    link.unanswered_since.reset();
    if (node != nullptr && !event.loading) node->rebooted_at.reset();
  }
  link.last_pong = turn.now;
  const bool busy = event.kind == consensus::Pong::busy && node != nullptr;
  if (!busy || !node->subjectively_down || node->script_killed) return;
  node->script_killed = true;
  turn.emit(consensus::KillScript{event.link});
}

void on_reply(LegacyTurn& turn, const consensus::InfoRead& event) {
  const auto answered = take(turn.state, event.link, event.request);
  if (!answered) return;
  const LegacyFound found = find_node(turn.state, *answered->owner);
  if (found.node == nullptr) return;
  LegacyGroup& group = *found.group;
  const bool is_master = found.node == &group.master;
  take_info(turn, is_master ? master_of(group) : replica_of(group, *found.node), event.info);
}

// The flag and the vote stay until the next answer, whatever they were asked about (section 5.5 and
// 7.1, item 1).
void on_reply(LegacyTurn& turn, const consensus::PeerAnswered& event) {
  const auto answered = take(turn.state, event.link, event.request);
  if (!answered) return;
  LegacyPeer* peer = find_peer(turn.state, *answered->owner, answered->request.group);
  if (peer == nullptr) return;
  peer->answered_at = turn.now;
  peer->says_down = event.reply.down;
  if (!event.reply.voted_for) return;
  if (peer->voted_epoch != event.reply.epoch) {
    turn.emit(consensus::Note{consensus::Level::warning,
                              peer->id.text() + " voted for " + event.reply.voted_for->text() +
                                  " " + std::to_string(number(event.reply.epoch))});
  }
  peer->voted_for = event.reply.voted_for;
  peer->voted_epoch = event.reply.epoch;
}

// The timer of the hellos starts again with their acknowledgement (section 4).
void on_reply(LegacyTurn& turn, const consensus::Acknowledged& event) {
  const auto answered = take(turn.state, event.link, event.request);
  if (!answered || answered->request.kind != LegacyRequest::Kind::hello) return;
  LegacyInstance* instance = find_node(turn.state, *answered->owner).node;
  if (instance == nullptr) {
    instance = find_peer(turn.state, *answered->owner, answered->request.group);
  }
  if (instance != nullptr) instance->hello_at = turn.now;
}

// Errors change nothing, least of all after REPLICAOF (section 5.3).
void on_reply(LegacyTurn& turn, const consensus::RequestFailed& event) {
  (void)take(turn.state, event.link, event.request);
}

}  // namespace vedette::sim
