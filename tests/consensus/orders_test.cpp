// What operators order: SENTINEL FAILOVER, RESET, REMOVE, SET.
#include <algorithm>

#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

class Orders : public Cluster {
 protected:
  OrderStatus fail_over(int agent = 0) {
    return world.order(world.agent(static_cast<std::size_t>(agent)), FailOver{"mymaster"}).status;
  }
  bool went_by_force() {
    const auto notes = world.payloads("note");
    return std::any_of(notes.begin(), notes.end(), [](const std::string& text) {
      return text.find("without a majority") != std::string::npos;
    });
  }
};

TEST_F(Orders, ForcedFailoverMovesAHealthyMasterAndDemotesTheOldOneAtOnce) {
  build(3, 2);
  EXPECT_EQ(fail_over(), OrderStatus::ok);
  EXPECT_EQ(fail_over(), OrderStatus::failover_in_progress);
  ASSERT_TRUE(happens("+switch-master", 2s, 3));
  ASSERT_TRUE(world.run_until([&] { return master().role == proto::Role::replica; }, 500ms));
  world.run_for(10s);
  EXPECT_TRUE(is_sound());
  EXPECT_EQ(world.count("+elected-leader"), 1);
  EXPECT_EQ(world.count("+switch-master"), 3);
  EXPECT_EQ(world.count("+odown"), 0);
}

TEST_F(Orders, ForcedFailoverGoesOnWithoutAMajority) {
  build(3, 2);
  world.kill(world.agent(1));
  world.kill(world.agent(2));
  world.run_for(2s);
  EXPECT_EQ(fail_over(), OrderStatus::ok);
  EXPECT_TRUE(happens("+switch-master", 10s, 1));
  EXPECT_TRUE(went_by_force());
  world.start(world.agent(1));
  world.start(world.agent(2));
  world.run_for(20s);
  EXPECT_TRUE(is_sound());
}

TEST_F(Orders, AVoterThatIsBoundDelaysAForcedFailoverAndDoesNotMakeItLawless) {
  build(3, 2);
  for (std::size_t i = 1; i < 3; ++i) {
    world.ask_vote(world.agent(i), {first, proto::Epoch{3}, world.agent(3 - i).id});
  }
  EXPECT_EQ(fail_over(), OrderStatus::ok);
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
  EXPECT_FALSE(went_by_force());
  EXPECT_LE(world.count("+try-failover"), 3);
}

TEST_F(Orders, ForcedFailoverNeedsAReplica) {
  build(3, 1);
  world.kill(world.server("10.0.0.2"));
  world.run_for(6s);
  EXPECT_EQ(fail_over(), OrderStatus::no_good_replica);
  EXPECT_EQ(world.order(world.agent(0), FailOver{"nobody"}).status, OrderStatus::no_such_master);
}

TEST_F(Orders, AnotherFailoverMayFollowAtOnce) {
  build(3, 2);
  EXPECT_EQ(fail_over(), OrderStatus::ok);
  ASSERT_TRUE(happens("+failover-end", 5s));
  world.run_for(2s);
  EXPECT_EQ(fail_over(1), OrderStatus::ok);
  ASSERT_TRUE(happens("+switch-master", 10s, 6));
  world.run_for(15s);
  EXPECT_TRUE(is_sound());
}

TEST_F(Orders, ResetForgetsAndLearnsAgain) {
  build(3, 2);
  const ReplyOrder reply = world.order(world.agent(0), ResetGroups{"my*"});
  EXPECT_EQ(reply.count, 1);
  EXPECT_EQ(group(world.agent(0)).peers.size(), 0u);
  EXPECT_EQ(group(world.agent(0)).nodes.size(), 1u);
  world.run_for(5s);
  EXPECT_EQ(group(world.agent(0)).peers.size(), 2u);
  EXPECT_EQ(group(world.agent(0)).nodes.size(), 3u);
  EXPECT_EQ(world.order(world.agent(0), ResetGroups{"other"}).count, 0);
}

TEST_F(Orders, ResetEndsARunningFailover) {
  build(3, 2);
  world.pause(world.server("10.0.0.3"));
  world.kill(master());
  ASSERT_TRUE(happens("+elected-leader"));
  Agent& leader = *who("+elected-leader");
  world.order(leader, ResetGroups{"*"});
  EXPECT_FALSE(group(leader).attempt.has_value());
  world.resume(world.server("10.0.0.3"));
  EXPECT_TRUE(happens("+switch-master", 15s, 2));
}

TEST_F(Orders, RemoveAndMonitorKeepTheVote) {
  build(3, 2);
  Agent& voter = world.agent(0);
  const proto::DownQuery query{first, proto::Epoch{9}, world.agent(1).id};
  EXPECT_EQ(world.ask_vote(voter, query).voted_for, world.agent(1).id);
  EXPECT_EQ(world.order(voter, RemoveGroup{"mymaster"}).status, OrderStatus::ok);
  EXPECT_EQ(world.order(voter, MonitorGroup{"mymaster", first, one_second()}).status,
            OrderStatus::ok);
  EXPECT_EQ(world.order(voter, MonitorGroup{"mymaster", first, one_second()}).status,
            OrderStatus::duplicate_master);
  proto::DownQuery again = query;
  again.candidate = world.agent(2).id;
  EXPECT_EQ(world.ask_vote(voter, again).voted_for, std::nullopt);
  EXPECT_GE(voter.disk.groups.at(0).vote.epoch, proto::Epoch{9});
}

TEST_F(Orders, SetTakesEffectAtOnce) {
  build(3, 2);
  GroupOptions faster = one_second();
  faster.down_after = 400ms;
  for (const auto& agent : world.agents()) {
    const SetOptions set{"mymaster", faster, {"down-after-milliseconds 400"}};
    EXPECT_EQ(world.order(*agent, set).status, OrderStatus::ok);
    EXPECT_EQ(agent->disk.groups.at(0).options, faster);
  }
  EXPECT_EQ(world.payloads("+set").at(0),
            "master mymaster 10.0.0.1 6379 down-after-milliseconds 400");
  const Instant killed = world.now();
  world.kill(master());
  ASSERT_TRUE(happens("+switch-master", 5s, 3));
  EXPECT_LE(world.now() - killed, 500ms);
}

TEST_F(Orders, NewCredentialsReopenTheLinks) {
  build(3, 2);
  const LinkId before = group(world.agent(0)).master().command.id;
  world.order(world.agent(0), SetOptions{"mymaster", one_second(), {}, true});
  world.run_for(1s);
  EXPECT_NE(group(world.agent(0)).master().command.id, before);
  EXPECT_TRUE(group(world.agent(0)).master().command.is_open());
  EXPECT_EQ(world.count("+sdown"), 0);
}

}  // namespace
}  // namespace vedette::consensus::testing
