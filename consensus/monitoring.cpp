#include "consensus/monitoring.hpp"

#include <algorithm>
#include <string>

#include "consensus/announce.hpp"
#include "consensus/failover.hpp"
#include "consensus/hellos.hpp"
#include "consensus/links.hpp"
#include "consensus/promotion.hpp"
#include "consensus/strangers.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration shortest_ping_period = milliseconds{50};
constexpr Duration watchful_info_period = std::chrono::seconds{1};
constexpr Duration resync_info_period = milliseconds{100};
constexpr std::size_t most_outstanding_pings = 32;
constexpr Duration just_beyond{1};  // "more than down-after"

Duration ping_period(const State& state, milliseconds down_after) {
  const Duration period = std::min<Duration>(state.timings.ping_period, down_after / 5);
  return std::max(period, shortest_ping_period);
}

Instant ping_due(const PingClock& ping, Duration period) {
  if (ping.outstanding.size() >= most_outstanding_pings) return never;
  return ping.last_sent + period;
}

void send_ping(Turn& turn, LinkId link, PingClock& ping) {
  const RequestId request = turn.new_request();
  turn.emit(SendPing{link, request});
  ping.outstanding.push_back({request, turn.now, turn.own()});
  ping.last_sent = turn.now;
  if (!ping.silent_since) {
    ping.silent_since = turn.own();
    ping.silent_since_wall = turn.now;
  }
}

void ping_link_lost(Turn& turn, PingClock& ping) {
  ping.outstanding.clear();
  if (ping.silent_since) return;
  ping.silent_since = turn.own();
  ping.silent_since_wall = turn.now;
}

// The reply to one PING answers all that were sent before it.
bool take_pong(Turn& turn, PingClock& ping, const Ponged& event) {
  const auto same = [&](const PingClock::Sent& sent) { return sent.request == event.request; };
  const auto found = std::find_if(ping.outstanding.begin(), ping.outstanding.end(), same);
  if (found == ping.outstanding.end()) return false;
  const Instant sent_at = found->at;
  ping.outstanding.erase(ping.outstanding.begin(), found + 1);
  ping.last_reply = turn.now;
  if (event.kind != Pong::valid) return false;
  ping.last_ok = turn.now;
  ping.answered = true;
  if (!event.loading) ping.ponged_sent_at = sent_at;
  ping.round_trip = turn.now - sent_at;
  if (is_silent(ping, turn.now)) ping.unbroken_since = turn.now;
  ping.silent_since.reset();
  ping.silent_since_wall.reset();
  if (!ping.outstanding.empty()) {
    ping.silent_since = ping.outstanding.front().own;
    ping.silent_since_wall = ping.outstanding.front().at;
  }
  return true;
}

Duration info_period(const State& state, const Group& group, const Node& node) {
  const bool is_master = node.id == group.master_id;
  const Duration normal = state.timings.info_period;
  if (node.resync == Resync::sent || node.resync == Resync::in_progress) return resync_info_period;
  const bool contradicts = is_master != (node.reported_role == proto::Role::master);
  const bool in_trouble = group.objectively_down || group.attempt || !node.info.master_link_up ||
                          node.info.master != group.master().address;
  const bool watchful = contradicts || node.info_refused || (!is_master && in_trouble);
  if (watchful) return std::min(normal, watchful_info_period);
  return normal;
}

Instant info_due(const State& state, const Group& group, const Node& node) {
  if (!node.command.is_open() || node.info_request) return never;
  return node.info_sent_at + info_period(state, group, node);
}

Instant hello_due(const Node& node) {
  return node.command.is_open() && !node.hello_request ? node.hello_due : never;
}

bool is_silent(Turn& turn, const PingClock& ping, milliseconds down_after) {
  return ping.silent_since && turn.own() - *ping.silent_since > Duration{down_after};
}

// A master that calls itself a replica for too long is down for its group.
Instant wrong_role_due(const State& state, const Group& group, const Node& node) {
  const bool wrong =
      node.id == group.master_id && node.info_at && node.reported_role == proto::Role::replica;
  if (!wrong) return never;
  return node.reported_role_at + group.options.down_after + state.timings.info_period * 2 +
         just_beyond;
}

Instant reboot_due(const Group& group, const Node& node) {
  if (!node.rebooted_at || group.options.master_reboot_down_after.count() == 0) return never;
  return *node.rebooted_at + group.options.master_reboot_down_after + just_beyond;
}

bool judge_down(Turn& turn, const Group& group, const Node& node) {
  return is_silent(turn, node.ping, group.options.down_after) ||
         wrong_role_due(turn.state, group, node) <= turn.now || reboot_due(group, node) <= turn.now;
}

Instant down_due(const State& state, const Group& group, const Node& node) {
  if (node.subjectively_down) return never;
  Instant due = std::min(wrong_role_due(state, group, node), reboot_due(group, node));
  if (node.ping.silent_since) {
    const OwnTime limit{node.ping.silent_since->since_start + group.options.down_after +
                        just_beyond};
    due = std::min(due, state.started + state.lateness + limit.since_start);
  }
  return due;
}

void judge(Turn& turn, Group& group, Node& node) {
  const bool down = judge_down(turn, group, node);
  if (down == node.subjectively_down) return;
  node.subjectively_down = down;
  if (down) {
    node.subjectively_down_since = turn.now;
  } else {
    node.script_killed = false;
  }
  announce(turn, down ? events::down : events::up, group, describe(turn.state, group, node));
  turn.touch(group);
}

void judge(Turn& turn, Group& group, PeerView& view, const Peer& peer) {
  const bool down = is_silent(turn, peer.ping, group.options.down_after);
  if (down == view.subjectively_down) return;
  view.subjectively_down = down;
  if (down) view.subjectively_down_since = turn.now;
  announce(turn, down ? events::down : events::up, group, describe(turn.state, group, peer));
  turn.touch(group);
}

void publish_to(Turn& turn, Group& group, Node& node) {
  node.hello_request = turn.new_request();
  node.hello_due = turn.now + turn.state.timings.publish_period;
  const proto::Hello hello = make_hello(turn.state, group, node.command.local_host);
  turn.emit(PublishHello{node.command.id, *node.hello_request, hello});
}

void send_role(Turn& turn, const Group& group, Node& node) {
  node.role_wanted = false;
  node.role_request = turn.new_request();
  node.role_sent_at = turn.now;
  node.role_proves = configuration_is_confirmed(turn, group);
  if (!node.role_refused) {
    turn.emit(SendRole{node.command.id, *node.role_request});
    return;
  }
  ask_info_now(turn, node);
  node.role_request = node.info_request;
}

bool is_forbidden(const std::string& error) {
  const auto has = [&](const char* word) { return error.find(word) != std::string::npos; };
  return has("NOPERM") || has("unknown command");
}

// An ACL without +role, or a renamed ROLE: INFO says the same, in more words.
void role_failed(Turn& turn, Node& node, const std::string& error) {
  node.role_request.reset();
  if (node.role_refused || !is_forbidden(error)) return;
  note(turn, Level::warning,
       "ROLE refused by " + proto::to_string(node.address) + ", INFO is asked instead: " + error);
  node.role_refused = node.role_wanted = true;
}

void node_ponged(Turn& turn, const LinkOwner& owner, const Ponged& event) {
  Group& group = turn.state.groups.at(owner.group);
  Node& node = group.nodes.at(owner.node);
  const bool valid = take_pong(turn, node.ping, event);
  if (valid) prove_link(node.command);
  if (valid && !event.loading) {
    node.rebooted_at.reset();
    const bool is_back = group.attempt && node.id == group.master_id;
    if (is_back) ask_role_now(turn, group, node);
  }
  if (event.kind == Pong::busy && node.subjectively_down && !node.script_killed) {
    node.script_killed = true;
    turn.emit(KillScript{node.command.id});
  }
  turn.touch(group, node);
}

void rearm(Turn& turn, const Group& group, const Node& node) {
  const State& state = turn.state;
  Instant due = std::min(links_due(state, group, node), down_due(state, group, node));
  if (node.command.is_open()) {
    due = std::min(due, ping_due(node.ping, ping_period(state, group.options.down_after)));
    due = std::min({due, info_due(state, group, node), hello_due(node)});
  }
  turn.state.agenda.set(NodeRef{group.id, node.id}, due);
}

void rearm(Turn& turn, const Peer& peer, milliseconds down_after) {
  const State& state = turn.state;
  Instant due = links_due(peer, down_after);
  if (peer.link.is_open()) due = std::min(due, ping_due(peer.ping, ping_period(state, down_after)));
  if (peer.ping.silent_since) {
    for (const auto& [id, group] : state.groups) {
      const auto view = group.peers.find(peer.id);
      if (view == group.peers.end() || view->second.subjectively_down) continue;
      const OwnTime limit{peer.ping.silent_since->since_start + group.options.down_after +
                          just_beyond};
      due = std::min(due, turn.wall(limit));
    }
  }
  turn.state.agenda.set(peer.id, due);
}

}  // namespace

bool is_silent(const PingClock& ping, Instant now) noexcept {
  constexpr Duration hiccup = milliseconds{500};
  return ping.silent_since_wall && *ping.silent_since_wall + hiccup < now;
}

void tend(Turn& turn, Group& group, Node& node) {
  tend_links(turn, group, node);
  if (node.command.is_open()) {
    if (ping_due(node.ping, ping_period(turn.state, group.options.down_after)) <= turn.now) {
      send_ping(turn, node.command.id, node.ping);
    }
    if (info_due(turn.state, group, node) <= turn.now) ask_info_now(turn, node);
    if (node.role_wanted && !node.role_request) send_role(turn, group, node);
    if (hello_due(node) <= turn.now) publish_to(turn, group, node);
  }
  judge(turn, group, node);
  rearm(turn, group, node);
}

void tend(Turn& turn, Peer& peer) {
  const milliseconds down_after = down_after_of(turn.state, peer);
  tend_links(turn, peer, down_after);
  const Duration period = ping_period(turn.state, down_after);
  if (peer.link.is_open() && ping_due(peer.ping, period) <= turn.now) {
    send_ping(turn, peer.link.id, peer.ping);
  }
  for (auto& [id, group] : turn.state.groups) {
    const auto view = group.peers.find(peer.id);
    if (view != group.peers.end()) judge(turn, group, view->second, peer);
  }
  rearm(turn, peer, down_after);
}

void command_link_up(Turn& turn, Group& group, Node& node) {
  send_ping(turn, node.command.id, node.ping);
  ask_info_now(turn, node);
  node.hello_due = turn.now;
  turn.touch(group);
}

void command_link_lost(Turn& turn, Group& group, Node& node) {
  ping_link_lost(turn, node.ping);
  node.introduced = node.role_refused = false;
  node.info_request.reset();
  node.role_request.reset();
  node.hello_request.reset();
  if (node.follow_request) node.resync = Resync::none;
  node.follow_request.reset();
  node.proven_at.reset();
  promotion_link_lost(turn, group, node);
  turn.touch(group);
}

void peer_link_up(Turn& turn, Peer& peer) {
  turn.emit(Identify{peer.link.id, turn.new_request()});  // first: somebody else's pong is none
  send_ping(turn, peer.link.id, peer.ping);
  for (auto& [id, group] : turn.state.groups) {
    const auto view = group.peers.find(peer.id);
    if (view == group.peers.end()) continue;
    view->second.hello_due = view->second.ask_due = turn.now;
    turn.touch(group);
  }
}

void peer_link_lost(Turn& turn, Peer& peer) {
  ping_link_lost(turn, peer.ping);
  for (auto& [id, group] : turn.state.groups) {
    const auto view = group.peers.find(peer.id);
    if (view == group.peers.end()) continue;
    view->second.asks.clear();
    view->second.hello_request.reset();
    view->second.configuration_request.reset();
    turn.touch(group);
  }
}

void on_ponged(Turn& turn, const Ponged& event) {
  const auto found = turn.state.links.find(event.link);
  if (found == turn.state.links.end()) return;
  const LinkOwner& owner = found->second;
  if (owner.kind != LinkKind::peer) {
    node_ponged(turn, owner, event);
    return;
  }
  if (!owner.peer) return;
  Peer& peer = turn.state.peers.at(*owner.peer);
  if (take_pong(turn, peer.ping, event)) prove_link(peer.link);
  turn.touch(peer);
}

void on_acknowledged(Turn& turn, const Acknowledged& event) {
  const auto found = turn.state.links.find(event.link);
  if (found == turn.state.links.end()) return;
  const LinkOwner& owner = found->second;
  if (owner.kind == LinkKind::peer) {
    if (owner.peer) hello_answered(turn, *owner.peer, event.request, true);
    return;
  }
  Group& group = turn.state.groups.at(owner.group);
  Node& node = group.nodes.at(owner.node);
  if (node.hello_request == event.request) {
    node.hello_request.reset();
    node.hello_due = turn.now + turn.state.timings.publish_period;
  }
  if (node.follow_request == event.request) {
    node.follow_request.reset();
    ask_info_now(turn, node);
  }
  turn.touch(group, node);
}

void on_request_failed(Turn& turn, const RequestFailed& event) {
  const auto found = turn.state.links.find(event.link);
  if (found == turn.state.links.end()) return;
  const LinkOwner& owner = found->second;
  if (owner.stranger) return stranger_failed(turn, *owner.stranger, event);
  if (owner.kind == LinkKind::peer) {
    if (owner.peer) hello_answered(turn, *owner.peer, event.request, false);
    return;
  }
  Group& group = turn.state.groups.at(owner.group);
  Node& node = group.nodes.at(owner.node);
  if (node.hello_request == event.request) {
    node.hello_request.reset();
    node.hello_due = turn.now + hello_retry_period;
  }
  if (node.role_request == event.request) role_failed(turn, node, event.error);
  if (node.info_request == event.request) {
    node.info_request.reset();
    node.info_refused = true;
  }
  if (node.follow_request == event.request) {
    node.follow_request.reset();
    note(turn, Level::warning,
         "REPLICAOF refused by " + proto::to_string(node.address) + ": " + event.error);
  }
  promote_failed(turn, group, node, event);
  turn.touch(group, node);
}

void ask_info_now(Turn& turn, Node& node) {
  if (!node.command.is_open()) return;
  node.info_request = turn.new_request();
  node.info_sent_at = turn.now;
  turn.emit(SendInfo{node.command.id, *node.info_request});
}

void ask_role_now(Turn& turn, const Group& group, Node& node) {
  node.role_wanted = true;
  turn.touch(group, node);
}

void restart_clock(Turn& turn, Node& node) {
  node.subjectively_down = false;
  node.ping.last_ok = node.ping.last_reply = turn.now;
  node.ping.outstanding.clear();
  node.ping.silent_since = turn.own();
  node.ping.silent_since_wall = turn.now;
}

bool answered_within(const PingClock& ping, Instant now, Duration age) noexcept {
  return ping.answered && ping.last_ok + age >= now;
}

}  // namespace vedette::consensus
