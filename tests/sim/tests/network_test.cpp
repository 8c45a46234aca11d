// Connections and processes of the simulator: order, partitions, crashes, pauses, slow loops.
#include "tests/sim/cluster/network.hpp"

#include <gtest/gtest.h>

#include "tests/sim/tests/probe.hpp"

namespace vedette::sim {
namespace {

using testing::Probe;

class NetworkTest : public ::testing::Test {
 protected:
  NetworkTest() {
    for (Probe* const each : {&a, &b}) {
      network.add(*each);
      network.start(*each);
    }
  }

  void run_for(Duration duration) {
    const Instant end = queue.now() + duration;
    while (queue.step(end)) {
    }
  }
  // From a to b, with the tag 5 on the side of a.
  ConnId connect() {
    const ConnId conn = network.open(a, b.address(), Purpose::command, 5,
                                     [this](bool open) { a.heard += open ? "open " : "refused "; });
    run_for(1ms);
    return conn;
  }
  void send(ConnId conn, const Probe& from, const std::string& word) {
    Probe& to = &from == &a ? b : a;
    network.send(conn, from, [&to, word] { to.heard += word + " "; });
  }
  void block(const Probe& from, const Probe& to, bool blocked) {
    Route route = network.normal();
    route.blocked = blocked;
    network.set_route(from.host(), to.host(), route);
  }
  static std::string numbers(int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += std::to_string(i) + " ";
    return out;
  }

  Queue queue;
  Network network{queue, consensus::Random(1)};
  Probe a{{"10.0.0.1", 1}};
  Probe b{{"10.0.0.2", 2}};
};

TEST_F(NetworkTest, AConnectionIsMadeAndCarriesBothWays) {
  const ConnId conn = connect();
  send(conn, a, "question");
  run_for(1ms);
  send(conn, b, "answer");
  run_for(1ms);
  EXPECT_EQ(a.heard, "open answer ");
  EXPECT_EQ(b.heard, "accepted question ");
  EXPECT_TRUE(network.is_open(conn, a));
  EXPECT_EQ(&network.opposite(conn, a), &b);
}

TEST_F(NetworkTest, AMessageTakesTheDelayOfItsRoute) {
  const ConnId conn = connect();
  Route slow = network.normal();
  slow.delay = 300ms;
  network.set_route(a.host(), b.host(), slow);
  b.heard.clear();
  send(conn, a, "late");
  run_for(299ms);
  EXPECT_EQ(b.heard, "");
  run_for(1ms);
  EXPECT_EQ(b.heard, "late ");
}

TEST_F(NetworkTest, OrderIsKeptDespiteJitterAndLoss) {
  Route bad = network.normal();
  bad.jitter = 50ms;
  bad.loss_percent = 50;
  network.set_normal(bad);
  const ConnId conn = network.open(a, b.address(), Purpose::command, 5, [](bool) {});
  run_for(20s);
  b.heard.clear();
  for (int i = 0; i < 100; ++i) {
    send(conn, a, std::to_string(i));
    run_for(1ms);
  }
  run_for(30s);
  EXPECT_EQ(b.heard, numbers(100));
}

TEST_F(NetworkTest, APartitionHoldsEverythingAndReleasesItInOrder) {
  const ConnId conn = connect();
  b.heard.clear();
  block(a, b, true);
  for (int i = 0; i < 10; ++i) send(conn, a, std::to_string(i));
  run_for(1min);
  EXPECT_EQ(b.heard, "");
  EXPECT_EQ(a.heard, "open ") << "nobody is told of a partition";
  block(a, b, false);
  send(conn, a, "10");
  run_for(1s);
  EXPECT_EQ(b.heard, numbers(11));
}

TEST_F(NetworkTest, ACutOneWayLetsTheOtherWayThrough) {
  const ConnId conn = connect();
  block(a, b, true);
  EXPECT_FALSE(network.reachable(a.host(), b.host()));
  send(conn, a, "never");
  send(conn, b, "through");
  run_for(1s);
  EXPECT_EQ(a.heard, "open through ");
  EXPECT_EQ(b.heard, "accepted ");
}

TEST_F(NetworkTest, AnAttemptThroughAPartitionIsToldWhenItHeals) {
  block(a, b, true);
  connect();
  run_for(10s);
  EXPECT_EQ(a.heard, "");
  block(a, b, false);
  run_for(1s);
  EXPECT_EQ(a.heard, "open ");
}

TEST_F(NetworkTest, NobodyAtAnAddressIsABlackHole) {
  network.open(a, {"10.0.0.9", 9}, Purpose::command, 5, [this](bool) { a.heard += "told "; });
  run_for(1min);
  EXPECT_EQ(a.heard, "");
}

TEST_F(NetworkTest, ADeadProcessRefuses) {
  network.stop(b, Network::End::crash);
  connect();
  EXPECT_EQ(a.heard, "refused ");
}

TEST_F(NetworkTest, ADeadMachineIsSilentAndAnswersWhenItIsBack) {
  network.stop(b, Network::End::power_off);
  connect();
  run_for(1min);
  EXPECT_EQ(a.heard, "");
  network.start(b);
  run_for(1s);  // the attempt is repeated
  EXPECT_EQ(a.heard, "open ");
}

TEST_F(NetworkTest, ARouteMayRefuseNewConnectionsAndKeepOldOnes) {
  const ConnId conn = connect();
  Route refusing = network.normal();
  refusing.refused = true;
  network.set_route(a.host(), b.host(), refusing);
  send(conn, a, "still");
  connect();
  EXPECT_EQ(a.heard, "open refused ");
  EXPECT_EQ(b.heard, "accepted still ");
}

TEST_F(NetworkTest, AFullProcessAcceptsAndCloses) {
  network.fill_up(b, true);
  connect();
  EXPECT_EQ(a.heard, "open closed:5 ");
  EXPECT_EQ(b.heard, "") << "the process never sees it";
}

// ---- the end of connections and processes ------------------------------------------------------

TEST_F(NetworkTest, ACloseComesBehindWhatWasSentBefore) {
  const ConnId conn = connect();
  send(conn, a, "last");
  network.close(conn, a);
  send(conn, a, "void");
  run_for(1ms);
  EXPECT_EQ(b.heard, "accepted last closed:7 ");
  EXPECT_EQ(a.heard, "open ") << "whoever closes is not told";
}

TEST_F(NetworkTest, ACrashIsToldByTheKernel) {
  const ConnId conn = connect();
  network.stop(b, Network::End::crash);
  run_for(1ms);
  EXPECT_EQ(a.heard, "open closed:5 ");
  EXPECT_FALSE(network.is_open(conn, a));
}

TEST_F(NetworkTest, PowerOffLeavesTheOtherEndOpen) {
  const ConnId conn = connect();
  network.stop(b, Network::End::power_off);
  run_for(1min);
  network.start(b);
  run_for(1min);
  EXPECT_EQ(a.heard, "open ") << "a rebooted machine tells nobody by itself";
  send(conn, a, "stray");
  run_for(1ms);
  EXPECT_EQ(a.heard, "open closed:5 ") << "RST";
  EXPECT_EQ(b.heard, "accepted ") << "what was meant for an earlier life is void";
}

TEST_F(NetworkTest, WhatIsSentToADeadMachineIsSentAgain) {
  const ConnId conn = connect();
  network.stop(b, Network::End::power_off);
  send(conn, a, "void");
  run_for(1min);
  EXPECT_EQ(a.heard, "open ");
  network.start(b);
  run_for(1s);
  EXPECT_EQ(a.heard, "open closed:5 ") << "the next life does not know the connection";
  EXPECT_EQ(b.heard, "accepted ");
}

TEST_F(NetworkTest, WhatWasOnItsWayToAnEarlierLifeIsVoid) {
  const ConnId conn = connect();
  send(conn, a, "void");
  network.stop(b, Network::End::crash);
  network.start(b);
  run_for(1ms);
  EXPECT_EQ(b.heard, "accepted ");
  EXPECT_EQ(a.heard, "open closed:5 ");
}

TEST_F(NetworkTest, AResetIsToldToBothEnds) {
  connect();
  connect();
  network.reset_between(b.host(), a.host());
  run_for(1ms);
  EXPECT_EQ(a.heard, "open open closed:5 closed:5 ");
  EXPECT_EQ(b.heard, "accepted accepted closed:7 closed:7 ");
}

TEST_F(NetworkTest, AProcessThatMovedAnswersAtItsNewAddressOnly) {
  network.stop(b, Network::End::crash);
  const proto::Address old = b.address();
  network.move(b, {"10.0.0.8", 8});
  network.start(b);
  EXPECT_EQ(network.listener(old), nullptr);
  EXPECT_EQ(network.listener(b.address()), &b);
  connect();
  EXPECT_EQ(a.heard, "open ");
}

TEST_F(NetworkTest, TwoMayExchangeTheirAddresses) {
  const proto::Address first = a.address();
  const proto::Address second = b.address();
  network.stop(a, Network::End::crash);
  network.stop(b, Network::End::crash);
  network.move(a, second);
  network.move(b, first);
  network.start(a);
  network.start(b);
  EXPECT_EQ(network.listener(first), &b);
  EXPECT_EQ(network.listener(second), &a);
}

// ---- pauses and slow loops ---------------------------------------------------------------------

TEST_F(NetworkTest, TheKernelOfAPausedProcessAcceptsAndBuffers) {
  network.pause(b);
  const ConnId conn = connect();
  EXPECT_EQ(a.heard, "open ");
  send(conn, a, "first");
  send(conn, a, "second");
  run_for(1min);
  EXPECT_EQ(b.heard, "");
  network.resume(b);
  EXPECT_EQ(b.heard, "accepted first second resumed ") << "what waits is read before deadlines";
}

TEST_F(NetworkTest, ACrashWhilePausedForgetsWhatWaits) {
  const ConnId conn = connect();
  network.pause(b);
  send(conn, a, "void");
  run_for(1s);
  network.stop(b, Network::End::crash);
  network.start(b);
  network.resume(b);
  run_for(1s);
  EXPECT_EQ(b.heard, "accepted ");
}

TEST_F(NetworkTest, ASlowLoopTakesItsTimeForEachMessage) {
  const ConnId conn = connect();
  b.heard.clear();
  network.slow_down(b, 10ms);
  for (int i = 0; i < 5; ++i) send(conn, a, std::to_string(i));
  run_for(network.normal().delay + 9ms);
  EXPECT_EQ(b.heard, "");
  run_for(1ms);
  EXPECT_EQ(b.heard, "0 ");
  run_for(30ms);
  EXPECT_EQ(b.heard, "0 1 2 3 ");
  network.slow_down(b, Duration{0});
  send(conn, a, "5");
  run_for(10ms);
  EXPECT_EQ(b.heard, numbers(6)) << "the order is kept while it gets fast again";
}

}  // namespace
}  // namespace vedette::sim
