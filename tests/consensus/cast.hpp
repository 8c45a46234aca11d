// Who plays in the scenarios: short names for addresses and run ids. A name belongs to a machine:
// after a switch the node that was the master at first is still called `master`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/types.hpp"

namespace vedette::consensus::scenario {

// `me`, peer1 .. peer5.
std::optional<proto::RunId> id_of(std::string_view name);
// The name, or the digits of an id that nobody plays.
std::string name_of(const proto::RunId& id);
// Ids inside a text, such as the payload of an event, become names.
std::string with_names(std::string text);

// `master` 10.0.0.1:6379, replica1 .. replica8 from 10.0.0.2 on, `other` 10.0.0.11 (the master of a
// second group), `me` 10.0.1.1:26379, peer1 .. peer5 from 10.0.1.2 on. Also an address as
// HOST:PORT.
std::optional<proto::Address> address_of(std::string_view name);
// The name, or HOST:PORT for an address that nobody plays.
std::string name_of(const proto::Address& address);

}  // namespace vedette::consensus::scenario
