#include "consensus/links.hpp"

#include <algorithm>
#include <utility>

#include "consensus/claims.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/promotion.hpp"
#include "consensus/strangers.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration first_backoff = milliseconds{50};
constexpr Duration longest_after_refusal = std::chrono::seconds{1};
constexpr Duration least_patience = milliseconds{100};
constexpr Duration most_connect_patience = std::chrono::seconds{1};

void open_link(Turn& turn, Link& link, LinkOwner owner, const std::string& group,
               const proto::Address& address) {
  link.id = turn.new_link();
  link.status = Link::Status::connecting;
  link.since = turn.now;
  const LinkKind kind = owner.kind;
  turn.state.links.emplace(link.id, std::move(owner));
  turn.emit(Connect{link.id, kind, group, address});
}

// The first retry after a proven connection is immediate, the following ones wait longer and
// longer: longest for whoever takes connections and closes them (an ACL, maxclients), where
// hurrying helps nobody and fills logs.
void mark_lost(Turn& turn, Link& link) {
  const Duration longest = link.is_open() ? longest_after_refusal : longest_backoff;
  turn.state.links.erase(link.id);
  link.status = Link::Status::closed;
  link.since = turn.now;
  link.retry_at = turn.now + link.backoff;
  link.backoff = std::clamp(link.backoff * 2, first_backoff, longest);
}

void abandon(Turn& turn, Link& link) {
  turn.emit(Disconnect{link.id});
  mark_lost(turn, link);
}

Duration connect_patience(milliseconds down_after) {
  return std::min(link_patience(down_after), most_connect_patience);
}

// A PING is unanswered for too long on a connection that may be half open.
Instant silence_limit(const PingClock& ping, milliseconds down_after) {
  if (ping.outstanding.empty()) return never;
  return ping.outstanding.front().at + link_patience(down_after);
}

Instant link_due(const Link& link, milliseconds down_after) {
  if (link.status == Link::Status::closed) return link.retry_at;
  if (link.status == Link::Status::connecting) return link.since + connect_patience(down_after);
  return never;
}

Duration pubsub_patience(const State& state) { return state.timings.publish_period * 3; }

bool promote_pending(const Group& group, const Node& node) {
  return group.attempt && group.attempt->promote_request && group.attempt->target == node.id;
}

void tend_command_link(Turn& turn, Group& group, Node& node) {
  Link& link = node.command;
  const bool silent = link.is_open() && !promote_pending(group, node) &&
                      silence_limit(node.ping, group.options.down_after) <= turn.now;
  const bool stuck = link.status == Link::Status::connecting &&
                     link_due(link, group.options.down_after) <= turn.now;
  if (silent || stuck) {
    abandon(turn, link);
    command_link_lost(turn, group, node);
  }
  if (link.status == Link::Status::closed && link.retry_at <= turn.now) {
    open_link(turn, link, {LinkKind::command, group.id, node.id, {}}, group.name, node.address);
  }
}

void tend_pubsub_link(Turn& turn, const Group& group, Node& node) {
  Link& link = node.pubsub;
  const bool silent = link.is_open() && link.heard_at + pubsub_patience(turn.state) <= turn.now;
  const bool stuck = link.status == Link::Status::connecting &&
                     link_due(link, group.options.down_after) <= turn.now;
  if (silent || stuck) abandon(turn, link);
  if (link.status == Link::Status::closed && link.retry_at <= turn.now) {
    open_link(turn, link, {LinkKind::pubsub, group.id, node.id, {}}, group.name, node.address);
  }
}

void node_link_up(Turn& turn, const LinkOwner& owner, const LinkUp& event) {
  Group& group = turn.state.groups.at(owner.group);
  Node& node = group.nodes.at(owner.node);
  Link& link = owner.kind == LinkKind::command ? node.command : node.pubsub;
  link.status = Link::Status::open;
  link.since = link.heard_at = turn.now;
  link.local_host = event.local_host;
  if (owner.kind == LinkKind::command) command_link_up(turn, group, node);
  turn.touch(group, node);
}

}  // namespace

Duration link_patience(milliseconds down_after) {
  return std::max<Duration>(down_after / 2, least_patience);
}

milliseconds down_after_of(const State& state, const Peer& peer) {
  milliseconds least = state.timings.default_down_after;
  for (const auto& [id, group] : state.groups) {
    if (group.peers.contains(peer.id)) least = std::min(least, group.options.down_after);
  }
  return least;
}

void tend_links(Turn& turn, Group& group, Node& node) {
  if (node.address.port == 0) return;  // never connected, as in Sentinel
  tend_command_link(turn, group, node);
  tend_pubsub_link(turn, group, node);
}

void tend_links(Turn& turn, Peer& peer, milliseconds down_after) {
  Link& link = peer.link;
  const bool silent = link.is_open() && silence_limit(peer.ping, down_after) <= turn.now;
  const bool stuck =
      link.status == Link::Status::connecting && link_due(link, down_after) <= turn.now;
  if (silent || stuck) {
    abandon(turn, link);
    peer_link_lost(turn, peer);
  }
  if (link.status == Link::Status::closed && link.retry_at <= turn.now) {
    open_link(turn, link, {LinkKind::peer, {}, {}, peer.id}, "", peer.address);
  }
}

Instant links_due(const State& state, const Group& group, const Node& node) {
  if (node.address.port == 0) return never;
  const milliseconds down_after = group.options.down_after;
  Instant due = std::min(link_due(node.command, down_after), link_due(node.pubsub, down_after));
  if (node.command.is_open() && !promote_pending(group, node)) {
    due = std::min(due, silence_limit(node.ping, down_after));
  }
  if (node.pubsub.is_open()) due = std::min(due, node.pubsub.heard_at + pubsub_patience(state));
  return due;
}

Instant links_due(const Peer& peer, milliseconds down_after) {
  const Instant due = link_due(peer.link, down_after);
  return peer.link.is_open() ? std::min(due, silence_limit(peer.ping, down_after)) : due;
}

void on_link_up(Turn& turn, const LinkUp& event) {
  const auto found = turn.state.links.find(event.link);
  if (found == turn.state.links.end()) return;
  const LinkOwner& owner = found->second;
  if (owner.stranger) return stranger_link_up(turn, *owner.stranger);
  if (owner.claimed) return claimed_link_up(turn, turn.state.groups.at(owner.group));
  if (owner.kind != LinkKind::peer) {
    node_link_up(turn, owner, event);
    return;
  }
  Peer& peer = turn.state.peers.at(*owner.peer);
  peer.link.status = Link::Status::open;
  peer.link.since = turn.now;
  peer.link.local_host = event.local_host;
  peer_link_up(turn, peer);
  turn.touch(peer);
}

void on_link_down(Turn& turn, const LinkDown& event) {
  const auto found = turn.state.links.find(event.link);
  if (found == turn.state.links.end()) return;
  const LinkOwner owner = found->second;
  if (owner.stranger) return stranger_link_down(turn, *owner.stranger);
  if (owner.claimed) return claimed_link_down(turn, turn.state.groups.at(owner.group));
  if (owner.kind == LinkKind::peer) {
    Peer& peer = turn.state.peers.at(*owner.peer);
    mark_lost(turn, peer.link);
    peer_link_lost(turn, peer);
    turn.touch(peer);
    return;
  }
  Group& group = turn.state.groups.at(owner.group);
  Node& node = group.nodes.at(owner.node);
  mark_lost(turn, owner.kind == LinkKind::command ? node.command : node.pubsub);
  if (event.unwritten) promote_unwritten(turn, group, *event.unwritten);
  if (owner.kind == LinkKind::command) command_link_lost(turn, group, node);
  turn.touch(group, node);
}

void close_link(Turn& turn, Link& link) {
  if (link.status != Link::Status::closed) abandon(turn, link);
  link.backoff = Duration{0};
  link.retry_at = turn.now;
}

void close_links(Turn& turn, Node& node) {
  close_link(turn, node.command);
  close_link(turn, node.pubsub);
}

void prove_link(Link& link) noexcept { link.backoff = Duration{0}; }

}  // namespace vedette::consensus
