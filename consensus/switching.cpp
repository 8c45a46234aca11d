#include "consensus/switching.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "consensus/aliases.hpp"
#include "consensus/announce.hpp"
#include "consensus/discovery.hpp"
#include "consensus/hellos.hpp"
#include "consensus/hosts.hpp"
#include "consensus/links.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/saving.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration leader_silence = milliseconds{500};
constexpr Duration takeover_stagger = milliseconds{200};
constexpr Duration reconfiguration_tick = milliseconds{100};
constexpr Duration role_validity = std::chrono::seconds{2};

void start_anew(Turn& turn, Group& group, Node& node) {
  restart_clock(turn, node);
  // The address is news: whatever back-off its link had earned is over.
  if (node.command.status == Link::Status::closed) node.command.retry_at = turn.now;
  if (node.pubsub.status == Link::Status::closed) node.pubsub.retry_at = turn.now;
  node.resync = Resync::none;
  node.rebooted_at.reset();
  node.proven_at.reset();
  node.role_proves = false;  // a question that is under way was asked about another configuration
  node.said.reset();
  turn.touch(group, node);
}

bool follows_master(const Group& group, const Node& node) {
  return node.info.role == proto::Role::replica && node.info.master == group.master().address;
}

bool is_old_master(const Group& group, const Node& node) {
  return group.reconfiguration && node.address == group.reconfiguration->old_master;
}

// Another master is no replica that has to be re-pointed, but one to be demoted, with all that
// this needs (reconcile).
bool still_to_do(const Group& group, const Node& node) {
  return node.id != group.master_id && node.resync != Resync::done && !node.subjectively_down &&
         !is_old_master(group, node) && !node.is_master_by_info() &&
         !is_the_master_itself(group, node);
}

// While we stood still it may have been promoted by another.
bool is_replica_now(Turn& turn, Node& node) {
  const bool fresh = node.said && node.said->asked_at + role_validity > turn.now;
  if (!fresh && !node.info_request) ask_info_now(turn, node);
  return fresh && node.said->role == proto::Role::replica;
}

bool may_be_pointed(Turn& turn, const Group& group, Node& node) {
  return node.command.is_open() && may_follow_the_master(group, node) &&
         !was_told_lately(turn, node) && is_replica_now(turn, node);
}

int count_in_flight(const Group& group) {
  const auto busy = [](const auto& entry) {
    return entry.second.resync == Resync::sent || entry.second.resync == Resync::in_progress;
  };
  return static_cast<int>(std::count_if(group.nodes.begin(), group.nodes.end(), busy));
}

void expire_unanswered(Turn& turn, Group& group) {
  for (auto& [id, node] : group.nodes) {
    const bool late = node.resync == Resync::sent &&
                      node.resync_since + turn.state.timings.replica_reconf_timeout <= turn.now;
    if (!late) continue;
    announce(turn, events::resync_timeout, group, describe(turn.state, group, node));
    node.resync = Resync::done;
  }
}

// A replica that refused the order, or lost it with its link, keeps its place among the
// parallel-syncs for replica_reconf_timeout and is told again meanwhile.
void send_again(Turn& turn, Group& group) {
  for (auto& [id, node] : group.nodes) {
    const bool unheard =
        node.resync == Resync::sent && still_to_do(group, node) && !follows_master(group, node);
    if (unheard && may_be_pointed(turn, group, node)) send_follow(turn, group, node);
  }
}

void send_more(Turn& turn, Group& group) {
  int in_flight = count_in_flight(group);
  for (auto& [id, node] : group.nodes) {
    if (in_flight >= group.options.parallel_syncs) return;
    const bool waits = node.resync == Resync::none && still_to_do(group, node);
    if (!waits || !may_be_pointed(turn, group, node)) continue;
    const bool is_news = node.info_at && *node.info_at >= group.reconfiguration->started;
    if (is_news && follows_master(group, node)) {  // an earlier leader got that far
      node.resync = Resync::done;
      continue;
    }
    send_follow(turn, group, node);
    node.resync = Resync::sent;
    node.resync_since = turn.now;
    ++in_flight;
    announce(turn, events::resync_sent, group, describe(turn.state, group, node));
  }
}

void finish(Turn& turn, Group& group) {
  const Reconfiguration done = *group.reconfiguration;
  group.reconfiguration.reset();
  for (auto& [id, node] : group.nodes) {
    node.resync = Resync::none;
    turn.touch(group, node);
  }
  announce(turn, events::failover_end, group, describe_master(turn.state, group, done.old_master));
}

void give_up_waiting(Turn& turn, Group& group) {
  const proto::Address old_master = group.reconfiguration->old_master;
  announce(turn, events::failover_end_for_timeout, group,
           describe_master(turn.state, group, old_master));
  for (auto& [id, node] : group.nodes) {
    const bool waits = node.resync == Resync::none && still_to_do(group, node);
    if (!waits || !may_be_pointed(turn, group, node)) continue;
    send_follow(turn, group, node);
    announce(turn, events::resync_best_effort, group, describe(turn.state, group, node));
  }
  finish(turn, group);
}

bool leader_is_silent(const Turn& turn, const proto::RunId& leader) {
  const auto peer = turn.state.peers.find(leader);
  if (peer == turn.state.peers.end()) return true;
  const PingClock& ping = peer->second.ping;
  return ping.silent_since && turn.own() - *ping.silent_since > leader_silence;
}

Duration takeover_rank(const Turn& turn, const Group& group) {
  const auto before = [&](const auto& entry) { return entry.first < turn.state.my_id; };
  return takeover_stagger * std::count_if(group.peers.begin(), group.peers.end(), before);
}

// The leader died with the work half done: whoever is first by rank and has the proof that a
// demotion needs does the rest.
void take_over(Turn& turn, Group& group) {
  const Reconfiguration& watched = *group.reconfiguration;
  const auto unfinished = [&](const auto& entry) {
    return still_to_do(group, entry.second) && !follows_master(group, entry.second);
  };
  const bool over = watched.started + group.options.failover_timeout <= turn.now;
  if (over || std::none_of(group.nodes.begin(), group.nodes.end(), unfinished)) {
    if (over || watched.started + leader_silence <= turn.now) group.reconfiguration.reset();
    return;
  }
  const Instant earliest = watched.started + leader_silence + takeover_rank(turn, group);
  if (earliest > turn.now || !leader_is_silent(turn, *watched.leader)) return;
  if (!configuration_is_confirmed(turn, group)) return;
  Node& master = group.master();
  const bool proven = master.proven_at && *master.proven_at + hello_validity > turn.now;
  if (!proven) {
    ask_role_now(turn, group, master);
    return;
  }
  note(turn, Level::warning,
       "The leader of the failover of " + group.name +
           " is silent: pointing the remaining replicas at the new master");
  group.reconfiguration->leader.reset();
}

void begin(Turn& turn, Group& group, Reconfiguration reconfiguration) {
  // What an unfinished one before it has marked is about another master.
  for (auto& [id, node] : group.nodes) {
    node.resync = Resync::none;
    node.follow_sent_at = {};
  }
  group.reconfiguration = std::move(reconfiguration);
  turn.touch(group);
}

}  // namespace

void switch_master(Turn& turn, Group& group, const proto::Address& to) {
  Node& old_master = group.master();
  const proto::Address from = old_master.address;
  const std::string moved =
      group.name + " " + spaced(shown(turn.state, from)) + " " + spaced(shown(turn.state, to));
  announce(turn, events::switch_master, group, moved);
  group.replaced = Replaced{from, old_master.info.run_id};
  Node& new_master = add_node(turn, group, to);
  group.master_id = new_master.id;
  new_master.promoted_in_vain = new_master.superseded = false;
  new_master.refused_promotion_at.reset();
  new_master.reported_role = proto::Role::master;
  new_master.reported_role_at = turn.now;
  start_anew(turn, group, new_master);
  start_anew(turn, group, old_master);
  old_master.reported_role = proto::Role::replica;
  old_master.reported_role_at = turn.now;
  old_master.superseded = true;
  old_master.replica_run.reset();
  old_master.info.run_id.reset();  // that it was restarted meanwhile is no news
  if (!group.replid.empty()) group.former_replid = group.replid;
  group.replid.clear();  // until the new master has spoken
  ask_info_now(turn, old_master);
  group.objectively_down = false;
  group.stand_at.reset();
  group.aborted_for_master_at.reset();
  group.proof_sought_at.reset();
  for (auto& [id, view] : group.peers) view.opinion.reset();
  for (auto& [id, node] : group.nodes) {
    if (id == group.master_id) continue;
    announce(turn, events::replica_found, group, describe(turn.state, group, node));
    turn.touch(group, node);
  }
  ask_info_now(turn, new_master);
  turn.touch(group);
}

void lead_reconfiguration(Turn& turn, Group& group, const proto::Address& old_master) {
  begin(turn, group, Reconfiguration{old_master, turn.now, std::nullopt});
}

void watch_reconfiguration(Turn& turn, Group& group, const proto::Address& old_master,
                           const proto::RunId& leader) {
  begin(turn, group, Reconfiguration{old_master, turn.now, leader});
}

void tend_reconfiguration(Turn& turn, Group& group) {
  if (!group.reconfiguration) return;
  if (group.reconfiguration->leader) {
    take_over(turn, group);
    return;
  }
  if (group.reconfiguration->started + group.options.failover_timeout <= turn.now) {
    give_up_waiting(turn, group);
    return;
  }
  expire_unanswered(turn, group);
  send_again(turn, group);
  send_more(turn, group);
  const auto open = [&](const auto& entry) { return still_to_do(group, entry.second); };
  if (std::none_of(group.nodes.begin(), group.nodes.end(), open)) finish(turn, group);
}

Instant reconfiguration_due(const Turn& turn, const Group& group) {
  return group.reconfiguration ? turn.now + reconfiguration_tick : never;
}

void note_resync_progress(Turn& turn, Group& group, Node& node) {
  if (!group.reconfiguration || !follows_master(group, node)) return;
  if (node.resync == Resync::sent) {
    node.resync = Resync::in_progress;
    announce(turn, events::resync_in_progress, group, describe(turn.state, group, node));
  }
  if (node.resync == Resync::in_progress && node.info.master_link_up) {
    node.resync = Resync::done;
    announce(turn, events::resync_done, group, describe(turn.state, group, node));
    turn.touch(group);
  }
}

bool was_told_lately(const Turn& turn, const Node& node) {
  return node.follow_request || node.follow_sent_at + follow_repeat_after > turn.now;
}

void send_follow(Turn& turn, Group& group, Node& node) {
  node.follow_request = turn.new_request();
  node.follow_sent_at = turn.now;
  turn.emit(
      Follow{node.command.id, *node.follow_request, shown(turn.state, group.master().address)});
}

}  // namespace vedette::consensus
