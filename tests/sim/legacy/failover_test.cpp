// A failover from the candidacy to the switch: sections 5.6 to 5.8 and 7.1 of
// sentinel-behaviour.md.
#include <gtest/gtest.h>

#include "tests/sim/legacy/solo.hpp"

namespace vedette::sim::testing {
namespace {

using proto::Epoch;
using Events = std::vector<std::string>;

Durable with(const std::function<void(GroupOptions&)>& change) {
  Durable file = LegacySolo::usual();
  change(file.groups[0].options);
  return file;
}

struct LegacyFailover : ::testing::Test {
  explicit LegacyFailover(const Durable& file = LegacySolo::usual()) : solo(file) {
    solo.agree();
    solo.pass(5s);
  }
  void lose_master() {
    solo.kill("10.0.0.1");
    ASSERT_TRUE(solo.until("+try-failover", 5s));
  }
  LegacySolo solo;
};

// Not before the next tick after an answer, and one state a tick.
TEST_F(LegacyFailover, OneStateATick) {
  lose_master();
  const Events steps{"+elected-leader", "+selected-slave", "+failover-state-wait-promotion"};
  for (const std::string& step : steps) {
    EXPECT_EQ(solo.count(step), 0) << step;
    solo.tick();
    EXPECT_EQ(solo.count(step), 1) << step;
  }
  ASSERT_EQ(solo.sent<Follow>().size(), 1u);
  EXPECT_EQ(solo.sent<Follow>()[0].master, proto::Address{});
  ASSERT_TRUE(solo.until("+promoted-slave", 3s));  // with the INFO of every second
  EXPECT_EQ(solo.count("+slave-reconf-sent"), 0);
  solo.tick();
  EXPECT_EQ(solo.count("+slave-reconf-sent"), 1);
}

TEST_F(LegacyFailover, Events) {
  lose_master();
  ASSERT_TRUE(solo.until("+switch-master", 10s));
  EXPECT_EQ(solo.events_from("+sdown"), (Events{"+sdown",
                                                "+odown",
                                                "+new-epoch",
                                                "+try-failover",
                                                "+vote-for-leader",
                                                "+elected-leader",
                                                "+failover-state-select-slave",
                                                "+selected-slave",
                                                "+failover-state-send-slaveof-noone",
                                                "+failover-state-wait-promotion",
                                                "-role-change",
                                                "+promoted-slave",
                                                "+failover-state-reconf-slaves",
                                                "+slave-reconf-sent",
                                                "+slave-reconf-inprog",
                                                "+slave-reconf-done",
                                                "+failover-end",
                                                "+switch-master",
                                                "+slave",
                                                "+slave"}));
  EXPECT_EQ(solo.payload("+switch-master"), "m 10.0.0.1 6379 10.0.0.2 6379");
  EXPECT_EQ(solo.payload("+failover-end"), "master m 10.0.0.1 6379");
  const auto scripts = solo.sent<RunReconfigScript>();
  ASSERT_EQ(scripts.size(), 1u);
  EXPECT_TRUE(scripts[0].leader);
}

TEST_F(LegacyFailover, PublishesTheNewAddressFromThePromotionOn) {
  lose_master();
  solo.nodes["10.0.0.3"].master_link_up = false;
  ASSERT_TRUE(solo.until("+promoted-slave", 5s));
  EXPECT_EQ(solo.legacy.durable().groups[0].master, node_at(2));
  EXPECT_EQ(solo.legacy.durable().groups[0].replicas,
            (std::vector<proto::Address>{node_at(1), node_at(3)}));
  EXPECT_EQ(solo.legacy.durable().groups[0].config_epoch, Epoch{1});
  EXPECT_EQ(solo.group().master.address, node_at(1));
  solo.log.clear();
  solo.tick();
  EXPECT_EQ(solo.sent_to<PublishHello>("10.0.1.2"), 1);
  EXPECT_EQ(solo.sent<PublishHello>()[0].hello.master, node_at(2));
  // It is blind for the new master until it has switched itself.
  EXPECT_EQ(solo.ask(5, id_of('b'), node_at(2)), proto::DownReply{});
}

TEST_F(LegacyFailover, ChoosesByPriorityThenOffsetThenRunId) {
  solo.nodes["10.0.0.3"].replica_repl_offset = 200;
  solo.nodes["10.0.0.2"].priority = 10;
  solo.nodes["10.0.0.3"].priority = 20;
  solo.pass(11s);
  EXPECT_EQ(solo.order(FailOver{"m"}).status, OrderStatus::ok);
  ASSERT_TRUE(solo.until("+selected-slave", 2s));
  EXPECT_EQ(solo.group().promoted, node_at(2));
  LegacySolo offsets;
  offsets.nodes["10.0.0.3"].replica_repl_offset = 200;
  offsets.pass(11s);
  offsets.order(FailOver{"m"});
  offsets.pass(300ms);
  EXPECT_EQ(offsets.group().promoted, node_at(3));
  LegacySolo ids;
  ids.nodes["10.0.0.2"].run_id = id_of('f');
  ids.nodes["10.0.0.3"].run_id = id_of('e');
  ids.restart(LegacySolo::usual());
  ids.pass(1s);
  ids.order(FailOver{"m"});
  ids.pass(300ms);
  EXPECT_EQ(ids.group().promoted, node_at(3));
}

TEST_F(LegacyFailover, NoReplicaThatIsDownOrForbiddenOrLongCutOff) {
  solo.nodes["10.0.0.2"].priority = 0;
  solo.nodes["10.0.0.3"].master_link_down_for = 11s;
  solo.pass(11s);
  EXPECT_EQ(solo.order(FailOver{"m"}).status, OrderStatus::no_good_replica);
  // A master that is down for a second adds that second: 10 x down-after + 1.
  lose_master();
  solo.nodes["10.0.0.3"].master_link_down_for = 13s;
  ASSERT_TRUE(solo.until("-failover-abort-no-good-slave", 5s));
  const Instant aborted = solo.now;
  ASSERT_TRUE(solo.until("+try-failover", 60s));
  EXPECT_GT(solo.now - aborted, 18s);
}

TEST_F(LegacyFailover, NoReplicaWithStaleInfoWhileTheMasterIsDown) {
  solo.no_info = {"10.0.0.2", "10.0.0.3"};
  solo.pass(6s);
  lose_master();
  EXPECT_TRUE(solo.until("-failover-abort-no-good-slave", 5s));
}

TEST_F(LegacyFailover, GivesUpAReplicaThatIsNotPromoted) {
  solo.stubborn = {"10.0.0.2"};
  lose_master();
  ASSERT_TRUE(solo.until("+failover-state-wait-promotion", 5s));
  const Instant sent = solo.now;
  ASSERT_TRUE(solo.until("-failover-abort-slave-timeout", 20s));
  EXPECT_GT(solo.now - sent, 10s);
  EXPECT_LT(solo.now - sent, 10200ms);
}

TEST_F(LegacyFailover, GoesOnWhenTheMasterReturns) {
  lose_master();
  ASSERT_TRUE(solo.until("+selected-slave", 5s));
  solo.revive("10.0.0.1");
  EXPECT_TRUE(solo.until("+promoted-slave", 5s));
}

TEST_F(LegacyFailover, NeverEndsWhileThePromotedReplicaIsDown) {
  solo.stubborn = {"10.0.0.3"};
  lose_master();
  ASSERT_TRUE(solo.until("+promoted-slave", 5s));
  solo.kill("10.0.0.2");
  ASSERT_TRUE(solo.until("+sdown", 5s));
  solo.pass(120s);
  EXPECT_EQ(solo.group().phase, Phase::reconfigure_replicas);
}

struct LegacyParallel : LegacyFailover {
  explicit LegacyParallel(const Durable& file = four_replicas(1)) : LegacyFailover(file) {}
  static Durable four_replicas(int parallel) {
    Durable file = with([&](GroupOptions& o) { o.parallel_syncs = parallel; });
    file.groups[0].options.failover_timeout = 30s;
    file.groups[0].replicas = {node_at(2), node_at(3), node_at(4), node_at(5)};
    return file;
  }
  void reach_reconfiguration() {
    lose_master();
    ASSERT_TRUE(solo.until("+promoted-slave", 5s));
  }
};

TEST_F(LegacyParallel, OneAfterTheOther) {
  reach_reconfiguration();
  solo.tick();
  EXPECT_EQ(solo.count("+slave-reconf-sent"), 1);
  ASSERT_TRUE(solo.until("+slave-reconf-done", 3s));
  EXPECT_EQ(solo.count("+slave-reconf-sent"), 1);
  ASSERT_TRUE(solo.until("+failover-end", 10s));
  EXPECT_EQ(solo.count("+slave-reconf-done"), 3);
}

// As the real one did: with every place taken nobody looks at the ten seconds.
TEST_F(LegacyParallel, OneSilentReplicaHoldsUpAllOthers) {
  solo.stubborn = {"10.0.0.3"};
  reach_reconfiguration();
  const Instant promoted = solo.now;
  ASSERT_TRUE(solo.until("+failover-end", 60s));
  EXPECT_GT(solo.now - promoted, 30s);
  EXPECT_EQ(solo.count("-slave-reconf-sent-timeout"), 0);
  EXPECT_EQ(solo.count("+slave-reconf-sent-be"), 2);
  const Events tail = solo.events_from("+failover-end-for-timeout");
  EXPECT_EQ(tail, (Events{"+failover-end-for-timeout", "+failover-end", "+slave-reconf-sent-be",
                          "+slave-reconf-sent-be", "+switch-master", "+slave", "+slave", "+slave",
                          "+slave"}));
}

struct LegacyFreePlace : LegacyParallel {
  LegacyFreePlace() : LegacyParallel(four_replicas(4)) {}
};
TEST_F(LegacyFreePlace, SilentReplicaCountsAsDoneAfterTenSeconds) {
  solo.stubborn = {"10.0.0.3"};
  reach_reconfiguration();
  const Instant promoted = solo.now;
  ASSERT_TRUE(solo.until("-slave-reconf-sent-timeout", 20s));
  EXPECT_GT(solo.now - promoted, 10s);
  EXPECT_EQ(solo.count("+failover-end"), 1);
}

struct LegacyNoPlace : LegacyParallel {
  LegacyNoPlace() : LegacyParallel(four_replicas(0)) {}
};
TEST_F(LegacyNoPlace, NobodyIsRepointedBeforeFailoverTimeout) {
  reach_reconfiguration();
  ASSERT_TRUE(solo.until("+failover-end", 60s));
  EXPECT_EQ(solo.count("+slave-reconf-sent"), 0);
  EXPECT_EQ(solo.count("+slave-reconf-sent-be"), 3);
}

TEST_F(LegacyFailover, ByOrderWithoutQuorumDelayOrVotes) {
  solo.answer = nullptr;
  solo.refusing = {"10.0.1.2", "10.0.1.3"};
  EXPECT_EQ(solo.order(FailOver{"x"}).status, OrderStatus::no_such_master);
  EXPECT_EQ(solo.order(FailOver{"m"}).status, OrderStatus::ok);
  EXPECT_EQ(solo.order(FailOver{"m"}).status, OrderStatus::failover_in_progress);
  ASSERT_TRUE(solo.until("+switch-master", 10s));
  EXPECT_TRUE(solo.sent<AskPeer>().empty());
  EXPECT_EQ(solo.payload("+vote-for-leader"), id_of('a').text() + " 1");
  // The old master still says it is one, and is demoted 8 s after that was first seen.
  ASSERT_TRUE(solo.until("+convert-to-slave", 15s));
  EXPECT_EQ(solo.sent<Follow>().back().master, node_at(2));
}

// Section 7.1, item 1. What peers said about the old address still counts, the failover of the
// switched master may start at once, and the link is tried on the old grid, by then too late.
TEST(LegacySwitch, HealthyMasterIsFailedOverOnceMore) {
  int spurious = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    LegacySolo solo(with([](GroupOptions& o) { o.down_after = 300ms; }), seed);
    solo.agree();
    solo.pass(5s);
    solo.kill("10.0.0.1");
    if (!solo.until("+odown", 5s)) continue;
    solo.ask(1, id_of('b'));  // another one leads
    solo.pass(900ms);
    solo.nodes["10.0.0.2"].role = proto::Role::master;
    solo.hello('b', 1, 1, node_at(2));
    const Instant switched = solo.now;
    if (!solo.until("+try-failover", 3s)) continue;
    EXPECT_LT(solo.now - switched, 1300ms);
    ++spurious;
  }
  EXPECT_GE(spurious, 10);
}

TEST(LegacySwitch, KeepsPeersAndTheirOpinionsNotTheLinks) {
  LegacySolo solo;
  solo.agree();
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+odown", 5s));
  solo.ask(1, id_of('b'));
  const Instant tried = solo.group().master.link.last_attempt;
  solo.hello('b', 1, 1, node_at(2));
  const LegacyGroup& group = solo.group();
  EXPECT_EQ(solo.payload("+config-update-from"),
            "sentinel " + id_of('b').text() + " 10.0.1.2 26379 @ m 10.0.0.1 6379");
  EXPECT_EQ(group.master.address, node_at(2));
  EXPECT_EQ(group.replicas.size(), 2u);
  EXPECT_TRUE(group.replicas.contains(node_at(1)));
  EXPECT_TRUE(group.peers.at(id_of('b')).says_down);
  EXPECT_EQ(group.master.link.last_attempt, tried);
  EXPECT_FALSE(group.master.subjectively_down);
  EXPECT_FALSE(group.objectively_down);
  EXPECT_FALSE(group.leader);
  EXPECT_EQ(group.leader_epoch, Epoch{1});
  EXPECT_EQ(group.failover_start, long_ago);
  ASSERT_EQ(solo.sent<RunReconfigScript>().size(), 1u);
  EXPECT_FALSE(solo.sent<RunReconfigScript>()[0].leader);
}

}  // namespace
}  // namespace vedette::sim::testing
