#include "consensus/announce.hpp"

#include <utility>

#include "consensus/hosts.hpp"

namespace vedette::consensus {

std::string spaced(const proto::Address& address) {
  return address.host + " " + std::to_string(address.port);
}

std::string describe_master(const State& state, const Group& group, const proto::Address& master) {
  return "master " + group.name + " " + spaced(shown(state, master));
}

std::string describe(const State& state, const Group& group) {
  return describe_master(state, group, group.master().address);
}

std::string describe(const State& state, const Group& group, const Node& node) {
  if (node.id == group.master_id) return describe(state, group);
  const proto::Address address = shown(state, node.address);
  return "slave " + proto::to_string(address) + " " + spaced(address) + " @ " + group.name + " " +
         spaced(shown(state, group.master().address));
}

std::string describe(const State& state, const Group& group, const Peer& peer) {
  return "sentinel " + peer.id.text() + " " + spaced(shown(state, peer.address)) + " @ " +
         group.name + " " + spaced(shown(state, group.master().address));
}

Announce make_announce(EventName event, std::string group, std::string payload) {
  return Announce{event.name, event.level, std::move(group), std::move(payload)};
}

void announce(Turn& turn, EventName event, const Group& group, std::string payload) {
  turn.emit(make_announce(event, group.name, std::move(payload)));
}

void note(Turn& turn, Level level, std::string text) { turn.emit(Note{level, std::move(text)}); }

}  // namespace vedette::consensus
