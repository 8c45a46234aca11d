// A vote belongs to (master name, epoch); an opinion to (master, address, config epoch).
#include <gtest/gtest.h>

#include "consensus/epochs.hpp"
#include "tests/consensus/cluster.hpp"
#include "tests/consensus/solo.hpp"

namespace vedette::consensus::testing {
namespace {

using proto::Epoch;
const proto::DownReply nothing{false, std::nullopt, Epoch{}};
proto::DownReply vote(char id, std::uint64_t epoch) { return {false, id_of(id), Epoch{epoch}}; }

class Votes : public ::testing::Test {
 protected:
  Votes() { solo.pass(4s); }  // the start hold is over
  Solo solo{Solo::usual()};
};

TEST_F(Votes, IsGivenOncePerEpoch) {
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), vote('b', 5));
  solo.pass(10s);
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('c')), vote('b', 5));
  EXPECT_EQ(solo.ask(Epoch{4}, id_of('c')), vote('b', 5));
  EXPECT_EQ(solo.ask(Epoch{6}, id_of('c')), vote('c', 6));
}

TEST_F(Votes, DoesNotLookAtTheGlobalEpoch) {
  solo.hello('b', Epoch{9}, Epoch{0});
  EXPECT_EQ(solo.core.state().current_epoch, Epoch{9});
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), vote('b', 5));
}

TEST_F(Votes, IsRefusedUpToTheConfigEpoch) {
  solo.hello('b', Epoch{7}, Epoch{7});
  EXPECT_EQ(solo.ask(Epoch{7}, id_of('c')), nothing);
  EXPECT_EQ(solo.ask(Epoch{8}, id_of('c')), vote('c', 8));
}

TEST_F(Votes, StaysWhenTheMasterMovesBetweenTwoAsks) {
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), vote('b', 5));
  const proto::Address moved{"10.0.0.2", 6379};
  solo.move('c', Epoch{5}, Epoch{3}, moved);
  ASSERT_EQ(solo.group().master().address, moved);
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('c'), moved), vote('b', 5));
}

TEST_F(Votes, OutlivesRemoveAndMonitor) {
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), vote('b', 5));
  solo.order(RemoveGroup{"m"});
  EXPECT_EQ(solo.ask(Epoch{6}, id_of('c')), nothing);
  solo.order(MonitorGroup{"m", {"10.0.0.1", 6379}, {}});
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('c'))->voted_for, std::nullopt);
  EXPECT_EQ(solo.ask(Epoch{6}, id_of('c')), vote('c', 6));
}

// An ask names an address, and the candidate may mean either name of it.
TEST_F(Votes, IsOneForBothNamesOfAMaster) {
  solo.order(MonitorGroup{"n", {"10.0.0.1", 6379}, {}});
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), vote('b', 5));
  solo.order(RemoveGroup{"m"});
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('c')), vote('b', 5));
}

TEST_F(Votes, IsTakenByAVoteUnderAnotherNameOfTheMaster) {
  solo.move('c', Epoch{7}, Epoch{7}, {"10.0.0.2", 6379});
  solo.order(MonitorGroup{"n", {"10.0.0.9", 6379}, {}});
  EXPECT_EQ(solo.ask(Epoch{9}, id_of('b'), {"10.0.0.9", 6379}), vote('b', 9));
  solo.order(RemoveGroup{"n"});
  solo.order(MonitorGroup{"n", {"10.0.0.2", 6379}, {}});
  EXPECT_EQ(solo.ask(Epoch{9}, id_of('c'), {"10.0.0.2", 6379})->voted_for, std::nullopt);
  EXPECT_EQ(solo.ask(Epoch{10}, id_of('c'), {"10.0.0.2", 6379}), vote('c', 10));
}

TEST_F(Votes, AFreshEntryShowsNoEpochBeforeItIsSaved) {
  solo.saves = false;
  solo.hello('b', Epoch{9}, Epoch{0});
  solo.order(RemoveGroup{"m"});
  solo.order(MonitorGroup{"m", {"10.0.0.1", 6379}, {}});
  EXPECT_EQ(solo.ask(Epoch{9}, id_of('c')), nothing);
  EXPECT_LE(solo.group().ballot.durable.epoch, solo.core.state().durable_epoch);
}

TEST_F(Votes, TheQuestionWithoutACandidateTellsNothingOfVotes) {
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), vote('b', 5));
  EXPECT_EQ(solo.ask(Epoch{6}, std::nullopt), nothing);
}

TEST_F(Votes, AnUnknownAddressGetsNoVoteButMakesUsSayWhereTheMasterIs) {
  solo.move('c', Epoch{5}, Epoch{5}, {"10.0.0.2", 6379});
  solo.pass(1s);
  solo.log.clear();
  EXPECT_EQ(solo.ask(Epoch{6}, id_of('b')), nothing);
  bool told = false;
  for (const PublishHello& each : solo.sent<PublishHello>()) {
    told |= solo.host_of(each.link) == "10.0.1.2" && each.hello.master.host == "10.0.0.2";
  }
  EXPECT_TRUE(told);
  EXPECT_EQ(solo.ask(Epoch{6}, id_of('b'), {"10.9.9.9", 1}), nothing);
}

TEST_F(Votes, NobodyGetsOneRightAfterTheStart) {
  Durable disk = Solo::usual();
  disk.groups[0].vote = {Epoch{5}, id_of('b')};
  Solo fresh{disk};
  fresh.pass(2900ms);
  EXPECT_EQ(fresh.ask(Epoch{6}, id_of('c')), vote('b', 5));
  EXPECT_EQ(fresh.ask(Epoch{5}, id_of('b')), vote('b', 5));  // the recorded one is confirmed
  fresh.pass(200ms);
  EXPECT_EQ(fresh.ask(Epoch{6}, id_of('c')), vote('b', 5));  // ... and binds like any renewal
  fresh.pass(1s);
  EXPECT_EQ(fresh.ask(Epoch{6}, id_of('c')), vote('c', 6));
}

TEST_F(Votes, AnOldFileDoesNotVoteForEpochsItMayHaveForgotten) {
  Solo fresh{Solo::usual()};
  fresh.hello('b', Epoch{20}, Epoch{0});
  fresh.pass(4s);
  EXPECT_EQ(fresh.ask(Epoch{20}, id_of('c')), nothing);
  EXPECT_EQ(fresh.ask(Epoch{21}, id_of('c')), vote('c', 21));
}

TEST_F(Votes, ImpossibleEpochsAreRefused) {
  EXPECT_EQ(solo.ask(Epoch{1 + largest_epoch_jump}, id_of('b')), nothing);
  EXPECT_EQ(solo.ask(proto::max_epoch, id_of('b')), nothing);
  EXPECT_EQ(solo.ask(Epoch{~std::uint64_t{0}}, id_of('b')), nothing);
  EXPECT_EQ(solo.ask(Epoch{largest_epoch_jump}, id_of('b')), vote('b', largest_epoch_jump));
}

TEST_F(Votes, AJumpNeedsTwoPublishers) {
  solo.hello('b', Epoch{1}, Epoch{0});
  const Epoch far{10 * largest_epoch_jump};
  solo.hello('b', far, far, {"10.0.0.2", 6379});
  EXPECT_EQ(solo.core.state().current_epoch, Epoch{1});
  EXPECT_EQ(solo.group().master().address.host, "10.0.0.1");
  solo.move('c', far, far, {"10.0.0.2", 6379});
  EXPECT_EQ(solo.core.state().current_epoch, far);
  EXPECT_EQ(solo.group().master().address.host, "10.0.0.2");
}

// ---- opinions -----------------------------------------------------------------------------------

// Our master is silent; the peers' answers are the test's.
class Answers : public ::testing::Test {
 protected:
  Answers() {
    solo.silent = {"10.0.0.1"};
    solo.pass(2s);
  }
  // The newest question to a peer that was not answered yet.
  AskPeer asked(const std::string& host) const {
    AskPeer newest{};
    for (const AskPeer& each : solo.sent<AskPeer>()) {
      if (solo.host_of(each.link) == host) newest = each;
    }
    return newest;
  }
  void answer(const AskPeer& ask, bool down) {
    solo.feed(PeerAnswered{ask.link, ask.request, {down, std::nullopt, Epoch{}}});
  }
  Solo solo{Solo::usual()};
};

TEST_F(Answers, MakeAQuorum) {
  ASSERT_TRUE(solo.group().master().subjectively_down);
  EXPECT_FALSE(solo.group().objectively_down);
  answer(asked("10.0.1.2"), true);
  EXPECT_TRUE(solo.group().objectively_down);
}

TEST_F(Answers, ToAnEarlierConfigurationDoNotCount) {
  const AskPeer ask = asked("10.0.1.2");
  solo.hello('c', Epoch{5}, Epoch{5});
  answer(ask, true);
  EXPECT_TRUE(solo.group().master().subjectively_down);
  EXPECT_FALSE(solo.group().objectively_down);
}

TEST_F(Answers, AgeFromTheSendingOfTheQuestion) {
  const AskPeer ask = asked("10.0.1.2");
  solo.pass(4s);
  answer(ask, true);
  EXPECT_TRUE(solo.group().objectively_down);
  solo.pass(1100ms);
  EXPECT_FALSE(solo.group().objectively_down);
}

TEST_F(Answers, ThatNobodyAskedForDoNotCount) {
  const AskPeer ask = asked("10.0.1.2");
  solo.feed(PeerAnswered{ask.link, RequestId{999999}, {true, std::nullopt, Epoch{}}});
  answer(ask, false);
  answer(ask, true);
  EXPECT_FALSE(solo.group().objectively_down);
}

TEST_F(Answers, ARefusedQuestionIsAskedAgain) {
  const AskPeer ask = asked("10.0.1.2");
  solo.feed(RequestFailed{ask.link, ask.request, "ERR"});
  solo.pass(1500ms);
  EXPECT_NE(asked("10.0.1.2").request, ask.request);
}

class Opinions : public Cluster {
 protected:
  // One agent alone does not see the master any more.
  void blind(std::size_t index) { cut(agent(index), master()); }
};

TEST_F(Opinions, AnAskIsNone) {
  build(3, 2);
  blind(0);
  ASSERT_TRUE(happens("+sdown", 3s));
  for (int i = 0; i < 50; ++i) {
    ask_vote(agent(0), {first, Epoch{}, std::nullopt});
    ask_vote(agent(0), {first, Epoch{}, agent(1).id()});
    run_for(50ms);
  }
  EXPECT_EQ(count("+odown"), 0);
  EXPECT_TRUE(promotes.empty());
}

TEST_F(Opinions, ExpireAndCountFromTheSending) {
  build(3, 2);
  blind(0);
  blind(1);
  ASSERT_TRUE(happens("+odown", 3s));
  // Both replicas are gone too, so nobody stands; then the other opinion stops coming.
  const Group& own = group(*who("+odown"));
  Agent& other = who("+odown") == &agent(0) ? agent(1) : agent(0);
  kill(node("10.0.0.2"));
  kill(node("10.0.0.3"));
  stop(other);
  const Instant stopped = now();
  ASSERT_TRUE(run_until([&] { return !own.objectively_down; }, 10s));
  EXPECT_LE(now() - stopped, 5001ms);
  EXPECT_GE(now() - stopped, 3900ms);
}

TEST_F(Opinions, AreForgottenWithTheAddress) {
  build(3, 2);
  kill(master());
  ASSERT_TRUE(happens("+switch-master", 5s, 3));
  for (const auto& agent : agents()) {
    for (const auto& [id, view] : group(*agent).peers) {
      const bool stale = view.opinion && view.opinion->address == first && view.opinion->down &&
                         group(*agent).objectively_down;
      EXPECT_FALSE(stale);
    }
  }
  run_for(20s);
  EXPECT_EQ(count("+try-failover"), 1);
}

}  // namespace
}  // namespace vedette::consensus::testing
