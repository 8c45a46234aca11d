// What an agent reads from a data node: INFO text and the ROLE reply.
// Reference: sentinel-protocol.md section 9 (INFO lines consumed), sentinel-behaviour.md 5.3.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/resp.hpp"
#include "proto/types.hpp"

namespace vedette::proto {

// One reading of INFO. Absent lines leave the defaults; unknown lines are ignored.
struct InfoSnapshot {
  std::optional<RunId> run_id;
  std::optional<Role> role;
  std::string redis_version;
  bool loading = false;  // loading:1 or async_loading:1

  // Replication history. Offsets may be compared only between nodes that share it.
  std::string replid;   // master_replid, "" if absent
  std::string replid2;  // master_replid2, "" if absent or all zeros
  std::int64_t master_repl_offset = -1;
  std::int64_t second_repl_offset = -1;

  // A master's replicas, in the order of the text (slaveN:ip=..,port=.. and the old
  // slaveN:ip,port,state).
  std::vector<Address> replicas;

  // A replica's own view; a master does not send these.
  Address master;  // host "" if unknown
  bool master_link_up = false;
  bool sync_in_progress = false;
  std::chrono::milliseconds master_link_down_for{0};  // 0 while up or unknown, -1 s: never was up
  int priority = 100;
  std::int64_t replica_repl_offset = 0;
  bool announced = true;
  bool operator==(const InfoSnapshot&) const = default;
};

InfoSnapshot parse_info(std::string_view text);

// One ROLE reply.
struct RoleSnapshot {
  Role role = Role::master;
  std::int64_t offset = -1;
  Address master;          // of a replica
  std::string link_state;  // of a replica: connect, connecting, sync, connected
  bool operator==(const RoleSnapshot&) const = default;
};

// nullopt for an error, a sentinel's ROLE, or anything malformed.
std::optional<RoleSnapshot> parse_role(const Value& reply);

}  // namespace vedette::proto
