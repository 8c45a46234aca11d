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
    for (const auto& agent : world.agents()) {
      if (!agent->alive) continue;
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
  world.kill(master());
  ASSERT_TRUE(happens("+promoted-slave"));
  Agent& leader = *who("+promoted-slave");
  world.kill(leader);
  world.run_for(6s);
  world.start(master());
  world.run_for(15s);
  EXPECT_TRUE(is_sound());
  EXPECT_EQ(world.count("+failover-end"), 1);
  EXPECT_NE(who("+failover-end"), &leader);
}

TEST_F(After, TheTakeoverComesSoon) {
  build(3, 3);
  world.kill(master());
  ASSERT_TRUE(happens("+promoted-slave"));
  world.kill(*who("+promoted-slave"));
  const Instant since = world.now();
  ASSERT_TRUE(happens("+slave-reconf-sent", 10s, 2));
  EXPECT_LE(world.now() - since, 3500ms);
}

TEST_F(After, ALivingLeaderIsNotTakenOverFrom) {
  GroupOptions options = one_second();
  options.down_after = 5000ms;  // PINGs go out once a second only
  build(3, 3, options);
  world.kill(master());
  ASSERT_TRUE(happens("+failover-end", 20s));
  world.run_for(5s);
  for (const Heard& each : world.heard) {
    if (each.event != "+slave-reconf-sent") continue;
    EXPECT_EQ(each.agent, who("+promoted-slave")->name);
  }
}

TEST_F(After, ALeaderKilledBeforeItPublishedLeavesItsPromotionToTheNext) {
  build(3, 2);
  // The hello inside the promotion reaches nobody, and the leader is gone.
  world.on_promote = [this, check = world.on_promote](const Agent& agent, const Promote& promote) {
    check(agent, promote);
    if (!world.promotes.empty()) return;
    for (const auto& each : world.agents()) {
      if (each.get() != &agent) world.cut(each->address.host, promote.hello.master.host);
    }
  };
  world.kill(master());
  ASSERT_TRUE(world.run_until([&] { return world.promotes.size() == 1; }, 5s));
  const proto::Address target = world.promotes[0].hello.master;
  ASSERT_TRUE(
      world.run_until([&] { return world.server(target.host).role == proto::Role::master; }, 1s));
  for (const auto& each : world.agents()) {
    if (each->id == world.promotes[0].hello.agent_id) world.kill(*each);
  }
  world.server(target.host).offset += 500;  // clients write to it
  for (const auto& each : world.agents()) world.heal(each->address.host, target.host);
  ASSERT_TRUE(happens("+switch-master", 10s, 2));
  EXPECT_TRUE(world.all_agree_on(target));
  EXPECT_EQ(world.promotes.size(), 1u);  // only announced
}

TEST_F(After, TheNewMasterMayDieWhileReplicasStillFollowTheOldOne) {
  build(3, 3);
  world.kill(master());
  ASSERT_TRUE(happens("+switch-master"));
  world.kill(world.server(group(*who("+switch-master")).master().address.host));
  ASSERT_TRUE(happens("+switch-master", 15s, 6));
  world.run_for(15s);
  EXPECT_TRUE(is_sound());
  EXPECT_EQ(world.count("+try-failover"), 2);
}

TEST_F(After, AnUnfinishedReconfigurationDoesNotHideReplicasFromTheNext) {
  GroupOptions options = one_second();
  options.parallel_syncs = 1;
  build(3, 4, options);
  world.kill(master());
  ASSERT_TRUE(happens("+slave-reconf-done"));
  world.kill(world.server(world.promotes.at(0).hello.master.host));
  ASSERT_TRUE(happens("+switch-master", 15s, 6));
  world.run_for(2s);
  const proto::Address now = world.promotes.back().hello.master;
  for (const auto& [host, server] : world.servers()) {
    if (!server->alive || server->address == now) continue;
    EXPECT_EQ(server->following, now) << host;
  }
  EXPECT_EQ(world.count("+fix-slave-config"), 0);
}

TEST_F(After, AtMostParallelSyncsReplicasAtATime) {
  GroupOptions options = one_second();
  options.parallel_syncs = 2;
  build(3, 6, options);
  world.kill(master());
  int most = 0;
  ASSERT_TRUE(world.run_until(
      [&] {
        most = std::max(most, reconfigurations_in_flight());
        return world.count("+failover-end") == 1;
      },
      20s));
  EXPECT_EQ(most, 2);
  EXPECT_EQ(world.count("+slave-reconf-done"), 5);
}

TEST_F(After, AReplicaThatIsDownDoesNotKeepTheFailoverFromEnding) {
  build(3, 3);
  world.kill(world.server("10.0.0.4"));
  world.run_for(3s);
  world.kill(master());
  ASSERT_TRUE(happens("+failover-end", 5s));
  world.start(world.server("10.0.0.4"));
  world.start(master());
  world.run_for(15s);
  EXPECT_TRUE(is_sound());
}

TEST_F(After, OneThatHangsIsTimedOut) {
  build(3, 3);
  world.kill(master());
  ASSERT_TRUE(happens("+promoted-slave"));
  for (const auto& [host, server] : world.servers()) {
    const bool replica = server->alive && server->address != world.promotes[0].hello.master;
    if (replica) world.cut(who("+promoted-slave")->address.host, host);
  }
  EXPECT_TRUE(happens("+failover-end", 25s));
}

}  // namespace
}  // namespace vedette::consensus::testing
