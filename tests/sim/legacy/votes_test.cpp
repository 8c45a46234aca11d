// Opinions, votes and elections: sections 5.5, 5.6 and 7.1 of sentinel-behaviour.md.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/legacy/solo.hpp"

namespace vedette::sim::testing {
namespace {

using proto::Epoch;

Durable two_groups() {
  Durable file = LegacySolo::usual();
  file.groups.push_back(LegacySolo::group("n", 4));
  return file;
}

TEST(LegacyAsks, EverySecondWithoutACandidateUntilAFailoverStarts) {
  LegacySolo solo;
  solo.answer = [](const auto&, const auto&) { return proto::DownReply{}; };
  solo.pass(5s);
  EXPECT_TRUE(solo.sent<AskPeer>().empty());
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+sdown", 5s));
  solo.pass(10s);
  const auto asks = solo.sent<AskPeer>();
  EXPECT_GE(asks.size(), 18u);
  EXPECT_LE(asks.size(), 22u);
  for (const AskPeer& each : asks) EXPECT_FALSE(each.query.candidate);
}

TEST(LegacyAsks, EveryTickWithoutAnAnswer) {
  LegacySolo solo;
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+sdown", 5s));
  solo.log.clear();
  for (int i = 0; i < 10; ++i) solo.tick();
  EXPECT_EQ(solo.sent<AskPeer>().size(), 20u);
}

TEST(LegacyAsks, OpinionLastsFiveSeconds) {
  LegacySolo solo;
  solo.agree();
  auto file = LegacySolo::usual();
  file.groups[0].options.quorum = 3;
  file.groups[0].options.failover_timeout = 1000s;
  file.groups[0].replicas.clear();
  solo.restart(file);
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+odown", 5s));
  EXPECT_EQ(solo.payload("+odown"), "master m 10.0.0.1 6379 #quorum 3/3");
  solo.answer = nullptr;
  const Instant silent = solo.now;
  ASSERT_TRUE(solo.until("-odown", 10s));
  EXPECT_GT(solo.now - silent, 4900ms);
  EXPECT_LT(solo.now - silent, 5200ms);
}

TEST(LegacyVotes, OneVoteInOneEpochAndTheOldOneIsNamed) {
  LegacySolo solo;
  const auto a = id_of('1');
  const auto b = id_of('2');
  const auto expect = [&](const proto::DownReply& reply, const proto::RunId& leader, int epoch) {
    EXPECT_EQ(reply.voted_for, leader);
    EXPECT_EQ(reply.epoch, Epoch{static_cast<std::uint64_t>(epoch)});
    EXPECT_FALSE(reply.down);
  };
  expect(solo.ask(5, a), a, 5);
  expect(solo.ask(5, b), a, 5);
  expect(solo.ask(4, b), a, 5);
  expect(solo.ask(6, b), b, 6);
  expect(solo.ask(6, a), b, 6);
  EXPECT_EQ(solo.ask(9, std::nullopt), proto::DownReply{});
  EXPECT_EQ(solo.ask(9, a, node_at(7)), proto::DownReply{});  // unknown address
  EXPECT_EQ(solo.count("+vote-for-leader"), 2);
  EXPECT_EQ(solo.count("+new-epoch"), 2);
}

TEST(LegacyVotes, BelowTheGlobalEpochTheAnswerIsAStar) {
  LegacySolo solo(two_groups());
  solo.ask(7, id_of('1'), node_at(4));
  const proto::DownReply reply = solo.ask(6, id_of('1'));
  EXPECT_FALSE(reply.voted_for);
  EXPECT_EQ(reply.epoch, Epoch{0});
}

TEST(LegacyVotes, SavedBeforeTheReplyAndGivenEvenIfThatFails) {
  LegacySolo solo;
  const Durable before = solo.legacy.durable();
  solo.log.clear();
  EXPECT_EQ(solo.ask(3, id_of('1')).voted_for, id_of('1'));
  ASSERT_TRUE(std::holds_alternative<ReplyVote>(solo.log.back()));
  const auto saves = solo.sent<Persist>();
  ASSERT_EQ(saves.size(), 2u);  // the epoch, then the vote
  EXPECT_EQ(saves.back().number, solo.legacy.save_number());
  for (const Persist& each : saves) solo.feed(PersistFailed{each.number, "No space left"});
  EXPECT_EQ(solo.ask(3, id_of('2')).voted_for, id_of('1'));
  // The disk still holds what it held: the same epoch is given away once more.
  solo.restart(before);
  EXPECT_EQ(solo.ask(3, id_of('2')).voted_for, id_of('2'));
}

TEST(LegacyVotes, AfterARestartOnlyTheEpochIsKnown) {
  LegacySolo solo;
  solo.ask(3, id_of('1'));
  const Durable file = solo.legacy.durable();
  EXPECT_EQ(file.groups[0].vote, (Vote{Epoch{3}, std::nullopt}));
  solo.restart(file);
  const proto::DownReply reply = solo.ask(3, id_of('1'));
  EXPECT_FALSE(reply.voted_for);
  EXPECT_EQ(reply.epoch, Epoch{3});
}

TEST(LegacyVotes, LeaderEpochInTheFileDoesNotRaiseTheGlobalOne) {
  Durable file = LegacySolo::usual();
  file.groups[0].vote.epoch = Epoch{5};
  LegacySolo solo(file);
  EXPECT_EQ(solo.legacy.state().current_epoch, Epoch{0});
  const proto::DownReply reply = solo.ask(3, id_of('1'));
  EXPECT_FALSE(reply.voted_for);
  EXPECT_EQ(reply.epoch, Epoch{5});
  EXPECT_EQ(solo.legacy.state().current_epoch, Epoch{3});
  file.groups[0].config_epoch = Epoch{4};
  EXPECT_EQ(LegacySolo(file).legacy.state().current_epoch, Epoch{4});
}

TEST(LegacyVotes, WhoVotedForAnotherIsMuteForTwiceFailoverTimeout) {
  LegacySolo solo;
  solo.agree();
  solo.pass(5s);
  solo.kill("10.0.0.1");
  solo.ask(1, id_of('b'));
  const Instant voted = solo.now;
  ASSERT_TRUE(solo.until("+try-failover", 30s));
  EXPECT_GE(solo.now - voted, 20s);
  EXPECT_LT(solo.now - voted, 21100ms);
}

TEST(LegacyElection, AsksAllAtOnceTwiceAndVotesForItself) {
  LegacySolo solo;
  solo.agree();
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+odown", 5s));
  // The tick that asked got the opinions at once, so this one is the next.
  EXPECT_EQ(solo.payload("+vote-for-leader"), id_of('a').text() + " 1");
  int forced = 0;
  for (const AskPeer& each : solo.sent<AskPeer>()) {
    if (!each.query.candidate) continue;
    ++forced;
    EXPECT_EQ(each.query.candidate, id_of('a'));
    EXPECT_EQ(each.query.epoch, Epoch{1});
  }
  EXPECT_EQ(forced, 2);  // here both were answered before the second round of the same tick
  EXPECT_EQ(solo.count("+elected-leader"), 0);
  solo.tick();
  EXPECT_EQ(solo.count("+elected-leader"), 1);
}

TEST(LegacyElection, WhoDidNotAnswerForASecondIsAskedTwiceInThatTick) {
  LegacySolo solo;
  solo.answer = [](const proto::RunId& peer, const proto::DownQuery&) {
    return peer == id_of('c') ? std::nullopt : std::optional{proto::DownReply{true, {}, {}}};
  };
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+try-failover", 5s));
  std::map<std::string, int> asked;
  for (const AskPeer& each : solo.sent<AskPeer>()) {
    if (each.query.candidate) ++asked[solo.host_of(each.link)];
  }
  EXPECT_EQ(asked, (std::map<std::string, int>{{"10.0.1.2", 1}, {"10.0.1.3", 2}}));
}

TEST(LegacyElection, MajorityOfAllEverKnownAndQuorum) {
  Durable file = LegacySolo::usual();
  file.groups[0].peers.push_back({id_of('d'), peer_at('d')});
  file.groups[0].peers.push_back({id_of('e'), peer_at('e')});
  LegacySolo solo(file);
  solo.refusing = {"10.0.1.4", "10.0.1.5"};
  solo.answer = [](const proto::RunId& peer, const proto::DownQuery& query) {
    proto::DownReply reply{true, {}, {}};
    if (query.candidate) {
      reply.voted_for = peer == id_of('b') ? query.candidate : peer;
      reply.epoch = query.epoch;
    }
    return std::optional{reply};
  };
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("-failover-abort-not-elected", 30s));  // two of five
  EXPECT_EQ(solo.count("+elected-leader"), 0);
}

TEST(LegacyElection, AbortsAfterTheElectionTimeoutAndWaitsTwiceFailoverTimeout) {
  Durable file = LegacySolo::usual();
  file.groups[0].options.failover_timeout = 5s;
  LegacySolo solo(file);
  solo.agree(id_of('c'));
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+try-failover", 5s));
  const Instant tried = solo.now;
  ASSERT_TRUE(solo.until("-failover-abort-not-elected", 30s));
  EXPECT_GT(solo.now - tried, 5s);  // min(10 s, failover-timeout) after a start up to 1 s later
  EXPECT_LT(solo.now - tried, 6200ms);
  EXPECT_EQ(solo.group().phase, Phase::idle);
  ASSERT_TRUE(solo.until("+try-failover", 30s));
  EXPECT_GE(solo.now - tried, 10s);
  EXPECT_LT(solo.now - tried, 11200ms);
  EXPECT_EQ(solo.payload("+new-epoch"), "2");
}

TEST(LegacyElection, OwnVoteFollowsTheMostVotedOfThePeers) {
  LegacySolo solo;
  // Asked for opinions only, they already named their leader of the epoch that we will use.
  solo.answer = [](const auto&, const auto&) {
    return std::optional{proto::DownReply{true, id_of('c'), Epoch{1}}};
  };
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+try-failover", 5s));
  EXPECT_EQ(solo.payload("+vote-for-leader"), id_of('c').text() + " 1");
  solo.pass(2s);
  EXPECT_EQ(solo.count("+elected-leader"), 0);
}

// Section 7.1, item 3: a vote of the failover's own epoch is worth nothing once another master
// raised the global epoch; the question is repeated with that one, and what is won with it is
// published under the older epoch.
TEST(LegacyElection, VotesAreLostThroughTheGlobalEpoch) {
  LegacySolo solo(two_groups());
  std::uint64_t granted = 0;
  solo.answer = [&](const auto&, const proto::DownQuery& query) {
    proto::DownReply reply{query.master == node_at(1), {}, {}};
    if (reply.down && query.candidate) {
      granted = number(query.epoch);
      reply.voted_for = query.candidate;
      reply.epoch = query.epoch;
    }
    return std::optional{reply};
  };
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+try-failover", 5s));
  EXPECT_EQ(granted, 1u);
  solo.ask(2, id_of('b'), node_at(4));  // the other master's election
  solo.tick();
  EXPECT_EQ(solo.count("+elected-leader"), 0);
  ASSERT_TRUE(solo.until("+elected-leader", 3s));
  EXPECT_EQ(granted, 2u);
  ASSERT_TRUE(solo.until("+promoted-slave", 5s));
  EXPECT_EQ(solo.group().config_epoch, Epoch{1});
}

}  // namespace
}  // namespace vedette::sim::testing
