// The simulator's data node: replication, histories, and what it answers in every state.
#include "tests/sim/cluster/redis.hpp"

#include <gtest/gtest.h>

#include "tests/sim/cluster/world.hpp"
#include "tests/sim/tests/probe.hpp"

namespace vedette::sim {
namespace {

using proto::Role;
using testing::Probe;

// A full copy takes so long that whoever is in sync sooner continued.
constexpr Duration long_copy = 5s;
constexpr Duration short_time = 1500ms;  // a turn of the replication cron, and a margin

class RedisTest : public ::testing::Test {
 protected:
  RedisTest() : shard(world.add_shard("mymaster", {}, 2)) {
    world.network().add(operator_);
    world.network().start(operator_);
    world.run_for(short_time);
    for (Redis* const node : shard.nodes) node->sync_time = long_copy;
  }

  Redis& node(std::size_t number) { return *shard.nodes[number]; }
  ConnId connect(Redis& to) {
    const ConnId conn =
        world.network().open(operator_, to.address(), Purpose::command, 0, [](bool) {});
    world.run_for(1ms);
    return conn;
  }
  void follow(Redis& it, const std::optional<proto::Address>& master) {
    it.replicate(master, connect(it), true);
  }
  void write(Redis& to, int records) {
    for (int i = 0; i < records; ++i) EXPECT_TRUE(to.write(++last));
  }
  void cut(const Redis& x, const Redis& y, bool blocked) {
    Route route = world.network().normal();
    route.blocked = blocked;
    world.network().set_route(x.host(), y.host(), route);
    world.network().set_route(y.host(), x.host(), route);
  }
  static std::vector<Record> records_of(const Redis& it) {
    std::vector<Record> out;
    for (const Redis::Entry& entry : it.data()) out.push_back(entry.record);
    return out;
  }
  static proto::InfoSnapshot info_of(Redis& it) { return proto::parse_info(it.info_text()); }

  World world{1};
  Shard& shard;
  Probe operator_{{"10.3.0.1", 1}};
  Record last = 0;
};

// ---- replication -------------------------------------------------------------------------------

TEST_F(RedisTest, WritesReachEveryReplica) {
  write(node(0), 3);
  world.run_for(1ms);
  for (const Redis* const each : shard.nodes) {
    EXPECT_EQ(records_of(*each), (std::vector<Record>{1, 2, 3}));
    EXPECT_EQ(each->offset(), 300);
    EXPECT_EQ(each->replid(), node(0).replid());
  }
}

TEST_F(RedisTest, OffsetsCountRecordsHellosAndPings) {
  node(0).publish({{"10.1.0.1", 1}, *proto::RunId::parse(world.make_id()), {}, "m", {}, {}});
  EXPECT_EQ(node(0).offset(), 200);
  world.run_for(20s);
  EXPECT_EQ(node(0).offset(), 200 + 7 * 14);
  EXPECT_EQ(node(1).offset(), node(0).offset());
}

TEST_F(RedisTest, AReplicaThatLostItsLinkContinues) {
  world.network().reset_between(node(0).host(), node(1).host());
  write(node(0), 2);
  EXPECT_FALSE(node(1).in_sync());
  world.run_for(10ms);  // a link that was fine is made again at once
  EXPECT_TRUE(node(1).in_sync());
  EXPECT_EQ(records_of(node(1)), (std::vector<Record>{1, 2}));
}

TEST_F(RedisTest, AReplicaThatCrashedCopiesEverything) {
  write(node(0), 2);
  node(1).keeps_data = false;
  node(1).crash(Network::End::crash);
  EXPECT_TRUE(node(1).data().empty());
  node(1).boot();
  world.run_for(long_copy - 1s);
  EXPECT_EQ(info_of(node(1)).sync_in_progress, true);
  EXPECT_FALSE(node(1).in_sync());
  world.run_for(2s);
  EXPECT_TRUE(node(1).in_sync());
  EXPECT_EQ(records_of(node(1)), records_of(node(0)));
  EXPECT_EQ(node(1).replid(), node(0).replid());
}

TEST_F(RedisTest, APromotedReplicaKeepsTheOldHistoryAndItsSiblingContinues) {
  const std::string old = node(0).replid();
  write(node(0), 2);
  world.run_for(1ms);
  node(0).crash(Network::End::crash);
  follow(node(1), std::nullopt);
  EXPECT_EQ(node(1).role(), Role::master);
  EXPECT_NE(node(1).replid(), old);
  EXPECT_EQ(node(1).replid2(), old);
  EXPECT_EQ(info_of(node(1)).second_repl_offset, 201);
  write(node(1), 1);
  follow(node(2), node(1).address());
  world.run_for(short_time);
  EXPECT_TRUE(node(2).in_sync());
  EXPECT_EQ(records_of(node(2)), (std::vector<Record>{1, 2, 3}));
  EXPECT_EQ(node(2).replid(), node(1).replid());
}

TEST_F(RedisTest, WhoIsAheadOfThePromotionLosesWhatItHadMore) {
  cut(node(0), node(1), true);
  write(node(0), 2);  // the sibling has them, the promoted one does not
  world.run_for(1ms);
  follow(node(1), std::nullopt);
  follow(node(2), node(1).address());
  world.run_for(short_time);
  EXPECT_FALSE(node(2).in_sync()) << "offset 200 is behind the fork at 0";
  world.run_for(long_copy);
  EXPECT_TRUE(node(2).in_sync());
  EXPECT_TRUE(node(2).data().empty());
}

TEST_F(RedisTest, AChainPassesTheStreamOn) {
  follow(node(2), node(1).address());
  world.run_for(short_time);
  EXPECT_TRUE(node(2).in_sync()) << "the same history: it continues";
  write(node(0), 2);
  world.run_for(1ms);
  EXPECT_EQ(records_of(node(2)), (std::vector<Record>{1, 2}));
  EXPECT_EQ(info_of(node(1)).role, Role::replica);
  ASSERT_EQ(info_of(node(1)).replicas.size(), 1u);
  EXPECT_EQ(info_of(node(1)).replicas[0], node(2).address());
  follow(node(1), std::nullopt);
  world.run_for(short_time);
  EXPECT_TRUE(node(2).in_sync()) << "by the second history of its master";
}

TEST_F(RedisTest, AReplicaWithoutItsMasterServesNoCopies) {
  node(0).crash(Network::End::power_off);
  node(1).crash(Network::End::crash);
  node(1).boot();
  follow(node(2), node(1).address());
  world.run_for(20s);
  EXPECT_FALSE(node(2).in_sync());
}

TEST_F(RedisTest, ASilentMasterIsNoticedAfterTenSeconds) {
  node(0).crash(Network::End::power_off);
  world.run_for(8s);
  EXPECT_TRUE(node(1).in_sync());
  world.run_for(6s);
  EXPECT_FALSE(node(1).in_sync());
}

TEST_F(RedisTest, WhoFollowsItselfKeepsItsDataAndGetsNowhere) {
  write(node(0), 2);
  follow(node(0), node(0).address());
  world.run_for(10s);
  EXPECT_EQ(node(0).role(), Role::replica);
  EXPECT_FALSE(node(0).in_sync());
  EXPECT_EQ(records_of(node(0)), (std::vector<Record>{1, 2}));
  EXPECT_FALSE(node(0).write(9));
  follow(node(0), std::nullopt);
  world.run_for(short_time);
  EXPECT_TRUE(node(1).in_sync()) << "a partial sync brings the replicas back";
}

TEST_F(RedisTest, TheRoleIsInTheConfigurationFile) {
  follow(node(0), node(1).address());
  follow(node(1), std::nullopt);
  for (const std::size_t number : {0u, 1u}) {
    node(number).crash(Network::End::crash);
    node(number).boot();
  }
  EXPECT_EQ(node(0).role(), Role::replica);
  EXPECT_EQ(node(0).following(), node(1).address());
  EXPECT_EQ(node(1).role(), Role::master);
}

TEST_F(RedisTest, ACrashEndsTheHistoryAndKeepsTheDataThatIsKept) {
  write(node(0), 2);
  const std::string old = node(0).replid();
  const std::string old_run = node(0).run_id();
  node(0).crash(Network::End::crash);
  node(0).boot();
  EXPECT_NE(node(0).replid(), old);
  EXPECT_NE(node(0).run_id(), old_run);
  EXPECT_EQ(records_of(node(0)), (std::vector<Record>{1, 2}));
}

// ---- what it answers ---------------------------------------------------------------------------

TEST_F(RedisTest, InfoReadsThroughTheRealParser) {
  write(node(0), 1);
  world.run_for(1ms);
  const proto::InfoSnapshot master = info_of(node(0));
  EXPECT_EQ(master.role, Role::master);
  ASSERT_TRUE(master.run_id);
  EXPECT_EQ(master.run_id->text(), node(0).run_id());
  EXPECT_EQ(master.replid, node(0).replid());
  EXPECT_EQ(master.replid2, "");
  EXPECT_EQ(master.master_repl_offset, 100);
  EXPECT_EQ(master.second_repl_offset, -1);
  EXPECT_EQ(master.replicas, (std::vector<proto::Address>{node(1).address(), node(2).address()}));

  const proto::InfoSnapshot replica = info_of(node(1));
  EXPECT_EQ(replica.role, Role::replica);
  EXPECT_EQ(replica.master, node(0).address());
  EXPECT_TRUE(replica.master_link_up);
  EXPECT_EQ(replica.replica_repl_offset, 100);
  EXPECT_EQ(replica.priority, 100);
  EXPECT_TRUE(replica.announced);
  EXPECT_EQ(replica, *node(1).info()) << "what an agent gets";
}

TEST_F(RedisTest, InfoTellsWhatWasTurned) {
  node(1).priority = 0;
  node(2).announced = false;
  world.network().reset_between(node(0).host(), node(2).host());
  world.run_for(100ms);
  EXPECT_EQ(node(1).info()->priority, 0);
  EXPECT_FALSE(info_of(node(2)).announced);
  EXPECT_EQ(info_of(node(0)).replicas, (std::vector<proto::Address>{node(1).address()}));
}

TEST_F(RedisTest, RoleTellsTheMasterAndTheLink) {
  EXPECT_EQ(node(0).role_reply().role, Role::master);
  const proto::RoleSnapshot replica = node(1).role_reply();
  EXPECT_EQ(replica.role, Role::replica);
  EXPECT_EQ(replica.master, node(0).address());
  EXPECT_EQ(replica.link_state, "connected");
}

struct Refusal {
  const char* name;
  void (*turn)(Redis&);
  const char* error;
  bool info_too;
  consensus::Pong pong;
  bool pong_loading;
};

class RefusalTest : public RedisTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(RefusalTest, EveryCommandGetsItsError) {
  const Refusal& wanted = GetParam();
  wanted.turn(node(0));
  EXPECT_EQ(node(0).refusal(false).rfind(wanted.error, 0), 0u) << node(0).refusal(false);
  EXPECT_EQ(!node(0).refusal(true).empty(), wanted.info_too);
  bool loading = false;
  EXPECT_EQ(node(0).ping(&loading), wanted.pong);
  EXPECT_EQ(loading, wanted.pong_loading);
  EXPECT_FALSE(node(0).write(1));
  EXPECT_EQ(node(0).offset(), 0);
}

TEST_P(RefusalTest, NoReplicaGetsACopy) {
  GetParam().turn(node(0));
  world.network().reset_between(node(0).host(), node(1).host());
  world.run_for(10s);
  EXPECT_FALSE(node(1).in_sync());
}

INSTANTIATE_TEST_SUITE_P(
    States, RefusalTest,
    ::testing::Values(Refusal{"loading", [](Redis& it) { it.loading = true; }, "LOADING ", false,
                              consensus::Pong::valid, true},
                      Refusal{"busy", [](Redis& it) { it.busy = true; }, "BUSY ", true,
                              consensus::Pong::busy, false},
                      Refusal{"password", [](Redis& it) { it.refuses_password = true; }, "NOAUTH ",
                              true, consensus::Pong::refused, false}),
    [](const auto& each) { return each.param.name; });

TEST_F(RedisTest, ScriptKillEndsTheScript) {
  node(0).busy = true;
  EXPECT_FALSE(node(0).answers());
  node(0).kill_script();
  EXPECT_TRUE(node(0).answers());
  EXPECT_TRUE(node(0).write(1));
}

TEST_F(RedisTest, ATurnIntoAReplicaEndsTheConnectionsOfClients) {
  const ConnId client = connect(node(0));
  const ConnId own = connect(node(0));
  node(0).replicate(node(1).address(), own, true);
  world.run_for(1ms);
  EXPECT_FALSE(world.network().is_open(client, operator_));
  EXPECT_TRUE(world.network().is_open(own, operator_));
}

TEST_F(RedisTest, ItRemembersUntilWhenItWasAMaster) {
  EXPECT_EQ(node(0).last_master(), world.now());
  EXPECT_EQ(node(1).last_master(), std::nullopt);
  const Instant then = world.now();
  node(0).crash(Network::End::crash);
  world.run_for(5s);
  EXPECT_EQ(node(0).last_master(), then);
}

TEST_F(RedisTest, InfoTellsForHowLongTheLinkIsDown) {
  node(0).crash(Network::End::crash);
  world.run_for(3500ms);
  const proto::InfoSnapshot replica = *node(1).info();
  EXPECT_FALSE(replica.master_link_up);
  EXPECT_GE(replica.master_link_down_for, 2s);
  EXPECT_LE(replica.master_link_down_for, 4s);
}

}  // namespace
}  // namespace vedette::sim
