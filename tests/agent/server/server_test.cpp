// The RESP port over real sockets: order of replies, ends of connections, limits.
#include "agent/server/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/agent/fake_agent.hpp"
#include "tests/agent/loop_client.hpp"

namespace vedette::agent::test {
namespace {

using testing::HasSubstr;

const std::string vote_request = "SENTINEL is-master-down-by-addr 10.0.0.1 1 0 *\r\n";
const std::string vote_reply = "*3\r\n:0\r\n$1\r\n*\r\n:0\r\n";

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    facade.settings_.bind = {"127.0.0.1"};
    facade.settings_.port = next_port();
    server = std::make_unique<Server>(io, facade);
    const ListenOutcome outcome = server->listen();
    EXPECT_TRUE(outcome.ok()) << outcome.error;
  }
  LoopClient connect(const char* source = "127.0.0.1") {
    return LoopClient(io, facade.settings_.port, source);
  }
  std::string exchange(const std::string& request, const std::string& expected) {
    LoopClient client = connect();
    client.send(request);
    return client.receive_like(expected);
  }

  boost::asio::io_context io{1};
  FakeFacade facade;
  std::unique_ptr<Server> server;
};

TEST_F(ServerTest, InlineMultibulkAndPipelines) {
  const std::string request = "PING\r\n\r\n*2\r\n$4\r\nPING\r\n$1\r\nx\r\nPING 'a b'\nFOO\r\n";
  const std::string expected =
      "+PONG\r\n$1\r\nx\r\n$3\r\na b\r\n-ERR unknown command 'FOO', with args beginning with: \r\n";
  EXPECT_EQ(exchange(request, expected), expected);
  LoopClient slow = connect();
  for (const char byte : request) slow.send(std::string_view(&byte, 1));
  EXPECT_EQ(slow.receive_like(expected), expected);
}

TEST_F(ServerTest, ALateAnswerHoldsBackOnlyItsOwnConnection) {
  facade.answer_later = true;
  LoopClient waiting = connect();
  LoopClient other = connect();
  waiting.send("PING 1\r\n" + vote_request + "PING 2\r\n");
  EXPECT_EQ(waiting.receive(7), "$1\r\n1\r\n");
  waiting.send("PING 3\r\n");
  EXPECT_EQ(waiting.receive_nothing(), "");
  other.send("PING\r\n");
  EXPECT_EQ(other.receive(7), "+PONG\r\n");
  facade.answer_all();
  const std::string expected = vote_reply + "$1\r\n2\r\n$1\r\n3\r\n";
  EXPECT_EQ(waiting.receive_like(expected), expected);
}

TEST_F(ServerTest, ManyLateAnswersInARow) {
  LoopClient client = connect();
  std::string requests;
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    requests += vote_request + "PING\r\n";
    expected += vote_reply + "+PONG\r\n";
  }
  client.send(requests);
  EXPECT_EQ(client.receive_like(expected), expected);
}

TEST_F(ServerTest, LeavingWhileAnAnswerIsDue) {
  facade.answer_later = true;
  {
    LoopClient client = connect();
    client.send(vote_request);
    client.receive_nothing();
  }
  facade.answer_all();
  const std::string pong = "+PONG\r\n";
  EXPECT_EQ(exchange("PING\r\n", pong), pong);
}

TEST_F(ServerTest, ProtocolErrorsComeBehindWhatWasAskedBefore) {
  LoopClient client = connect();
  client.send("PING\r\n*1\r\n!x\r\nPING\r\n");
  EXPECT_EQ(client.receive_all(), "+PONG\r\n-ERR Protocol error: expected '$', got '!'\r\n");
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, HttpGetsNothing) {
  LoopClient client = connect();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, QuitAndEndOfInput) {
  LoopClient quitting = connect();
  quitting.send("PING\r\nQUIT\r\nPING\r\n");
  EXPECT_EQ(quitting.receive_all(), "+PONG\r\n+OK\r\n");
  EXPECT_TRUE(quitting.closed());
  LoopClient done = connect();
  done.send("PING\r\n");
  done.finish_sending();
  EXPECT_EQ(done.receive_all(), "+PONG\r\n");
  EXPECT_TRUE(done.closed());
  done.receive_nothing();
  EXPECT_EQ(server->connected_clients(), 0U);
}

TEST_F(ServerTest, MaxClients) {
  facade.settings_.maxclients = 1;
  LoopClient first = connect();
  first.send("PING\r\n");
  EXPECT_EQ(first.receive(7), "+PONG\r\n");
  LoopClient second = connect();
  EXPECT_EQ(second.receive_all(), "-ERR max number of clients reached\r\n");
  EXPECT_TRUE(second.closed());
  EXPECT_EQ(server->traffic().connections_rejected, 1U);
}

TEST_F(ServerTest, ProtectedModeLooksAtTheSource) {
  facade.settings_.protected_mode = true;
  const std::string pong = "+PONG\r\n";
  EXPECT_EQ(exchange("PING\r\n", pong), pong);
  LoopClient stranger = connect("127.0.0.2");
  EXPECT_THAT(stranger.receive_all(),
              testing::StartsWith("-DENIED Redis is running in protected mode because protected "
                                  "mode is enabled and no password is set for the default user."));
  facade.settings_.users.require_password("x");
  LoopClient with_password = connect("127.0.0.2");
  with_password.send("AUTH x\r\n");
  EXPECT_EQ(with_password.receive(5), "+OK\r\n");
}

TEST_F(ServerTest, UnauthenticatedConnectionsAreKeptShort) {
  facade.settings_.users.require_password("x");
  LoopClient client = connect();
  client.send("*11\r\n");
  EXPECT_EQ(client.receive_all(), "-ERR Protocol error: unauthenticated multibulk length\r\n");
  LoopClient noisy = connect();
  std::string many;
  for (int i = 0; i < 100; ++i) many += "PING\r\n";
  noisy.send(many);
  EXPECT_LT(noisy.receive_all().size(), 2000U);
  EXPECT_TRUE(noisy.closed());
  LoopClient good = connect();
  good.send("AUTH x\r\n*11\r\n$4\r\nPING\r\n");
  EXPECT_EQ(good.receive(5), "+OK\r\n") << "the limits end with the login";
  EXPECT_EQ(good.receive_nothing(), "");
  EXPECT_FALSE(good.closed());
}

TEST_F(ServerTest, Announcements) {
  LoopClient client = connect();
  client.send("PSUBSCRIBE +switch-*\r\n");
  client.receive(10);
  server->announcements().announced(
      {"+switch-master", consensus::Level::warning, "m", "m 10.0.0.1 1 10.0.0.2 2"});
  EXPECT_THAT(client.receive(60), HasSubstr("m 10.0.0.1 1 10.0.0.2 2\r\n"));
}

TEST_F(ServerTest, ASlowSubscriberIsClosedAndNobodyWaits) {
  LoopClient slow = connect();
  LoopClient other = connect();
  slow.send("SUBSCRIBE +x\r\n");
  slow.receive(10);
  const std::string payload(1 << 20, 'x');
  for (int i = 0; i < 60; ++i) {
    server->announcements().announced({"+x", consensus::Level::notice, "", payload});
  }
  other.send("PING\r\n");
  EXPECT_EQ(other.receive(7), "+PONG\r\n");
  EXPECT_EQ(server->connected_clients(), 1U);
  EXPECT_EQ(server->traffic().slow_subscribers_closed, 1U);
}

TEST_F(ServerTest, KilledByAnother) {
  LoopClient victim = connect();
  victim.send("CLIENT ID\r\n");
  const std::string id = victim.receive(4).substr(1);
  LoopClient killer = connect();
  killer.send("CLIENT KILL ID " + id.substr(0, id.find('\r')) + "\r\n");
  EXPECT_EQ(killer.receive(4), ":1\r\n");
  EXPECT_EQ(victim.receive_all(), "");
  EXPECT_TRUE(victim.closed());
}

TEST_F(ServerTest, IdleClientsAreClosedSubscribersAreNot) {
  facade.settings_.timeout_seconds = 2;
  LoopClient idle = connect();
  LoopClient subscriber = connect();
  idle.send("PING\r\n");
  idle.receive(7);
  subscriber.send("SUBSCRIBE a\r\n");
  subscriber.receive(10);
  facade.now_ += std::chrono::seconds{3};
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(subscriber.receive_nothing(), "");
  EXPECT_FALSE(subscriber.closed());
  EXPECT_EQ(server->connected_clients(), 1U);
}

TEST_F(ServerTest, StopClosesEverything) {
  LoopClient client = connect();
  client.send("PING\r\n");
  EXPECT_EQ(client.receive(7), "+PONG\r\n");
  server->stop();
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(server->connected_clients(), 0U);
}

TEST_F(ServerTest, ATakenPortIsToldInSentinelsWords) {
  Server second(io, facade);
  facade.settings_.bind = {"-127.0.0.1"};
  const ListenOutcome outcome = second.listen();
  const std::string port = std::to_string(facade.settings_.port);
  EXPECT_EQ(outcome.error, "Failed listening on port " + port + " (TCP), aborting.");
  ASSERT_EQ(outcome.warnings.size(), 1U);
  EXPECT_EQ(outcome.warnings[0],
            "Warning: Could not create server TCP listening socket 127.0.0.1:" + port +
                ": bind: Address already in use");
}

TEST(Listen, OptionalAddressesMayBeMissing) {
  boost::asio::io_context io{1};
  FakeFacade facade;
  facade.settings_.port = next_port();
  facade.settings_.bind = {"127.0.0.1", "-203.0.113.1"};
  Server server(io, facade);
  const ListenOutcome outcome = server.listen();
  EXPECT_TRUE(outcome.ok()) << outcome.error;
  EXPECT_EQ(outcome.warnings.size(), 1U);
  facade.settings_.port = next_port();
  facade.settings_.bind = {"127.0.0.1", "203.0.113.1"};
  EXPECT_FALSE(Server(io, facade).listen().ok());
}

TEST(Listen, TheDefaultTakesBothFamilies) {
  boost::asio::io_context io{1};
  FakeFacade facade;
  facade.settings_.port = next_port();
  Server server(io, facade);
  EXPECT_TRUE(server.listen().ok());
  LoopClient client(io, facade.settings_.port);
  client.send("PING\r\n");
  EXPECT_EQ(client.receive(7), "+PONG\r\n");
}

}  // namespace
}  // namespace vedette::agent::test
