// The names, levels and payloads of every event.
#pragma once

#include <string>
#include <string_view>

#include "consensus/command.hpp"
#include "consensus/state.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

struct EventName {
  std::string_view name;
  Level level;
};

namespace events {
using enum Level;
inline constexpr EventName monitor{"+monitor", warning};
inline constexpr EventName monitor_removed{"-monitor", warning};
inline constexpr EventName set{"+set", warning};
inline constexpr EventName reset_master{"+reset-master", warning};
inline constexpr EventName replica_found{"+slave", notice};
inline constexpr EventName peer_found{"+sentinel", notice};
inline constexpr EventName peer_address_switch{"+sentinel-address-switch", notice};
inline constexpr EventName peer_address_update{"+sentinel-address-update", notice};
inline constexpr EventName peer_invalid_address{"+sentinel-invalid-addr", notice};
inline constexpr EventName down{"+sdown", warning};
inline constexpr EventName up{"-sdown", warning};
inline constexpr EventName objectively_down{"+odown", warning};
inline constexpr EventName objectively_up{"-odown", warning};
inline constexpr EventName new_epoch{"+new-epoch", warning};
inline constexpr EventName try_failover{"+try-failover", warning};
inline constexpr EventName vote_for_leader{"+vote-for-leader", warning};
inline constexpr EventName elected_leader{"+elected-leader", warning};
inline constexpr EventName select_replica{"+failover-state-select-slave", warning};
inline constexpr EventName selected_replica{"+selected-slave", warning};
inline constexpr EventName send_promote{"+failover-state-send-slaveof-noone", notice};
inline constexpr EventName wait_promotion{"+failover-state-wait-promotion", notice};
inline constexpr EventName promoted{"+promoted-slave", warning};
inline constexpr EventName reconfigure_replicas{"+failover-state-reconf-slaves", warning};
inline constexpr EventName resync_sent{"+slave-reconf-sent", notice};
inline constexpr EventName resync_in_progress{"+slave-reconf-inprog", notice};
inline constexpr EventName resync_done{"+slave-reconf-done", notice};
inline constexpr EventName resync_timeout{"-slave-reconf-sent-timeout", notice};
inline constexpr EventName resync_best_effort{"+slave-reconf-sent-be", notice};
inline constexpr EventName failover_end_for_timeout{"+failover-end-for-timeout", warning};
inline constexpr EventName failover_end{"+failover-end", warning};
inline constexpr EventName switch_master{"+switch-master", warning};
inline constexpr EventName config_update_from{"+config-update-from", warning};
inline constexpr EventName abort_not_elected{"-failover-abort-not-elected", warning};
inline constexpr EventName abort_no_good_replica{"-failover-abort-no-good-slave", warning};
inline constexpr EventName abort_replica_timeout{"-failover-abort-slave-timeout", warning};
// Ours: Sentinel never gives up a failover because the master came back.
inline constexpr EventName abort_master_back{"-failover-abort-master-back", warning};
inline constexpr EventName convert_to_replica{"+convert-to-slave", notice};
inline constexpr EventName fix_replica_config{"+fix-slave-config", notice};
inline constexpr EventName role_as_expected{"+role-change", verbose};
inline constexpr EventName role_unexpected{"-role-change", verbose};
inline constexpr EventName reboot{"+reboot", notice};
inline constexpr EventName tilt{"+tilt", warning};
inline constexpr EventName tilt_end{"-tilt", warning};
}  // namespace events

// The instance part of a payload. A node reads "master m ip port", or, as a replica,
// "slave ip:port ip port @ m ip port".
std::string describe(const State& state, const Group& group);
std::string describe(const State& state, const Group& group, const Node& node);
std::string describe(const State& state, const Group& group, const Peer& peer);
// "@ m ip port" with the given master address: for events that belong to an earlier master.
std::string describe_master(const State& state, const Group& group, const proto::Address& master);
// "ip port".
std::string spaced(const proto::Address& address);

Announce make_announce(EventName event, std::string group, std::string payload);
void announce(Turn& turn, EventName event, const Group& group, std::string payload);
void note(Turn& turn, Level level, std::string text);

}  // namespace vedette::consensus
