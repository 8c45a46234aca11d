// Whole failovers through the production core in the small world of world.hpp.
#include <gtest/gtest.h>

#include "tests/consensus/world.hpp"

namespace vedette::consensus::testing {
namespace {

GroupOptions one_second() {
  GroupOptions options;
  options.quorum = 2;
  options.down_after = 1000ms;
  options.failover_timeout = 10s;
  return options;
}

const proto::Address first{"10.0.0.1", 6379};

class FailoverTest : public ::testing::Test {
 protected:
  void build(int agents, int replicas) {
    world.build(agents, replicas, one_second());
    world.run_for(12s);
    for (int i = 0; i < agents; ++i) {
      const Group* group = world.agent(static_cast<std::size_t>(i)).core->state().find("mymaster");
      ASSERT_EQ(group->peers.size(), static_cast<std::size_t>(agents - 1)) << world.story();
      ASSERT_EQ(group->nodes.size(), static_cast<std::size_t>(replicas + 1)) << world.story();
    }
    world.heard.clear();
  }
  void TearDown() override {
    if (HasFailure() || std::getenv("STORY")) std::printf("%s", world.story().c_str());
  }
  World world{7};
};

TEST_F(FailoverTest, DeadMasterIsReplacedOnceAndEverywhere) {
  build(3, 2);
  world.kill(world.server("10.0.0.1"));
  const Instant killed = world.now();
  ASSERT_TRUE(world.run_until([&] { return world.count("+switch-master") == 3; }, 10s));
  const Duration took = world.now() - killed;
  EXPECT_LT(took, 1200ms);
  world.run_for(30s);
  EXPECT_EQ(world.count("+switch-master"), 3);
  EXPECT_EQ(
      world.count("+odown", "a1") + world.count("+odown", "a2") + world.count("+odown", "a3") > 0,
      true);
  EXPECT_EQ(world.count("+try-failover"), 1);
  EXPECT_EQ(world.count("+failover-end"), 1);
  EXPECT_EQ(world.count("+slave-reconf-done"), 1);
  EXPECT_EQ(world.promotes.size(), 1u);
}

}  // namespace
}  // namespace vedette::consensus::testing
