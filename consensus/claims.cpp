#include "consensus/claims.hpp"

#include <algorithm>

#include "consensus/adoption.hpp"
#include "consensus/announce.hpp"
#include "consensus/replica_choice.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration patience = std::chrono::seconds{2};

bool is_our_master(const Group& group, const proto::InfoSnapshot& info) {
  const auto& process = group.master().process;
  return process && info.run_id == process;
}

// A stranger among the nodes belongs to us if it has our history, or if one of ours follows it.
Kinship kinship_of(const Group& group, const proto::InfoSnapshot& info,
                   const proto::Address& address) {
  const auto follows = [&](const auto& entry) {
    const proto::InfoSnapshot& said = entry.second.info;
    return said.role == proto::Role::replica && said.master == address;
  };
  if (is_our_master(group, info)) return Kinship::ours;
  if (std::any_of(group.nodes.begin(), group.nodes.end(), follows)) return Kinship::ours;
  const auto shares = shares_known_history(group, info);
  if (!shares) return Kinship::unknown;
  return *shares ? Kinship::ours : Kinship::foreign;
}

void warn_of_alias(Turn& turn, const Group& group, const proto::RunId& publisher) {
  note(turn, Level::warning,
       publisher.text() + " knows the master of " + group.name + " as " +
           proto::to_string(group.claim->address) + ", which is the same server as our " +
           proto::to_string(group.master().address) +
           ": neither counts what the other says of it. Name one address in all files");
}

void note_alias(Turn& turn, Group& group, bool is_alias) {
  for (auto& [id, view] : group.peers) {
    auto& published = view.published;
    if (!published || published->master != group.claim->address) continue;
    const bool news = is_alias && !published->alias_at;
    if (news && published->config_epoch == group.config_epoch) warn_of_alias(turn, group, id);
    published->alias_at = is_alias ? std::optional{turn.now} : std::nullopt;
  }
}

void note_denial(Group& group) {
  for (auto& [id, view] : group.peers) {
    auto& published = view.published;
    if (published && published->master == group.claim->address) published->denied = true;
  }
}

}  // namespace

void call_claimed(Turn& turn, Group& group, const proto::Address& address) {
  if (group.claim && group.claim->address == address) return;
  drop_claim(turn, group);
  // No node's: it is told apart by `claimed`, and its kind is none that a node has.
  const LinkId link = turn.new_link();
  group.claim = Claim{address, link, turn.now};
  turn.state.links.emplace(link, LinkOwner{LinkKind::peer, group.id, {}, {}, {}, true});
  turn.emit(Connect{link, LinkKind::command, group.name, address});
  turn.touch(group);
}

void claimed_link_up(Turn& turn, Group& group) {
  group.claim->request = turn.new_request();
  turn.emit(SendInfo{group.claim->link, *group.claim->request});
}

void claimed_link_down(Turn& turn, Group& group) {
  turn.state.links.erase(group.claim->link);
  group.claim.reset();
}

void claimed_node_spoke(Turn& turn, Group& group, const InfoRead& event) {
  if (group.claim->request != event.request) return;
  const bool is_master = event.info.role == proto::Role::master;
  note_alias(turn, group, is_our_master(group, event.info));
  group.claim->kinship =
      is_master ? kinship_of(group, event.info, group.claim->address) : Kinship::foreign;
  if (group.claim->kinship == Kinship::foreign) {
    note_denial(group);
  } else {
    weigh_configurations(turn, group);
  }
  // What it said may count as soon as the publisher has repeated its configuration.
  const bool may_count = group.claim && group.claim->kinship == Kinship::unknown;
  if (!may_count) drop_claim(turn, group);
  turn.touch(group);
}

void drop_claim(Turn& turn, Group& group) {
  if (!group.claim) return;
  turn.emit(Disconnect{group.claim->link});
  turn.state.links.erase(group.claim->link);
  group.claim.reset();
}

void tend_claim(Turn& turn, Group& group) {
  if (group.claim && group.claim->since + patience <= turn.now) drop_claim(turn, group);
}

Instant claim_due(const Group& group) {
  return group.claim ? group.claim->since + patience : never;
}

}  // namespace vedette::consensus
