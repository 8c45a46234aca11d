// What an agent holds for the configuration of a master, as SENTINEL MASTER tells it.
#pragma once

#include <optional>

#include "proto/resp.hpp"
#include "proto/types.hpp"

namespace vedette::proto {

struct Configuration {
  Address master;
  Epoch config_epoch{};
  bool operator==(const Configuration&) const = default;
};

// From the reply to SENTINEL MASTER, in RESP2 or RESP3; nullopt when it is an error, or one of the
// fields ip, port and config-epoch is missing or malformed.
std::optional<Configuration> parse_master_reply(const Value& reply);

}  // namespace vedette::proto
