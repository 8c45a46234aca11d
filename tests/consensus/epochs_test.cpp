// Epochs are spent sparingly.
#include <algorithm>

#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

using proto::Epoch;

class Epochs : public Cluster {
 protected:
  Epoch highest() const {
    Epoch epoch{};
    for (const auto& agent : world.agents()) {
      if (agent->core) epoch = std::max(epoch, agent->core->state().current_epoch);
    }
    return epoch;
  }
};

TEST_F(Epochs, ALoneAgentNeverRaisesItsOwn) {
  build(3, 2, one_second(1));
  world.kill(world.agent(1));
  world.kill(world.agent(2));
  world.run_for(3s);
  world.kill(master());
  world.run_for(60s);
  EXPECT_GT(world.count("+odown"), 0);
  EXPECT_EQ(highest(), Epoch{0});
}

TEST_F(Epochs, WithoutACandidateReplicaNoneIsTaken) {
  build(3, 2);
  world.kill(world.server("10.0.0.2"));
  world.kill(world.server("10.0.0.3"));
  world.run_for(3s);
  world.kill(master());
  world.run_for(60s);
  EXPECT_GT(world.count("+odown"), 0);
  EXPECT_EQ(highest(), Epoch{0});
  world.start(world.server("10.0.0.3"));
  world.server("10.0.0.3").role = proto::Role::replica;
  EXPECT_TRUE(happens("+switch-master", 5s, 3));
}

TEST_F(Epochs, WithPriorityZeroEverywhereNoneIsTaken) {
  build(3, 2);
  world.server("10.0.0.2").priority = world.server("10.0.0.3").priority = 0;
  world.run_for(11s);
  world.kill(master());
  world.run_for(30s);
  EXPECT_EQ(highest(), Epoch{0});
}

TEST_F(Epochs, AnElectionThatCannotBeWonIsRetriedSparingly) {
  // Five voters, two of them dead and one that answers but whose disk refuses votes.
  build(5, 2);
  world.kill(world.agent(3));
  world.kill(world.agent(4));
  world.agent(2).disk_fails = true;
  world.kill(master());
  world.run_for(30s);
  EXPECT_EQ(world.count("+elected-leader"), 0);
  EXPECT_LE(number(highest()), 80u);
  world.agent(2).disk_fails = false;
  EXPECT_TRUE(happens("+switch-master", 10s, 3));
}

TEST_F(Epochs, ASplitVoteIsDecidedWithinThreeEpochsACandidate) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World small{seed};
    Invariants watch{small};
    small.build(3, 2, one_second());
    for (const auto& agent : small.agents()) agent->save_time = 20ms * (1 + seed % 4);
    small.run_for(8s);
    small.kill(small.server("10.0.0.1"));
    ASSERT_TRUE(small.run_until([&] { return small.count("+switch-master") == 3; }, 10s));
    for (const auto& agent : small.agents()) {
      EXPECT_LE(number(agent->core->state().current_epoch), 9u) << seed;
    }
    EXPECT_EQ(watch.broken(), "");
  }
}

// ---- among real Sentinels -----------------------------------------------------------------------

TEST_F(Epochs, ARefusalThatHidesAHigherEpochIsAnsweredWithLargerSteps) {
  world.build(1, 2, one_second());
  world.add_sentinel(first);
  world.add_sentinel(first);
  settle();
  // They went on with other masters, and their hellos do not come through.
  world.kill(master());
  for (std::size_t i = 1; i < 3; ++i) {
    world.agent(i).sentinel->current_epoch = Epoch{50};
    world.agent(i).sentinel->quiet = true;
  }
  ASSERT_TRUE(happens("+switch-master", 15s, 1));
  EXPECT_LE(world.count("+try-failover"), 12);
  EXPECT_EQ(group(world.agent(0)).epoch_step, 1u);
}

TEST_F(Epochs, LegacyVotersAreNotAskedMoreOftenThanEveryTenthOfASecond) {
  world.build(1, 2, one_second());
  world.add_sentinel(first);
  world.add_sentinel(first);
  settle();
  world.kill(master());
  for (std::size_t i = 1; i < 3; ++i) {
    world.agent(i).sentinel->vote = {proto::max_epoch, world.agent(i).id};  // refuse for ever
  }
  world.run_for(20s);
  EXPECT_GT(world.count("+try-failover"), 1);
  EXPECT_LE(world.count("+try-failover"), 40);
}

// ---- many masters at once -----------------------------------------------------------------------

TEST(ManyMasters, FailingTogetherCompleteWithFewEpochs) {
  constexpr int masters = 200;
  World world{3};
  Invariants invariants{world};
  for (int i = 0; i < 3; ++i) world.add_agent(one_second(), "m0", {"10.1.0.1", 6379});
  for (int m = 0; m < masters; ++m) {
    const std::string net = "10.1." + std::to_string(m) + ".";
    world.add_server(net + "1", "");
    world.add_server(net + "2", net + "1");
    for (int i = 0; m > 0 && i < 3; ++i) {
      Agent& agent = world.agent(static_cast<std::size_t>(i));
      const std::string name = "m" + std::to_string(m);
      world.order(agent, MonitorGroup{name, {net + "1", 6379}, one_second()});
    }
  }
  world.run_for(12s);
  world.heard.clear();
  for (int m = 0; m < masters; ++m) world.kill(world.server("10.1." + std::to_string(m) + ".1"));
  const auto done = [&] { return world.count("+switch-master") >= 3 * masters; };
  ASSERT_TRUE(world.run_until(done, 20s)) << world.count("+switch-master");
  world.run_for(3s);
  EXPECT_EQ(world.count("+switch-master"), 3 * masters);
  EXPECT_EQ(world.count("+elected-leader"), masters);
  EXPECT_LE(world.count("+try-failover"), 3 * 3 * masters);
  EXPECT_EQ(world.count("-failover-abort-no-good-slave"), 0);
}

}  // namespace
}  // namespace vedette::consensus::testing
