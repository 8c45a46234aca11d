// What directed tests share: a small cluster with the invariants attached, and a hand in it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/cluster/world.hpp"
#include "tests/sim/play/faults.hpp"
#include "tests/sim/rules/rules.hpp"
#include "tests/sim/rules/soundness.hpp"

namespace vedette::sim::testing {

inline consensus::GroupOptions one_second(unsigned quorum = 2) {
  consensus::GroupOptions options;
  options.quorum = quorum;
  options.down_after = 1000ms;
  options.failover_timeout = 10s;
  return options;
}

class Scenario : public Watcher {
 public:
  struct Written {
    Agent* by;
    proto::Hello hello;
    Redis* node;
    Instant at;
  };

  explicit Scenario(std::uint64_t seed = 1) : world(seed, true) {}

  // Agents and nodes that have known each other for a while.
  void build(std::size_t vedettes, std::size_t replicas,
             const consensus::GroupOptions& options = one_second(), std::size_t legacy = 0,
             std::size_t masters = 1) {
    limits.legacy = legacy > 0;
    rules.emplace(world, faults, limits);
    world.watch(*this);
    for (std::size_t i = 0; i < masters; ++i) {
      // Files list masters by name.
      world.add_shard(i == 0 ? "mymaster" : "n" + std::to_string(1000 + i), options, replicas);
    }
    for (std::size_t i = 0; i < vedettes + legacy; ++i) {
      world.add_agent(i < vedettes ? Kind::vedette : Kind::legacy, static_cast<int>(i % 3), true);
    }
    world.introduce_agents();
    for (const auto& each : world.agents()) each->boot();
    world.run_for(6s);
    EXPECT_EQ(wrong(), "");
  }

  // ---- readers ----
  Agent& agent(std::size_t number) { return *world.agents()[number]; }
  Redis& node(std::size_t number) { return *world.nodes()[number]; }
  const consensus::Group& group(std::size_t number) {
    return *agent(number).core()->state().find("mymaster");
  }
  [[nodiscard]] std::uint64_t count(const std::string& event) { return world.story().count(event); }
  // Who announced that first.
  Agent* who(const std::string& event) {
    for (const Line& line : world.story().lines()) {
      if (!line.what.starts_with(event + " ")) continue;
      for (const auto& each : world.agents()) {
        if (each->name() == line.who) return each.get();
      }
    }
    return nullptr;
  }
  // How often that agent announced it.
  std::size_t count_by(const Agent& agent, const std::string& event) {
    std::size_t out = 0;
    for (const Line& line : world.story().lines()) {
      out += line.who == agent.name() && line.what.starts_with(event + " ") ? 1 : 0;
    }
    return out;
  }
  bool all_name(const proto::Address& master) {
    for (const auto& each : world.agents()) {
      if (each->running() && each->master_of("mymaster") != master) return false;
    }
    return true;
  }
  std::string wrong(const Healthy& healthy = {}) { return what_is_wrong(world, healthy); }
  // Everybody who runs, and only they.
  Healthy runners() {
    Healthy out;
    for (std::uint32_t i = 0; i < world.network().size(); ++i) {
      if (world.network().process(HostId{i}).running()) out.hosts.insert(HostId{i});
    }
    return out;
  }

  // ---- time ----
  bool happens(const std::string& event, Duration limit = 10s, std::uint64_t times = 1) {
    return world.run_until([&] { return count(event) >= times; }, limit) && !world.failed();
  }
  bool all_name_soon(const proto::Address& master, Duration limit = 10s) {
    return world.run_until([&] { return all_name(master); }, limit) && !world.failed();
  }
  bool gets_sound(Duration limit, const Healthy& healthy = {}) {
    const Instant end = world.now() + limit;
    while (!world.failed() && world.now() < end && !wrong(healthy).empty()) world.run_for(100ms);
    return !world.failed() && wrong(healthy).empty();
  }

  // ---- deeds ----
  void kill(Redis& it) { it.crash(Network::End::crash); }
  void kill(Agent& it) { it.crash(Network::End::crash); }
  void pause(Process& it) { world.network().pause(it); }
  void go_on(Process& it) { world.network().resume(it); }
  void cut(const Process& a, const Process& b, bool blocked = true) {
    Route route = world.network().normal();
    route.blocked = blocked;
    set_route(a, b, route);
  }
  void heal(const Process& a, const Process& b) { cut(a, b, false); }
  void set_route(const Process& a, const Process& b, const Route& route) {
    world.network().set_route(a.host(), b.host(), route);
    world.network().set_route(b.host(), a.host(), route);
  }
  // From now on something is wrong: a failover of a healthy master is nobody's fault.
  void there_is_trouble() { faults.apply({{}, What::slow_node, 0, 0, {}, 0}); }

  void promote_written(Agent& by, const consensus::Promote& promote, Redis& node) override {
    written.push_back({&by, promote.hello, &node, world.now()});
    if (on_written) on_written(written.back());
  }
  void promoted(Agent& by, const proto::Hello& hello, Redis& node, Instant) override {
    if (on_promoted) on_promoted(by, hello, node);
  }

  World world;
  Limits limits;
  Plan plan;  // no faults but those that a test applies
  Faults faults{world, plan};
  std::optional<Rules> rules;
  std::vector<Written> written;
  std::function<void(const Written&)> on_written;
  std::function<void(Agent&, const proto::Hello&, Redis&)> on_promoted;
};

// As a test: what was violated fails it, and the end of the story is told.
class ScenarioTest : public ::testing::Test, protected Scenario {
 protected:
  void TearDown() override {
    EXPECT_EQ(world.invariant() + world.failure(), "");
    if (!HasFailure()) return;
    const std::vector<Line>& lines = world.story().lines();
    for (std::size_t i = lines.size() > 80 ? lines.size() - 80 : 0; i < lines.size(); ++i) {
      const auto at = std::chrono::duration<double>(lines[i].at.time_since_epoch()).count();
      std::printf("%9.3f  %-16s %s\n", at, lines[i].who.c_str(), lines[i].what.c_str());
    }
  }
};

}  // namespace vedette::sim::testing
