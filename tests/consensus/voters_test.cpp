// Who counts among the voters (README.md, Voters).
#include <gtest/gtest.h>

#include <string>

#include "tests/consensus/solo.hpp"

namespace vedette::consensus {
namespace {

using namespace testing;

proto::RunId phantom(int number) {
  std::string text = std::to_string(number);
  return *proto::RunId::parse(std::string(40 - text.size(), '7') + text);
}

HelloHeard forged(const proto::RunId& id, const std::string& host) {
  return {std::nullopt, {{host, 26379}, id, {}, "m", {"10.0.0.1", 6379}, {}}};
}

TEST(Voters, PhantomsHeardOnceOrTwiceAreNone) {
  Solo solo(Solo::usual());
  solo.pass(3s);
  solo.connects = false;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 50; ++i) {
      solo.feed(forged(phantom(i), "10.9.0." + std::to_string(i + 1)));
    }
    solo.pass(2s);
  }
  EXPECT_EQ(solo.group().voters(), 3u);
  EXPECT_EQ(solo.core.state().strangers.size(), 50u);
  solo.pass(11s);
  EXPECT_TRUE(solo.core.state().strangers.empty());
  EXPECT_EQ(solo.count("+sentinel"), 0);
}

TEST(Voters, AFloodOfPhantomsFillsNoMemory) {
  Solo solo(Solo::usual());
  solo.connects = false;
  for (int i = 0; i < 5000; ++i) solo.feed(forged(phantom(i), "10.9.0.1"));
  EXPECT_LE(solo.core.state().strangers.size(), 64u);
  EXPECT_EQ(solo.group().voters(), 3u);
  EXPECT_LE(solo.core.state().links.size(), 80u);
}

TEST(Voters, WhatReplicasRelayIsOneHello) {
  Solo solo(Solo::usual());
  solo.connects = false;
  for (int i = 0; i < 5; ++i) solo.feed(forged(phantom(1), "10.9.0.1"));
  EXPECT_EQ(solo.group().voters(), 3u);
  solo.pass(2s);
  solo.feed(forged(phantom(1), "10.9.0.1"));
  solo.pass(2s);
  solo.feed(forged(phantom(1), "10.9.0.1"));
  EXPECT_EQ(solo.group().voters(), 4u) << "three rounds in 10 s: it lives behind a NAT";
}

TEST(Voters, AStrangersWordIsNotTakenBeforeItAnswered) {
  Solo solo(Solo::usual());
  solo.connects = false;
  solo.feed(HelloHeard{std::nullopt,
                       {{"10.0.1.4", 26379},
                        id_of('d'),
                        proto::Epoch{7},
                        "m",
                        {"10.0.0.2", 6379},
                        proto::Epoch{7}}});
  EXPECT_EQ(solo.group().master().address.host, "10.0.0.1");
  EXPECT_EQ(solo.core.state().current_epoch, proto::Epoch{});
}

TEST(Voters, TheOperatorsNumberCounts) {
  Durable file = Solo::usual();
  file.groups[0].options.voters = 5;
  const Solo solo(file);
  EXPECT_EQ(solo.group().voters(), 5u);
  EXPECT_EQ(solo.group().agents(), 3u);
}

TEST(Voters, AfterRemoveAndMonitorTheMajorityIsAsLarge) {
  Solo solo(Solo::usual());
  solo.order(RemoveGroup{"m"});
  solo.order(MonitorGroup{"m", {"10.0.0.1", 6379}, {}});
  EXPECT_EQ(solo.group().agents(), 1u);
  EXPECT_EQ(solo.group().voters(), 3u);
  solo.pass(61s);
  EXPECT_EQ(solo.group().voters(), 1u);
}

// Operators compare the counts at once.
TEST(Voters, WhoIsThereAndWatchesComesBackWithoutAHello) {
  Solo solo(Solo::usual());
  solo.published["10.0.1.2"] = {{"10.0.0.1", 6379}, {}};  // c does not answer for this group
  solo.order(ResetGroups{"m"});
  EXPECT_EQ(solo.group().agents(), 2u);
  EXPECT_TRUE(solo.group().peers.contains(id_of('b')));
  solo.order(RemoveGroup{"m"});
  solo.order(MonitorGroup{"m", {"10.0.0.1", 6379}, {}});
  EXPECT_EQ(solo.group().agents(), 2u);
  solo.hello('c', {}, {});  // while it is asked still
  EXPECT_EQ(solo.group().agents(), 3u);
  solo.pass(20s);
  EXPECT_TRUE(solo.core.state().strangers.empty());
}

TEST(Voters, WhoIsGoneDoesNotComeBack) {
  Solo solo(Solo::usual());
  solo.published["10.0.1.2"] = {{"10.0.0.1", 6379}, {}};
  solo.connects = false;
  solo.order(ResetGroups{"m"});
  EXPECT_EQ(solo.group().agents(), 1u);
  solo.pass(20s);
  EXPECT_EQ(solo.group().agents(), 1u);
  EXPECT_TRUE(solo.core.state().strangers.empty());
}

TEST(Voters, AStartAfterResetForgetsNobodyEither) {
  Solo solo(Solo::usual());
  solo.order(ResetGroups{"m"});
  solo.hello('b', {}, {});
  EXPECT_EQ(solo.group().agents(), 2u);
  EXPECT_EQ(solo.group().voters(), 3u);
  const Solo again(solo.core.durable());
  EXPECT_EQ(again.group().agents(), 2u);
  EXPECT_EQ(again.group().voters(), 3u);
}

}  // namespace
}  // namespace vedette::consensus
