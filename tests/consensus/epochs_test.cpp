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
    for (const auto& agent : agents()) {
      if (agent->core()) epoch = std::max(epoch, agent->core()->state().current_epoch);
    }
    return epoch;
  }
  static proto::Hello hello_of(const Agent& agent, Epoch epoch) {
    return {agent.address(), agent.id(), epoch, "mymaster", first, Epoch{0}};
  }
};

TEST_F(Epochs, ALoneAgentNeverRaisesItsOwn) {
  build(3, 2, one_second(1));
  kill(agent(1));
  kill(agent(2));
  run_for(3s);
  kill(master());
  run_for(60s);
  EXPECT_GT(count("+odown"), 0);
  EXPECT_EQ(highest(), Epoch{0});
}

TEST_F(Epochs, WithoutACandidateReplicaNoneIsTaken) {
  build(3, 2);
  kill(node("10.0.0.2"));
  kill(node("10.0.0.3"));
  run_for(3s);
  kill(master());
  run_for(60s);
  EXPECT_GT(count("+odown"), 0);
  EXPECT_EQ(highest(), Epoch{0});
  start(node("10.0.0.3"));
  EXPECT_TRUE(happens("+switch-master", 5s, 3));
}

TEST_F(Epochs, WithPriorityZeroEverywhereNoneIsTaken) {
  build(3, 2);
  node("10.0.0.2").priority = node("10.0.0.3").priority = 0;
  run_for(11s);
  kill(master());
  run_for(30s);
  EXPECT_EQ(highest(), Epoch{0});
}

TEST_F(Epochs, AnElectionThatCannotBeWonIsRetriedSparingly) {
  // Five voters, two of them dead and one that answers but whose disk refuses votes.
  build(5, 2);
  kill(agent(3));
  kill(agent(4));
  agent(2).disk.fails = true;
  kill(master());
  run_for(30s);
  EXPECT_EQ(count("+elected-leader"), 0);
  EXPECT_LE(number(highest()), 80u);
  agent(2).disk.fails = false;
  EXPECT_TRUE(happens("+switch-master", 10s, 3));
}

TEST_F(Epochs, ASplitVoteIsDecidedWithinThreeEpochsACandidate) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rig small{seed};
    small.build(3, 2, one_second());
    for (const auto& agent : small.agents()) agent->disk.save_time = 20ms * (1 + seed % 4);
    small.run_for(8s);
    small.kill(small.master());
    ASSERT_TRUE(small.happens("+switch-master", 10s, 3));
    for (const auto& agent : small.agents()) {
      EXPECT_LE(number(agent->core()->state().current_epoch), 9u) << seed;
    }
    EXPECT_EQ(small.broken(), "");
  }
}

// ---- among real Sentinels -----------------------------------------------------------------------

class AmongSentinels : public Epochs {
 protected:
  // They vote, and leave it to us to stand.
  void build_with_voters() { build_mixed(1, 2, 2, never_standing()); }
  int tries() const { return count("+try-failover", *agents().front()); }
};

TEST_F(AmongSentinels, ARefusalThatHidesAHigherEpochIsAnsweredWithLargerSteps) {
  build_with_voters();
  // They went on with other masters, and their hellos do not come through.
  for (std::size_t i = 1; i < 3; ++i) {
    agent(i).is_heard = false;
    agent(i).feed(HelloHeard{std::nullopt, hello_of(agent(3 - i), Epoch{50})});
    ASSERT_EQ(agent(i).legacy()->state().current_epoch, Epoch{50});
  }
  kill(master());
  ASSERT_EQ(highest(), Epoch{0});
  ASSERT_TRUE(run_until([&] { return count("+switch-master", agent(0)) == 1; }, 15s));
  EXPECT_LE(tries(), 12);
  EXPECT_EQ(group(agent(0)).epoch_step, 1u);
}

TEST_F(AmongSentinels, LegacyVotersAreNotAskedMoreOftenThanEveryTenthOfASecond) {
  build_with_voters();
  for (std::size_t i = 1; i < 3; ++i) {  // refuse for ever
    kill(agent(i));
    Durable file = agent(i).disk.file();
    file.groups.at(0).vote = {proto::max_epoch, agent(i).id()};
    agent(i).disk.begin(file);
    ASSERT_TRUE(agent(i).disk.finish());
    start(agent(i));
  }
  run_for(5s);
  kill(master());
  run_for(20s);
  EXPECT_GT(tries(), 1);
  EXPECT_LE(tries(), 40);
}

// ---- many masters at once -----------------------------------------------------------------------

TEST(ManyMasters, FailingTogetherCompleteWithFewEpochs) {
  constexpr int masters = 200;
  Rig rig{3};
  // In the order of their names, as in a file.
  for (int m = 100; m < 100 + masters; ++m) {
    rig.world.add_shard("m" + std::to_string(m), one_second(), 1);
  }
  for (int i = 0; i < 3; ++i) rig.world.add_agent(Kind::vedette, 0, false);
  rig.boot({});
  rig.run_for(12s);
  rig.heard.clear();
  for (const auto& shard : rig.world.shards()) rig.kill(*shard->nodes.front());
  EXPECT_TRUE(rig.happens("+switch-master", 20s, 3 * masters)) << rig.count("+switch-master");
  rig.run_for(3s);
  EXPECT_EQ(rig.count("+switch-master"), 3 * masters);
  EXPECT_EQ(rig.count("+elected-leader"), masters);
  EXPECT_LE(rig.count("+try-failover"), 3 * 3 * masters);
  EXPECT_EQ(rig.count("-failover-abort-no-good-slave"), 0);
  EXPECT_EQ(rig.broken(), "");
}

}  // namespace
}  // namespace vedette::consensus::testing
