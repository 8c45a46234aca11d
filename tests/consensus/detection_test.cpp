// When a master counts as down, when a failover is given up because it is back, and what our own
// pauses do to that.
#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

class Detection : public Cluster {
 protected:
  // The master does not answer for that long.
  void stall(Duration duration) {
    pause(master());
    run_for(duration);
    resume(master());
  }
};

TEST_F(Detection, AStallBelowDownAfterDoesNotCount) {
  build(3, 2);
  for (int i = 0; i < 5; ++i) {
    stall(950ms);
    run_for(1500ms);
  }
  EXPECT_EQ(count("+sdown"), 0);
}

TEST_F(Detection, OneAboveItDoes) {
  build(3, 2);
  stall(1250ms);  // the first PING of the stall leaves within 0.2 s
  EXPECT_EQ(count("+sdown"), 3);
  EXPECT_EQ(count("+switch-master"), 3);
}

TEST_F(Detection, TheClockStartsAtTheOldestUnansweredPing) {
  build(3, 2);
  pause(master());
  const Instant since = now();
  ASSERT_TRUE(happens("+sdown", 3s));
  EXPECT_GT(now() - since, 1000ms - 1ms);
  EXPECT_LE(now() - since, 1250ms);
}

TEST_F(Detection, AtTheLossOfTheLinkWithoutOne) {
  build(3, 2);
  kill(master());
  const Instant since = now();
  ASSERT_TRUE(happens("+sdown", 3s));
  EXPECT_LE(now() - since, 1010ms);
}

TEST_F(Detection, OurOwnPausesDoNotMakeAMasterLookDown) {
  build(3, 2);
  for (int i = 0; i < 6; ++i) {
    for (const auto& agent : agents()) stop(*agent);
    run_for(900ms);
    for (const auto& agent : agents()) go_on(*agent);
    run_for(300ms);
  }
  EXPECT_EQ(count("+sdown"), 0);
}

TEST_F(Detection, TimeInWhichWeWereLateDoesNotCount) {
  build(3, 2);
  pause(master());
  run_for(250ms);  // a PING is out by now
  for (const auto& agent : agents()) stop(*agent);
  run_for(700ms);
  for (const auto& agent : agents()) go_on(*agent);
  const Instant paused_until = now();
  ASSERT_TRUE(happens("+sdown", 3s));
  EXPECT_GE(now() - paused_until, 500ms);
  EXPECT_LE(now() - paused_until, 1000ms);
}

TEST_F(Detection, LongPausesShowAsTiltAndDecideNothing) {
  build(3, 2);
  stop(agent(0));
  run_for(5s);
  go_on(agent(0));
  EXPECT_EQ(count("+tilt", agent(0)), 1);
  run_for(1100ms);
  EXPECT_EQ(count("-tilt", agent(0)), 1);
  EXPECT_EQ(count("+sdown", agent(0)), 0);
}

TEST_F(Detection, AMasterThatDiesDuringOurPauseIsStillFound) {
  build(3, 2);
  for (const auto& agent : agents()) stop(*agent);
  run_for(300ms);
  kill(master());
  run_for(500ms);
  for (const auto& agent : agents()) go_on(*agent);
  EXPECT_TRUE(happens("+switch-master", 2500ms, 3));
}

// ---- the master is back -------------------------------------------------------------------------

class MasterBack : public Detection {
 protected:
  // The candidate is there at once, its votes come 0.6 s later.
  void build_slowly() {
    build(3, 2);
    agent(1).disk.save_time = agent(2).disk.save_time = 600ms;
  }
  // Without rivals: the others vote, but have too high a quorum to stand.
  void build_slowly_with_one_candidate() {
    build_slowly();
    for (std::size_t i = 1; i < 3; ++i) {
      const SetOptions set{"mymaster", one_second(100), {"quorum 100"}};
      ASSERT_EQ(order(agent(i), set).status, OrderStatus::ok);
    }
  }
};

TEST_F(MasterBack, EndsTheFailoverBeforeAnythingIsWritten) {
  build_slowly();
  pause(master());
  ASSERT_TRUE(happens("+try-failover", 5s));
  resume(master());
  ASSERT_TRUE(happens("-failover-abort-master-back", 1s));
  run_for(10s);
  EXPECT_EQ(count("+switch-master"), 0);
  EXPECT_TRUE(promotes.empty());
  EXPECT_TRUE(is_sound());
}

TEST_F(MasterBack, NotTheSecondTime) {
  build_slowly_with_one_candidate();
  for (int i = 0; i < 2; ++i) {
    const int tries = count("+try-failover");
    pause(master());
    ASSERT_TRUE(happens("+try-failover", 5s, tries + 1));
    resume(master());
    run_for(3s);
  }
  EXPECT_EQ(count("-failover-abort-master-back"), 1);
  EXPECT_EQ(count("+switch-master"), 3);
}

TEST_F(MasterBack, LoadingIsNotBack) {
  build_slowly_with_one_candidate();
  pause(master());
  ASSERT_TRUE(happens("+try-failover", 5s));
  master().loading = true;
  resume(master());
  ASSERT_TRUE(happens("+switch-master", 5s, 3));
  EXPECT_EQ(count("-failover-abort-master-back"), 0);
}

TEST_F(MasterBack, DoesNotEndAFailoverThatAnOperatorWanted) {
  build_slowly();
  EXPECT_EQ(order(agent(0), FailOver{"mymaster"}).status, OrderStatus::ok);
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
  EXPECT_EQ(count("-failover-abort-master-back"), 0);
}

TEST_F(MasterBack, AMasterThatAnswersOnlyNowAndThenIsReplacedInTheEnd) {
  build_slowly();
  for (int i = 0; i < 20 && count("+switch-master") == 0; ++i) {
    stall(1300ms);
    run_for(100ms);
  }
  EXPECT_GE(count("+switch-master"), 1);
}

TEST_F(MasterBack, AnAbortedFailoverDoesNotBlockDemotions) {
  build_slowly();
  pause(master());
  ASSERT_TRUE(happens("-failover-abort-master-back", 1ms) || happens("+try-failover", 5s));
  resume(master());
  ASSERT_TRUE(happens("-failover-abort-master-back", 2s));
  run_for(12s);
  replicate(node("10.0.0.3"), std::nullopt);
  EXPECT_TRUE(run_until([&] { return node("10.0.0.3").role() == proto::Role::replica; }, 40s));
}

// ---- restarts and short thresholds --------------------------------------------------------------

TEST_F(Detection, AQuickRestartIsNoFailure) {
  build(3, 2);
  kill(master());
  run_for(500ms);
  start(master());
  run_for(15s);
  EXPECT_EQ(count("+sdown"), 0);
  EXPECT_EQ(count("+reboot"), 3);
}

TEST_F(Detection, AMasterThatLoadsForMinutesIsUp) {
  build(3, 2);
  master().loading = true;
  run_for(300s);
  EXPECT_EQ(count("+sdown"), 0);
}

TEST_F(Detection, ARebootedMasterThatLoadsTooLongIsDownIfAsked) {
  GroupOptions options = one_second();
  options.master_reboot_down_after = 3000ms;
  build(3, 2, options);
  kill(master());
  run_for(100ms);
  master().loading = true;
  start(master());
  EXPECT_TRUE(happens("+switch-master", 20s, 3));
}

TEST_F(Detection, AMasterThatCallsItselfAReplicaIsDownInTheEnd) {
  build(3, 2);
  replicate(master(), proto::Address{"10.9.9.9", 6379});
  const Instant since = now();
  ASSERT_TRUE(happens("+sdown", 60s));
  EXPECT_GE(now() - since, 21s);
  EXPECT_LE(now() - since, 32s);
}

TEST_F(Detection, ShortDownAfterGivesNoSecondFailover) {
  GroupOptions options = one_second();
  options.down_after = 300ms;
  build(3, 2, options);
  for (int round = 0; round < 4; ++round) {
    heard.clear();
    const proto::Address before = group(agent(0)).master().address;
    kill(node(before));
    ASSERT_TRUE(happens("+switch-master", 3s, 3));
    run_for(8s);
    EXPECT_EQ(count("+switch-master"), 3);
    EXPECT_EQ(count("+odown"), count("+try-failover") * 3);
    start(node(before));
    run_for(12s);
    EXPECT_TRUE(is_sound());
  }
}

}  // namespace
}  // namespace vedette::consensus::testing
