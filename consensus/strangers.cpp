#include "consensus/strangers.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "consensus/announce.hpp"
#include "consensus/hellos.hpp"
#include "consensus/hosts.hpp"
#include "consensus/links.hpp"
#include "consensus/monitoring.hpp"

namespace vedette::consensus {

namespace {

// Who cannot be asked (NAT, a password, a one-way route) counts all the same once he was heard so
// often in so long a time.
constexpr std::size_t hellos_needed = 3;
// Nobody publishes more often; what comes closer together was held up on the way.
constexpr Duration distinct_after = std::chrono::seconds{1};
constexpr Duration stranger_lasts = std::chrono::seconds{10};
// More than any group of agents has; who forges ids fills no memory.
constexpr std::size_t most_strangers = 64;
// A known agent that answered so lately is where it was.
constexpr Duration lives_within = std::chrono::seconds{2};
constexpr Duration alarm_period = std::chrono::seconds{60};

Stranger* find_stranger(State& state, const proto::RunId& id, const proto::Address& address) {
  for (auto& [handle, stranger] : state.strangers) {
    if (stranger.id == id && same_place(state, stranger.address, address)) return &stranger;
  }
  return nullptr;
}

void link_is_gone(Turn& turn, Stranger& stranger) {
  turn.state.links.erase(*stranger.link);
  stranger.link.reset();
  stranger.request.reset();
  stranger.identified = false;
  stranger.roll.clear();
}

void hang_up(Turn& turn, Stranger& stranger) {
  if (!stranger.link) return;
  turn.emit(Disconnect{*stranger.link});
  link_is_gone(turn, stranger);
}

void drop(Turn& turn, StrangerId handle) {
  const auto found = turn.state.strangers.find(handle);
  if (found == turn.state.strangers.end()) return;
  hang_up(turn, found->second);
  turn.state.strangers.erase(found);
}

void call(Turn& turn, Stranger& stranger) {
  stranger.link = turn.new_link();
  turn.state.links.emplace(*stranger.link, LinkOwner{LinkKind::peer, {}, {}, {}, stranger.handle});
  turn.emit(Connect{*stranger.link, LinkKind::peer, "", stranger.address});
}

Stranger& add_stranger(Turn& turn, const proto::RunId& id, const proto::Address& address) {
  auto& strangers = turn.state.strangers;
  if (strangers.size() >= most_strangers) {
    const auto older = [](const auto& a, const auto& b) {
      return a.second.heard_at < b.second.heard_at;
    };
    drop(turn, std::min_element(strangers.begin(), strangers.end(), older)->first);
  }
  const StrangerId handle{++turn.state.serial};
  return strangers.emplace(handle, Stranger{handle, id, address}).first->second;
}

// The agent is known elsewhere and answers there: two of one id, of which one counts.
bool is_double(Turn& turn, const proto::RunId& id, const proto::Address& address) {
  const auto known = turn.state.peers.find(id);
  if (known == turn.state.peers.end()) return false;
  Peer& peer = known->second;
  if (same_place(turn.state, peer.address, address)) return false;
  if (!peer.link.is_open() || !answered_within(peer.ping, turn.now, lives_within)) return false;
  if (!peer.double_told_at || *peer.double_told_at + alarm_period <= turn.now) {
    peer.double_told_at = turn.now;
    note(turn, Level::warning,
         "Two agents live with the id " + id.text() + ", at " + proto::to_string(peer.address) +
             " and " + proto::to_string(address) +
             ": only the first one counts. Give one of them another `sentinel myid`.");
  }
  return true;
}

void call_roll(Turn& turn, Stranger& stranger) {
  for (const GroupId id : std::exchange(stranger.recalled, {})) {
    const auto group = turn.state.groups.find(id);
    if (group == turn.state.groups.end()) continue;
    const RequestId request = turn.new_request();
    stranger.roll.emplace(request, id);
    turn.emit(AskConfiguration{*stranger.link, request, group->second.name});
  }
}

// What it published meanwhile, or says now, is taken.
void accept(Turn& turn, StrangerId handle) {
  Stranger& stranger = turn.state.strangers.at(handle);
  if (is_double(turn, stranger.id, stranger.address)) return drop(turn, handle);
  stranger.identified = true;
  call_roll(turn, stranger);
  if (!stranger.roll.empty()) return;
  const auto hellos = std::exchange(stranger.hellos, {});
  drop(turn, handle);
  for (const auto& [group_id, hello] : hellos) {
    const auto group = turn.state.groups.find(group_id);
    if (group != turn.state.groups.end()) take_hello(turn, group->second, hello);
  }
}

void refute(Turn& turn, Stranger& stranger) {
  hang_up(turn, stranger);
  stranger.hellos.clear();
  stranger.refuted_at = turn.now;
}

// It may be who it says, but will not tell.
bool is_refusal(const std::string& error) {
  return error.find("NOAUTH") != std::string::npos || error.find("NOPERM") != std::string::npos ||
         error.find("WRONGPASS") != std::string::npos;
}

bool keeps_publishing(Turn& turn, Stranger& stranger, LinkId carrier) {
  stranger.heard_at = turn.now;
  std::erase_if(stranger.heard,
                [&](const auto& each) { return each.second.back() + stranger_lasts <= turn.now; });
  auto& heard = stranger.heard[carrier];
  if (!heard.empty() && heard.back() + distinct_after > turn.now) return false;
  heard.push_back(turn.now);
  if (heard.size() > hellos_needed) heard.pop_front();
  return heard.size() == hellos_needed && heard.front() + stranger_lasts > turn.now;
}

}  // namespace

bool introduce(Turn& turn, const Group& group, const proto::Hello& hello, LinkId carrier) {
  Stranger* stranger = find_stranger(turn.state, hello.agent_id, hello.agent);
  const bool again = stranger != nullptr && stranger->refuted_at &&
                     *stranger->refuted_at + stranger_lasts <= turn.now;
  if (again) {
    drop(turn, stranger->handle);
    stranger = nullptr;
  }
  if (stranger == nullptr) stranger = &add_stranger(turn, hello.agent_id, hello.agent);
  turn.touch(Subject{Process{}});
  const bool persistent = keeps_publishing(turn, *stranger, carrier);
  if (stranger->refuted_at) return false;
  if (persistent && !is_double(turn, hello.agent_id, hello.agent)) {
    drop(turn, stranger->handle);
    return true;
  }
  if (stranger->identified) return true;
  stranger->hellos.insert_or_assign(group.id, hello);
  if (!stranger->link) call(turn, *stranger);
  return false;
}

void recall(Turn& turn, const Group& group, const DurablePeer& peer) {
  Stranger* stranger = find_stranger(turn.state, peer.id, peer.address);
  if (stranger == nullptr) stranger = &add_stranger(turn, peer.id, peer.address);
  stranger->heard_at = turn.now;
  stranger->recalled.insert(group.id);
  if (!stranger->link) call(turn, *stranger);
  turn.touch(Subject{Process{}});
}

void stranger_link_up(Turn& turn, StrangerId id) {
  Stranger& stranger = turn.state.strangers.at(id);
  stranger.request = turn.new_request();
  turn.emit(Identify{*stranger.link, *stranger.request});
}

void stranger_link_down(Turn& turn, StrangerId id) {
  link_is_gone(turn, turn.state.strangers.at(id));
}

void stranger_identified(Turn& turn, StrangerId id, const PeerIdentified& event) {
  Stranger& stranger = turn.state.strangers.at(id);
  if (stranger.request != event.request) return;
  if (event.id) {
    if (*event.id == stranger.id) return accept(turn, id);
    return refute(turn, stranger);
  }
  // Old Sentinels do not tell their ids: a well-formed answer to what only agents know must do.
  const GroupId any =
      stranger.hellos.empty() ? *stranger.recalled.begin() : stranger.hellos.begin()->first;
  const auto group = turn.state.groups.find(any);
  if (group == turn.state.groups.end()) return drop(turn, id);
  const proto::Address master = shown(turn.state, group->second.master().address);
  stranger.request = turn.new_request();
  turn.emit(
      AskPeer{*stranger.link, *stranger.request, {master, turn.state.durable_epoch, std::nullopt}});
}

void stranger_answered(Turn& turn, StrangerId id) { accept(turn, id); }

void stranger_told(Turn& turn, StrangerId id, const ConfigurationTold& event) {
  Stranger& stranger = turn.state.strangers.at(id);
  const auto asked = stranger.roll.extract(event.request);
  if (!asked) return;
  const auto group = turn.state.groups.find(asked.mapped());
  if (group != turn.state.groups.end() && !group->second.peers.contains(stranger.id)) {
    const auto& [told, epoch] = event.configuration;
    const proto::Address master = known_as(turn.state, group->second, told);
    // Its epoch is not told, and no lower than that of its configuration.
    const proto::Hello hello{stranger.address,   stranger.id, epoch,
                             group->second.name, master,      epoch};
    if (has_address(turn.state, master.host)) stranger.hellos.try_emplace(group->first, hello);
  }
  if (stranger.roll.empty()) accept(turn, id);
}

void stranger_failed(Turn& turn, StrangerId id, const RequestFailed& event) {
  Stranger& stranger = turn.state.strangers.at(id);
  if (stranger.roll.erase(event.request) > 0) {
    if (stranger.roll.empty()) accept(turn, id);
    return;
  }
  if (stranger.request != event.request) return;
  if (is_refusal(event.error)) return hang_up(turn, stranger);
  refute(turn, stranger);
}

void tend_strangers(Turn& turn) {
  for (auto it = turn.state.strangers.begin(); it != turn.state.strangers.end();) {
    const StrangerId handle = it->first;
    const bool silent = it->second.heard_at + stranger_lasts <= turn.now;
    ++it;
    if (silent) drop(turn, handle);
  }
}

Instant strangers_due(const State& state) {
  Instant due = never;
  for (const auto& [handle, stranger] : state.strangers) {
    due = std::min(due, stranger.heard_at + stranger_lasts);
  }
  return due;
}

}  // namespace vedette::consensus
