// Links, periods and who counts as down: sections 4, 5.1 to 5.3 of sentinel-behaviour.md.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/legacy/solo.hpp"

namespace vedette::sim::testing {
namespace {

TEST(LegacyTimer, TicksTenToNineteenTimesASecond) {
  LegacySolo solo;
  std::set<std::int64_t> seen;
  for (int i = 0; i < 300; ++i) {
    const Instant before = solo.now;
    solo.tick();
    seen.insert((solo.now - before) / 1ms);
  }
  EXPECT_EQ(seen, (std::set<std::int64_t>{52, 55, 58, 62, 66, 71, 76, 83, 90, 100}));
}

TEST(LegacyTimer, SameSeedSameCommands) {
  const auto story = [](std::uint64_t seed) {
    LegacySolo solo(LegacySolo::usual(), seed);
    solo.agree();
    solo.pass(5s);
    solo.kill("10.0.0.1");
    solo.pass(20s);
    std::string text;
    for (const Announce& each : solo.sent<Announce>()) {
      text += std::string(each.event) + " " + each.payload + "\n";
    }
    return text + std::to_string(solo.now.time_since_epoch().count()) +
           std::to_string(solo.legacy.deadline().time_since_epoch().count());
  };
  EXPECT_EQ(story(7), story(7));
  EXPECT_NE(story(7), story(8));
}

TEST(LegacyLinks, AnnouncesAndConnectsWithTheFirstTick) {
  LegacySolo solo;
  EXPECT_EQ(solo.payload("+monitor"), "master m 10.0.0.1 6379 quorum 2");
  EXPECT_EQ(solo.sent<Connect>().size(), 8u);  // two to each node, one to each peer
  for (const char* host : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.2", "10.0.1.3"}) {
    EXPECT_EQ(solo.sent_to<SendPing>(host), 1) << host;
  }
  EXPECT_EQ(solo.sent_to<SendInfo>("10.0.0.1"), 1);
  EXPECT_EQ(solo.sent_to<SendInfo>("10.0.1.2"), 0);
}

TEST(LegacyLinks, NothingIsWrittenBeforeTheLinkIsUp) {
  Legacy legacy(LegacySolo::usual(), {"", 26379}, 1, Instant{1000s});
  Commands out;
  for (int i = 0; i < 60; ++i) legacy.step(std::max(legacy.deadline(), Instant{}), Tick{}, out);
  const auto is_request = [](const Command& each) {
    return std::holds_alternative<SendPing>(each) || std::holds_alternative<SendInfo>(each) ||
           std::holds_alternative<PublishHello>(each);
  };
  EXPECT_EQ(std::count_if(out.begin(), out.end(), is_request), 0);
  const auto first = std::find_if(out.begin(), out.end(), [](const Command& each) {
    return std::holds_alternative<Connect>(each);
  });
  const LinkId link = std::get<Connect>(*first).link;
  out.clear();
  legacy.step(legacy.deadline(), LinkUp{link, "10.0.1.7"}, out);
  ASSERT_FALSE(out.empty());
  EXPECT_TRUE(std::holds_alternative<SendPing>(out.front()));
  bool published = false;  // with the address of that connection, for none is configured
  for (const Command& each : out) {
    const auto* hello = std::get_if<PublishHello>(&each);
    if (hello == nullptr) continue;
    published = true;
    EXPECT_EQ(hello->hello.agent.host, "10.0.1.7");
  }
  EXPECT_TRUE(published);
}

TEST(LegacyLinks, TriesOnceASecond) {
  LegacySolo solo;
  solo.pass(5s);
  const int before = solo.sent_to<Connect>("10.0.0.1");
  solo.kill("10.0.0.1");
  solo.pass(10500ms);
  const int tries = (solo.sent_to<Connect>("10.0.0.1") - before) / 2;
  EXPECT_GE(tries, 10);
  EXPECT_LE(tries, 11);
}

TEST(LegacyLinks, OneMissingConnectionSilencesBoth) {
  LegacySolo solo;
  solo.pass(5s);
  for (int i = 0; i < 2; ++i) {  // opened again at once, then only after a second
    const auto is_pubsub = [&](const auto& each) {
      return each.second == LinkKind::pubsub && solo.host_of(each.first) == "10.0.0.1";
    };
    const auto found = std::find_if(solo.links.begin(), solo.links.end(), is_pubsub);
    ASSERT_NE(found, solo.links.end());
    const LinkId link = found->first;
    solo.links.erase(found);
    solo.feed(LinkDown{link, "closed"});
    if (i == 0) solo.tick();
  }
  const int pings = solo.sent_to<SendPing>("10.0.0.1");
  solo.pass(980ms);
  EXPECT_EQ(solo.sent_to<SendPing>("10.0.0.1"), pings);
  solo.pass(1500ms);
  EXPECT_GT(solo.sent_to<SendPing>("10.0.0.1"), pings);
}

TEST(LegacyLinks, SilentLinkIsReopenedAfterFifteenSeconds) {
  LegacySolo solo;
  solo.pass(3s);
  solo.silent.insert("10.0.1.2");
  solo.pass(11s);
  EXPECT_EQ(solo.sent_to<Disconnect>("10.0.1.2"), 0);
  solo.pass(2s);
  EXPECT_EQ(solo.sent_to<Disconnect>("10.0.1.2"), 1);
}

TEST(LegacyLinks, DeafPubsubLinkIsReopened) {
  LegacySolo solo;
  solo.pass(14900ms);
  EXPECT_EQ(solo.sent_to<Disconnect>("10.0.0.1"), 0);
  solo.pass(400ms);
  EXPECT_EQ(solo.sent_to<Disconnect>("10.0.0.1"), 1);
}

TEST(LegacyPeriods, PingOneSecondHelloTwoInfoTen) {
  LegacySolo solo;
  solo.pass(1900ms);
  EXPECT_EQ(solo.sent<PublishHello>().size(), 0u);
  solo.pass(58100ms);
  EXPECT_GE(solo.sent_to<SendPing>("10.0.1.2"), 53);
  EXPECT_LE(solo.sent_to<SendPing>("10.0.1.2"), 60);
  EXPECT_GE(solo.sent_to<PublishHello>("10.0.1.2"), 27);
  EXPECT_LE(solo.sent_to<PublishHello>("10.0.1.2"), 29);
  EXPECT_EQ(solo.sent_to<SendInfo>("10.0.0.2"), 6);
}

TEST(LegacyPeriods, InfoEverySecondFromAReplicaWithoutItsMaster) {
  LegacySolo solo;
  solo.nodes["10.0.0.2"].master_link_down_for = 1s;
  solo.pass(12s);
  const int before = solo.sent_to<SendInfo>("10.0.0.2");
  solo.pass(10s);
  EXPECT_GE(solo.sent_to<SendInfo>("10.0.0.2") - before, 9);
  EXPECT_LE(solo.sent_to<SendInfo>("10.0.0.3"), 3);
}

TEST(LegacyPeriods, RepeatsOnEveryTickUntilAnsweredAndThenStopsEvenPing) {
  LegacySolo solo;
  solo.no_info.insert("10.0.0.2");
  solo.no_hello.insert("10.0.0.2");
  solo.pass(10500ms);
  solo.pass(12s);
  EXPECT_EQ(solo.group().replicas.at(node_at(2)).link.command.unanswered.size(), 100u);
  const int pings = solo.sent_to<SendPing>("10.0.0.2");
  solo.pass(2s);
  EXPECT_EQ(solo.sent_to<SendPing>("10.0.0.2"), pings);
}

TEST(LegacyDown, HungMasterBetweenDownAfterAndAPeriodMore) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    LegacySolo solo(LegacySolo::usual(), seed);
    solo.pass(5s + 37ms * seed);
    solo.silent.insert("10.0.0.1");
    const Instant hung = solo.now;
    ASSERT_TRUE(solo.until("+sdown", 5s));
    EXPECT_GT(solo.now - hung, 1000ms);
    EXPECT_LT(solo.now - hung, 2200ms);
  }
}

TEST(LegacyDown, DeadMasterDownAfterTheNextAttemptToConnect) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    LegacySolo solo(LegacySolo::usual(), seed);
    solo.pass(5s);
    const Instant died = solo.now;
    solo.kill("10.0.0.1");
    ASSERT_TRUE(solo.until("+sdown", 5s));
    EXPECT_GT(solo.now - died, 1000ms);
    EXPECT_LT(solo.now - died, 1201ms);
    EXPECT_EQ(solo.payload("+sdown"), "master m 10.0.0.1 6379");
  }
}

TEST(LegacyDown, ComesBackAndKeepsTheTime) {
  LegacySolo solo;
  solo.pass(5s);
  solo.kill("10.0.0.1");
  ASSERT_TRUE(solo.until("+sdown", 5s));
  const Instant since = solo.now;
  solo.revive("10.0.0.1");
  ASSERT_TRUE(solo.until("-sdown", 3s));
  EXPECT_EQ(solo.group().master.subjectively_down_since, since);
}

TEST(LegacyDown, OtherErrorsAreNoAnswerAndBusyGetsOneScriptKill) {
  LegacySolo solo;
  solo.pass(5s);
  solo.pong = Pong::busy;
  solo.pass(5s);
  EXPECT_TRUE(solo.group().master.subjectively_down);
  EXPECT_EQ(solo.sent_to<KillScript>("10.0.0.1"), 1);
}

TEST(LegacyDown, MasterThatCallsItselfReplicaForLong) {
  LegacySolo solo;
  solo.pass(5s);
  solo.nodes["10.0.0.1"].role = proto::Role::replica;
  ASSERT_TRUE(solo.until("-role-change", 11s));
  EXPECT_EQ(solo.payload("-role-change"), "master m 10.0.0.1 6379 new reported role is slave");
  const Instant told = solo.now;
  ASSERT_TRUE(solo.until("+sdown", 30s));
  EXPECT_GT(solo.now - told, 21s);
  EXPECT_LT(solo.now - told, 21200ms);
}

TEST(LegacyDown, RebootIsWatchedOnlyWithAPeriod) {
  Durable file = LegacySolo::usual();
  file.groups[0].options.master_reboot_down_after = 3s;
  LegacySolo watched(file);
  LegacySolo plain;
  for (LegacySolo* solo : {&watched, &plain}) {
    solo->pass(5s);
    solo->nodes["10.0.0.1"].run_id = id_of('f');
    ASSERT_TRUE(solo->until("+reboot", 11s));
  }
  EXPECT_TRUE(watched.group().master.rebooted_at);
  EXPECT_FALSE(plain.group().master.rebooted_at);
  watched.pass(2s);
  EXPECT_FALSE(watched.group().master.rebooted_at);  // a real PONG came
}

TEST(LegacyTilt, TwoSecondsLateStopsEverythingForThirty) {
  LegacySolo solo;
  solo.agree();
  solo.pass(5s);
  solo.now += 2500ms;
  solo.tick();
  EXPECT_EQ(solo.count("+tilt"), 1);
  solo.kill("10.0.0.1");
  solo.pass(29800ms);
  EXPECT_EQ(solo.count("+sdown"), 0);
  EXPECT_FALSE(solo.ask(0, std::nullopt).down);
  EXPECT_GT(solo.sent_to<SendPing>("10.0.0.2"), 20);  // it goes on measuring
  solo.pass(400ms);
  EXPECT_EQ(solo.count("-tilt"), 1);
  EXPECT_EQ(solo.count("+sdown"), 1);
}

TEST(LegacyInfo, FindsReplicasInTheMastersInfoOnly) {
  LegacySolo solo;
  const std::size_t saves = solo.sent<Persist>().size();
  solo.nodes["10.0.0.1"].replicas = {node_at(2), node_at(5)};
  solo.nodes["10.0.0.2"].replicas = {node_at(6)};
  solo.pass(11s);
  EXPECT_EQ(solo.count("+slave"), 1);
  EXPECT_EQ(solo.payload("+slave"), "slave 10.0.0.5:6379 10.0.0.5 6379 @ m 10.0.0.1 6379");
  EXPECT_EQ(solo.sent<Persist>().size(), saves + 1);
}

TEST(LegacyInfo, DemotesAnUnexpectedMasterAfterEightSeconds) {
  LegacySolo solo;
  solo.pass(1s);
  solo.nodes["10.0.0.2"].role = proto::Role::master;
  solo.nodes["10.0.0.2"].master_link_down_for = 1s;  // so that INFO comes every second
  ASSERT_TRUE(solo.until("-role-change", 11s));
  const Instant told = solo.now;
  ASSERT_TRUE(solo.until("+convert-to-slave", 12s));
  EXPECT_GT(solo.now - told, 8s);
  EXPECT_LT(solo.now - told, 9300ms);
  ASSERT_EQ(solo.sent<Follow>().size(), 1u);
  EXPECT_EQ(solo.sent<Follow>()[0].master, node_at(1));
}

TEST(LegacyInfo, RepointsAStrayReplicaAfterFailoverTimeout) {
  LegacySolo solo;
  solo.pass(1s);
  solo.nodes["10.0.0.2"].master = node_at(9);
  solo.nodes["10.0.0.2"].master_link_down_for = 1s;
  solo.pass(10s);  // INFO told it
  EXPECT_EQ(solo.count("+fix-slave-config"), 0);
  ASSERT_TRUE(solo.until("+fix-slave-config", 12s));
  EXPECT_EQ(solo.sent<Follow>()[0].master, node_at(1));
}

TEST(LegacyInfo, DoesNothingWhileTheMasterIsDown) {
  LegacySolo solo;
  solo.answer = nullptr;
  solo.pass(1s);
  solo.kill("10.0.0.1");
  solo.nodes["10.0.0.2"].role = proto::Role::master;
  solo.pass(60s);
  EXPECT_EQ(solo.count("+convert-to-slave"), 0);
}

}  // namespace
}  // namespace vedette::sim::testing
