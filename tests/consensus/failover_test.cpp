// Whole failovers: how long they take, and what leader and followers announce, in order.
#include "tests/consensus/cluster.hpp"
#include "tests/consensus/solo.hpp"

namespace vedette::consensus::testing {
namespace {

using Story = std::vector<std::string>;

class Failover : public Cluster {
 protected:
  // Everything that one agent announced, without notes.
  Story story_of(const Agent& agent) const {
    Story out;
    for (const Heard& each : heard) {
      if (each.agent == agent.name() && each.event != "note") {
        out.push_back(each.event + " " + each.payload);
      }
    }
    return out;
  }
  void build_with_a_favourite() {
    build(3, 2);
    node(second).priority = 50;
  }
};

TEST_F(Failover, DeadMasterIsReplacedOnceAndEverywhere) {
  build(3, 2);
  kill(master());
  const Instant killed = now();
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
  EXPECT_LT(now() - killed, 1200ms);
  run_for(30s);
  EXPECT_EQ(count("+switch-master"), 3);
  EXPECT_EQ(count("+try-failover"), 1);
  EXPECT_EQ(count("+failover-end"), 1);
  EXPECT_EQ(count("+slave-reconf-done"), 1);
  EXPECT_EQ(promotes.size(), 1u);
}

TEST_F(Failover, WhatTheLeaderAnnounces) {
  build_with_a_favourite();
  kill(master());
  ASSERT_TRUE(happens("+failover-end", 10s));
  const Agent& leader = *who("+elected-leader");
  const std::string m = "master mymaster 10.0.0.1 6379";
  const std::string old = " @ mymaster 10.0.0.1 6379";
  const std::string fresh = " @ mymaster 10.0.0.2 6379";
  const std::string two = "slave 10.0.0.2:6379 10.0.0.2 6379";
  const std::string three = "slave 10.0.0.3:6379 10.0.0.3 6379";
  const Story expected{
      "+sdown " + m,
      "+odown " + m + " #quorum 2/2",
      "+new-epoch 1",
      "+try-failover " + m,
      "+vote-for-leader " + leader.id().text() + " 1",
      "+elected-leader " + m,
      "+failover-state-select-slave " + m,
      "+selected-slave " + two + old,
      "+failover-state-send-slaveof-noone " + two + old,
      "+failover-state-wait-promotion " + two + old,
      "-role-change " + two + old + " new reported role is master",
      "+promoted-slave " + two + old,
      "+failover-state-reconf-slaves " + m,
      "+switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379",
      "+slave slave 10.0.0.1:6379 10.0.0.1 6379" + fresh,
      "+slave " + three + fresh,
      "+slave-reconf-sent " + three + fresh,
      "+slave-reconf-inprog " + three + fresh,
      "+slave-reconf-done " + three + fresh,
      "+failover-end " + m,
  };
  EXPECT_EQ(story_of(leader), expected);
}

TEST_F(Failover, WhatAFollowerAnnounces) {
  build_with_a_favourite();
  kill(master());
  ASSERT_TRUE(happens("+failover-end", 10s));
  const Agent& leader = *who("+elected-leader");
  const Agent& follower = &leader == &agent(0) ? agent(1) : agent(0);
  const std::string m = "master mymaster 10.0.0.1 6379";
  const std::string fresh = " @ mymaster 10.0.0.2 6379";
  const Story expected{
      "+sdown " + m,
      "+odown " + m + " #quorum 2/2",
      "+new-epoch 1",
      "+vote-for-leader " + leader.id().text() + " 1",
      "+config-update-from sentinel " + leader.id().text() + " " + leader.address().host +
          " 26379 @ mymaster 10.0.0.1 6379",
      "+switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379",
      "+slave slave 10.0.0.1:6379 10.0.0.1 6379" + fresh,
      "+slave slave 10.0.0.3:6379 10.0.0.3 6379" + fresh,
  };
  EXPECT_EQ(story_of(follower), expected);
}

TEST_F(Failover, TheDeadMasterIsADownReplicaAfterwards) {
  build_with_a_favourite();
  kill(master());
  ASSERT_TRUE(happens("+failover-end", 10s));
  heard.clear();
  run_for(10s);
  EXPECT_EQ(payloads("+sdown"),
            Story(3, "slave 10.0.0.1:6379 10.0.0.1 6379 @ mymaster 10.0.0.2 6379"));
  EXPECT_EQ(heard.size(), 3u);
}

TEST_F(Failover, AForcedOneLooksAlikeButForTheFault) {
  build(3, 2);
  EXPECT_EQ(order(agent(0), FailOver{"mymaster"}).status, OrderStatus::ok);
  ASSERT_TRUE(happens("+failover-end", 10s));
  const Story told = story_of(agent(0));
  ASSERT_GE(told.size(), 4u);
  EXPECT_EQ(told[0], "+new-epoch 1");
  EXPECT_EQ(told[1], "+try-failover master mymaster 10.0.0.1 6379");
  EXPECT_EQ(told[3], "+elected-leader master mymaster 10.0.0.1 6379");
}

TEST_F(Failover, OneAgentAloneCanDoItIfTheQuorumSaysSo) {
  build(1, 2, one_second(1));
  kill(master());
  EXPECT_TRUE(happens("+switch-master", 3s));
}

TEST_F(Failover, ANewerConfigurationEndsTheAttempt) {
  build(3, 2);
  pause(node("10.0.0.3"));  // the choice takes a moment
  kill(master());
  ASSERT_TRUE(happens("+elected-leader"));
  Agent& leader = *who("+elected-leader");
  Agent& other = &leader == &agent(0) ? agent(1) : agent(0);
  const proto::Hello news{other.address(), other.id(), proto::Epoch{10},
                          "mymaster",      second,     proto::Epoch{10}};
  leader.feed(HelloHeard{std::nullopt, news});
  EXPECT_FALSE(group(leader).attempt.has_value());
  run_for(500ms);
  EXPECT_TRUE(promotes.empty());
}

// ---- one candidate, every answer by hand --------------------------------------------------------

class Candidate : public ::testing::Test {
 protected:
  // As far as the votes.
  Candidate() {
    solo.silent = {"10.0.0.1"};
    solo.pass(4s);
    answer(asked(), {true, std::nullopt, proto::Epoch{}});
    solo.pass(500ms);
  }
  AskPeer asked() const {
    AskPeer newest{};
    for (const AskPeer& each : solo.sent<AskPeer>()) {
      if (solo.host_of(each.link) == "10.0.1.2") newest = each;
    }
    return newest;
  }
  void answer(const AskPeer& ask, const proto::DownReply& reply) {
    solo.feed(PeerAnswered{ask.link, ask.request, reply});
  }
  void vote_for_us() { answer(asked(), {true, id_of('a'), solo.group().attempt->epoch}); }
  Solo solo{Solo::usual()};
};

TEST_F(Candidate, WritesThePromotionInTheStepOfTheLastAnswer) {
  ASSERT_TRUE(solo.group().attempt.has_value());
  vote_for_us();
  ASSERT_EQ(solo.sent<Promote>().size(), 1u);
  const Promote promote = solo.sent<Promote>()[0];
  EXPECT_EQ(promote.hello.config_epoch, solo.group().attempt->epoch);
  EXPECT_EQ(promote.hello.master.host, "10.0.0.2");
  EXPECT_EQ(solo.host_of(promote.link), "10.0.0.2");
  EXPECT_GT(promote.not_after, solo.now);
}

TEST_F(Candidate, PublishesAPromotionThatOthersHeardOfFirst) {
  vote_for_us();
  ASSERT_EQ(solo.sent<Promote>().size(), 1u);
  const proto::Hello hello = solo.sent<Promote>()[0].hello;
  solo.pass(100ms);
  solo.hello('c', hello.config_epoch, hello.config_epoch, hello.master);
  EXPECT_EQ(solo.count("+promoted-slave"), 0);  // anybody may have said that
  const AskConfiguration question = solo.sent<AskConfiguration>().back();
  EXPECT_EQ(solo.host_of(question.link), "10.0.1.3");
  solo.feed(ConfigurationTold{question.link, question.request, {hello.master, hello.config_epoch}});
  EXPECT_EQ(solo.count("+promoted-slave"), 1);
  EXPECT_EQ(solo.count("+switch-master"), 1);
  EXPECT_EQ(solo.count("+config-update-from"), 0);
}

TEST_F(Candidate, IgnoresVotesForAnEarlierAttempt) {
  const AskPeer late = asked();
  const proto::Epoch epoch = solo.group().attempt->epoch;
  solo.pass(1600ms);  // lost and standing again
  ASSERT_TRUE(solo.group().attempt.has_value());
  ASSERT_GT(solo.group().attempt->epoch, epoch);
  answer(late, {true, id_of('a'), epoch});
  answer(late, {true, id_of('c'), epoch});
  EXPECT_TRUE(solo.group().attempt->confirmed.empty());
  EXPECT_TRUE(solo.group().attempt->refused.empty());
  EXPECT_EQ(solo.count("+elected-leader"), 0);
}

TEST_F(Candidate, KeepsItsOwnVoteWhileWhatItWroteMayExecute) {
  vote_for_us();
  ASSERT_EQ(solo.sent<Promote>().size(), 1u);
  const proto::Epoch own = solo.group().attempt->epoch;
  EXPECT_EQ(solo.ask(next(own), id_of('b'))->voted_for, id_of('a'));
  solo.pass(999ms);
  EXPECT_EQ(solo.ask(next(own), id_of('b'))->voted_for, id_of('a'));
  solo.pass(1ms);
  EXPECT_EQ(solo.ask(next(own), id_of('b'))->voted_for, id_of('b'));
  EXPECT_FALSE(solo.group().attempt.has_value());
  EXPECT_FALSE(solo.group().ballot.candidacy);
}

TEST_F(Candidate, IsOvertakenByANewerVote) {
  vote_for_us();
  ASSERT_EQ(solo.sent<Promote>().size(), 1u);
  solo.pass(600ms);
  const Promote promote = solo.sent<Promote>()[0];
  const proto::RoleSnapshot role;
  solo.feed(PromoteAnswered{promote.link, promote.request, true, role});
  ASSERT_EQ(solo.count("+switch-master"), 0);  // authority is over: asked again
  answer(asked(), {true, id_of('c'), proto::Epoch{9}});
  EXPECT_FALSE(solo.group().attempt.has_value());
  EXPECT_EQ(solo.count("+switch-master"), 0);
}

TEST_F(Failover, InAMixedGroupToo) {
  build_mixed(1, 2, 2, never_standing());
  kill(master());
  EXPECT_TRUE(run_until([&] { return count("+switch-master", agent(0)) == 1; }, 3s));
  run_for(10s);
  start(master());
  run_for(10s);
  EXPECT_TRUE(is_sound());
}

}  // namespace
}  // namespace vedette::consensus::testing
