#include "consensus/hellos.hpp"

#include <algorithm>

#include "consensus/adoption.hpp"
#include "consensus/discovery.hpp"
#include "consensus/epochs.hpp"
#include "consensus/hosts.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/quorum.hpp"
#include "consensus/strangers.hpp"

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

// Before anything is changed: a peer or master without an address can be no use to anybody.
bool leads_somewhere(const State& state, Group& group, const proto::Hello& hello) {
  const auto peer = state.peers.find(hello.agent_id);
  const bool is_known = peer != state.peers.end() && peer->second.address == hello.agent;
  if (!is_known && !has_address(state, hello.agent.host)) return false;
  return find_node(group, hello.master) != nullptr || has_address(state, hello.master.host);
}

// While somebody else answers at its address, it has to show anew who it is.
bool is_known(const State& state, const proto::Hello& hello) {
  const auto peer = state.peers.find(hello.agent_id);
  return peer != state.peers.end() && !peer->second.replaced_by &&
         same_place(state, peer->second.address, hello.agent);
}

void publish_to(Turn& turn, const Group& group, PeerView& view, const Peer& peer) {
  view.hello_request = turn.new_request();
  view.hello_due = turn.now + turn.state.timings.publish_period;
  const proto::Hello hello = make_hello(turn.state, group, peer.link.local_host);
  turn.emit(PublishHello{peer.link.id, *view.hello_request, hello});
}

// Whoever we could not hear for a while may publish something else by now. Of an agent that we
// cannot ask at all its hellos are all there is.
bool is_up_to_date(const Turn& turn, const PingClock& ping, const PeerView::Published& published) {
  if (!is_fresh(turn, published)) return false;
  if (!ping.answered) return true;
  return !is_silent(ping, turn.now) && published.at >= ping.unbroken_since;
}

}  // namespace

proto::Hello make_hello(const State& state, const Group& group, const std::string& local_host) {
  const std::string& host = state.announced.host.empty() ? local_host : state.announced.host;
  const proto::Address agent{host, state.announced.port};
  const proto::Address master = shown(state, group.master().address);
  return {agent, state.my_id, state.durable_epoch, group.name, master, group.config_epoch};
}

bool is_fresh(const Turn& turn, const PeerView::Published& published) {
  return published.at + hello_validity >= turn.now;
}

void take_hello(Turn& turn, Group& group, const proto::Hello& hello) {
  Peer& peer = meet_peer(turn, group, hello.agent_id, hello.agent);
  hear_epochs(turn, group, peer, hello.current_epoch, hello.config_epoch);
  group.peers.at(peer.id).last_hello = turn.now;
  hear_configuration(turn, group, peer, hello);
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
  const bool counts =
      is_known(turn.state, hello) || introduce(turn, *group, hello, event.link.value_or(LinkId{}));
  if (counts) take_hello(turn, *group, hello);
}

void hello_answered(Turn& turn, const proto::RunId& peer, RequestId request, bool accepted) {
  for (auto& [id, group] : turn.state.groups) {
    const auto found = group.peers.find(peer);
    if (found == group.peers.end()) continue;
    PeerView& view = found->second;
    if (view.asks.erase(request) > 0) turn.touch(group);
    if (view.configuration_request == request) view.configuration_request.reset();
    if (view.hello_request != request) continue;
    view.hello_request.reset();
    const Duration wait =
        accepted ? Duration{turn.state.timings.publish_period} : hello_retry_period;
    view.hello_due = turn.now + wait;
    turn.touch(group);
  }
}

void publish_everywhere(Turn& turn, Group& group) {
  for (auto& [id, node] : group.nodes) {
    node.hello_due = turn.now;
    node.hello_request.reset();
    turn.touch(group, node);
  }
  for (auto& [id, view] : group.peers) {
    view.hello_due = turn.now;
    view.hello_request.reset();
  }
  turn.touch(group);
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
    const PingClock& ping = turn.state.peers.at(id).ping;
    if (!view.published || !is_up_to_date(turn, ping, *view.published)) continue;
    const bool same = view.published->master == group.master().address &&
                      view.published->config_epoch == group.config_epoch;
    if (same) ++publishers;
  }
  return publishers >= majority(group.voters());
}

}  // namespace vedette::consensus
