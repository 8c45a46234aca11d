// Situations in which nothing should happen, or not much: who is called down, and what operators
// and real Sentinels do while agents look on. SCENARIOS.md says which test plays which situation.
#include <tuple>

#include "tests/sim/tests/scenario.hpp"

namespace vedette::sim::testing {
namespace {

// ---- stalls ------------------------------------------------------------------------------------

consensus::GroupOptions with_down_after(std::chrono::milliseconds down_after) {
  consensus::GroupOptions options = one_second();
  options.down_after = down_after;
  return options;
}

// The master stalls again and again for so many percent of down-after.
class Stalls : public ScenarioTest, public ::testing::WithParamInterface<std::tuple<int, int>> {
 protected:
  void stall(int times) {
    const auto [down_after, percent] = GetParam();
    const Duration each = down_after * percent * 10us;
    there_is_trouble();
    for (int i = 0; i < times && !world.failed(); ++i) {
      pause(node(0));
      world.run_for(each);
      go_on(node(0));
      world.run_for(world.random().between(2s, 3s));  // at another point between two PINGs
    }
  }
};

using ShortStalls = Stalls;
TEST_P(ShortStalls, AreNotSeen) {
  build(3, 2, with_down_after(std::chrono::milliseconds{std::get<0>(GetParam())}));
  stall(20);
  EXPECT_EQ(count("+sdown"), 0u);
  EXPECT_EQ(wrong(), "");
}
INSTANTIATE_TEST_SUITE_P(BelowDownAfter, ShortStalls,
                         ::testing::Combine(::testing::Values(200, 1000, 5000),
                                            ::testing::Values(50, 95)));

using LongStalls = Stalls;
TEST_P(LongStalls, EndWithOneMaster) {
  build(3, 2, with_down_after(std::chrono::milliseconds{std::get<0>(GetParam())}));
  stall(5);
  EXPECT_TRUE(gets_sound(40s)) << wrong();
  EXPECT_LE(count("+promoted-slave"), 1u) << "later stalls are those of a replica";
}
INSTANTIATE_TEST_SUITE_P(AboveDownAfter, LongStalls,
                         ::testing::Combine(::testing::Values(200, 1000, 5000),
                                            ::testing::Values(105, 150, 300)));

// All agents, or one, pause for so many percent of down-after.
class OwnPauses : public ScenarioTest,
                  public ::testing::WithParamInterface<std::tuple<int, bool>> {};

TEST_P(OwnPauses, MakeNobodyLookDown) {
  const auto [percent, all] = GetParam();
  build(3, 2, with_down_after(200ms));
  for (int i = 0; i < 50; ++i) {
    for (std::size_t each = 0; each < (all ? 3 : 1); ++each) pause(agent(each));
    world.run_for(percent * 2ms);
    for (std::size_t each = 0; each < (all ? 3 : 1); ++each) go_on(agent(each));
    world.run_for(world.random().between(100ms, 500ms));
  }
  for (const auto& each : world.agents()) {
    for (const Line& line : world.story().lines()) {
      EXPECT_FALSE(line.who == each->name() && line.what.starts_with("+sdown master")) << line.what;
    }
  }
  EXPECT_EQ(count("+odown"), 0u);
  EXPECT_EQ(wrong(), "");
}

INSTANTIATE_TEST_SUITE_P(Percent, OwnPauses,
                         ::testing::Combine(::testing::Values(30, 50, 80, 100, 200, 1000),
                                            ::testing::Bool()));

using Watching = ScenarioTest;

TEST_F(Watching, AMasterThatAnswersATenthOfTheTimeIsReplaced) {
  build(3, 2);
  there_is_trouble();
  const auto replaced = [this] { return count("+switch-master") >= 3; };
  for (int i = 0; i < 50 && !replaced(); ++i) {
    pause(node(0));
    world.run_for(1100ms);
    go_on(node(0));
    world.run_for(100ms);
  }
  EXPECT_TRUE(replaced()) << "within a minute";
  EXPECT_LE(count("-failover-abort-master-back"), 3u) << "once each agent, at most";
  EXPECT_TRUE(gets_sound(20s)) << wrong();
}

TEST_F(Watching, AMasterThatLoadsForFiveMinutesIsUp) {
  build(3, 2);
  node(0).loading = true;
  world.run_for(5min);
  EXPECT_EQ(count("+sdown"), 0u);
  node(0).loading = false;
  EXPECT_TRUE(gets_sound(5s)) << wrong();
}

// ---- questions by hand -------------------------------------------------------------------------

class StrayAsks : public ScenarioTest {
 protected:
  // As redis-cli does, for an epoch so much above theirs; 0: without a candidate.
  void ask(Agent& whom, std::uint64_t above) {
    const std::uint64_t epoch = proto::number(whom.core()->state().current_epoch);
    proto::DownQuery query{*whom.master_of("mymaster"), proto::Epoch{epoch + above}, {}};
    if (above > 0) query.candidate = proto::RunId::parse(world.make_id());
    whom.ask_vote(query, [](const proto::DownReply&) {});
  }
};

TEST_F(StrayAsks, MoveNothingWhileTheMasterIsWell) {
  build(3, 2, one_second(1));
  for (int i = 0; i < 300; ++i) {
    ask(agent(static_cast<std::size_t>(i % 3)), static_cast<std::uint64_t>(i % 4));
    world.run_for(100ms);
  }
  EXPECT_EQ(count("+odown"), 0u);
  EXPECT_EQ(count("+try-failover"), 0u);
  EXPECT_EQ(wrong(), "");
}

TEST_F(StrayAsks, DoNotKeepADeadMasterForEver) {
  build(3, 2);
  kill(node(0));
  for (int i = 0; i < 20; ++i) {
    ask(agent(static_cast<std::size_t>(i % 3)), static_cast<std::uint64_t>(i % 3));
    world.run_for(50ms);
  }
  EXPECT_TRUE(happens("+switch-master", 20s, 3));
}

// ---- operators and real Sentinels --------------------------------------------------------------

using ByHand = ScenarioTest;

TEST_F(ByHand, AnotherMasterThatIsMonitoredAnewStaysOne) {
  limits.forgotten_peers = true;
  build(3, 2);
  Redis& chosen = node(1);
  chosen.replicate_by_hand(std::nullopt);
  node(0).replicate_by_hand(chosen.address());
  node(2).replicate_by_hand(chosen.address());
  for (const auto& each : world.agents()) {
    each->order(consensus::RemoveGroup{"mymaster"});
    each->order(consensus::MonitorGroup{"mymaster", chosen.address(), one_second()});
    world.run_for(500ms);
    EXPECT_EQ(chosen.role(), proto::Role::master) << "within the eight seconds of the others";
  }
  world.run_for(30s);
  EXPECT_EQ(chosen.role(), proto::Role::master);
  EXPECT_TRUE(all_name(chosen.address()));
  EXPECT_EQ(wrong(), "");
}

TEST_F(ByHand, AReplicaMadeAMasterIsTurnedBackAfterEightSeconds) {
  build(3, 2);
  node(1).replicate_by_hand(std::nullopt);
  world.run_for(7s);
  EXPECT_EQ(node(1).role(), proto::Role::master);
  EXPECT_TRUE(gets_sound(10s)) << wrong();
  EXPECT_TRUE(all_name(node(0).address()));
}

TEST_F(ByHand, AManualFailoverOfARealSentinelIsNotUndone) {
  build(2, 2, one_second(), 1);
  const proto::Address old = node(0).address();
  agent(2).order(consensus::FailOver{"mymaster"});
  ASSERT_TRUE(world.run_until(
      [&] {
        return node(1).role() == proto::Role::master || node(2).role() == proto::Role::master;
      },
      10s));
  Redis& chosen = node(1).role() == proto::Role::master ? node(1) : node(2);
  EXPECT_TRUE(world.run_until([&] { return all_name(chosen.address()); }, 20s));
  EXPECT_EQ(chosen.role(), proto::Role::master);
  EXPECT_TRUE(gets_sound(60s)) << wrong();
  EXPECT_FALSE(all_name(old));
  EXPECT_EQ(chosen.role(), proto::Role::master) << "and it stays one";
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(count_by(agent(i), "+try-failover"), 0u);
}

TEST_F(ByHand, AManualFailoverAndABlipAtQuorumOneAreOneSwitch) {
  build(3, 2, one_second(1));
  there_is_trouble();
  agent(0).order(consensus::FailOver{"mymaster"});
  for (std::size_t i = 0; i < 3; ++i) cut(agent(i), node(0));
  world.run_for(500ms);
  for (std::size_t i = 0; i < 3; ++i) heal(agent(i), node(0));
  EXPECT_TRUE(gets_sound(30s)) << wrong();
  EXPECT_EQ(count("+promoted-slave"), 1u);
  EXPECT_EQ(count("+odown"), 0u);
}

}  // namespace
}  // namespace vedette::sim::testing
