// The hello message: how agents find each other and publish a configuration.
// Reference: sentinel-protocol.md section 8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/types.hpp"

namespace vedette::proto {

inline constexpr std::string_view hello_channel = "__sentinel__:hello";

struct Hello {
  Address agent;  // where the sender listens
  RunId agent_id;
  Epoch current_epoch{};  // the sender's
  std::string master_name;
  Address master;        // the master as the sender knows it
  Epoch config_epoch{};  // of that address
  bool operator==(const Hello&) const = default;
};

// Eight comma-separated fields. nullopt if anything is malformed: a wrong number of fields, an id
// that is not 40 hex digits, a port outside 1..65535, an epoch that is negative or above max_epoch,
// a control character, an empty name or host. The whole message is judged before any of it is used.
std::optional<Hello> parse_hello(std::string_view payload);
std::string format_hello(const Hello& hello);

}  // namespace vedette::proto
