// What operators order: SENTINEL FAILOVER, RESET, REMOVE, SET.
#include <algorithm>

#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

class Orders : public Cluster {
 protected:
  OrderStatus fail_over(std::size_t index = 0) {
    return order(agent(index), FailOver{"mymaster"}).status;
  }
  bool went_by_force() {
    const auto notes = payloads("note");
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
  ASSERT_TRUE(run_until([&] { return master().role() == proto::Role::replica; }, 500ms));
  run_for(10s);
  EXPECT_TRUE(is_sound());
  EXPECT_EQ(count("+elected-leader"), 1);
  EXPECT_EQ(count("+switch-master"), 3);
  EXPECT_EQ(count("+odown"), 0);
}

TEST_F(Orders, ForcedFailoverGoesOnWithoutAMajority) {
  build(3, 2);
  kill(agent(1));
  kill(agent(2));
  run_for(2s);
  EXPECT_EQ(fail_over(), OrderStatus::ok);
  EXPECT_TRUE(happens("+switch-master", 10s, 1));
  EXPECT_TRUE(went_by_force());
  start(agent(1));
  start(agent(2));
  run_for(20s);
  EXPECT_TRUE(is_sound());
}

TEST_F(Orders, AVoterThatIsBoundDelaysAForcedFailoverAndDoesNotMakeItLawless) {
  build(3, 2);
  for (std::size_t i = 1; i < 3; ++i) {
    ask_vote(agent(i), {first, proto::Epoch{3}, agent(3 - i).id()});
  }
  EXPECT_EQ(fail_over(), OrderStatus::ok);
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
  EXPECT_FALSE(went_by_force());
  EXPECT_LE(count("+try-failover"), 3);
}

TEST_F(Orders, ForcedFailoverNeedsAReplica) {
  build(3, 1);
  kill(node("10.0.0.2"));
  run_for(6s);
  EXPECT_EQ(fail_over(), OrderStatus::no_good_replica);
  EXPECT_EQ(order(agent(0), FailOver{"nobody"}).status, OrderStatus::no_such_master);
}

TEST_F(Orders, AnotherFailoverMayFollowAtOnce) {
  build(3, 2);
  EXPECT_EQ(fail_over(), OrderStatus::ok);
  ASSERT_TRUE(happens("+failover-end", 5s));
  run_for(2s);
  EXPECT_EQ(fail_over(1), OrderStatus::ok);
  ASSERT_TRUE(happens("+switch-master", 10s, 6));
  run_for(15s);
  EXPECT_TRUE(is_sound());
}

TEST_F(Orders, ResetForgetsAndLearnsAgain) {
  build(3, 2);
  const ReplyOrder reply = order(agent(0), ResetGroups{"my*"});
  EXPECT_EQ(reply.count, 1);
  EXPECT_EQ(group(agent(0)).peers.size(), 0u);
  EXPECT_EQ(group(agent(0)).nodes.size(), 1u);
  run_for(100ms);  // long before the next hello
  EXPECT_EQ(group(agent(0)).peers.size(), 2u);
  EXPECT_EQ(group(agent(0)).nodes.size(), 3u);
  EXPECT_EQ(order(agent(0), ResetGroups{"other"}).count, 0);
}

TEST_F(Orders, ResetEndsARunningFailover) {
  build(3, 2);
  pause(node("10.0.0.3"));
  kill(master());
  ASSERT_TRUE(happens("+elected-leader"));
  Agent& leader = *who("+elected-leader");
  order(leader, ResetGroups{"*"});
  EXPECT_FALSE(group(leader).attempt.has_value());
  resume(node("10.0.0.3"));
  EXPECT_TRUE(happens("+switch-master", 15s, 2));
}

TEST_F(Orders, RemoveAndMonitorKeepTheVote) {
  build(3, 2);
  Agent& voter = agent(0);
  const proto::DownQuery query{first, proto::Epoch{9}, agent(1).id()};
  EXPECT_EQ(ask_vote(voter, query).voted_for, agent(1).id());
  EXPECT_EQ(order(voter, RemoveGroup{"mymaster"}).status, OrderStatus::ok);
  EXPECT_EQ(order(voter, MonitorGroup{"mymaster", first, one_second()}).status, OrderStatus::ok);
  EXPECT_EQ(order(voter, MonitorGroup{"mymaster", first, one_second()}).status,
            OrderStatus::duplicate_master);
  proto::DownQuery again = query;
  again.candidate = agent(2).id();
  EXPECT_EQ(ask_vote(voter, again).voted_for, std::nullopt);
  EXPECT_GE(voter.disk.file().groups.at(0).vote.epoch, proto::Epoch{9});
}

TEST_F(Orders, SetTakesEffectAtOnce) {
  build(3, 2);
  GroupOptions faster = one_second();
  faster.down_after = 400ms;
  for (const auto& agent : agents()) {
    const SetOptions set{"mymaster", faster, {"down-after-milliseconds 400"}};
    EXPECT_EQ(order(*agent, set).status, OrderStatus::ok);
    EXPECT_EQ(agent->disk.file().groups.at(0).options, faster);
  }
  EXPECT_EQ(payloads("+set").at(0), "master mymaster 10.0.0.1 6379 down-after-milliseconds 400");
  const Instant killed = now();
  kill(master());
  ASSERT_TRUE(happens("+switch-master", 5s, 3));
  EXPECT_LE(now() - killed, 500ms);
}

TEST_F(Orders, NewCredentialsReopenTheLinks) {
  build(3, 2);
  const LinkId before = group(agent(0)).master().command.id;
  order(agent(0), SetOptions{"mymaster", one_second(), {}, true});
  run_for(1s);
  EXPECT_NE(group(agent(0)).master().command.id, before);
  EXPECT_TRUE(group(agent(0)).master().command.is_open());
  EXPECT_EQ(count("+sdown"), 0);
}

}  // namespace
}  // namespace vedette::consensus::testing
