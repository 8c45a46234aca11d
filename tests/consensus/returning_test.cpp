// Which masters are demoted, when, and when not.
#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

using proto::Epoch;

class Returning : public Cluster {
 protected:
  void fail_over() {
    world.kill(master());
    ASSERT_TRUE(happens("+failover-end", 10s));
    world.run_for(3s);
    world.heard.clear();
  }
  Server& promoted() { return world.server(group(world.agent(0)).master().address.host); }
  Server& other() {
    return &promoted() == &world.server("10.0.0.2") ? world.server("10.0.0.3")
                                                    : world.server("10.0.0.2");
  }
  bool demoted(Server& server, Duration limit) {
    return world.run_until([&] { return server.role == proto::Role::replica; }, limit);
  }
};

TEST_F(Returning, TheReplacedMasterIsDemotedAtFirstContact) {
  build(3, 2);
  fail_over();
  world.start(master());
  EXPECT_TRUE(demoted(master(), 1500ms));
  EXPECT_EQ(master().following, promoted().address);
  EXPECT_EQ(world.count("+convert-to-slave"), 1);
  world.run_for(20s);
  EXPECT_TRUE(is_sound());
}

TEST_F(Returning, AlsoWhenTheAgentsWereRestartedMeanwhile) {
  build(3, 2);
  fail_over();
  for (const auto& agent : world.agents()) {
    world.kill(*agent);
    world.start(*agent);
  }
  world.run_for(5s);
  world.start(master());
  EXPECT_TRUE(demoted(master(), 2500ms));
}

TEST_F(Returning, AnyOtherUnexpectedMasterKeepsItsEightSeconds) {
  build(3, 2);
  fail_over();
  other().role = proto::Role::master;  // an operator's REPLICAOF NO ONE
  ASSERT_TRUE(happens("-role-change", 15s));
  const Instant since = world.now();
  EXPECT_TRUE(demoted(other(), 30s));
  EXPECT_GE(world.now() - since, 8s);
  EXPECT_LE(world.now() - since, 10s);
}

TEST_F(Returning, TheEightSecondsCountFromItsLastFailureToo) {
  build(3, 2);
  fail_over();
  other().role = proto::Role::master;
  ASSERT_TRUE(happens("-role-change", 15s));
  world.run_for(6s);
  world.kill(other());
  world.run_for(2s);
  world.start(other());
  world.run_for(6s);
  EXPECT_EQ(other().role, proto::Role::master);
  EXPECT_TRUE(demoted(other(), 20s));
}

TEST_F(Returning, OneThatWasSeenAsAReplicaSinceIsNotTheReplacedOneAnyMore) {
  build(3, 2);
  fail_over();
  world.start(master());
  ASSERT_TRUE(demoted(master(), 3s));
  world.run_for(12s);
  world.heard.clear();
  master().role = proto::Role::master;
  ASSERT_TRUE(happens("-role-change", 15s));
  const Instant since = world.now();
  EXPECT_TRUE(demoted(master(), 30s));
  EXPECT_GE(world.now() - since, 8s);
}

TEST_F(Returning, NoDemotionWithoutAMajoritysHellos) {
  build(3, 2);
  fail_over();
  world.kill(world.agent(1));
  world.kill(world.agent(2));
  world.run_for(6s);
  world.start(master());
  world.run_for(30s);
  EXPECT_EQ(master().role, proto::Role::master);
  world.start(world.agent(1));
  EXPECT_TRUE(demoted(master(), 10s));
}

TEST_F(Returning, NoDemotionWhileTheConfiguredMasterIsNone) {
  build(3, 2);
  fail_over();
  promoted().role = proto::Role::replica;
  promoted().following = {"10.0.0.99", 6379};
  world.start(master());
  world.run_for(5s);
  EXPECT_EQ(master().role, proto::Role::master);
}

TEST_F(Returning, NoDemotionWhileAVoteAboveTheConfigurationIsKnown) {
  build(3, 2);
  fail_over();
  const Epoch above{number(group(world.agent(0)).config_epoch) + 5};
  // Somebody that we do not know was elected, and has not published yet.
  for (const auto& agent : world.agents()) {
    const proto::RunId stranger = *proto::RunId::parse(std::string(40, 'e'));
    const auto reply = world.ask_vote(*agent, {promoted().address, above, stranger});
    ASSERT_EQ(reply.voted_for, stranger);
  }
  world.start(master());
  world.run_for(8s);
  EXPECT_EQ(master().role, proto::Role::master);
  EXPECT_TRUE(demoted(master(), 5s));  // failover-timeout later nothing can come of it
}

TEST_F(Returning, ALegacyManualFailoverIsNotUndone) {
  world.build(2, 2, one_second());
  world.add_sentinel(first);
  settle();
  // The Sentinel's leader promotes a replica; 1.9 s later it sees the result and publishes.
  Server& chosen = world.server("10.0.0.3");
  chosen.role = proto::Role::master;
  world.run_for(1900ms);
  EXPECT_EQ(chosen.role, proto::Role::master);
  world.agent(2).sentinel->config_epoch = world.agent(2).sentinel->current_epoch = Epoch{1};
  world.agent(2).sentinel->master = chosen.address;
  ASSERT_TRUE(happens("+switch-master", 3s, 2));
  world.run_for(15s);
  EXPECT_EQ(chosen.role, proto::Role::master);
  EXPECT_TRUE(is_sound());
}

TEST_F(Returning, AReplicaWithAnotherMasterIsLeftAloneForFailoverTimeout) {
  build(3, 2);
  const Instant since = world.now();
  Server& astray = world.server("10.0.0.3");
  astray.following = {"10.0.0.2", 6379};
  ASSERT_TRUE(happens("+fix-slave-config", 60s));
  EXPECT_GE(world.now() - since, 10s);
  EXPECT_LE(world.now() - since, 25s);
  world.run_for(5s);
  EXPECT_TRUE(is_sound());
}

TEST_F(Returning, ADeadReplicaIsNotSentCommands) {
  build(3, 2);
  world.pause(world.server("10.0.0.3"));
  world.server("10.0.0.3").following = {"10.0.0.2", 6379};
  world.kill(master());
  world.run_for(40s);
  EXPECT_EQ(world.count("+fix-slave-config"), 0);
}

}  // namespace
}  // namespace vedette::consensus::testing
