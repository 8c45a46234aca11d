// What operators may tune, with Sentinel's defaults.
#pragma once

#include <string>

#include "consensus/time.hpp"

namespace vedette::consensus {

// Per monitored master.
struct GroupOptions {
  unsigned quorum = 2;                       // agents that must see the master down, >= 1
  milliseconds down_after{30000};            // > 0
  milliseconds failover_timeout{180000};     // > 0
  int parallel_syncs = 1;                    // replicas re-pointed at a time; <= 0 means none
  milliseconds master_reboot_down_after{0};  // 0: a restarted, loading master counts as up
  unsigned voters = 0;                       // agents of which a majority decides; 0: those known
  bool operator==(const GroupOptions&) const = default;
};

// Process-wide periods, settable with SENTINEL DEBUG, not persisted.
struct Timings {
  milliseconds info_period{10000};
  milliseconds ping_period{1000};
  milliseconds ask_period{1000};
  milliseconds publish_period{2000};
  milliseconds default_down_after{30000};
  milliseconds default_failover_timeout{180000};
  milliseconds tilt_trigger{2000};
  milliseconds tilt_period{30000};
  milliseconds replica_reconf_timeout{10000};
  milliseconds min_link_reconnect_period{15000};
  milliseconds election_timeout{10000};
  milliseconds script_max_runtime{60000};  // used by the agent layer
  milliseconds script_retry_delay{30000};  // used by the agent layer
  bool operator==(const Timings&) const = default;
};

// The decisions in which we differ from Sentinel on purpose; each can be switched off (README.md,
// "What differs from Sentinel").
struct Policy {
  bool abort_when_master_returns = true;
  bool demote_replaced_master = true;
  bool prefer_promoted_replica = true;
  bool limit_authority = true;
  bool refuse_unsaved_votes = true;
  bool operator==(const Policy&) const = default;
};

// How other agents reach this one, and how it calls the nodes.
struct Announced {
  std::string host;  // "" = the local address of the link that carries the hello
  unsigned short port = 26379;
  bool hostnames = false;  // nodes by their names, where they have one, not by address
  bool operator==(const Announced&) const = default;
};

}  // namespace vedette::consensus
