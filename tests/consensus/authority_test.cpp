// The authority of an election ends, and voters keep the hold behind it. That only one agent may
// write a Promote at a time is checked by the invariants on every step of these stories.
#include <tuple>

#include "consensus/election.hpp"
#include "tests/consensus/cluster.hpp"
#include "tests/consensus/solo.hpp"

namespace vedette::consensus::testing {
namespace {

using proto::Epoch;

static_assert(hold_for_vedette >= authority_for + 500ms);
static_assert(hold_for_legacy >= hold_for_vedette);
static_assert(longest_hold >= hold_for_legacy);

class Authority : public Cluster {
 protected:
  // The choice takes long while a replica that is not yet known to be down does not answer INFO.
  void slow_down_the_choice() { pause(node("10.0.0.3")); }
  Agent& leader() { return *who("+elected-leader"); }
};

TEST_F(Authority, TheLeaderNamesItselfOnlyWithAMajority) {
  build(3, 2);
  cut_off(agent(0));
  run_for(20s);
  EXPECT_EQ(count("+elected-leader"), 0);
  EXPECT_EQ(count("+try-failover"), 0);
  EXPECT_TRUE(promotes.empty());
}

TEST_F(Authority, AWriteThatComesTooLateIsWithheldAndTheAuthorityRenewed) {
  build(3, 2);
  for (const auto& agent : agents()) agent->write_delay = 700ms;
  kill(master());
  ASSERT_TRUE(happens("+failover-state-wait-promotion"));
  run_for(600ms);
  EXPECT_TRUE(promotes.empty());
  for (const auto& agent : agents()) agent->write_delay = 100ms;
  ASSERT_TRUE(happens("+switch-master", 5s, 3));
  EXPECT_EQ(promotes.size(), 1u);
  EXPECT_EQ(count("+try-failover"), 1);  // in the same election
}

TEST_F(Authority, WhatCannotBeWrittenInTimeIsGivenUpWithTheLongestHold) {
  build(3, 2);
  for (const auto& agent : agents()) agent->write_delay = 700ms;
  kill(master());
  ASSERT_TRUE(happens("+elected-leader"));
  const Instant elected = now();
  Agent& first_leader = leader();
  ASSERT_TRUE(run_until([&] { return !group(first_leader).attempt; }, 20s));
  EXPECT_LE(now() - elected, longest_hold);
  EXPECT_TRUE(promotes.empty());
}

TEST_F(Authority, OneThatCannotBeRenewedIsGivenUp) {
  build(3, 2);
  slow_down_the_choice();
  kill(master());
  ASSERT_TRUE(happens("+elected-leader"));
  Agent& lost = leader();
  stop(lost);
  run_for(600ms);
  for (const auto& other : agents()) cut(lost, *other);
  go_on(lost);
  ASSERT_TRUE(run_until([&] { return !group(lost).attempt; }, 3s));
  for (const Promote& each : promotes) EXPECT_NE(each.hello.agent_id, lost.id());
}

// Stopped after the event, for that long.
class LeaderStopped : public Authority,
                      public ::testing::WithParamInterface<std::tuple<std::string, int>> {};

TEST_P(LeaderStopped, OnlyOneMasterRemains) {
  const auto [event, duration] = GetParam();
  build(3, 2);
  if (event != "+slave-reconf-sent") slow_down_the_choice();
  kill(master());
  ASSERT_TRUE(happens(event));
  Agent& stopped = *who(event);
  stop(stopped);
  run_for(milliseconds{duration} / 2);
  resume(node("10.0.0.3"));
  run_for(milliseconds{duration} / 2);
  go_on(stopped);
  run_for(5s);
  start(master());
  run_for(25s);
  EXPECT_TRUE(is_sound());
}

INSTANTIATE_TEST_SUITE_P(
    EveryPhase, LeaderStopped,
    ::testing::Combine(::testing::Values("+odown", "+try-failover", "+elected-leader",
                                         "+selected-slave", "+failover-state-wait-promotion",
                                         "+promoted-slave", "+slave-reconf-sent"),
                       ::testing::Values(100, 450, 550, 1000, 1500, 5000, 60000)));

TEST_F(Authority, AStalledLeaderAsksAgainBeforeItPromotes) {
  build(3, 2);
  slow_down_the_choice();
  kill(master());
  ASSERT_TRUE(happens("+elected-leader"));
  Agent& stalled = leader();
  stop(stalled);
  run_for(700ms);  // authority is over, the holds are not
  go_on(stalled);
  ASSERT_TRUE(happens("+switch-master", 3s, 3));
  EXPECT_EQ(promotes.size(), 1u);
  EXPECT_EQ(promotes[0].hello.agent_id, stalled.id());
  EXPECT_EQ(count("+elected-leader"), 1);
}

TEST_F(Authority, ALeaderThatSleptPastTheHoldsDoesNotPromote) {
  build(3, 2);
  slow_down_the_choice();
  kill(master());
  ASSERT_TRUE(happens("+elected-leader"));
  Agent& stalled = leader();
  stop(stalled);
  ASSERT_TRUE(happens("+elected-leader", 5s, 2));
  // The second one is about to choose: the first wakes up with all its INFO in the inbox.
  go_on(stalled);
  ASSERT_TRUE(happens("+switch-master", 5s, 3));
  EXPECT_EQ(promotes.size(), 1u);
  EXPECT_NE(promotes[0].hello.agent_id, stalled.id());
}

TEST_F(Authority, AReplicaThatHangsOnItsPromotionIsRePointedWhenItWakes) {
  build(3, 2);
  on_promote = [this](const Agent&, const Promote&, Redis& target) {
    if (promotes.empty()) pause(target);
  };
  kill(master());
  ASSERT_TRUE(happens("+switch-master", 4s, 3));  // not with the end of failover-timeout
  ASSERT_EQ(promotes.size(), 2u);
  EXPECT_GT(promotes[1].hello.config_epoch, promotes[0].hello.config_epoch);
  EXPECT_NE(promotes[1].hello.master, promotes[0].hello.master);
  Redis& hung = node(promotes[0].hello.master);
  run_for(3s);
  resume(hung);
  ASSERT_TRUE(run_until([&] { return hung.role() == proto::Role::master; }, 1s));
  ASSERT_TRUE(run_until([&] { return hung.role() == proto::Role::replica; }, 1500ms));
  run_for(10s);
  EXPECT_TRUE(all_agree_on(promotes[1].hello.master));
}

TEST_F(Authority, AnAgentThatNeverHeardOfTheLeaderWaitsForTheHold) {
  build(3, 2);
  slow_down_the_choice();
  kill(master());
  ASSERT_TRUE(happens("+elected-leader"));
  Agent& silent = leader();
  const Instant elected = now();
  stop(silent);
  ASSERT_TRUE(happens("+elected-leader", 5s, 2));
  EXPECT_GE(now() - elected, 900ms);
  EXPECT_LE(now() - elected, 2500ms);
}

TEST_F(Authority, ALostPromotionIsRepeatedToTheSameReplica) {
  build(3, 2);
  on_promote = [this](const Agent& agent, const Promote&, const Redis& target) {
    if (promotes.empty()) reset_between(agent, target);  // before it arrives
  };
  kill(master());
  ASSERT_TRUE(happens("+switch-master", 5s, 3));
  ASSERT_EQ(promotes.size(), 2u);
  EXPECT_EQ(promotes[0].hello.master, promotes[1].hello.master);
  EXPECT_EQ(promotes[0].hello.config_epoch, promotes[1].hello.config_epoch);
}

// ---- the voter's side, to the millisecond -------------------------------------------------------

class Hold : public ::testing::Test {
 protected:
  Hold() { solo.pass(4s); }
  std::optional<proto::RunId> leader_after(char candidate, std::uint64_t epoch) {
    return solo.ask(Epoch{epoch}, id_of(candidate))->voted_for;
  }
  Solo solo{Solo::usual()};
};

TEST_F(Hold, LastsASecondFromTheLastAsk) {
  EXPECT_EQ(leader_after('b', 5), id_of('b'));
  solo.pass(999ms);
  EXPECT_EQ(leader_after('c', 6), id_of('b'));
  EXPECT_EQ(leader_after('b', 5), id_of('b'));  // a renewal
  solo.pass(999ms);
  EXPECT_EQ(leader_after('c', 6), id_of('b'));
  solo.pass(1ms);
  EXPECT_EQ(leader_after('c', 6), id_of('c'));
}

TEST_F(Hold, IsLongerForALegacyLeader) {
  Solo legacy{Solo::usual()};
  legacy.peers_speak = false;
  legacy.pass(2ms);
  for (const Connect& each : legacy.sent<Connect>()) legacy.feed(LinkDown{each.link, "again"});
  legacy.pass(4s);
  EXPECT_EQ(legacy.ask(Epoch{5}, id_of('b'))->voted_for, id_of('b'));
  legacy.pass(2999ms);
  EXPECT_EQ(legacy.ask(Epoch{6}, id_of('c'))->voted_for, id_of('b'));
  legacy.pass(1ms);
  EXPECT_EQ(legacy.ask(Epoch{6}, id_of('c'))->voted_for, id_of('c'));
}

TEST_F(Hold, EndsFiveSecondsAfterTheVoteAndNoRenewalIsConfirmedWithoutAWholeOne) {
  EXPECT_EQ(leader_after('b', 5), id_of('b'));
  for (int i = 0; i < 8; ++i) {
    solo.pass(500ms);
    EXPECT_EQ(leader_after('b', 5), id_of('b'));
  }
  solo.pass(1ms);
  EXPECT_EQ(leader_after('b', 5), std::nullopt);
  solo.pass(998ms);
  EXPECT_EQ(leader_after('c', 6), id_of('b'));
  solo.pass(1ms);
  EXPECT_EQ(leader_after('c', 6), id_of('c'));
}

TEST_F(Hold, TakesNoEpochForOurselvesEither) {
  EXPECT_EQ(leader_after('b', 5), id_of('b'));
  EXPECT_TRUE(solo.group().ballot.held_until.has_value());
  Commands out;
  State copy = solo.core.state();
  Turn turn{solo.now, copy, out};
  EXPECT_TRUE(is_held(turn, solo.group()));
  EXPECT_FALSE(may_stand(turn, solo.group()));
}

}  // namespace
}  // namespace vedette::consensus::testing
