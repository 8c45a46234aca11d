#include "consensus/orders.hpp"

#include <string>
#include <vector>

#include "consensus/announce.hpp"
#include "consensus/discovery.hpp"
#include "consensus/failover.hpp"
#include "consensus/hellos.hpp"
#include "consensus/links.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/saving.hpp"
#include "consensus/strangers.hpp"
#include "proto/glob.hpp"

namespace vedette::consensus {

namespace {

// In force at once; answered when it is on disk.
void answer_when_saved(Turn& turn, ReplyOrder reply) { promise(turn, OrderPromise{reply}); }

std::vector<DurablePeer> connected_peers(const State& state, const Group& group) {
  std::vector<DurablePeer> out;
  for (const auto& [id, view] : group.peers) {
    const Peer& peer = state.peers.at(id);
    if (peer.link.is_open()) out.push_back({id, peer.address});
  }
  return out;
}

void reset_group(Turn& turn, Group& group) {
  announce(turn, events::reset_master, group, describe(turn.state, group));
  abort_attempt(turn, group, nullptr);
  std::vector<NodeId> replicas;
  for (const auto& [id, node] : group.nodes) {
    if (id != group.master_id) replicas.push_back(id);
  }
  for (const NodeId id : replicas) forget_node(turn, group, id);
  remember_voters(turn, group, group.voters());
  const auto present = connected_peers(turn.state, group);
  std::vector<proto::RunId> peers;
  for (const auto& [id, view] : group.peers) peers.push_back(id);
  for (const proto::RunId& id : peers) forget_peer(turn, group, id);
  for (const DurablePeer& peer : present) recall(turn, group, peer);
  Node& master = group.master();
  close_links(turn, master);
  command_link_lost(turn, group, master);
  restart_clock(turn, master);
  master.info = {};
  master.info_at.reset();
  master.reported_role = proto::Role::master;
  master.reported_role_at = turn.now;
  group.objectively_down = false;
  group.reconfiguration.reset();
  group.stand_at.reset();
  group.proof_sought_at.reset();
  turn.touch(group, master);
  turn.touch(group);
}

// REMOVE and MONITOR make no smaller majority than RESET does, and know the peers as soon.
void recall_removed(Turn& turn, Group& group) {
  auto& removed = turn.state.removed;
  std::erase_if(removed, [&](const auto& each) { return each.second.forgotten.until <= turn.now; });
  const auto before = removed.extract(group.name);
  if (!before) return;
  group.forgotten = before.mapped().forgotten;
  for (const DurablePeer& peer : before.mapped().peers) recall(turn, group, peer);
}

struct Carry {
  Turn& turn;
  Ticket ticket;

  void reply(OrderStatus status) const { turn.emit(ReplyOrder{ticket, status, 0}); }

  void operator()(const MonitorGroup& order) const {
    if (turn.state.find(order.name) != nullptr) return reply(OrderStatus::duplicate_master);
    DurableGroup fresh;
    fresh.name = order.name;
    fresh.master = order.address;
    fresh.options = order.options;
    // Whatever this agent voted under the name before is forgotten; epochs up to now are not (rule
    // 1).
    fresh.vote.epoch = turn.state.current_epoch;
    Group& group = add_group(turn, fresh);
    recall_removed(turn, group);
    group.ballot.durable = {};
    request_vote_save(turn, group);
    announce(turn, events::monitor, group,
             describe(turn.state, group) + " quorum " + std::to_string(order.options.quorum));
    answer_when_saved(turn, {ticket, OrderStatus::ok, 0});
  }

  void operator()(const RemoveGroup& order) const {
    Group* group = turn.state.find(order.name);
    if (group == nullptr) return reply(OrderStatus::no_such_master);
    announce(turn, events::monitor_removed, *group, describe(turn.state, *group));
    turn.state.removed[group->name] = {{group->voters(), turn.now + forgotten_for},
                                       connected_peers(turn.state, *group)};
    remove_group(turn, *group);
    request_save(turn);
    answer_when_saved(turn, {ticket, OrderStatus::ok, 0});
  }

  void operator()(const SetOptions& order) const {
    Group* group = turn.state.find(order.name);
    if (group == nullptr) return reply(OrderStatus::no_such_master);
    group->options = order.options;
    for (const std::string& change : order.applied) {
      announce(turn, events::set, *group, describe(turn.state, *group) + " " + change);
    }
    for (auto& [id, node] : group->nodes) {
      if (order.reconnect) {
        close_links(turn, node);
        command_link_lost(turn, *group, node);
      }
      turn.touch(*group, node);
    }
    for (const auto& [id, view] : group->peers) turn.touch(turn.state.peers.at(id));
    turn.touch(*group);
    if (!order.save) return reply(OrderStatus::ok);
    request_save(turn);
    answer_when_saved(turn, {ticket, OrderStatus::ok, 0});
  }

  void operator()(const ResetGroups& order) const {
    std::int64_t count = 0;
    for (auto& [id, group] : turn.state.groups) {
      if (!proto::glob_match(order.pattern, group.name)) continue;
      reset_group(turn, group);
      ++count;
    }
    turn.emit(ReplyOrder{ticket, OrderStatus::ok, count});
  }

  void operator()(const FailOver& order) const {
    Group* group = turn.state.find(order.name);
    if (group == nullptr) return reply(OrderStatus::no_such_master);
    reply(force_failover(turn, *group));
  }

  void operator()(const FlushConfig&) const {
    request_save(turn);
    answer_when_saved(turn, {ticket, OrderStatus::ok, 0});
  }

  void operator()(const SetTimings& order) const {
    turn.state.timings = order.timings;
    for (auto& [id, group] : turn.state.groups) {
      for (const auto& [node_id, node] : group.nodes) turn.touch(group, node);
      turn.touch(group);
    }
    for (const auto& [id, peer] : turn.state.peers) turn.touch(peer);
    reply(OrderStatus::ok);
  }

  void operator()(const SetAnnounced& order) const {
    turn.state.announced = order.announced;
    for (auto& [id, group] : turn.state.groups) publish_everywhere(turn, group);
    for (auto& [id, peer] : turn.state.peers) {
      if (!order.reconnect_peers) continue;
      close_link(turn, peer.link);
      peer_link_lost(turn, peer);
      turn.touch(peer);
    }
    request_save(turn);
    answer_when_saved(turn, {ticket, OrderStatus::ok, 0});
  }
};

}  // namespace

void on_ordered(Turn& turn, const Ordered& event) {
  std::visit(Carry{turn, event.ticket}, event.order);
}

}  // namespace vedette::consensus
