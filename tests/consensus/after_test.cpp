// After the announcement: nothing promoted stays unpublished, and the replicas find their master
// also when the leader does not live to tell them.
#include <algorithm>

#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

class After : public Cluster {
 protected:
  int reconfigurations_in_flight() const {
    int most = 0;
    for (const auto& agent : agents()) {
      if (!agent->alive()) continue;
      int now = 0;
      for (const auto& [id, node] : group(*agent).nodes) {
        now += node.resync == Resync::sent || node.resync == Resync::in_progress ? 1 : 0;
      }
      most = std::max(most, now);
    }
    return most;
  }
};

TEST_F(After, OthersRePointTheReplicasOfADeadLeader) {
  build(3, 3);
  kill(master());
  ASSERT_TRUE(happens("+promoted-slave"));
  Agent& leader = *who("+promoted-slave");
  kill(leader);
  run_for(6s);
  start(master());
  run_for(15s);
  EXPECT_TRUE(is_sound());
  EXPECT_EQ(count("+failover-end"), 1);
  EXPECT_NE(who("+failover-end"), &leader);
}

TEST_F(After, TheTakeoverComesSoon) {
  build(3, 3);
  kill(master());
  ASSERT_TRUE(happens("+promoted-slave"));
  kill(*who("+promoted-slave"));
  const Instant since = now();
  ASSERT_TRUE(happens("+slave-reconf-sent", 10s, 2));
  EXPECT_LE(now() - since, 3500ms);
}

TEST_F(After, ALivingLeaderIsNotTakenOverFrom) {
  GroupOptions options = one_second();
  options.down_after = 5000ms;  // PINGs go out once a second only
  build(3, 3, options);
  kill(master());
  ASSERT_TRUE(happens("+failover-end", 20s));
  run_for(5s);
  for (const Heard& each : heard) {
    if (each.event != "+slave-reconf-sent") continue;
    EXPECT_EQ(each.agent, who("+promoted-slave")->name());
  }
}

TEST_F(After, ALeaderKilledBeforeItPublishedLeavesItsPromotionToTheNext) {
  build(3, 2);
  // The hello inside the promotion reaches nobody, and the leader is gone.
  on_promote = [this](const Agent& agent, const Promote&, const Redis& target) {
    if (!promotes.empty()) return;
    for (const auto& each : agents()) {
      if (each.get() == &agent) continue;
      cut(*each, target);
      reset_between(*each, target);
    }
  };
  kill(master());
  ASSERT_TRUE(run_until([&] { return promotes.size() == 1; }, 5s));
  const proto::Address target = promotes[0].hello.master;
  ASSERT_TRUE(run_until([&] { return node(target).role() == proto::Role::master; }, 1s));
  for (const auto& each : agents()) {
    if (each->id() == promotes[0].hello.agent_id) kill(*each);
  }
  for (sim::Record i = 1; i <= 5; ++i) ASSERT_TRUE(node(target).write(i));  // clients do
  for (const auto& each : agents()) heal(*each, node(target));
  ASSERT_TRUE(happens("+switch-master", 10s, 2));
  EXPECT_TRUE(all_agree_on(target));
  EXPECT_EQ(promotes.size(), 1u);  // only announced
}

TEST_F(After, TheNewMasterMayDieWhileReplicasStillFollowTheOldOne) {
  build(3, 3);
  kill(master());
  ASSERT_TRUE(happens("+switch-master"));
  kill(node(group(*who("+switch-master")).master().address));
  ASSERT_TRUE(happens("+switch-master", 15s, 6));
  run_for(15s);
  EXPECT_TRUE(is_sound());
  EXPECT_EQ(count("+try-failover"), 2);
}

TEST_F(After, AnUnfinishedReconfigurationDoesNotHideReplicasFromTheNext) {
  GroupOptions options = one_second();
  options.parallel_syncs = 1;
  build(3, 4, options);
  kill(master());
  ASSERT_TRUE(happens("+slave-reconf-done"));
  kill(node(promotes.at(0).hello.master));
  ASSERT_TRUE(happens("+switch-master", 15s, 6));
  run_for(2s);
  const proto::Address now = promotes.back().hello.master;
  for (const auto& server : nodes()) {
    if (!server->alive() || server->address() == now) continue;
    EXPECT_EQ(server->following(), now) << server->address().host;
  }
  EXPECT_EQ(count("+fix-slave-config"), 0);
}

TEST_F(After, AtMostParallelSyncsReplicasAtATime) {
  GroupOptions options = one_second();
  options.parallel_syncs = 2;
  build(3, 6, options);
  kill(master());
  int most = 0;
  ASSERT_TRUE(run_until(
      [&] {
        most = std::max(most, reconfigurations_in_flight());
        return count("+failover-end") == 1;
      },
      20s));
  EXPECT_EQ(most, 2);
  EXPECT_EQ(count("+slave-reconf-done"), 5);
}

TEST_F(After, AReplicaThatIsDownDoesNotKeepTheFailoverFromEnding) {
  build(3, 3);
  kill(node("10.0.0.4"));
  run_for(3s);
  kill(master());
  ASSERT_TRUE(happens("+failover-end", 5s));
  start(node("10.0.0.4"));
  start(master());
  run_for(15s);
  EXPECT_TRUE(is_sound());
}

TEST_F(After, OneThatHangsIsTimedOut) {
  build(3, 3);
  kill(master());
  ASSERT_TRUE(happens("+promoted-slave"));
  for (const auto& server : nodes()) {
    const bool replica = server->alive() && server->address() != promotes[0].hello.master;
    if (replica) cut(*who("+promoted-slave"), *server);
  }
  EXPECT_TRUE(happens("+failover-end", 25s));
}

}  // namespace
}  // namespace vedette::consensus::testing
