// Situations that have gone wrong somewhere once: the leader, its voters, its node or its disk
// fails at a chosen moment. SCENARIOS.md says which test plays which situation.
#include <cctype>
#include <set>
#include <string_view>
#include <tuple>

#include "tests/sim/tests/scenario.hpp"

namespace vedette::sim::testing {
namespace {

// What the leader announces on its way, +switch-master with +promoted-slave in one step.
const char* const phases[] = {"+odown",
                              "+try-failover",
                              "+elected-leader",
                              "+selected-slave",
                              "+failover-state-wait-promotion",
                              "+promoted-slave",
                              "+slave-reconf-sent",
                              "+failover-end"};

std::string name_of_phase(const std::string& event) {
  std::string out;
  for (const char c : event) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) out += c;
  }
  return out;
}

// ---- the leader --------------------------------------------------------------------------------

// Stopped behind the step that announced it, for so many milliseconds; -1: for ever. `waits`: for
// the INFO of a replica that hangs, so that the leader stands still between its election and its
// choice.
class LeaderStopped : public ScenarioTest,
                      public ::testing::WithParamInterface<std::tuple<const char*, int, bool>> {};

TEST_P(LeaderStopped, LeavesOneMaster) {
  const auto [event, stop, waits] = GetParam();
  build(3, 2);
  kill(node(0));
  ASSERT_TRUE(happens("+odown"));
  if (waits) pause(node(2));  // not so early that it would be held for down too
  if (waits && event == std::string_view{"+slave-reconf-sent"}) {
    ASSERT_TRUE(happens("+switch-master"));
    go_on(node(2));  // nothing is sent to a replica before it has answered
  }
  ASSERT_TRUE(happens(event));
  Agent& stopped = *who(event);
  pause(stopped);
  world.run_for(stop >= 0 ? std::chrono::milliseconds{stop} / 2 : 2s);
  go_on(node(2));
  if (stop >= 0) {
    world.run_for(std::chrono::milliseconds{stop} / 2);
    go_on(stopped);
  }
  world.run_for(5s);
  node(0).boot();
  EXPECT_TRUE(gets_sound(40s, runners())) << wrong(runners());
  world.run_for(5s);
  EXPECT_EQ(wrong(runners()), "");
  std::set<const Redis*> promoted;
  for (const Written& each : written) promoted.insert(each.node);
  EXPECT_EQ(promoted.size(), 1u) << "nobody promoted another one";
}

std::string name_of_stop(const ::testing::TestParamInfo<LeaderStopped::ParamType>& each) {
  const auto [event, stop, waits] = each.param;
  const std::string time = stop < 0 ? "for_ever" : std::to_string(stop);
  return name_of_phase(event) + "_" + time + (waits ? "_waiting" : "");
}

INSTANTIATE_TEST_SUITE_P(EveryPhase, LeaderStopped,
                         ::testing::Combine(::testing::ValuesIn(phases),
                                            ::testing::Values(100, 450, 550, 1000, 1500, 5000,
                                                              60000, -1),
                                            ::testing::Bool()),
                         name_of_stop);

using Leader = ScenarioTest;

TEST_F(Leader, AThirdAgentThatNeverHeardOfItWaitsForTheHold) {
  build(3, 2);
  kill(node(0));
  ASSERT_TRUE(happens("+odown", 10s, 3));
  // One of the others leads, by the vote of the one between them, whose turn comes last.
  const auto later = [](const auto& a, const auto& b) { return a->id() < b->id(); };
  const auto& agents = world.agents();
  const auto between = std::max_element(agents.begin(), agents.end(), later) - agents.begin();
  Agent& one = agent((static_cast<std::size_t>(between) + 1) % 3);
  Agent& other = agent((static_cast<std::size_t>(between) + 2) % 3);
  cut(one, other);
  ASSERT_TRUE(happens("+elected-leader"));
  pause(*who("+elected-leader"));
  const Instant elected = world.now();
  ASSERT_TRUE(happens("+elected-leader", 5s, 2));
  EXPECT_GE(world.now() - elected, 900ms);
  heal(one, other);
  ASSERT_TRUE(happens("+switch-master", 5s, 2));
  go_on(*who("+elected-leader"));
  node(0).boot();
  EXPECT_TRUE(gets_sound(20s)) << wrong();
}

TEST_F(Leader, VotesThatComeTooLateGiveNoAuthority) {
  consensus::GroupOptions options = one_second();
  options.down_after = 3000ms;  // a link whose PING waits for half of that is replaced
  build(3, 2, options);
  there_is_trouble();
  Route slow = world.network().normal();
  slow.delay = 300ms;
  for (std::size_t i = 0; i < 3; ++i) set_route(agent(i), agent((i + 1) % 3), slow);
  world.run_for(3s);
  kill(node(0));
  world.run_for(15s);
  EXPECT_GT(count("+try-failover"), 0u);
  EXPECT_TRUE(written.empty()) << "a vote is 0.6 s old when it comes";
  for (std::size_t i = 0; i < 3; ++i) heal(agent(i), agent((i + 1) % 3));
  EXPECT_TRUE(happens("+switch-master", 15s, 3));
}

TEST_F(Leader, ARestartOfItsVotersDoesNotReleaseTheirVotes) {
  build(3, 2);
  kill(node(0));
  ASSERT_TRUE(happens("+elected-leader"));
  Agent& leader = *who("+elected-leader");
  pause(leader);
  const Instant elected = world.now();
  for (const auto& voter : world.agents()) {
    if (voter.get() == &leader) continue;
    kill(*voter);
    voter->boot();
  }
  ASSERT_TRUE(happens("+elected-leader", 20s, 2));
  EXPECT_GE(world.now() - elected, 3s) << "what they forgot may still act";
  go_on(leader);
  EXPECT_TRUE(gets_sound(20s, runners())) << wrong(runners());
}

TEST_F(Leader, AReplicaThatHangsWithThePromotionInItsBufferIsRePointed) {
  build(3, 2);
  on_written = [this](const Written& promote) {
    if (written.size() == 1) pause(*promote.node);
  };
  kill(node(0));
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
  ASSERT_EQ(written.size(), 2u);
  EXPECT_NE(written[0].node, written[1].node);
  EXPECT_GT(written[1].hello.config_epoch, written[0].hello.config_epoch);
  world.run_for(3s);
  Redis& hung = *written[0].node;
  go_on(hung);
  EXPECT_EQ(hung.role(), proto::Role::master) << "the buffer is executed, whoever leads now";
  EXPECT_TRUE(world.run_until([&] { return hung.role() == proto::Role::replica; }, 1500ms));
  EXPECT_TRUE(gets_sound(10s, runners())) << wrong(runners());
  EXPECT_TRUE(all_name(written[1].node->address()));
}

TEST_F(Leader, KilledBetweenItsPromotionAndTheHelloLosesNoWrite) {
  build(3, 2);
  on_written = [this](const Written& promote) {
    for (const auto& each : world.agents()) {
      if (each.get() != promote.by) cut(*each, *promote.node);
    }
  };
  on_promoted = [this](Agent& by, const proto::Hello&, Redis&) {
    world.queue().after(0s, [this, &by] { kill(by); });
  };
  kill(node(0));
  ASSERT_TRUE(world.run_until(
      [&] { return !written.empty() && written[0].node->role() == proto::Role::master; }, 10s));
  on_promoted = nullptr;
  on_written = nullptr;
  Redis& promoted = *written[0].node;
  for (Record record = 1; record <= 50; ++record) {
    EXPECT_TRUE(promoted.write(record)) << "a client that found it by itself";
    world.run_for(1ms);
  }
  for (const auto& each : world.agents()) {
    world.network().reset_between(each->host(), promoted.host());  // with the hello
    heal(*each, promoted);
  }
  ASSERT_TRUE(happens("+switch-master", 15s, 2));
  EXPECT_TRUE(all_name(promoted.address()));
  EXPECT_EQ(promoted.role(), proto::Role::master);
  EXPECT_EQ(promoted.data().size(), 50u);
  EXPECT_EQ(written.size(), 1u) << "it is only announced";
  EXPECT_TRUE(gets_sound(20s, runners())) << wrong(runners());
}

TEST_F(Leader, KilledRightAfterTheSwitchLeavesTheRestToOthers) {
  build(3, 3);
  kill(node(0));
  ASSERT_TRUE(happens("+promoted-slave"));
  Agent& leader = *who("+promoted-slave");
  EXPECT_EQ(count_by(leader, "+switch-master"), 1u) << "in the same step";
  kill(leader);
  node(0).boot();
  EXPECT_TRUE(gets_sound(20s, runners())) << wrong(runners());
}

TEST_F(Leader, ANewMasterThatDiesAtOnceIsReplacedToo) {
  build(3, 3);
  kill(node(0));
  ASSERT_TRUE(happens("+switch-master"));
  kill(*written.at(0).node);  // the others still follow the old one
  ASSERT_TRUE(happens("+switch-master", 20s, 6));
  EXPECT_TRUE(gets_sound(20s, runners())) << wrong(runners());
  EXPECT_EQ(count("+promoted-slave"), 2u);
}

// ---- disks -------------------------------------------------------------------------------------

enum class Ill { leader, voters, all };

// From that announcement on, for three seconds, no save works.
class DiskFails : public ScenarioTest,
                  public ::testing::WithParamInterface<std::tuple<const char*, Ill, bool>> {};

TEST_P(DiskFails, NobodyPromisesTwiceAndOneMasterIsPublished) {
  const auto [event, ill, late] = GetParam();
  build(3, 2);
  kill(node(0));
  ASSERT_TRUE(happens(event));
  const Agent& leader = *who(event);
  std::vector<Agent*> chosen;
  for (const auto& each : world.agents()) {
    if (ill == Ill::all || (each.get() == &leader) == (ill == Ill::leader)) {
      chosen.push_back(each.get());
    }
  }
  for (Agent* const each : chosen) (late ? each->disk.fails_late : each->disk.fails) = true;
  world.run_for(3s);
  for (Agent* const each : chosen) {
    kill(*each);
    each->disk.fails = each->disk.fails_late = false;
    each->boot();
  }
  EXPECT_TRUE(gets_sound(30s, runners())) << wrong(runners());
  node(0).boot();
  EXPECT_TRUE(gets_sound(20s)) << wrong();
}

std::string name_of_disk(const ::testing::TestParamInfo<DiskFails::ParamType>& each) {
  const auto [event, ill, late] = each.param;
  const char* const whose = ill == Ill::leader ? "leader" : ill == Ill::voters ? "voters" : "all";
  return name_of_phase(event) + "_" + whose + (late ? "_late" : "");
}

INSTANTIATE_TEST_SUITE_P(EveryPhase, DiskFails,
                         ::testing::Combine(::testing::ValuesIn(phases),
                                            ::testing::Values(Ill::leader, Ill::voters, Ill::all),
                                            ::testing::Bool()),
                         name_of_disk);

using Disks = ScenarioTest;

TEST_F(Disks, AllFullAfterThePromotionStillPublishOneMaster) {
  build(3, 2);
  on_written = [this](const Written&) {
    for (const auto& each : world.agents()) each->disk.fails = true;
  };
  kill(node(0));
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
  world.run_for(10s);
  EXPECT_TRUE(all_name(written.at(0).node->address()));
  EXPECT_EQ(count("+switch-master"), 3u);
  EXPECT_EQ(wrong(runners()), "");
}

// ---- epochs ------------------------------------------------------------------------------------

using Epochs = ScenarioTest;

TEST_F(Epochs, TwoHundredMastersCostAFewEach) {
  constexpr std::size_t masters = 200;
  build(3, 1, one_second(), 0, masters);
  for (const auto& shard : world.shards()) kill(*shard->nodes.front());
  ASSERT_TRUE(happens("+switch-master", 30s, 3 * masters)) << count("+switch-master");
  EXPECT_EQ(count("+promoted-slave"), masters);
  EXPECT_LE(count("+try-failover"), 3 * 3 * masters);
  std::uint64_t spent = 0;
  for (const auto& each : world.agents()) {
    spent = std::max(spent, proto::number(each->core()->state().current_epoch));
  }
  EXPECT_LE(spent, 3 * 3 * masters);
}

TEST_F(Epochs, NoneIsTakenWhileOpinionsComeAndReplicasDoNot) {
  build(2, 2, one_second(), 1);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t replica = 1; replica < 3; ++replica) cut(agent(i), node(replica));
  }
  world.run_for(5s);
  kill(node(0));
  world.run_for(60s);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(count_by(agent(i), "+try-failover"), 0u);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t replica = 1; replica < 3; ++replica) heal(agent(i), node(replica));
  }
  EXPECT_TRUE(gets_sound(60s, runners())) << wrong(runners());
}

}  // namespace
}  // namespace vedette::sim::testing
