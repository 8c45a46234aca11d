// Hosts go by names and by addresses. A node or peer keeps the spelling under which it was first
// named: its identity, also in the configuration file. What others call it is recognized by the
// address behind it, and what the outside is told follows `announce-hostnames`.
#pragma once

#include <string>

#include "consensus/event.hpp"
#include "consensus/state.hpp"
#include "consensus/turn.hpp"
#include "proto/types.hpp"

namespace vedette::consensus {

void on_host_resolved(Turn& turn, const HostResolved& event);

// One host under two spellings, and the same port.
[[nodiscard]] bool same_place(const State& state, const proto::Address& a, const proto::Address& b);

// Spelled as the group's node at this place is known; unchanged if there is none.
[[nodiscard]] proto::Address known_as(const State& state, const Group& group,
                                      const proto::Address& heard);

// An address, or a name that has one: anything else leads nowhere.
[[nodiscard]] bool has_address(const State& state, const std::string& host);

// As the outside is told: the address behind a name unless names are announced or nothing is known
// behind it.
[[nodiscard]] proto::Address shown(const State& state, const proto::Address& address);

}  // namespace vedette::consensus
