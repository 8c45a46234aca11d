// What survives a restart: the content of sentinel.conf as far as the core is concerned.
// See README.md, "What is durable".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "consensus/options.hpp"
#include "proto/types.hpp"

namespace vedette::consensus {

// The last vote given for one master name. `voted_for` is unknown in files written by real
// Sentinels.
struct Vote {
  proto::Epoch epoch{};
  std::optional<proto::RunId> voted_for;
  bool operator==(const Vote&) const = default;
};

// The master that the configuration of `config_epoch` replaced; at its first contact it is demoted.
struct Replaced {
  proto::Address address;
  std::optional<proto::RunId> run_id;
  bool operator==(const Replaced&) const = default;
};

struct DurablePeer {
  proto::RunId id;
  proto::Address address;
  bool operator==(const DurablePeer&) const = default;
};

struct DurableGroup {
  std::string name;
  proto::Address master;
  GroupOptions options;
  proto::Epoch config_epoch{};
  Vote vote;                         // leader-epoch, and `# vedette:vote <name> <epoch> <id>`
  std::optional<Replaced> replaced;  // `# vedette:replaced <name> <ip> <port> [<run id>]`
  std::string replid;                // `# vedette:replid <name> <replid>`; "" unknown
  std::vector<proto::Address> replicas;
  std::vector<DurablePeer> peers;
  std::size_t voters = 0;  // `# vedette:voters <name> <n>`: before a RESET of late; 0: all known
  bool operator==(const DurableGroup&) const = default;
};

struct Durable {
  proto::RunId my_id;
  proto::Epoch current_epoch{};
  std::vector<DurableGroup> groups;  // ordered by name
  bool operator==(const Durable&) const = default;
};

}  // namespace vedette::consensus
