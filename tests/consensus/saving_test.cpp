// Promises wait for the disk, facts do not. That no output is ahead of the disk is checked by the
// invariants on every step of every story; here are the cases one by one.
#include "tests/consensus/cluster.hpp"
#include "tests/consensus/solo.hpp"

namespace vedette::consensus::testing {
namespace {

using proto::Epoch;
const proto::DownReply nothing{false, std::nullopt, Epoch{}};

class Saving : public ::testing::Test {
 protected:
  Saving() {
    solo.pass(4s);
    solo.saves = false;
    solo.log.clear();
  }
  Solo solo{Solo::usual()};
};

TEST_F(Saving, AVoteIsToldWhenItIsOnDisk) {
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), std::nullopt);
  EXPECT_EQ(solo.count("+vote-for-leader") + solo.count("+new-epoch"), 0);
  EXPECT_EQ(solo.core.state().durable_epoch, Epoch{0});
  EXPECT_EQ(solo.core.durable().groups[0].vote, (Vote{Epoch{5}, id_of('b')}));
  solo.finish_save();
  EXPECT_EQ(solo.last_answer()->voted_for, id_of('b'));
  EXPECT_EQ(solo.count("+vote-for-leader"), 1);
  EXPECT_EQ(solo.core.state().durable_epoch, Epoch{5});
}

TEST_F(Saving, WhoAsksMeanwhileLearnsNothing) {
  solo.ask(Epoch{5}, id_of('b'));
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('c')), nothing);
}

TEST_F(Saving, ARepeatedAskWhileTheSaveIsPendingWaitsToo) {
  solo.ask(Epoch{5}, id_of('b'));
  const Ticket first_ticket{solo.tickets};
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), std::nullopt);
  solo.finish_save();
  EXPECT_EQ(solo.answer(first_ticket)->voted_for, id_of('b'));
  EXPECT_EQ(solo.last_answer()->voted_for, id_of('b'));
}

TEST_F(Saving, ARefusedSaveWithdrawsTheVoteButNotTheMemory) {
  solo.ask(Epoch{5}, id_of('b'));
  solo.fail_save();
  EXPECT_EQ(solo.last_answer(), nothing);
  EXPECT_EQ(solo.core.state().durable_epoch, Epoch{0});
  solo.pass(1500ms);
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('c')), nothing);  // the file may hold it
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), std::nullopt);
  solo.finish_save();
  EXPECT_EQ(solo.last_answer()->voted_for, id_of('b'));
}

TEST_F(Saving, AFailureWithdrawsEveryLaterPromise) {
  solo.ask(Epoch{5}, id_of('b'));
  const Ticket first_ticket{solo.tickets};
  const SaveNumber number = solo.core.save_number();
  solo.pass(1100ms);
  solo.ask(Epoch{6}, id_of('c'));
  solo.feed(PersistFailed{number, "No space left on device"});
  EXPECT_EQ(solo.answer(first_ticket), nothing);
  EXPECT_EQ(solo.last_answer(), nothing);
}

TEST_F(Saving, WhileANewerVoteIsPendingTheOldOneIsNotConfirmed) {
  solo.ask(Epoch{5}, id_of('b'));
  solo.finish_save();
  solo.pass(1100ms);
  solo.ask(Epoch{6}, id_of('c'));
  EXPECT_EQ(solo.ask(Epoch{5}, id_of('b')), nothing);
}

TEST_F(Saving, HellosShowTheDurableEpochAndFactsAtOnce) {
  solo.move('b', Epoch{9}, Epoch{9}, {"10.0.0.2", 6379});
  EXPECT_EQ(solo.count("+switch-master"), 1);
  solo.pass(2s);
  const auto hellos = solo.sent<PublishHello>();
  ASSERT_FALSE(hellos.empty());
  EXPECT_EQ(hellos.back().hello.current_epoch, Epoch{0});
  EXPECT_EQ(hellos.back().hello.config_epoch, Epoch{9});
  EXPECT_EQ(hellos.back().hello.master.host, "10.0.0.2");
}

TEST_F(Saving, AFailedSaveIsRepeatedUntilItSucceeds) {
  solo.hello('b', Epoch{9}, Epoch{0});
  solo.fail_save();
  EXPECT_TRUE(solo.core.state().promises.unsaved);
  solo.log.clear();
  solo.pass(1100ms);
  ASSERT_FALSE(solo.sent<Persist>().empty());
  solo.finish_save();
  EXPECT_FALSE(solo.core.state().promises.unsaved);
  EXPECT_EQ(solo.core.state().durable_epoch, Epoch{9});
}

TEST_F(Saving, ADiskThatFailsForLongCostsNoMemory) {
  solo.ask(Epoch{5}, id_of('b'));
  for (int second = 0; second < 100; ++second) {
    solo.fail_save();
    solo.pass(1100ms);
    solo.ask(Epoch{5}, id_of('b'));
  }
  EXPECT_LE(solo.core.state().promises.marks.size(), 3U);
  solo.finish_save();
  EXPECT_EQ(solo.core.state().durable_epoch, Epoch{5});
  EXPECT_TRUE(solo.core.state().promises.marks.empty());
}

TEST_F(Saving, AStaleFailureDoesNotCount) {
  solo.hello('b', Epoch{9}, Epoch{0});
  solo.finish_save();
  solo.feed(PersistFailed{solo.core.save_number(), "late news"});
  EXPECT_FALSE(solo.core.state().promises.unsaved);
}

TEST_F(Saving, OperatorsHearOfTheRefusalAndTheOrderStands) {
  const Ticket ticket{100};
  solo.feed(Ordered{ticket, MonitorGroup{"other", {"10.0.0.9", 6379}, {}}});
  EXPECT_TRUE(solo.sent<ReplyOrder>().empty());
  solo.fail_save();
  ASSERT_EQ(solo.sent<ReplyOrder>().size(), 1u);
  EXPECT_EQ(solo.sent<ReplyOrder>()[0].status, OrderStatus::save_failed);
  EXPECT_NE(solo.core.state().find("other"), nullptr);
}

// ---- disks of a cluster -------------------------------------------------------------------------

class Disks : public Cluster {};

TEST_F(Disks, ACandidateWhoseDiskRefusesNeitherAsksNorBurnsEpochs) {
  build(3, 2);
  for (const auto& agent : agents()) agent->disk.fails = true;
  kill(master());
  run_for(20s);
  EXPECT_EQ(count("+try-failover") + count("+new-epoch"), 0);
  for (const auto& agent : agents()) {
    EXPECT_LE(number(agent->core()->state().current_epoch), 30u);
    agent->disk.fails = false;
  }
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
}

TEST_F(Disks, OneRefusingDiskDoesNotStopTheOthers) {
  build(3, 2);
  agent(0).disk.fails = true;
  kill(master());
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
  run_for(10s);
  EXPECT_EQ(count("+switch-master"), 3);
}

TEST_F(Disks, AllRefusingAfterThePromotionStillLeavesOnePublishedMaster) {
  build(3, 2);
  on_promote = [this](const Agent&, const Promote&, const Redis&) {
    for (const auto& each : agents()) each->disk.fails = true;
  };
  kill(master());
  ASSERT_TRUE(happens("+switch-master", 10s, 3));
  run_for(10s);
  EXPECT_EQ(count("+switch-master"), 3);
  EXPECT_TRUE(all_agree_on(promotes.at(0).hello.master));
}

TEST_F(Disks, ACrashBetweenTheNewFileAndItsReportKeepsOneVoteAnEpoch) {
  build(3, 2);
  for (const auto& agent : agents()) agent->disk.fails_late = true;
  kill(master());
  run_for(3s);
  for (const auto& agent : agents()) {
    kill(*agent);
    agent->disk.fails_late = false;
    start(*agent);
  }
  ASSERT_TRUE(happens("+switch-master", 15s, 3));
}

}  // namespace
}  // namespace vedette::consensus::testing
