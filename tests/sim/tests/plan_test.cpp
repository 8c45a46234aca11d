// Plans: drawn from seeds, written as text, read again.
#include "tests/sim/play/plan.hpp"

#include <gtest/gtest.h>

#include <set>

namespace vedette::sim {
namespace {

constexpr Mode modes[] = {Mode::safety, Mode::liveness, Mode::performance};

TEST(Plan, TheTextOfAnyPlanIsReadBackAsItWas) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Plan plan = draw(seed, modes[seed % 3]);
    Plan again;
    ASSERT_EQ(parse(to_text(plan), again), "") << seed;
    ASSERT_EQ(again, plan) << to_text(plan);
  }
}

TEST(Plan, ASeedGivesOnePlanAndAnotherSeedAnother) {
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Plan plan = draw(seed, Mode::safety);
    EXPECT_EQ(plan, draw(seed, Mode::safety));
    Plan same_seed = plan;
    same_seed.seed = 0;  // it is in the text too
    texts.insert(to_text(same_seed));
  }
  EXPECT_EQ(texts.size(), 1000u);
}

TEST(Plan, DrawnClustersCanBeBuilt) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    for (const Mode mode : modes) {
      const Plan plan = draw(seed, mode);
      EXPECT_GE(plan.agents, 1u);
      EXPECT_LE(plan.legacy, plan.agents);
      EXPECT_GE(plan.quorum, 1u);
      EXPECT_LE(plan.quorum, plan.agents);
      EXPECT_GE(plan.masters, 1u);
      EXPECT_EQ(plan.actions.empty(), mode == Mode::performance) << seed;
    }
  }
}

TEST(Plan, EveryFaultIsDrawn) {
  std::set<What> seen;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    for (const Action& action : draw(seed, Mode::safety).actions) seen.insert(action.what);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(What::count); ++i) {
    EXPECT_TRUE(seen.contains(static_cast<What>(i))) << name_of(static_cast<What>(i));
  }
}

TEST(Plan, EveryFaultHasAName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(What::count); ++i) {
    const std::string_view name = name_of(static_cast<What>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(Plan, TheTroubleEndsWithItsLastFault) {
  Plan plan;
  EXPECT_EQ(plan.trouble(), 0s);
  plan.actions = {{1s, What::pause_agent, 0, 0, 9s, 0}, {3s, What::reset, 0, 1, 0s, 0}};
  EXPECT_EQ(plan.trouble(), 10s);
}

TEST(Plan, CommentsAndEmptyLinesAreNothing) {
  Plan plan;
  EXPECT_EQ(parse("# found on a Tuesday\n\nseed 7\n# what it does\n5 crash_node 0 1 2 3\n", plan),
            "");
  EXPECT_EQ(plan.seed, 7u);
  ASSERT_EQ(plan.actions.size(), 1u);
  EXPECT_EQ(plan.actions[0], (Action{5us, What::crash_node, 0, 1, 2us, 3}));
}

struct Wrong {
  const char* name;
  const char* line;
};

class WrongPlan : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongPlan, IsRefusedWithItsLine) {
  Plan plan;
  const std::string text =
      "seed 7\n\n# fine so far\n" + std::string(GetParam().line) + "\nseed 8\n";
  const std::string problem = parse(text, plan);
  EXPECT_EQ(problem.rfind("line 4: '" + std::string(GetParam().line) + "'", 0), 0u) << problem;
}

INSTANTIATE_TEST_SUITE_P(Lines, WrongPlan,
                         ::testing::Values(Wrong{"unknown_setting", "sedes 7"},
                                           Wrong{"no_number", "agents many"},
                                           Wrong{"half_a_number", "agents 3x"},
                                           Wrong{"one_word", "agents"},
                                           Wrong{"unknown_fault", "1 crash_moon 0 0 1 0"},
                                           Wrong{"too_few", "1 crash_node 0 0 1"},
                                           Wrong{"too_many", "1 crash_node 0 0 1 0 0"},
                                           Wrong{"no_time", "soon crash_node 0 0 1 0"}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace vedette::sim
