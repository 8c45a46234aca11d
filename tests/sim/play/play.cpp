#include "tests/sim/play/play.hpp"

#include <algorithm>

#include "consensus/quorum.hpp"
#include "tests/sim/cluster/writer.hpp"
#include "tests/sim/play/faults.hpp"
#include "tests/sim/rules/rules.hpp"
#include "tests/sim/rules/soundness.hpp"

namespace vedette::sim {

namespace {

constexpr Duration warm_up = 4s;
constexpr Duration slice = 100ms;
constexpr Duration quiet = 1500ms;  // after all is well: does it stay so?

class Run {
 public:
  Run(const Plan& plan, bool record)
      : plan_(plan),
        limits_(limits_of(plan)),
        world_(plan.seed, record),
        faults_(world_, plan_),
        rules_(world_, faults_, limits_) {}

  Outcome play() {
    build();
    world_.run_for(plan_.introduced ? warm_up : 2 * warm_up);
    if (plan_.mode == Mode::performance) {
      kill_master();
    } else {
      faults_.schedule();
      world_.run_for(plan_.trouble());
      make_peace();
      if (plan_.mode == Mode::liveness) lose_what_may_be_lost();
    }
    return finish();
  }

 private:
  void build() {
    consensus::GroupOptions options;
    options.quorum = plan_.quorum;
    options.down_after = std::chrono::duration_cast<std::chrono::milliseconds>(plan_.down_after);
    options.failover_timeout =
        std::chrono::duration_cast<std::chrono::milliseconds>(plan_.failover_timeout);
    options.parallel_syncs = static_cast<int>(plan_.parallel_syncs);
    world_.network().set_normal({plan_.delay, plan_.jitter, 0, false, false});
    for (unsigned i = 0; i < plan_.masters; ++i) {
      Shard& shard = world_.add_shard("m" + std::to_string(i), options, plan_.replicas);
      for (Redis* const node : shard.nodes) {
        node->keeps_data = plan_.keeps_data;
        node->refuses_role = plan_.refuses_role;
      }
    }
    if (has_foreign_master()) world_.add_redis({"10.8.0.2", 6379}).boot();
    for (unsigned i = 0; i < plan_.agents; ++i) {
      const Kind kind = i < plan_.legacy ? Kind::legacy : Kind::vedette;
      Agent& agent = world_.add_agent(kind, static_cast<int>(i % 3), plan_.introduced);
      agent.timings.info_period =
          std::chrono::duration_cast<std::chrono::milliseconds>(plan_.info_period);
    }
    if (plan_.introduced) world_.introduce_agents();
    for (unsigned i = 0; i < std::min(plan_.misnamed, plan_.agents); ++i)
      world_.misname_master(*world_.agents()[i]);
    for (unsigned i = 0; i < std::min(plan_.aliased, plan_.agents); ++i)
      world_.alias_master(*world_.agents()[i]);
    for (const auto& agent : world_.agents()) agent->boot();
    for (unsigned i = 0; plan_.writers && i < plan_.masters && i < 4; ++i) {
      const proto::Address address{"10.2.0." + std::to_string(i + 1), 1};
      writers_.push_back(
          std::make_unique<Writer>(world_, *world_.shards()[i], address, Duration{20'000}));
      writers_.back()->start();
    }
  }

  [[nodiscard]] bool has_foreign_master() const {
    return std::any_of(plan_.actions.begin(), plan_.actions.end(), [](const Action& action) {
      return action.what == What::forge_hello && action.value == foreign_master;
    });
  }

  // Everything works again. How long until all is well?
  void make_peace() {
    if (world_.failed()) return;
    faults_.end_all();
    world_.story().tell(world_.now(), "PEACE", "");
    await_soundness({});
  }

  [[nodiscard]] Duration patience() const {
    if (excused()) return 10s;
    const Duration base = 40s + 12 * plan_.down_after;
    // Real Sentinels that lost an election try again after twice failover-timeout. An operator may
    // have doubled it.
    return base + (plan_.legacy > 0 ? 7 : 2) * plan_.failover_timeout;
  }

  // What was seen before may still be acted on, so all may be well, and then not, once.
  void await_soundness(const Healthy& healthy) {
    const Instant began = world_.now();
    std::string wrong = wait_until_sound(healthy, began + patience());
    for (int relapses = 0; wrong.empty() && !world_.failed(); ++relapses) {
      world_.run_for(quiet);
      wrong = what_is_wrong(world_, healthy);
      if (wrong.empty()) return;
      if (relapses > 0) return blame("what is well stays well", wrong);
      wrong = wait_until_sound(healthy, began + patience());
    }
    if (!world_.failed()) blame("peace brings one master", wrong);
  }

  // "" or what was still wrong at the end.
  std::string wait_until_sound(const Healthy& healthy, Instant end) {
    const Instant began = world_.now();
    std::string wrong = what_is_wrong(world_, healthy);
    while (!wrong.empty() && !world_.failed() && world_.now() < end) {
      world_.run_for(slice);
      wrong = what_is_wrong(world_, healthy);
    }
    outcome_.recovery = std::max(outcome_.recovery, world_.now() - began);
    return wrong;
  }

  void blame(const std::string& invariant, const std::string& wrong) {
    if (excused()) return;
    world_.fail(invariant, wrong);
  }

  // Nobody can put together what was forgotten or has moved away, and real Sentinels end up with
  // two masters of one config epoch (README.md, "Known limits").
  [[nodiscard]] bool excused() const {
    return rules_.anything_forced() || limits_.changed_hands || limits_.forgotten_peers ||
           limits_.forgotten_nodes || limits_.restored_disk || limits_.legacy || is_torn();
  }

  // Who believed an epoch far ahead votes for none below it; nobody else believes that one alone.
  [[nodiscard]] bool is_torn() const {
    const std::size_t all = world_.agents().size();
    return limits_.torn_epochs &&
           std::max<std::size_t>(consensus::majority(all), plan_.quorum) >= all;
  }

  // Some agents and the master are gone for good; the rest is a majority, and must go on.
  void lose_what_may_be_lost() {
    if (world_.failed() || excused() || plan_.aliased > 0) return;  // the rest may have two names
    const std::size_t all = world_.agents().size();
    const std::size_t needed = std::max<std::size_t>(consensus::majority(all), plan_.quorum);
    std::size_t spare = all - std::min(all, needed);
    Healthy healthy;
    for (const auto& process : world_.nodes()) healthy.hosts.insert(process->host());
    for (const auto& process : world_.agents()) healthy.hosts.insert(process->host());
    for (std::uint32_t i = 0; i < all && spare > 0; ++i) {
      if (world_.random().next() % 2 == 0) continue;
      --spare;
      lose(What::crash_agent, i, healthy, *world_.agents()[i]);
    }
    if (plan_.replicas > 0) {
      for (std::uint32_t i = 0; i < world_.nodes().size(); ++i) {
        Redis& node = *world_.nodes()[i];
        if (node.role() == proto::Role::master) lose(What::crash_node, i, healthy, node);
      }
    }
    if (world_.random().next() % 2 == 0) restart_one(healthy);
    await_soundness(healthy);
  }

  // Who just started gives no vote yet: for a moment the rest may be too few to elect.
  void restart_one(const Healthy& healthy) {
    const std::uint64_t first = world_.random().next();
    const std::size_t all = world_.agents().size();
    for (std::size_t i = 0; i < all; ++i) {
      const auto number = static_cast<std::uint32_t>((first + i) % all);
      if (!healthy.hosts.contains(world_.agents()[number]->host())) continue;
      return faults_.run({{}, What::crash_agent, number, 0, world_.random().between(1ms, 1s), 0});
    }
  }

  void lose(What what, std::uint32_t number, Healthy& healthy, const Process& process) {
    const std::uint64_t how = world_.random().next() % 3;
    const auto next = static_cast<What>(static_cast<std::uint64_t>(what) + how);
    faults_.apply({{}, next, number, 0, {}, 0});
    healthy.hosts.erase(process.host());
  }

  void kill_master() {
    world_.run_for(world_.random().between(0ms, 2s));
    Redis& master = *world_.nodes().front();
    const Instant death = world_.now();
    faults_.apply({{}, What::crash_node, 0, 0, {}, 0});
    world_.run_until([&] { return world_.story().count("+odown") > 0; }, 60s);
    outcome_.detected = world_.now() - death;
    world_.run_until([&] { return all_left(master.address()); }, 60s);
    outcome_.announced = world_.now() - death;
    judge_speed();
    faults_.end_all();
    await_soundness({});
  }
  // One fault, nothing else in the way: nobody waits long, and few epochs are spent.
  void judge_speed() {
    if (world_.failed()) return;
    if (outcome_.announced > plan_.down_after + 1s) {
      world_.fail("one dead master is replaced soon",
                  std::to_string(outcome_.announced.count() / 1000) + " ms");
    }
    for (const auto& agent : world_.agents()) {
      const auto epochs = proto::number(agent->core()->state().current_epoch);
      if (epochs <= 3 * world_.agents().size()) continue;
      world_.fail("epochs are spent sparingly", std::to_string(epochs) + " for one failover");
    }
  }
  bool all_left(const proto::Address& old) {
    return std::all_of(world_.agents().begin(), world_.agents().end(),
                       [&](const auto& agent) { return agent->master_of("m0") != old; });
  }

  void count_writes() {
    for (std::size_t i = 0; i < writers_.size(); ++i) {
      outcome_.acknowledged += writers_[i]->acknowledged().size();
      for (const auto& agent : world_.agents()) {
        const auto address = agent->master_of(world_.shards()[i]->name);
        const Redis* const node = address ? world_.node_at(*address) : nullptr;
        if (node == nullptr) continue;
        outcome_.lost += writers_[i]->missing_on(*node);
        break;
      }
    }
  }

  // One blow costs at most one master its place, in each group; unless fewer than a majority may
  // say who is down: then two that each see another half move it to and fro.
  void judge_switches() {
    const std::size_t most = faults_.blows() * plan_.masters;
    const bool few_decide = plan_.quorum < plan_.agents / 2 + 1;
    if (few_decide || world_.failed() || rules_.promotions() <= most) return;
    blame("at most one switch for each fault",
          std::to_string(rules_.promotions()) + " after " + std::to_string(faults_.blows()));
  }

  Outcome finish() {
    judge_switches();
    count_writes();
    outcome_.invariant = world_.invariant();
    outcome_.failure = world_.failure();
    outcome_.hash = world_.story().hash();
    outcome_.steps = world_.steps();
    outcome_.failovers = world_.story().count("+promoted-slave");
    outcome_.virtual_time = world_.now() - Instant{1000s};
    outcome_.story = world_.story().lines();
    return outcome_;
  }

  const Plan& plan_;
  Limits limits_;
  World world_;
  Faults faults_;
  Rules rules_;
  std::vector<std::unique_ptr<Writer>> writers_;
  Outcome outcome_;
};

}  // namespace

Outcome play(const Plan& plan, bool record_story) { return Run(plan, record_story).play(); }

}  // namespace vedette::sim
