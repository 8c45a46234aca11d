// Subscriptions and messages in both protocol versions.
#include <gtest/gtest.h>

#include <string>

#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

consensus::Announce announce(std::string_view event, const std::string& payload,
                             consensus::Level level = consensus::Level::notice) {
  return {event, level, "mymaster", payload};
}

TEST(Subscribe, Confirmations) {
  FakeAgent agent;
  EXPECT_EQ(
      agent.run({"SUBSCRIBE", "+x", "a"}),
      "*3\r\n$9\r\nsubscribe\r\n$2\r\n+x\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:2\r\n");
  EXPECT_EQ(agent.run({"SUBSCRIBE", "a"}), "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:2\r\n");
  EXPECT_EQ(agent.run({"PSUBSCRIBE", "[-+]sdown"}),
            "*3\r\n$10\r\npsubscribe\r\n$9\r\n[-+]sdown\r\n:3\r\n");
  EXPECT_EQ(agent.run({"UNSUBSCRIBE", "nope"}), "*3\r\n$11\r\nunsubscribe\r\n$4\r\nnope\r\n:3\r\n");
  EXPECT_EQ(agent.run({"UNSUBSCRIBE"}),
            "*3\r\n$11\r\nunsubscribe\r\n$2\r\n+x\r\n:2\r\n"
            "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n");
  EXPECT_EQ(agent.run({"UNSUBSCRIBE"}), "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:1\r\n");
  EXPECT_EQ(agent.run({"PUNSUBSCRIBE"}), "*3\r\n$12\r\npunsubscribe\r\n$9\r\n[-+]sdown\r\n:0\r\n");
  EXPECT_EQ(agent.publisher.channel_count() + agent.publisher.pattern_count(), 0U);
}

TEST(Subscribe, ConfirmationsArePushesInResp3) {
  FakeAgent agent;
  agent.run({"HELLO", "3"});
  EXPECT_EQ(agent.run({"SUBSCRIBE", "a"}), ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
  EXPECT_EQ(agent.run({"PUNSUBSCRIBE"}), ">3\r\n$12\r\npunsubscribe\r\n_\r\n:1\r\n");
}

TEST(Subscribe, ConfirmationsAreNotSilenced) {
  FakeAgent agent;
  EXPECT_EQ(agent.run({"CLIENT", "REPLY", "OFF"}), "");
  EXPECT_EQ(agent.run({"PING"}), "");
  EXPECT_EQ(agent.run({"SUBSCRIBE", "a"}), "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
}

TEST(Publish, MessagesInBothVersions) {
  FakeAgent agent;
  const auto modern = agent.connect();
  modern->version = proto::RespVersion::v3;
  agent.run({"SUBSCRIBE", "+set"});
  agent.run_as(*modern, {"PSUBSCRIBE", "*"});
  const std::string payload = "master mymaster 127.0.0.1 31000 quorum 2";
  agent.publisher.announced(announce("+set", payload));
  const std::string body = "$4\r\n+set\r\n$40\r\n" + payload + "\r\n";
  EXPECT_EQ(FakeAgent::received(*agent.client), "*3\r\n$7\r\nmessage\r\n" + body);
  EXPECT_EQ(FakeAgent::received(*modern), ">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n" + body);
  EXPECT_EQ(agent.transport.flushed, 2);
}

TEST(Publish, BothWaysGiveTwoMessagesAndDebugGivesNone) {
  FakeAgent agent;
  agent.run({"SUBSCRIBE", "+tilt"});
  agent.run({"PSUBSCRIBE", "+t*", "-*"});
  agent.publisher.announced(announce("+tilt", "x"));
  EXPECT_EQ(FakeAgent::received(*agent.client),
            "*3\r\n$7\r\nmessage\r\n$5\r\n+tilt\r\n$1\r\nx\r\n"
            "*4\r\n$8\r\npmessage\r\n$3\r\n+t*\r\n$5\r\n+tilt\r\n$1\r\nx\r\n");
  agent.publisher.announced(announce("+tilt", "x", consensus::Level::debug));
  EXPECT_EQ(FakeAgent::received(*agent.client), "");
}

TEST(Publish, RepliesAndMessagesStayInOrder) {
  FakeAgent agent;
  agent.run({"HELLO", "3"});
  agent.run({"SUBSCRIBE", "a"});
  const auto run = [&agent](const proto::Request& words) {
    EXPECT_EQ(execute(agent.context, *agent.client, words), Verdict::go_on);
  };
  run({"PING", "1"});
  agent.publisher.publish("a", "m");
  run({"PING", "2"});
  EXPECT_EQ(FakeAgent::received(*agent.client),
            "$1\r\n1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n$1\r\n2\r\n");
}

TEST(Publish, OthersHaveTheirOwnLimits) {
  FakeAgent agent;
  Connection& client = *agent.client;
  client.output.tail() += std::string(1000, 'x');
  EXPECT_FALSE(agent.publisher.is_too_slow(client)) << "none by default";
  agent.settings().normal_output = {500, 0, std::chrono::seconds{0}};
  EXPECT_TRUE(agent.publisher.is_too_slow(client));
}

TEST(Publish, SlowSubscribersAreClosed) {
  FakeAgent agent;
  agent.settings().pubsub_output = {1000, 100, std::chrono::seconds{60}};
  Publisher publisher(agent.facade, agent.traffic);
  Connection& client = *agent.client;
  publisher.subscribe(client, "a");
  publisher.publish("a", std::string(200, 'x'));
  EXPECT_EQ(agent.transport.aborted, 0);
  agent.facade.now_ += std::chrono::seconds{59};
  EXPECT_FALSE(publisher.is_too_slow(client));
  agent.facade.now_ += std::chrono::seconds{2};
  EXPECT_TRUE(publisher.is_too_slow(client)) << "above the soft limit for more than 60 s";
  FakeAgent::received(client);
  EXPECT_FALSE(publisher.is_too_slow(client)) << "it read";
  publisher.publish("a", std::string(2000, 'x'));
  EXPECT_EQ(agent.transport.aborted, 1) << "above the hard limit";
  EXPECT_EQ(agent.traffic.slow_subscribers_closed, 1U);
  publisher.drop(client);
}

TEST(PublishCommand, TakesHelloMessagesAndAlwaysAnswersOne) {
  FakeAgent agent;
  agent.run({"SUBSCRIBE", "__sentinel__:hello"});
  const auto sender = agent.connect();
  const auto publish = [&](const std::string& payload) {
    return agent.run_as(*sender, {"PUBLISH", "__sentinel__:hello", payload});
  };
  const std::string tail = ",1,mymaster,127.0.0.1,31001,1";
  EXPECT_EQ(publish("127.0.0.1,31100," + peer_id + tail), ":1\r\n");
  ASSERT_EQ(agent.facade.hellos.size(), 1U);
  EXPECT_EQ(agent.facade.hellos[0].agent_id.text(), peer_id);
  EXPECT_EQ(publish("garbage"), ":1\r\n");
  EXPECT_EQ(publish("127.0.0.1,31100," + my_id + tail), ":1\r\n");
  EXPECT_EQ(agent.facade.hellos.size(), 1U) << "our own id proves nothing here";
  EXPECT_EQ(FakeAgent::received(*agent.client), "") << "hellos are not delivered to subscribers";
}

}  // namespace
}  // namespace vedette::agent::test
