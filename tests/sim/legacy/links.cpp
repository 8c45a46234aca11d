// Connections: two to a data node, one to a peer, tried again on a grid of a second (section 5.1).
#include <utility>
#include <variant>

#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

using consensus::LinkKind;

// A new link counts as if it had just answered and had a PING under way since now (section 5.1).
void start_link(LegacyTurn& turn, LegacyLink& link) {
  link.last_available = link.last_pong = turn.now;
  link.unanswered_since = turn.now;
}

// Either missing is as bad as both: then not even PING is sent on the other (section 5.1).
bool is_disconnected(const LegacyLink& link, LegacyKind kind) {
  return !link.command.id || (kind != LegacyKind::peer && !link.pubsub.id);
}

void close_connection(LegacyTurn& turn, LegacyConnection& connection) {
  if (!connection.id) return;
  turn.emit(consensus::Disconnect{*connection.id});
  turn.state.owners.erase(*connection.id);
  connection = {};
}

void close_link(LegacyTurn& turn, LegacyLink& link) {
  close_connection(turn, link.command);
  close_connection(turn, link.pubsub);
}

namespace {

void open_connection(LegacyTurn& turn, const LegacyRef& ref, LegacyConnection& connection,
                     LinkKind kind) {
  connection.id = consensus::LinkId{++turn.state.serial};
  connection.since = turn.now;
  LegacyOwner owner;
  owner.kind = kind;
  owner.group = ref.group.id;
  owner.is_master = ref.kind == LegacyKind::master;
  owner.address = ref.instance.address;
  if (ref.peer != nullptr) owner.peer = ref.peer->id;
  turn.state.owners.emplace(*connection.id, std::move(owner));
  const std::string credentials = kind == LinkKind::peer ? std::string() : ref.group.name;
  turn.emit(consensus::Connect{*connection.id, kind, credentials, ref.instance.address});
}

LegacyConnection* find_connection(LegacyState& state, consensus::LinkId id) {
  const auto owner = state.owners.find(id);
  if (owner == state.owners.end()) return nullptr;
  LegacyLink* link = find_link(state, owner->second);
  if (link == nullptr) return nullptr;
  LegacyConnection& connection =
      owner->second.kind == LinkKind::pubsub ? link->pubsub : link->command;
  return connection.id == id ? &connection : nullptr;
}

// Without announce-ip a hello carries the local address of its own connection
// (sentinel-protocol.md, section 8).
void write_out(LegacyTurn& turn, const LegacyConnection& connection, consensus::Command command) {
  auto* const publish = std::get_if<consensus::PublishHello>(&command);
  if (publish != nullptr && publish->hello.agent.host.empty()) {
    publish->hello.agent.host = connection.local_host;
  }
  turn.out.push_back(std::move(command));
}

}  // namespace

// Once a second for what is missing, counted from the last attempt, which a change of address does
// not reset (sections 4 and 7.1, item 1). An instance with port 0 is never connected. The
// connection counts from the attempt on: PING leaves with it, and no patience with connecting ever
// ends.
void reconnect(LegacyTurn& turn, const LegacyRef& ref) {
  LegacyLink& link = ref.link;
  if (!is_disconnected(link, ref.kind) || ref.instance.address.port == 0) return;
  if (turn.now - link.last_attempt < turn.state.timings.ping_period) return;
  link.last_attempt = turn.now;
  if (!link.command.id) {
    const bool to_peer = ref.kind == LegacyKind::peer;
    open_connection(turn, ref, link.command, to_peer ? LinkKind::peer : LinkKind::command);
    const auto request = new_request(turn, link.command, LegacyRequest::Kind::ping, ref.group);
    submit(turn, link.command, consensus::SendPing{*link.command.id, request});
    link.last_ping = turn.now;
    if (!link.unanswered_since) link.unanswered_since = turn.now;
  }
  if (ref.kind != LegacyKind::peer && !link.pubsub.id) {
    open_connection(turn, ref, link.pubsub, LinkKind::pubsub);
    link.pubsub_heard = turn.now;
  }
}

consensus::RequestId new_request(LegacyTurn& turn, LegacyConnection& connection,
                                 LegacyRequest::Kind kind, const LegacyGroup& group) {
  const consensus::RequestId id{++turn.state.serial};
  connection.unanswered.push_back({id, kind, group.id});
  return id;
}

void submit(LegacyTurn& turn, LegacyConnection& connection, consensus::Command command) {
  if (connection.up) {
    write_out(turn, connection, std::move(command));
  } else {
    connection.waiting.push_back(std::move(command));
  }
}

// One transaction; its replies are ignored, success is read from INFO (section 5.3).
void send_follow(LegacyTurn& turn, const LegacyGroup& group, LegacyNode& node,
                 const proto::Address& master) {
  LegacyConnection& connection = node.link.command;
  const auto request = new_request(turn, connection, LegacyRequest::Kind::follow, group);
  submit(turn, connection, consensus::Follow{*connection.id, request, master});
}

void link_up(LegacyTurn& turn, const consensus::LinkUp& event) {
  LegacyConnection* connection = find_connection(turn.state, event.link);
  if (connection == nullptr || connection->up) return;
  connection->up = true;
  connection->local_host = event.local_host;
  for (consensus::Command& each : connection->waiting) {
    write_out(turn, *connection, std::move(each));
  }
  connection->waiting.clear();
}

// Requests under way are lost with it; a PING among them stays unanswered (section 5.2).
void link_down(LegacyTurn& turn, consensus::LinkId link) {
  LegacyConnection* connection = find_connection(turn.state, link);
  if (connection != nullptr) *connection = {};
  turn.state.owners.erase(link);
}

void pubsub_heard(LegacyTurn& turn, consensus::LinkId link) {
  const auto owner = turn.state.owners.find(link);
  if (owner == turn.state.owners.end()) return;
  LegacyLink* found = find_link(turn.state, owner->second);
  if (found != nullptr) found->pubsub_heard = turn.now;
}

}  // namespace vedette::sim
