#include "consensus/hellos.hpp"

#include <algorithm>

#include "consensus/announce.hpp"
#include "consensus/discovery.hpp"
#include "consensus/epochs.hpp"
#include "consensus/failover.hpp"
#include "consensus/hosts.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/promotion.hpp"
#include "consensus/quorum.hpp"
#include "consensus/saving.hpp"
#include "consensus/strangers.hpp"
#include "consensus/switching.hpp"

namespace vedette::consensus {

namespace {

bool pubsub_heard(Turn& turn, LinkId link) {
  const auto found = turn.state.links.find(link);
  if (found == turn.state.links.end() || found->second.kind != LinkKind::pubsub) return false;
  Group& group = turn.state.groups.at(found->second.group);
  Node& node = group.nodes.at(found->second.node);
  node.pubsub.heard_at = turn.now;
  node.pubsub.backoff = Duration{0};
  turn.touch(group, node);
  return true;
}

// The agent that won the epoch re-points the replicas. That may be us, if we had given up already;
// but a vote for ourselves may also have been one of several candidacies, and lost.
void reconfigure_after(Turn& turn, Group& group, const proto::Address& old_master,
                       const proto::Hello& hello) {
  const Vote& vote = group.ballot.memory;
  const bool known = vote.epoch == hello.config_epoch && vote.voted_for;
  const proto::RunId& me = turn.state.my_id;
  const bool promoted = group.promoted_in == hello.config_epoch;
  const bool lost = known && *vote.voted_for == me && !promoted;
  const proto::RunId leader = known && !lost ? *vote.voted_for : hello.agent_id;
  if (leader == me) {
    lead_reconfiguration(turn, group, old_master);
  } else {
    watch_reconfiguration(turn, group, old_master, leader);
  }
}

// A newer configuration: the one place where another agent's word moves our master.
void adopt_configuration(Turn& turn, Group& group, const Peer& publisher,
                         const proto::Hello& hello) {
  const bool newer = hello.config_epoch > group.config_epoch;
  if (!newer || !is_believed(turn.state, hello.config_epoch)) return;
  if (promotion_published(turn, group, hello)) return;
  configuration_heard(turn, group, hello);
  group.config_epoch = hello.config_epoch;
  raise_epoch(turn, group, hello.config_epoch);  // its publisher may not show it yet
  request_save(turn);
  if (hello.master == group.master().address) return;
  announce(turn, events::config_update_from, group, describe(turn.state, group, publisher));
  const proto::Address from = group.master().address;
  switch_master(turn, group, hello.master);
  reconfigure_after(turn, group, from, hello);
  turn.emit(RunReconfigScript{group.name, false, shown(turn.state, from),
                              shown(turn.state, hello.master)});
  publish_everywhere(turn, group);  // what a majority publishes lets old masters be demoted
}

// Before anything is changed: a peer or master without an address can be no use to anybody.
bool leads_somewhere(const State& state, Group& group, const proto::Hello& hello) {
  const auto peer = state.peers.find(hello.agent_id);
  const bool is_known = peer != state.peers.end() && peer->second.address == hello.agent;
  if (!is_known && !has_address(state, hello.agent.host)) return false;
  return find_node(group, hello.master) != nullptr || has_address(state, hello.master.host);
}

bool is_known(const State& state, const proto::Hello& hello) {
  const auto peer = state.peers.find(hello.agent_id);
  return peer != state.peers.end() && same_place(state, peer->second.address, hello.agent);
}

void publish_to(Turn& turn, const Group& group, PeerView& view, const Peer& peer) {
  view.hello_request = turn.new_request();
  view.hello_due = turn.now + turn.state.timings.publish_period;
  const proto::Hello hello = make_hello(turn.state, group, peer.link.local_host);
  turn.emit(PublishHello{peer.link.id, *view.hello_request, hello});
}

}  // namespace

proto::Hello make_hello(const State& state, const Group& group, const std::string& local_host) {
  const std::string& host = state.announced.host.empty() ? local_host : state.announced.host;
  const proto::Address agent{host, state.announced.port};
  const proto::Address master = shown(state, group.master().address);
  return {agent, state.my_id, state.durable_epoch, group.name, master, group.config_epoch};
}

void take_hello(Turn& turn, Group& group, const proto::Hello& hello) {
  Peer& peer = meet_peer(turn, group, hello.agent_id, hello.agent);
  hear_epochs(turn, group, peer, hello.current_epoch, hello.config_epoch);
  PeerView& view = group.peers.at(peer.id);
  view.last_hello = turn.now;
  view.published = PeerView::Published{turn.now, hello.master, hello.config_epoch};
  adopt_configuration(turn, group, peer, hello);
  turn.touch(group);
}

void on_hello_heard(Turn& turn, const HelloHeard& event) {
  if (event.link && !pubsub_heard(turn, *event.link)) return;
  if (event.hello.agent_id == turn.state.my_id) return;
  Group* group = turn.state.find(event.hello.master_name);
  if (group == nullptr) return;
  proto::Hello hello = event.hello;
  hello.master = known_as(turn.state, *group, hello.master);
  if (!leads_somewhere(turn.state, *group, hello)) return;
  const bool counts = is_known(turn.state, hello) || introduce(turn, *group, hello);
  if (counts) take_hello(turn, *group, hello);
}

void hello_answered(Turn& turn, const proto::RunId& peer, RequestId request, bool accepted) {
  for (auto& [id, group] : turn.state.groups) {
    const auto found = group.peers.find(peer);
    if (found == group.peers.end()) continue;
    PeerView& view = found->second;
    if (view.asks.erase(request) > 0) turn.touch(group);
    if (view.hello_request != request) continue;
    view.hello_request.reset();
    const Duration wait =
        accepted ? Duration{turn.state.timings.publish_period} : hello_retry_period;
    view.hello_due = turn.now + wait;
    turn.touch(group);
  }
}

void tend_hellos(Turn& turn, Group& group) {
  for (auto& [id, view] : group.peers) {
    if (view.hello_request || view.hello_due > turn.now) continue;
    const Peer& peer = turn.state.peers.at(id);
    if (peer.link.is_open()) publish_to(turn, group, view, peer);
  }
}

Instant hellos_due(const State& state, const Group& group) {
  Instant due = never;
  for (const auto& [id, view] : group.peers) {
    if (view.hello_request || view.hello_due >= due) continue;
    if (state.peers.at(id).link.is_open()) due = view.hello_due;
  }
  return due;
}

bool configuration_is_confirmed(const Turn& turn, const Group& group) {
  std::size_t publishers = 1;
  for (const auto& [id, view] : group.peers) {
    if (!view.published || view.published->at + hello_validity < turn.now) continue;
    const bool same = view.published->master == group.master().address &&
                      view.published->config_epoch == group.config_epoch;
    if (same) ++publishers;
  }
  return publishers >= majority(group.voters());
}

}  // namespace vedette::consensus
