// Hellos, peers and operators: section 5.4 of sentinel-behaviour.md, sections 3 and 8 of
// sentinel-protocol.md.
#include <gtest/gtest.h>

#include "tests/sim/legacy/solo.hpp"

namespace vedette::sim::testing {
namespace {

using proto::Epoch;

Durable without_peers() {
  Durable file = LegacySolo::usual();
  file.groups[0].peers.clear();
  return file;
}

TEST(LegacyHello, MakesTheSenderAPeerAndAVoterForEver) {
  LegacySolo solo(without_peers());
  solo.log.clear();
  solo.hello('b', 0, 0);
  solo.hello('b', 0, 0);
  EXPECT_EQ(solo.count("+sentinel"), 1);
  EXPECT_EQ(solo.payload("+sentinel"),
            "sentinel " + id_of('b').text() + " 10.0.1.2 26379 @ m 10.0.0.1 6379");
  EXPECT_EQ(solo.sent<Persist>().size(), 1u);
  solo.kill("10.0.1.2");
  solo.pass(100s);
  EXPECT_EQ(solo.group().voters(), 2u);
  solo.tick();
  EXPECT_EQ(solo.payload("+sdown"),
            "sentinel " + id_of('b').text() + " 10.0.1.2 26379 @ m 10.0.0.1 6379");
}

TEST(LegacyHello, RaisesTheEpochAndSavesIt) {
  LegacySolo solo;
  solo.log.clear();
  solo.hello('b', 7, 0);
  EXPECT_EQ(solo.legacy.state().current_epoch, Epoch{7});
  EXPECT_EQ(solo.payload("+new-epoch"), "7");
  EXPECT_EQ(solo.sent<Persist>().size(), 1u);
}

TEST(LegacyHello, StrictlyNewerConfigurationWins) {
  LegacySolo solo;
  solo.hello('b', 3, 3, node_at(2));
  EXPECT_EQ(solo.group().master.address, node_at(2));
  solo.hello('c', 3, 3, node_at(3));  // equal: never reconciled
  solo.hello('c', 3, 2, node_at(3));
  EXPECT_EQ(solo.group().master.address, node_at(2));
  EXPECT_EQ(solo.count("+switch-master"), 1);
}

TEST(LegacyHello, SameAddressTakesOnlyTheEpochAndDoesNotSaveIt) {
  LegacySolo solo;
  solo.hello('b', 3, 0);
  solo.log.clear();
  solo.hello('b', 3, 3);
  EXPECT_EQ(solo.group().config_epoch, Epoch{3});
  EXPECT_TRUE(solo.sent<Persist>().empty());
}

TEST(LegacyHello, OwnOneIsIgnoredOnPubsubAndMakesAPeerOnTheDirectPath) {
  LegacySolo solo(without_peers());
  const LinkId pubsub = solo.links.rbegin()->first;
  const proto::Hello own{peer_at('a'), id_of('a'), Epoch{0}, "m", node_at(1), Epoch{0}};
  solo.feed(HelloHeard{pubsub, own});
  EXPECT_EQ(solo.group().peers.size(), 0u);
  solo.feed(HelloHeard{std::nullopt, own});
  EXPECT_EQ(solo.group().peers.size(), 1u);
}

TEST(LegacyHello, OtherMasterNameOrDeadLinkIsIgnored) {
  LegacySolo solo;
  solo.hello('d', 9, 9, node_at(2), "other");
  const proto::Hello hello{peer_at('d'), id_of('d'), Epoch{9}, "m", node_at(2), Epoch{9}};
  solo.feed(HelloHeard{LinkId{999}, hello});
  EXPECT_EQ(solo.legacy.state().current_epoch, Epoch{0});
}

TEST(LegacyPeers, MovedIdReplacesItsOldAddressUnderAllMasters) {
  Durable file = LegacySolo::usual();
  file.groups.push_back(LegacySolo::group("n", 4));
  LegacySolo solo(file);
  EXPECT_EQ(solo.sent_to<Connect>("10.0.1.2"), 1);  // one link for both masters
  const proto::Hello moved{peer_at('h'), id_of('b'), Epoch{0}, "m", node_at(1), Epoch{0}};
  solo.feed(HelloHeard{std::nullopt, moved});
  EXPECT_EQ(solo.payload("+sentinel-address-switch"),
            "master m 10.0.0.1 6379 ip 10.0.1.8 port 26379 for " + id_of('b').text());
  EXPECT_EQ(solo.payload("+sentinel-address-update"),
            "sentinel " + id_of('b').text() +
                " 10.0.1.8 26379 @ m 10.0.0.1 6379 1 additional matching instances");
  EXPECT_EQ(solo.count("+sentinel"), 0);
  const auto& other = solo.legacy.state().groups.at("n");
  EXPECT_EQ(other.peers.at(id_of('b')).address, peer_at('h'));
  EXPECT_EQ(solo.sent_to<Disconnect>("10.0.1.2"), 1);
  solo.pass(1100ms);
  EXPECT_EQ(solo.sent_to<Connect>("10.0.1.8"), 1);
}

TEST(LegacyPeers, NewIdAtAKnownAddressRemovesTheOldOneFromAllMasters) {
  Durable file = LegacySolo::usual();
  file.groups.push_back(LegacySolo::group("n", 4));
  LegacySolo solo(file);
  const proto::Hello fresh{peer_at('b'), id_of('d'), Epoch{0}, "m", node_at(1), Epoch{0}};
  solo.feed(HelloHeard{std::nullopt, fresh});
  EXPECT_EQ(solo.count("+sentinel-invalid-addr"), 1);
  EXPECT_EQ(solo.count("+sentinel"), 1);
  EXPECT_FALSE(solo.group().peers.contains(id_of('b')));
  EXPECT_FALSE(solo.legacy.state().groups.at("n").peers.contains(id_of('b')));
  EXPECT_FALSE(solo.legacy.state().peer_links.contains(id_of('b')));
}

TEST(LegacyPeers, SharedLinkGetsOneHelloPerMaster) {
  Durable file = LegacySolo::usual();
  file.groups.push_back(LegacySolo::group("n", 4));
  LegacySolo solo(file);
  solo.pass(2200ms);
  EXPECT_EQ(solo.sent_to<PublishHello>("10.0.1.2"), 2);
}

TEST(LegacyOrders, ResetForgetsAllButEpochsAndSavesNothing) {
  LegacySolo solo;
  solo.ask(3, id_of('b'));
  solo.hello('b', 3, 2);
  solo.log.clear();
  const ReplyOrder reply = solo.order(ResetGroups{"*"});
  EXPECT_EQ(reply.count, 1);
  EXPECT_EQ(solo.count("+reset-master"), 1);
  EXPECT_TRUE(solo.sent<Persist>().empty());
  EXPECT_TRUE(solo.group().peers.empty());
  EXPECT_TRUE(solo.group().replicas.empty());
  EXPECT_EQ(solo.group().leader_epoch, Epoch{3});
  EXPECT_EQ(solo.group().config_epoch, Epoch{2});
  EXPECT_TRUE(solo.legacy.state().peer_links.empty());
  const proto::DownReply answer = solo.ask(3, id_of('b'));
  EXPECT_FALSE(answer.voted_for);
  EXPECT_EQ(answer.epoch, Epoch{3});
}

TEST(LegacyOrders, RemovedAndMonitoredAgainItVotesTwice) {
  LegacySolo solo;
  EXPECT_EQ(solo.ask(3, id_of('b')).voted_for, id_of('b'));
  EXPECT_EQ(solo.order(RemoveGroup{"m"}).status, OrderStatus::ok);
  EXPECT_EQ(solo.order(RemoveGroup{"m"}).status, OrderStatus::no_such_master);
  EXPECT_EQ(solo.order(MonitorGroup{"m", node_at(1), {}}).status, OrderStatus::ok);
  EXPECT_EQ(solo.order(MonitorGroup{"m", node_at(1), {}}).status, OrderStatus::duplicate_master);
  EXPECT_EQ(solo.ask(3, id_of('c')).voted_for, id_of('c'));
}

TEST(LegacyOrders, SetSavesAndReconnects) {
  LegacySolo solo;
  solo.log.clear();
  GroupOptions options = solo.group().options;
  options.quorum = 3;
  solo.order(SetOptions{"m", options, {"quorum 3"}, true, true});
  EXPECT_EQ(solo.payload("+set"), "master m 10.0.0.1 6379 quorum 3");
  EXPECT_EQ(solo.sent<Persist>().size(), 1u);
  EXPECT_EQ(solo.sent<Disconnect>().size(), 6u);
  EXPECT_EQ(solo.group().options.quorum, 3u);
}

TEST(LegacyOrders, FileHoldsWhatARestartNeeds) {
  LegacySolo solo;
  solo.ask(3, id_of('b'));
  const Durable file = solo.legacy.durable();
  EXPECT_EQ(file.my_id, id_of('a'));
  EXPECT_EQ(file.current_epoch, Epoch{3});
  ASSERT_EQ(file.groups.size(), 1u);
  EXPECT_EQ(file.groups[0].master, node_at(1));
  EXPECT_EQ(file.groups[0].replicas.size(), 2u);
  EXPECT_EQ(file.groups[0].peers.size(), 2u);
  solo.restart(file);
  EXPECT_EQ(solo.legacy.durable(), file);
}

}  // namespace
}  // namespace vedette::sim::testing
