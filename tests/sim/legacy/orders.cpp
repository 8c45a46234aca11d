// What operators order (sentinel-protocol.md, sections 3.7 to 3.18). Every answer comes at once and
// says ok: with the save failed, which this machine does not get to know in the same step, Sentinel
// would answer the error and have the change in force all the same.
#include "proto/glob.hpp"
#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

using consensus::OrderStatus;

namespace {

struct CarryOut {
  LegacyTurn& turn;
  consensus::Ticket ticket;

  void reply(OrderStatus status, std::int64_t count = 0) const {
    turn.emit(consensus::ReplyOrder{ticket, status, count});
  }
  LegacyGroup* find(const std::string& name) const {
    const auto found = turn.state.groups.find(name);
    if (found == turn.state.groups.end()) reply(OrderStatus::no_such_master);
    return found == turn.state.groups.end() ? nullptr : &found->second;
  }

  // With all epochs 0: what was voted under this name before is forgotten.
  void operator()(const consensus::MonitorGroup& order) const {
    if (turn.state.groups.contains(order.name)) return reply(OrderStatus::duplicate_master);
    LegacyGroup& group = add_group(turn, order.name, order.address, order.options);
    turn.persist();
    turn.announce(consensus::events::monitor, group,
                  describe(group) + " quorum " + std::to_string(order.options.quorum));
    reply(OrderStatus::ok);
  }

  void operator()(const consensus::RemoveGroup& order) const {
    LegacyGroup* group = find(order.name);
    if (group == nullptr) return;
    turn.announce(consensus::events::monitor_removed, *group, describe(*group));
    reset_group(turn, *group, false);
    turn.state.groups.erase(order.name);
    turn.persist();
    reply(OrderStatus::ok);
  }

  void operator()(const consensus::SetOptions& order) const {
    LegacyGroup* group = find(order.name);
    if (group == nullptr) return;
    group->options = order.options;
    for (const std::string& change : order.applied) {
      turn.announce(consensus::events::set, *group, describe(*group) + " " + change);
    }
    if (order.reconnect) {
      close_link(turn, group->master.link);
      for (auto& [address, replica] : group->replicas) close_link(turn, replica.link);
    }
    if (order.save) turn.persist();
    reply(OrderStatus::ok);
  }

  // Not saved (section 3.1).
  void operator()(const consensus::ResetGroups& order) const {
    std::int64_t count = 0;
    for (auto& [name, group] : turn.state.groups) {
      if (!proto::glob_match(order.pattern, name)) continue;
      reset_group(turn, group, false);
      turn.announce(consensus::events::reset_master, group, describe(group));
      ++count;
    }
    reply(OrderStatus::ok, count);
  }

  // No quorum, no delay and no election; peers are not even asked, the master being up (5.6).
  void operator()(const consensus::FailOver& order) const {
    LegacyGroup* group = find(order.name);
    if (group == nullptr) return;
    if (group->phase != consensus::Phase::idle) return reply(OrderStatus::failover_in_progress);
    if (choose_replica(turn, *group) == nullptr) return reply(OrderStatus::no_good_replica);
    turn.emit(consensus::Note{consensus::Level::warning,
                              "Executing user requested FAILOVER of '" + group->name + "'"});
    begin_failover(turn, *group);
    group->forced = true;
    reply(OrderStatus::ok);
  }

  void operator()(const consensus::FlushConfig&) const {
    turn.persist();
    reply(OrderStatus::ok);
  }

  void operator()(const consensus::SetTimings& order) const {
    turn.state.timings = order.timings;
    reply(OrderStatus::ok);
  }

  void operator()(const consensus::SetAnnounced& order) const {
    turn.state.announced = order.announced;
    if (order.reconnect_peers) {
      for (auto& [id, link] : turn.state.peer_links) close_link(turn, link);
    }
    turn.persist();
    reply(OrderStatus::ok);
  }
};

}  // namespace

void carry_out(LegacyTurn& turn, const consensus::Ordered& event) {
  std::visit(CarryOut{turn, event.ticket}, event.order);
}

LegacyGroup& add_group(LegacyTurn& turn, const std::string& name, const proto::Address& master,
                       const consensus::GroupOptions& options) {
  LegacyGroup& group = turn.state.groups[name];
  group.id = consensus::GroupId{++turn.state.serial};
  group.name = name;
  group.options = options;
  group.phase_since = turn.now;
  group.master.address = master;
  group.master.hello_at = turn.now;
  group.master.reported_role_at = group.master.following_since = turn.now;
  start_link(turn, group.master.link);
  return group;
}

}  // namespace vedette::sim
