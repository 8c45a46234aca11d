// Which masters are demoted, when, and when not.
#include <algorithm>

#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

using proto::Epoch;

class Returning : public Cluster {
 protected:
  void fail_over() {
    kill(master());
    ASSERT_TRUE(happens("+failover-end", 10s));
    run_for(3s);
    heard.clear();
  }
  Redis& named_master() { return node(group(agent(0)).master().address); }
  Redis& other() {
    return &named_master() == &node("10.0.0.2") ? node("10.0.0.3") : node("10.0.0.2");
  }
  // A replica in the beginning that is a master now.
  Redis* newly_promoted() {
    for (const proto::Address& address : {second, third}) {
      if (node(address).role() == proto::Role::master) return &node(address);
    }
    return nullptr;
  }
  // Some agent knows it of the third node.
  bool is_seen_following(const proto::Address& address) {
    return std::any_of(agents().begin(), agents().end(), [&](const auto& agent) {
      const auto& known = group(*agent).nodes;
      return std::any_of(known.begin(), known.end(), [&](const auto& each) {
        return each.second.address == third && each.second.info.master == address;
      });
    });
  }
  bool demoted(Redis& server, Duration limit) {
    return run_until([&] { return server.role() == proto::Role::replica; }, limit);
  }
};

TEST_F(Returning, TheReplacedMasterIsDemotedAtFirstContact) {
  build(3, 2);
  fail_over();
  start(master());
  EXPECT_TRUE(demoted(master(), 1500ms));
  EXPECT_EQ(master().following(), named_master().address());
  EXPECT_EQ(count("+convert-to-slave"), 1);
  run_for(20s);
  EXPECT_TRUE(is_sound());
}

// A minimal ACL, or rename-command ROLE "".
TEST_F(Returning, AlsoWhereRoleIsRefused) {
  build(3, 2);
  for (const auto& each : nodes()) each->refuses_role = true;
  fail_over();
  start(master());
  EXPECT_TRUE(demoted(master(), 2500ms));
  EXPECT_EQ(count("+convert-to-slave"), 1);
  run_for(20s);
  EXPECT_TRUE(is_sound());
  EXPECT_TRUE(std::any_of(heard.begin(), heard.end(), [](const Heard& each) {
    return each.payload.starts_with("ROLE refused by 10.0.0.");
  }));
}

TEST_F(Returning, AlsoWhenTheAgentsWereRestartedMeanwhile) {
  build(3, 2);
  fail_over();
  for (const auto& agent : agents()) {
    kill(*agent);
    start(*agent);
  }
  run_for(5s);
  start(master());
  EXPECT_TRUE(demoted(master(), 2500ms));
}

TEST_F(Returning, AnyOtherUnexpectedMasterKeepsItsEightSeconds) {
  build(3, 2);
  fail_over();
  replicate(other(), std::nullopt);  // an operator's REPLICAOF NO ONE
  ASSERT_TRUE(happens("-role-change", 15s));
  const Instant since = now();
  EXPECT_TRUE(demoted(other(), 30s));
  EXPECT_GE(now() - since, 8s);
  EXPECT_LE(now() - since, 10s);
}

TEST_F(Returning, TheEightSecondsCountFromItsLastFailureToo) {
  build(3, 2);
  fail_over();
  replicate(other(), std::nullopt);
  ASSERT_TRUE(happens("-role-change", 15s));
  run_for(6s);
  kill(other());
  run_for(2s);
  start(other());
  run_for(6s);
  EXPECT_EQ(other().role(), proto::Role::master);
  EXPECT_TRUE(demoted(other(), 20s));
}

TEST_F(Returning, OneThatWasSeenAsAReplicaSinceIsNotTheReplacedOneAnyMore) {
  build(3, 2);
  fail_over();
  start(master());
  ASSERT_TRUE(demoted(master(), 3s));
  run_for(12s);
  heard.clear();
  replicate(master(), std::nullopt);
  ASSERT_TRUE(happens("-role-change", 15s));
  const Instant since = now();
  EXPECT_TRUE(demoted(master(), 30s));
  EXPECT_GE(now() - since, 8s);
}

TEST_F(Returning, NoDemotionWithoutAMajoritysHellos) {
  build(3, 2);
  fail_over();
  kill(agent(1));
  kill(agent(2));
  run_for(6s);
  start(master());
  run_for(30s);
  EXPECT_EQ(master().role(), proto::Role::master);
  start(agent(1));
  EXPECT_TRUE(demoted(master(), 10s));
}

TEST_F(Returning, NoDemotionWhileTheConfiguredMasterIsNone) {
  build(3, 2);
  fail_over();
  replicate(named_master(), proto::Address{"10.0.0.99", 6379});
  start(master());
  run_for(5s);
  EXPECT_EQ(master().role(), proto::Role::master);
}

TEST_F(Returning, NoDemotionWhileAVoteAboveTheConfigurationIsKnown) {
  build(3, 2);
  fail_over();
  const Epoch above{number(group(agent(0)).config_epoch) + 5};
  // Somebody that we do not know was elected, and has not published yet.
  for (const auto& agent : agents()) {
    const proto::RunId stranger = *proto::RunId::parse(std::string(40, 'e'));
    const auto reply = ask_vote(*agent, {named_master().address(), above, stranger});
    ASSERT_EQ(reply.voted_for, stranger);
  }
  start(master());
  run_for(8s);
  EXPECT_EQ(master().role(), proto::Role::master);
  EXPECT_TRUE(demoted(master(), 5s));  // failover-timeout later nothing can come of it
}

TEST_F(Returning, ALegacyManualFailoverIsNotUndone) {
  build_mixed(2, 1, 2);
  // The Sentinel promotes a replica; it is heard of that 1.9 s later.
  agent(2).is_heard = false;
  EXPECT_EQ(order(agent(2), FailOver{"mymaster"}).status, OrderStatus::ok);
  ASSERT_TRUE(run_until([&] { return newly_promoted() != nullptr; }, 5s));
  Redis& chosen = *newly_promoted();
  const auto undone = [&] { return chosen.role() != proto::Role::master; };
  ASSERT_FALSE(run_until(undone, 1900ms));
  ASSERT_EQ(count("+switch-master", agent(0)) + count("+switch-master", agent(1)), 0);
  agent(2).is_heard = true;
  const auto told = [&](std::size_t i) { return count("+switch-master", agent(i)) > 0; };
  ASSERT_TRUE(run_until([&] { return undone() || (told(0) && told(1)); }, 5s));
  EXPECT_FALSE(run_until(undone, 15s));
  EXPECT_TRUE(all_agree_on(chosen.address()));
  EXPECT_TRUE(is_sound());
}

TEST_F(Returning, AReplicaWithAnotherMasterIsLeftAloneForFailoverTimeout) {
  build(3, 2);
  const Instant since = now();
  Redis& astray = node("10.0.0.3");
  replicate(astray, second);
  ASSERT_TRUE(happens("+fix-slave-config", 60s));
  EXPECT_GE(now() - since, 10s);
  EXPECT_LE(now() - since, 25s);
  run_for(5s);
  EXPECT_TRUE(is_sound());
}

TEST_F(Returning, ADeadReplicaIsNotSentCommands) {
  build(3, 2);
  const proto::Address elsewhere{"10.9.9.9", 6379};
  replicate(node(third), elsewhere);
  ASSERT_TRUE(run_until([&] { return is_seen_following(elsewhere); }, 15s));
  pause(node(third));
  run_for(40s);
  EXPECT_EQ(count("+fix-slave-config"), 0);
  kill(master());
  run_for(40s);
  EXPECT_EQ(count("+fix-slave-config"), 0);
}

}  // namespace
}  // namespace vedette::consensus::testing
