#include "tests/sim/play/plan.hpp"

#include <algorithm>
#include <array>

#include "consensus/random.hpp"

namespace vedette::sim {

namespace {

// Faults come in classes; each seed has some of them only, so that each gets its quiet hours.
enum Class : unsigned {
  agents = 1,
  disks = 2,
  nodes = 4,
  answers = 8,
  routes = 16,
  operators = 32,
  moves = 64,
  stalls = 128,
  ambushes = 256,
  limits = 512
};

struct Row {
  const char* name;
  Class group;
  Duration shortest;  // how long it lasts
  Duration longest;
  std::int64_t smallest;  // `value`
  std::int64_t largest;
  const char* limit;
};

// In the order of What. Durations in microseconds where they are values.
constexpr std::array<Row, static_cast<std::size_t>(What::count)> rows{{
    {"crash_agent", agents, 1ms, 8s, 0, 0, ""},
    {"power_off_agent", agents, 100ms, 8s, 0, 0, ""},
    {"pause_agent", stalls, 10ms, 6s, 0, 0, ""},
    {"pause_others", stalls, 10ms, 3s, 0, 0, ""},
    {"stop_clock", limits, 10ms, 4s, 0, 0, "stopped clock"},
    {"slow_agent", stalls, 100ms, 5s, 1'000, 30'000, ""},
    {"fail_disk", disks, 100ms, 6s, 0, 0, ""},
    {"fail_disk_late", disks, 100ms, 6s, 0, 0, ""},
    {"slow_disk", disks, 100ms, 6s, 5'000, 1'500'000, ""},
    {"delay_writes", stalls, 100ms, 8s, 1'000, 900'000, ""},
    {"restore_disk", limits, 10ms, 2s, 0, 0, "restored disk"},
    {"move_agent", moves, 100ms, 5s, 0, 0, ""},
    {"crash_node", nodes, 1ms, 8s, 0, 3, ""},
    {"power_off_node", nodes, 500ms, 8s, 0, 0, ""},
    {"pause_node", nodes, 50ms, 8s, 0, 0, ""},
    {"flap_node", nodes, 100ms, 5s, 50'000, 800'000, ""},
    {"load_node", answers, 100ms, 8s, 0, 0, ""},
    {"busy_node", answers, 100ms, 8s, 0, 0, ""},
    {"refuse_password", answers, 100ms, 6s, 0, 0, ""},
    {"refuse_role", answers, 1s, 20s, 0, 0, ""},
    {"fill_node", answers, 100ms, 6s, 0, 0, ""},
    {"slow_node", answers, 100ms, 6s, 1'000, 100'000, ""},
    {"pause_clients", answers, 100ms, 6s, 0, 0, ""},
    {"set_priority", nodes, 1s, 8s, 0, 2, ""},
    {"move_node", moves, 100ms, 5s, 0, 0, ""},
    {"swap_nodes", moves, 100ms, 5s, 0, 0, ""},
    {"cut", routes, 10ms, 8s, 0, 0, ""},
    {"cut_one_way", routes, 10ms, 8s, 0, 0, ""},
    {"isolate", routes, 100ms, 8s, 0, 0, ""},
    {"cut_zone", routes, 100ms, 8s, 0, 0, ""},
    {"refuse", routes, 100ms, 6s, 0, 0, ""},
    {"slow_route", routes, 100ms, 6s, 5'000, 700'000, ""},
    {"lose_packets", routes, 100ms, 6s, 5, 60, ""},
    {"reset", routes, 0ms, 0ms, 0, 0, ""},
    {"ambush", ambushes, 10ms, 6s, 0, 7, ""},
    {"relieve", ambushes, 0ms, 0ms, 0, 0, ""},
    {"fail_over", operators, 0ms, 0ms, 0, 0, ""},
    {"reset_masters", operators, 0ms, 0ms, 0, 0, "forgotten nodes"},
    {"storm_of_resets", operators, 2s, 7s, 0, 0, "forgotten nodes"},
    {"set_option", operators, 0ms, 0ms, 0, 3, ""},
    {"remove_and_monitor", operators, 0ms, 0ms, 0, 0, "forgotten peers"},
    {"stray_ask", operators, 0ms, 0ms, 0, 4, ""},
    {"forge_hello", operators, 0ms, 0ms, 0, 6, ""},
}};

const Row& row(What what) { return rows[static_cast<std::size_t>(what)]; }

class Drawing {
 public:
  // Mixed first: streams that start near each other would be one stream, shifted.
  Drawing(std::uint64_t seed, Mode mode) : random_(consensus::Random(seed).next()) {
    plan_.seed = seed;
    plan_.mode = mode;
  }

  Plan draw() {
    draw_cluster();
    if (plan_.mode == Mode::performance) return plan_;
    if (pick(4) == 0) {
      draw_duel();
      return plan_;
    }
    draw_classes();
    const std::uint64_t actions = 1 + pick(3) * pick(12) + pick(6);
    Duration at{0};
    for (std::uint64_t i = 0; i < actions; ++i) {
      const bool close = pick(3) != 0;
      at += random_.between(0ms, close ? 400ms : 3s);
      draw_action(at);
    }
    draw_misnamed();
    draw_aliased();
    plan_.refuses_role = pick(16) == 0;
    return plan_;
  }

 private:
  std::uint64_t pick(std::uint64_t sides) { return random_.next() % sides; }
  template <class T, std::size_t N>
  T one_of(const std::array<T, N>& values) {
    return values[pick(N)];
  }

  void draw_cluster() {
    plan_.agents = one_of(std::array{1u, 2u, 3u, 3u, 3u, 3u, 3u, 3u, 3u, 3u, 3u, 4u, 5u, 5u});
    const bool many = pick(plan_.mode == Mode::liveness ? 15 : 60) == 0;
    if (many) plan_.agents = one_of(std::array{6u, 7u, 8u, 9u, 9u, 9u});
    plan_.masters = pick(25) == 0 ? 2 + static_cast<unsigned>(pick(3)) : 1;
    plan_.replicas = one_of(std::array{0u, 1u, 1u, 2u, 2u, 2u, 2u, 2u, 2u, 3u});
    if (pick(100) == 0) plan_.replicas = 4 + static_cast<unsigned>(pick(2));
    if (pick(4000) == 0) {
      plan_.masters = 200;
      plan_.agents = std::min(plan_.agents, 3u);
    }
    // Independent of the majority, also where nobody would configure it.
    plan_.quorum = 1 + static_cast<unsigned>(pick(plan_.agents));
    // More than a majority, and not all: who is left may be just enough to elect.
    if (many && pick(2) == 0) plan_.quorum = plan_.agents * 2 / 3;
    plan_.down_after = one_of(std::array{200ms, 500ms, 1000ms, 1000ms, 1000ms, 2000ms});
    plan_.failover_timeout = one_of(std::array{1s, 3s, 3s, 10s, 60s});
    plan_.parallel_syncs = 1 + static_cast<unsigned>(pick(2));
    plan_.info_period = one_of(std::array<Duration, 4>{10s, 10s, 10s, 1s});
    plan_.delay = one_of(std::array<Duration, 4>{50us, 200us, 200us, 5ms});
    plan_.jitter = one_of(std::array<Duration, 3>{10us, 100us, 2ms});
    plan_.introduced = pick(10) != 0;
    plan_.keeps_data = pick(3) != 0;
    plan_.writers = pick(3) == 0;
    if (pick(4) == 0) plan_.legacy = 1 + static_cast<unsigned>(pick(plan_.agents));
    if (plan_.mode == Mode::performance) {
      plan_.legacy = 0;
      plan_.introduced = true;
      plan_.agents = std::max(plan_.agents, 3u);
      plan_.quorum = plan_.agents / 2 + 1;
      plan_.replicas = std::max(plan_.replicas, 1u);
      plan_.masters = 1;
    }
  }

  // A wrong file, as deployments write it. Never so many that they could declare their "master"
  // down for being a replica; no real Sentinels, who stay with what they have; and no majority
  // where a hello is forged: what a majority publishes with a newer epoch is a proof.
  void draw_misnamed() {
    const bool forged =
        std::any_of(plan_.actions.begin(), plan_.actions.end(),
                    [](const Action& action) { return action.what == What::forge_hello; });
    const unsigned fewer = forged ? (plan_.agents + 1) / 2 : plan_.agents;
    const unsigned most = std::min(plan_.quorum, fewer) - 1;
    const bool possible = plan_.introduced && plan_.legacy == 0 && plan_.replicas > 0 && most > 0;
    if (pick(8) == 0 && possible) plan_.misnamed = 1 + static_cast<unsigned>(pick(most));
  }

  // Whose votes and opinions count together is who knows the master by one address: they have to be
  // enough. What a real Sentinel does to a master with two addresses is not ours to answer for.
  void draw_aliased() {
    const unsigned needed = std::max(plan_.quorum, plan_.agents / 2 + 1);
    const bool possible = plan_.introduced && plan_.legacy == 0 && plan_.misnamed == 0;
    if (pick(12) == 0 && possible && plan_.agents > needed) {
      plan_.aliased = 1 + static_cast<unsigned>(pick(plan_.agents - needed));
    }
  }

  // One dead master, and whoever deals with it is hit where it hurts: few actions, each of them at
  // a moment that counts.
  void draw_duel() {
    plan_.legacy = 0;
    plan_.introduced = true;
    plan_.masters = 1;
    plan_.agents = one_of(std::array{3u, 3u, 3u, 5u});
    if (pick(12) == 0) plan_.agents = 6 + static_cast<unsigned>(pick(4));
    plan_.quorum = plan_.agents / 2 + 1;
    plan_.replicas = one_of(std::array{1u, 2u, 3u, 3u});
    static constexpr std::array deaths{What::crash_node, What::power_off_node, What::pause_node};
    // Drawn one by one: in which order arguments are evaluated is the compiler's choice.
    const What death = one_of(deaths);
    const Duration when = random_.between(0ms, 500ms);
    add(draw_one(when, death));
    plan_.actions.back().a = 0;
    static constexpr std::array hindrances{What::slow_disk,  What::delay_writes,
                                           What::slow_node,  What::slow_route,
                                           What::slow_agent, What::set_priority};
    for (auto more = pick(3); more > 0; --more) add(draw_one(0ms, one_of(hindrances)));
    const bool at_one_point = pick(2) == 0;
    const std::size_t first = plan_.actions.size();
    for (auto more = 1 + pick(4); more > 0; --more) {
      add(pick(2) == 0 ? draw_one(0ms, What::ambush) : draw_trap());
      if (at_one_point) plan_.actions.back().value = plan_.actions[first].value;
    }
  }

  // Two blows of which each makes the other one worse.
  Action draw_trap() {
    struct Trap {
      std::string_view point;
      What first;
      What second;
    };
    static constexpr std::array traps{
        // What is confirmed is to be renewed, what has to be written again is gone.
        Trap{"+failover-state-wait-promotion", What::pause_node, What::pause_others},
        Trap{"+failover-state-wait-promotion", What::flap_node, What::pause_others},
        Trap{"+failover-state-wait-promotion", What::crash_node, What::pause_others},
        // The one that was chosen is gone before it is told.
        Trap{"+selected-slave", What::crash_node, What::pause_others},
        Trap{"+selected-slave", What::reset, What::cut},
        // A vote is being saved while what it says becomes untrue.
        Trap{"+vote-for-leader", What::relieve, What::fail_disk},
        Trap{"+vote-for-leader", What::relieve, What::pause_agent},
    };
    const Trap trap = one_of(traps);
    const auto place = [](const auto& table, const auto& each) {
      return static_cast<std::uint32_t>(std::find(table.begin(), table.end(), each) -
                                        table.begin());
    };
    Action action = draw_one(0ms, What::ambush);
    action.a = place(ambush_blows, trap.first) +
               (place(ambush_blows, trap.second) + 1) * std::uint32_t{ambush_blows.size()};
    action.value = place(ambush_points, trap.point);
    return action;
  }

  void draw_classes() {
    for (unsigned each = 1; each <= limits; each *= 2) {
      const std::uint64_t odds = each == limits ? 20 : each == operators || each == moves ? 4 : 2;
      if (pick(odds) == 0) classes_ |= each;
    }
    if (classes_ == 0) classes_ = nodes;
  }

  void draw_action(Duration at) {
    for (int tries = 0; tries < 100; ++tries) {
      const bool waits = pick(8) == 0;
      const What what =
          waits ? What::ambush : static_cast<What>(pick(static_cast<std::uint64_t>(What::count)));
      if ((row(what).group & classes_) == 0) continue;
      add(draw_one(at, what));
      silence_named(plan_.actions.back());
      return;
    }
  }

  // In whose name a foreign master is published cannot say otherwise.
  void silence_named(const Action& forgery) {
    if (forgery.what != What::forge_hello || forgery.value != foreign_master) return;
    add({forgery.at, What::pause_agent, forgery.a + 1, 0, 3s, 0});
  }

  Action draw_one(Duration at, What what) {
    const Row& about = row(what);
    Action action{at, what, 0, 0, {}, 0};
    action.a = static_cast<std::uint32_t>(pick(1000));
    action.b = static_cast<std::uint32_t>(pick(1000));
    const Duration longest = pick(2) == 0 ? about.longest : about.longest / 8;
    action.lasts = random_.between(about.shortest, longest);
    const auto span = static_cast<std::uint64_t>(about.largest - about.smallest) + 1;
    action.value = about.smallest + static_cast<std::int64_t>(pick(span));
    // The master is what matters most: number 0 is the master of the first shard.
    if (pick(3) == 0 && what != What::ambush) action.a = 0;
    return action;
  }

  void add(const Action& action) { plan_.actions.push_back(action); }

  consensus::Random random_;
  Plan plan_;
  unsigned classes_ = 0;
};

}  // namespace

Duration Plan::trouble() const {
  Duration end{0};
  for (const Action& action : actions) end = std::max(end, action.at + action.lasts);
  return end;
}

Plan draw(std::uint64_t seed, Mode mode) { return Drawing(seed, mode).draw(); }

std::string_view name_of(What what) { return row(what).name; }
std::string_view limit_of(What what) { return row(what).limit; }

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::safety:
      return "safety";
    case Mode::liveness:
      return "liveness";
    case Mode::performance:
      return "performance";
  }
  return "";
}

}  // namespace vedette::sim
