#include "consensus/adoption.hpp"

#include <algorithm>

#include "consensus/announce.hpp"
#include "consensus/claims.hpp"
#include "consensus/discovery.hpp"
#include "consensus/epochs.hpp"
#include "consensus/failover.hpp"
#include "consensus/hellos.hpp"
#include "consensus/hosts.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/promotion.hpp"
#include "consensus/quorum.hpp"
#include "consensus/replica_choice.hpp"
#include "consensus/saving.hpp"
#include "consensus/strangers.hpp"
#include "consensus/switching.hpp"

namespace vedette::consensus {

namespace {

using Published = PeerView::Published;

constexpr Duration longest_detour = std::chrono::seconds{1};
constexpr Duration stranded_after = std::chrono::seconds{5};  // besides twice down-after

bool is_newer(const Turn& turn, const Group& group, const Published& published) {
  return published.config_epoch > group.config_epoch && is_fresh(turn, published) &&
         is_believed(turn.state, published.config_epoch);
}

// ---- the proofs --------------------------------------------------------------------------------

bool is_voted_for(const Group& group, const proto::RunId& publisher, const Published& published) {
  return group.ballot.memory == Vote{published.config_epoch, publisher};
}

// One of our nodes, asked after we heard of it.
bool says(const Group& group, const Published& published, proto::Role role) {
  const Node* const node = find_node(group, published.master);
  return node != nullptr && node->said && node->said->role == role &&
         node->said->asked_at >= published.claimed_at;
}

// A master, and one of ours: any other one could be named by whoever knows its address. Where we
// know nothing that could tell, its publisher must at least be the one that named it.
bool is_our_master(const Group& group, const Published& published) {
  const auto& claim = group.claim;
  if (claim && claim->address == published.master) {
    if (claim->kinship == Kinship::ours) return true;
    if (claim->kinship == Kinship::unknown && published.repeated) return true;
  }
  return says(group, published, proto::Role::master);
}

bool is_same(const Published& a, const Published& b) {
  return a.master == b.master && a.config_epoch == b.config_epoch;
}

// We ourselves do not publish it; and one who forges hellos may speak for many.
bool majority_publishes(const Turn& turn, const Group& group, const Published& published) {
  const auto same = [&](const auto& entry) {
    const auto& other = entry.second.published;
    return other && is_fresh(turn, *other) && other->repeated && is_same(*other, published);
  };
  const auto count = std::count_if(group.peers.begin(), group.peers.end(), same);
  return static_cast<std::size_t>(count) >= majority(group.voters());
}

// Our own master is gone for long, and whoever can still be heard says the same over our own
// connection: without this, an agent with an old file and no majority around it would stay behind.
bool is_the_last_word(const Turn& turn, const Group& group, const Published& published) {
  const Node& master = group.master();
  const Duration patience = 2 * group.options.down_after + stranded_after;
  if (!master.subjectively_down || master.subjectively_down_since + patience > turn.now) {
    return false;
  }
  const auto agrees = [&](const auto& entry) {
    const auto& other = entry.second.published;
    if (!other || !is_fresh(turn, *other)) return true;
    return other->repeated && is_same(*other, published);
  };
  return published.repeated && !published.denied && !is_void(group, published) &&
         std::all_of(group.peers.begin(), group.peers.end(), agrees);
}

// Else it is only the epoch that is new.
bool moves_us(const Group& group, const Published& published) {
  return published.master != group.master().address;
}

bool names_another(const Turn& turn, const Group& group, const PeerView& view) {
  const auto& published = view.published;
  return published && is_newer(turn, group, *published) && moves_us(group, *published);
}

// The promotion that we sent, before its answer came. Whoever heard of it, and repeats it, makes it
// a fact.
bool is_our_promotion(const Group& group, const Published& published) {
  return group.attempt && group.attempt->promote_sent_at &&
         published.config_epoch == group.attempt->epoch &&
         published.master == group.nodes.at(*group.attempt->target).address;
}

bool is_proven(const Turn& turn, const Group& group, const proto::RunId& publisher,
               const Published& published) {
  if (!moves_us(group, published) || is_our_promotion(group, published)) return published.repeated;
  return (published.repeated && is_voted_for(group, publisher, published)) ||
         is_our_master(group, published) || majority_publishes(turn, group, published) ||
         is_the_last_word(turn, group, published);
}

void seek_proof(Turn& turn, Group& group, const Peer& publisher) {
  const Published& published = *group.peers.at(publisher.id).published;
  Node* const node = find_node(group, published.master);
  if (node == nullptr) {
    call_claimed(turn, group, published.master);
  } else {
    ask_role_now(turn, group, *node);
  }
}

// Of two configurations as old as each other: it may be our master by another name. A virtual
// address may move on, so it is asked again.
void ask_who_it_is(Turn& turn, Group& group, const Published& published) {
  const Duration pause = turn.state.timings.info_period;
  if (published.alias_at && *published.alias_at + pause > turn.now) return;
  if (group.claim || find_node(group, published.master) != nullptr) return;
  call_claimed(turn, group, published.master);
}

// Over our own connection: there nobody else can say it.
void ask_to_repeat(Turn& turn, Group& group, const Peer& publisher) {
  PeerView& view = group.peers.at(publisher.id);
  if (view.configuration_request || view.published->repeated || !publisher.link.is_open()) return;
  view.configuration_request = turn.new_request();
  view.configuration_asked_at = turn.now;
  turn.emit(AskConfiguration{publisher.link.id, *view.configuration_request, group.name});
}

// ---- taking it over ----------------------------------------------------------------------------

// The agent that won the epoch re-points the replicas. That may be us, if we had given up already;
// but a vote for ourselves may also have been one of several candidacies, and lost.
void reconfigure_after(Turn& turn, Group& group, const proto::Address& old_master,
                       const proto::RunId& publisher) {
  const Vote& vote = group.ballot.memory;
  const bool known = vote.epoch == group.config_epoch && vote.voted_for;
  const proto::RunId& me = turn.state.my_id;
  const bool promoted = group.promoted_in == group.config_epoch;
  const bool lost = known && *vote.voted_for == me && !promoted;
  const proto::RunId leader = known && !lost ? *vote.voted_for : publisher;
  if (leader == me) {
    lead_reconfiguration(turn, group, old_master);
  } else {
    watch_reconfiguration(turn, group, old_master, leader);
  }
}

void adopt(Turn& turn, Group& group, const Peer& publisher, const Published& published) {
  drop_claim(turn, group);
  configuration_adopted(turn, group, published.config_epoch);
  group.config_epoch = published.config_epoch;
  raise_epoch(turn, group, published.config_epoch);  // its publisher may not show it yet
  request_save(turn);
  if (published.master == group.master().address) return;
  announce(turn, events::config_update_from, group, describe(turn.state, group, publisher));
  const proto::Address from = group.master().address;
  switch_master(turn, group, published.master);
  reconfigure_after(turn, group, from, publisher.id);
  turn.emit(RunReconfigScript{group.name, false, shown(turn.state, from),
                              shown(turn.state, published.master)});
  publish_everywhere(turn, group);  // what a majority publishes lets old masters be demoted
}

void take(Turn& turn, Group& group, const Peer& publisher, const Published& published) {
  if (is_our_promotion(group, published)) {
    publish_promotion(turn, group);
  } else {
    adopt(turn, group, publisher, published);
  }
}

// A hello from before, that took another way and longer.
bool is_late(const Turn& turn, const std::optional<Published>& before, const proto::Hello& hello) {
  return before && hello.config_epoch < before->config_epoch &&
         before->at + longest_detour > turn.now;
}

// What nothing proves must not keep us from every failover, however often it is published.
void wait_for_proof(const Turn& turn, Group& group) {
  const Duration rest = group.options.down_after * 10;
  if (group.proof_sought_at && *group.proof_sought_at + rest > turn.now) return;
  group.proof_sought_at = turn.now;
}

Published update(const Turn& turn, const std::optional<Published>& before,
                 const proto::Hello& hello) {
  Published now{turn.now, hello.master, hello.config_epoch, turn.now};
  if (!before || !is_fresh(turn, *before) || !is_same(*before, now)) return now;
  now.claimed_at = before->claimed_at;
  now.repeated = before->repeated;
  now.denied = before->denied;
  now.alias_at = before->alias_at;
  return now;
}

}  // namespace

void hear_configuration(Turn& turn, Group& group, const Peer& peer, const proto::Hello& hello) {
  PeerView& view = group.peers.at(peer.id);
  if (is_late(turn, view.published, hello)) return;
  view.published = update(turn, view.published, hello);
  const Published published = *view.published;
  if (!is_newer(turn, group, published)) {
    if (!is_rival(group, published)) return;
    ask_to_repeat(turn, group, peer);
    ask_who_it_is(turn, group, published);
    return;
  }
  if (!is_our_promotion(group, published)) {
    configuration_heard(turn, group, published.config_epoch);
  }
  if (is_proven(turn, group, peer.id, published)) {
    take(turn, group, peer, published);
  } else {
    if (moves_us(group, published)) {
      wait_for_proof(turn, group);
      seek_proof(turn, group, peer);
    }
    ask_to_repeat(turn, group, peer);
  }
}

proto::Epoch newest_config_epoch(const Turn& turn, const Group& group) {
  proto::Epoch newest = group.config_epoch;
  for (const auto& [id, view] : group.peers) {
    const auto& published = view.published;
    if (published && is_newer(turn, group, *published)) {
      newest = std::max(newest, published->config_epoch);
    }
  }
  return newest;
}

bool is_rival(const Group& group, const Published& published) {
  const bool as_new = published.config_epoch == group.config_epoch;
  return published.config_epoch > group.config_epoch ||
         (as_new && published.master != group.master().address);
}

void weigh_configurations(Turn& turn, Group& group) {
  const Peer* publisher = nullptr;
  Published best{};
  for (const auto& [id, view] : group.peers) {
    const auto& published = view.published;
    if (!published || !is_newer(turn, group, *published)) continue;
    if (publisher != nullptr && published->config_epoch <= best.config_epoch) continue;
    if (!is_proven(turn, group, id, *published)) continue;
    publisher = &turn.state.peers.at(id);
    best = *published;
  }
  if (publisher != nullptr) take(turn, group, *publisher, best);
}

void on_configuration_told(Turn& turn, const ConfigurationTold& event) {
  const auto owner = turn.state.links.find(event.link);
  if (owner == turn.state.links.end()) return;
  if (owner->second.stranger) return stranger_told(turn, *owner->second.stranger, event);
  if (!owner->second.peer) return;
  for (auto& [id, group] : turn.state.groups) {
    const auto found = group.peers.find(*owner->second.peer);
    if (found == group.peers.end()) continue;
    PeerView& view = found->second;
    if (view.configuration_request != event.request) continue;
    view.configuration_request.reset();
    const auto& [master, epoch] = event.configuration;
    const Published told{turn.now, known_as(turn.state, group, master), epoch, turn.now};
    if (!view.published) return;
    if (is_same(*view.published, told)) {
      view.published->repeated = true;
      weigh_configurations(turn, group);
    } else if (view.configuration_asked_at < view.published->at) {
      ask_to_repeat(turn, group, turn.state.peers.at(found->first));  // it has said so again since
    } else if (epoch < view.published->config_epoch && is_rival(group, *view.published)) {
      view.published.reset();  // forged, or out of date: its next hello will show
    }
    // A real Sentinel that leads names the old master until all replicas follow the new one.
    turn.touch(group);
    return;
  }
}

Instant proof_awaited_until(const Turn& turn, const Group& group) {
  const auto awaited = [&](const auto& entry) { return names_another(turn, group, entry.second); };
  if (!group.proof_sought_at) return Instant{};
  return std::any_of(group.peers.begin(), group.peers.end(), awaited)
             ? *group.proof_sought_at + group.options.down_after
             : Instant{};
}

bool may_be_superseded(const Turn& turn, const Group& group) {
  return std::any_of(group.peers.begin(), group.peers.end(), [&](const auto& entry) {
    const PeerView& view = entry.second;
    return names_another(turn, group, view) && !view.published->denied &&
           !is_void(group, *view.published);
  });
}

bool is_void(const Group& group, const Published& published) {
  return says(group, published, proto::Role::replica);
}

}  // namespace vedette::consensus
