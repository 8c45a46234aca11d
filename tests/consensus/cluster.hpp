// The usual cast: some agents, one master, its replicas, and the invariants on every step.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/consensus/invariants.hpp"
#include "tests/consensus/world.hpp"

namespace vedette::consensus::testing {

inline const proto::Address first{"10.0.0.1", 6379};
inline const proto::Address second{"10.0.0.2", 6379};
inline const proto::Address third{"10.0.0.3", 6379};

inline GroupOptions one_second(unsigned quorum = 2) {
  GroupOptions options;
  options.quorum = quorum;
  options.down_after = 1000ms;
  options.failover_timeout = 10s;
  return options;
}

class Cluster : public ::testing::Test {
 protected:
  // Ready to act: everybody has met everybody.
  void build(int agents, int replicas, const GroupOptions& options = one_second()) {
    world.build(agents, replicas, options);
    settle();
  }
  void settle() {
    world.run_for(12s);
    for (const auto& each : world.agents()) {
      if (!each->core) continue;
      ASSERT_EQ(group(*each).peers.size(), world.agents().size() - 1) << world.story();
      ASSERT_EQ(group(*each).nodes.size(), world.servers().size()) << world.story();
    }
    world.heard.clear();
  }
  void TearDown() override {
    EXPECT_EQ(invariants.broken(), "");
    if (HasFailure() || std::getenv("STORY")) std::printf("%s", world.story().c_str());
  }

  static const Group& group(const Agent& agent) { return *agent.core->state().find("mymaster"); }
  Server& master() { return world.server("10.0.0.1"); }
  bool happens(const std::string& event, Duration limit = 10s, int times = 1) {
    return world.run_until([&] { return world.count(event) >= times; }, limit);
  }
  // Who announced the event first; nullptr if nobody has.
  Agent* who(const std::string& event) {
    for (const Heard& each : world.heard) {
      if (each.event != event) continue;
      for (const auto& agent : world.agents()) {
        if (agent->name == each.agent) return agent.get();
      }
    }
    return nullptr;
  }
  void cut_off(const Agent& agent) {
    for (const auto& other : world.agents()) world.cut(agent.address.host, other->address.host);
    for (const auto& [host, server] : world.servers()) world.cut(agent.address.host, host);
  }
  void reconnect(const Agent& agent) {
    for (const auto& other : world.agents()) world.heal(agent.address.host, other->address.host);
    for (const auto& [host, server] : world.servers()) world.heal(agent.address.host, host);
  }
  // One living master that everybody knows and every other living server follows.
  ::testing::AssertionResult is_sound() {
    std::string why;
    for (const auto& [host, server] : world.servers()) {
      if (!server->alive || server->role != proto::Role::master) continue;
      if (!world.all_agree_on(server->address)) why += " " + host + " is a master to nobody;";
      for (const auto& [other, replica] : world.servers()) {
        const bool follows =
            replica->role == proto::Role::replica && replica->following == server->address;
        if (replica->alive && replica != server && !follows) why += " " + other + " is astray;";
      }
      if (why.empty()) return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << (why.empty() ? "no master" : why);
  }

  World world{7};
  Invariants invariants{world};
};

}  // namespace vedette::consensus::testing
