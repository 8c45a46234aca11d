// When a master counts as down, when a failover is given up because it is back, and what our own
// pauses do to that.
#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

class Detection : public Cluster {
 protected:
  // The master does not answer for that long.
  void stall(Duration duration) {
    world.pause(master());
    world.run_for(duration);
    world.resume(master());
  }
};

TEST_F(Detection, AStallBelowDownAfterDoesNotCount) {
  build(3, 2);
  for (int i = 0; i < 5; ++i) {
    stall(950ms);
    world.run_for(1500ms);
  }
  EXPECT_EQ(world.count("+sdown"), 0);
}

TEST_F(Detection, OneAboveItDoes) {
  build(3, 2);
  stall(1250ms);  // the first PING of the stall leaves within 0.2 s
  EXPECT_EQ(world.count("+sdown"), 3);
  EXPECT_EQ(world.count("+switch-master"), 3);
}

TEST_F(Detection, TheClockStartsAtTheOldestUnansweredPing) {
  build(3, 2);
  world.pause(master());
  const Instant since = world.now();
  ASSERT_TRUE(happens("+sdown", 3s));
  EXPECT_GT(world.now() - since, 1000ms - 1ms);
  EXPECT_LE(world.now() - since, 1250ms);
}

TEST_F(Detection, AtTheLossOfTheLinkWithoutOne) {
  build(3, 2);
  world.kill(master());
  const Instant since = world.now();
  ASSERT_TRUE(happens("+sdown", 3s));
  EXPECT_LE(world.now() - since, 1010ms);
}

TEST_F(Detection, OurOwnPausesDoNotMakeAMasterLookDown) {
  build(3, 2);
  for (int i = 0; i < 6; ++i) {
    for (const auto& agent : world.agents()) world.stop(*agent);
    world.run_for(900ms);
    for (const auto& agent : world.agents()) world.go_on(*agent);
    world.run_for(300ms);
  }
  EXPECT_EQ(world.count("+sdown"), 0);
}

TEST_F(Detection, TimeInWhichWeWereLateDoesNotCount) {
  build(3, 2);
  world.pause(master());
  world.run_for(250ms);  // a PING is out by now
  for (const auto& agent : world.agents()) world.stop(*agent);
  world.run_for(700ms);
  for (const auto& agent : world.agents()) world.go_on(*agent);
  const Instant paused_until = world.now();
  ASSERT_TRUE(happens("+sdown", 3s));
  EXPECT_GE(world.now() - paused_until, 500ms);
  EXPECT_LE(world.now() - paused_until, 1000ms);
}

TEST_F(Detection, LongPausesShowAsTiltAndDecideNothing) {
  build(3, 2);
  world.stop(world.agent(0));
  world.run_for(5s);
  world.go_on(world.agent(0));
  EXPECT_EQ(world.count("+tilt", "a1"), 1);
  world.run_for(1100ms);
  EXPECT_EQ(world.count("-tilt", "a1"), 1);
  EXPECT_EQ(world.count("+sdown", "a1"), 0);
}

TEST_F(Detection, AMasterThatDiesDuringOurPauseIsStillFound) {
  build(3, 2);
  for (const auto& agent : world.agents()) world.stop(*agent);
  world.run_for(300ms);
  world.kill(master());
  world.run_for(500ms);
  for (const auto& agent : world.agents()) world.go_on(*agent);
  EXPECT_TRUE(happens("+switch-master", 2500ms, 3));
}

// ---- the master is back
// ---------------------------------------------------------------------------

class MasterBack : public Detection {
 protected:
  // The candidate is there at once, its votes come 0.6 s later.
  void build_slowly() {
    build(3, 2);
    world.agent(1).save_time = world.agent(2).save_time = 600ms;
  }
};

TEST_F(MasterBack, EndsTheFailoverBeforeAnythingIsWritten) {
  build_slowly();
  world.pause(master());
  ASSERT_TRUE(happens("+try-failover", 5s));
  world.resume(master());
  ASSERT_TRUE(happens("-failover-abort-master-back", 1s));
  world.run_for(10s);
  EXPECT_EQ(world.count("+switch-master"), 0);
  EXPECT_TRUE(world.promotes.empty());
  EXPECT_TRUE(is_sound());
}

TEST_F(MasterBack, NotTheSecondTime) {
  build_slowly();
  for (int i = 0; i < 2; ++i) {
    world.pause(master());
    ASSERT_TRUE(happens("+try-failover", 5s, i + 1));
    world.resume(master());
    world.run_for(3s);
  }
  EXPECT_EQ(world.count("-failover-abort-master-back"), 1);
  EXPECT_EQ(world.count("+switch-master"), 3);
}

TEST_F(MasterBack, LoadingIsNotBack) {
  build_slowly();
  world.pause(master());
  ASSERT_TRUE(happens("+try-failover", 5s));
  master().loading = true;
  world.resume(master());
  ASSERT_TRUE(happens("+switch-master", 5s, 3));
  EXPECT_EQ(world.count("-failover-abort-master-back"), 0);
}

TEST_F(MasterBack, DoesNotEndAFailoverThatAnOperatorWanted) {
  build_slowly();
  EXPECT_EQ(world.order(world.agent(0), FailOver{"mymaster"}).status, OrderStatus::ok);
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
  EXPECT_EQ(world.count("-failover-abort-master-back"), 0);
}

TEST_F(MasterBack, AMasterThatAnswersOnlyNowAndThenIsReplacedInTheEnd) {
  build_slowly();
  for (int i = 0; i < 20 && world.count("+switch-master") == 0; ++i) {
    stall(1300ms);
    world.run_for(100ms);
  }
  EXPECT_GE(world.count("+switch-master"), 1);
}

TEST_F(MasterBack, AnAbortedFailoverDoesNotBlockDemotions) {
  build_slowly();
  world.pause(master());
  ASSERT_TRUE(happens("-failover-abort-master-back", 1ms) || happens("+try-failover", 5s));
  world.resume(master());
  ASSERT_TRUE(happens("-failover-abort-master-back", 2s));
  world.run_for(12s);
  world.server("10.0.0.3").role = proto::Role::master;
  EXPECT_TRUE(
      world.run_until([&] { return world.server("10.0.0.3").role == proto::Role::replica; }, 40s));
}

// ---- restarts and short thresholds
// ---------------------------------------------------------------

TEST_F(Detection, AQuickRestartIsNoFailure) {
  build(3, 2);
  world.kill(master());
  world.run_for(500ms);
  world.start(master());
  world.run_for(15s);
  EXPECT_EQ(world.count("+sdown"), 0);
  EXPECT_EQ(world.count("+reboot"), 3);
}

TEST_F(Detection, AMasterThatLoadsForMinutesIsUp) {
  build(3, 2);
  master().loading = true;
  world.run_for(300s);
  EXPECT_EQ(world.count("+sdown"), 0);
}

TEST_F(Detection, ARebootedMasterThatLoadsTooLongIsDownIfAsked) {
  GroupOptions options = one_second();
  options.master_reboot_down_after = 3000ms;
  build(3, 2, options);
  world.kill(master());
  world.run_for(100ms);
  master().loading = true;
  world.start(master());
  EXPECT_TRUE(happens("+switch-master", 20s, 3));
}

TEST_F(Detection, AMasterThatCallsItselfAReplicaIsDownInTheEnd) {
  build(3, 2);
  master().role = proto::Role::replica;
  master().following = {"10.9.9.9", 6379};
  const Instant since = world.now();
  ASSERT_TRUE(happens("+sdown", 60s));
  EXPECT_GE(world.now() - since, 21s);
  EXPECT_LE(world.now() - since, 32s);
}

TEST_F(Detection, ShortDownAfterGivesNoSecondFailover) {
  GroupOptions options = one_second();
  options.down_after = 300ms;
  build(3, 2, options);
  for (int round = 0; round < 4; ++round) {
    world.heard.clear();
    const proto::Address before = group(world.agent(0)).master().address;
    world.kill(world.server(before.host));
    ASSERT_TRUE(happens("+switch-master", 3s, 3));
    world.run_for(8s);
    EXPECT_EQ(world.count("+switch-master"), 3);
    EXPECT_EQ(world.count("+odown"), world.count("+try-failover") * 3);
    world.start(world.server(before.host));
    world.run_for(12s);
    EXPECT_TRUE(is_sound());
  }
}

}  // namespace
}  // namespace vedette::consensus::testing
