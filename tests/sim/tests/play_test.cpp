// Whole runs: the same seed is the same history, and a failing plan gets smaller.
#include "tests/sim/play/play.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/sim/play/campaign.hpp"
#include "tests/sim/play/shrink.hpp"

namespace vedette::sim {
namespace {

TEST(Play, TheSameSeedIsTheSameHistory) {
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    const Plan plan = draw(seed, mode_of(seed));
    const Outcome once = play(plan);
    const Outcome again = play(plan, true);  // also when its story is told
    EXPECT_EQ(once.hash, again.hash) << seed;
    EXPECT_EQ(once.steps, again.steps) << seed;
    EXPECT_EQ(once.virtual_time, again.virtual_time) << seed;
    EXPECT_TRUE(once.story.empty());
    EXPECT_FALSE(again.story.empty());
  }
}

TEST(Play, AnotherSeedIsAnotherHistory) {
  Plan plan;  // the same cluster, the same fault, another chance
  plan.actions = {{1s, What::crash_node, 0, 0, 5s, 0}};
  std::set<std::uint64_t> hashes;
  for (plan.seed = 1; plan.seed <= 20; ++plan.seed) hashes.insert(play(plan).hash);
  EXPECT_EQ(hashes.size(), 20u);
}

TEST(Play, ADeadMasterIsReplacedOnce) {
  Plan plan;
  plan.writers = true;
  plan.actions = {{1s, What::crash_node, 0, 0, 5s, 0}};
  const Outcome outcome = play(plan);
  EXPECT_EQ(outcome.invariant + outcome.failure, "");
  EXPECT_EQ(outcome.failovers, 1u);
  EXPECT_GT(outcome.acknowledged, 50u);
}

TEST(Play, NothingHappensWithoutTrouble) {
  const Outcome outcome = play(Plan{});
  EXPECT_EQ(outcome.invariant + outcome.failure, "");
  EXPECT_EQ(outcome.failovers, 0u);
}

TEST(Play, PerformanceModeMeasuresOneDeath) {
  const Outcome outcome = play(draw(16, Mode::performance));
  EXPECT_EQ(outcome.invariant + outcome.failure, "");
  EXPECT_GT(outcome.detected, 0s);
  EXPECT_GT(outcome.announced, outcome.detected);
}

TEST(Play, EachSeedHasItsMode) {
  std::set<Mode> modes;
  for (std::uint64_t seed = 1; seed <= 16; ++seed) modes.insert(mode_of(seed));
  EXPECT_EQ(modes.size(), 3u);
}

// Threads share nothing: as many as you like play what one would.
TEST(Campaign, TheNumberOfThreadsChangesNothing) {
  Campaign campaign;
  campaign.seeds = 12;
  const Totals one = run(campaign);
  campaign.jobs = 3;
  const Totals three = run(campaign);
  EXPECT_EQ(one.seeds, 12u);
  EXPECT_EQ(three.seeds, 12u);
  EXPECT_EQ(one.steps, three.steps);
  EXPECT_EQ(one.acknowledged, three.acknowledged);
  EXPECT_EQ(one.lost, three.lost);
  EXPECT_NE(report(one).find("12 seeds"), std::string::npos);
}

// ---- shrinking ---------------------------------------------------------------------------------

// Four of three agents can never agree: once the master is lost for good, no core can do anything
// about it. This plan always fails, and none of its actions matters.
Plan hopeless() {
  Plan plan;
  plan.mode = Mode::liveness;
  plan.quorum = 4;
  plan.masters = 2;
  plan.writers = true;
  plan.actions = {{1s, What::stray_ask, 1, 0, 0s, 1},
                  {2s, What::set_priority, 1, 0, 0s, 1},
                  {3s, What::slow_disk, 1, 0, 100ms, 5000},
                  {4s, What::reset, 1, 2, 0s, 0},
                  {5s, What::pause_agent, 1, 0, 50ms, 0}};
  return plan;
}

TEST(Shrink, KeepsTheInvariantAndDropsWhatDoesNotMatter) {
  const Plan plan = hopeless();
  const Outcome outcome = play(plan);
  ASSERT_TRUE(outcome.failed());
  const Plan small = shrink(plan, outcome.invariant, 100);
  EXPECT_EQ(play(small).invariant, outcome.invariant);
  EXPECT_TRUE(small.actions.empty());
  EXPECT_EQ(small.masters, 1u);
  EXPECT_FALSE(small.writers);
  EXPECT_EQ(small.quorum, plan.quorum) << "what matters stays";
  EXPECT_EQ(small.mode, plan.mode);
  EXPECT_EQ(small.seed, plan.seed);
}

TEST(Shrink, GivesBackWhatItCannotMakeSmaller) {
  const Plan plan = hopeless();
  EXPECT_EQ(shrink(plan, "no such invariant", 5), plan);
  EXPECT_EQ(shrink(plan, play(plan).invariant, 0), plan) << "without a single run";
}

}  // namespace
}  // namespace vedette::sim
