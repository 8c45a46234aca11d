// One experiment as data: who is there, and what is done to them when. Drawn from a seed; written
// as text, so that a failing one can be made smaller and kept as a regression test.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/options.hpp"
#include "tests/sim/cluster/queue.hpp"

namespace vedette::sim {

enum class Mode {
  safety,      // trouble everywhere, then peace
  liveness,    // ... then trouble that lasts outside of a healthy core, which must go on
  performance  // nothing but one dead master
};

// What can be done to a cluster. `a` and `b` are numbers of agents, data nodes or hosts as the
// table in plan.cpp says (taken modulo how many there are), `value` a size.
enum class What : std::uint8_t {
  crash_agent,
  power_off_agent,
  pause_agent,
  pause_others,  // all agents but this
  stop_clock,    // as pause_agent, and its clock stands still: a suspended virtual machine
  slow_agent,
  fail_disk,
  fail_disk_late,
  slow_disk,
  delay_writes,
  restore_disk,  // the process ends, its file becomes an old one, it starts again
  move_agent,    // it returns under another address
  crash_node,
  power_off_node,
  pause_node,
  flap_node,  // it restarts again and again
  load_node,
  busy_node,
  refuse_password,
  refuse_role,
  fill_node,
  slow_node,
  pause_clients,
  set_priority,
  move_node,
  swap_nodes,  // two return, each under the other's address
  cut,
  cut_one_way,
  isolate,
  cut_zone,
  refuse,
  slow_route,
  lose_packets,
  reset,
  ambush,   // whoever next comes to a certain point of a failover is hit right then
  relieve,  // the fault that has lasted longest ends
  fail_over,
  reset_masters,
  storm_of_resets,
  set_option,
  remove_and_monitor,
  stray_ask,    // somebody asks for a vote by hand
  forge_hello,  // somebody publishes a hello that is not true
  count
};

struct Action {
  Duration at{};  // since the trouble began
  What what{};
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  Duration lasts{};  // 0: nothing to take back
  std::int64_t value = 0;
  bool operator==(const Action&) const = default;
};

struct Plan {
  std::uint64_t seed = 1;
  Mode mode = Mode::safety;
  unsigned agents = 3;
  unsigned legacy = 0;  // so many of them are real Sentinels
  unsigned masters = 1;
  unsigned replicas = 2;  // each
  unsigned quorum = 2;
  Duration down_after = 1s;
  Duration failover_timeout = 10s;
  unsigned parallel_syncs = 1;
  Duration info_period = 10s;
  Duration delay{200};  // one way
  Duration jitter{100};
  bool introduced = true;  // their files know each other and all nodes
  unsigned misnamed = 0;   // the files of so many name a replica of the first master as the master
  unsigned aliased = 0;    // the files of so many name the first master by another address of it
  bool keeps_data = true;
  bool refuses_role = false;  // no data node lets agents ask ROLE
  bool writers = false;       // clients that write
  std::vector<Action> actions;

  bool operator==(const Plan&) const = default;
  [[nodiscard]] Duration trouble() const;  // until the last action is over
};

// The experiment of a seed.
Plan draw(std::uint64_t seed, Mode mode);

std::string to_text(const Plan& plan);
// "" or what is wrong with the text, and in which line.
std::string parse(std::string_view text, Plan& plan);

std::string_view name_of(What what);
std::string_view name_of(Mode mode);

// The points of a failover at which an ambush springs (its `value`), and the blows that then fall:
// `a` is the place of the first, plus as many times their number as the second's place counted from
// one (there is none if that is nobody's place).
inline constexpr std::array<std::string_view, 8> ambush_points{
    "+odown",          "+try-failover",   "+vote-for-leader",
    "+elected-leader", "+selected-slave", "+failover-state-wait-promotion",
    "+promoted-slave", "+switch-master"};
inline constexpr std::array ambush_blows{
    What::crash_agent,     What::pause_agent, What::power_off_agent,
    What::isolate,         What::fail_disk,   What::pause_agent,
    What::stray_ask,       What::fail_disk,   What::pause_node,
    What::crash_node,      What::cut,         What::reset,
    What::refuse_password, What::cut_zone,    What::cut_zone,
    What::cut_zone,        What::relieve,     What::pause_others,
    What::flap_node,       What::crash_node};

// What forge_hello publishes (its `value`), of those that others have to know.
inline constexpr std::int64_t absurd_word = 4;     // a known agent's, with an absurd epoch
inline constexpr std::int64_t false_master = 5;    // .. with a node of the cluster as the master
inline constexpr std::int64_t foreign_master = 6;  // .. with a server that is nobody's

// What a run with such actions cannot promise, by name; "" if it must promise everything.
// (README.md, "Known limits")
std::string_view limit_of(What what);

}  // namespace vedette::sim
