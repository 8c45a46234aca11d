// INFO: sections, their order, and the Sentinel section byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

using testing::HasSubstr;

const std::string head =
    "# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:0\r\nsentinel_tilt_since_seconds:-1\r\n"
    "sentinel_running_scripts:0\r\nsentinel_scripts_queue_length:0\r\n"
    "sentinel_simulate_failure_flags:0\r\n";

TEST(Info, SentinelSectionExactly) {
  FakeAgent agent;
  auto& group = agent.add_group("mymaster", "127.0.0.1", 31000);
  agent.add_replica(group, "127.0.0.1", 31001);
  agent.add_replica(group, "127.0.0.1", 31002);
  agent.add_peer(group, peer_id, "127.0.0.1", 31101);
  agent.add_peer(group, other_id, "127.0.0.1", 31102);
  const std::string rest = ",address=127.0.0.1:31000,slaves=2,sentinels=3\r\n";
  EXPECT_EQ(agent.ask({"INFO", "sentinel"}).text, head + "master0:name=mymaster,status=ok" + rest);
  group.master().subjectively_down = true;
  EXPECT_EQ(agent.ask({"INFO", "SENTINEL"}).text,
            head + "master0:name=mymaster,status=sdown" + rest);
  group.objectively_down = true;
  EXPECT_EQ(agent.ask({"INFO", "Sentinel"}).text,
            head + "master0:name=mymaster,status=odown" + rest);
}

TEST(Info, TiltAndIpv6) {
  FakeAgent agent;
  agent.add_group("six", "::1", 30801);
  agent.state().tilt_since = agent.facade.now_ - milliseconds{2500};
  const std::string text = agent.ask({"INFO", "sentinel"}).text;
  EXPECT_THAT(text, HasSubstr("sentinel_tilt:1\r\nsentinel_tilt_since_seconds:2\r\n"));
  EXPECT_THAT(text, HasSubstr("master0:name=six,status=ok,address=::1:30801,slaves=0"));
}

TEST(Info, SectionsComeInTheirFixedOrder) {
  FakeAgent agent;
  const std::string all = agent.ask({"INFO"}).text;
  std::size_t last = 0;
  for (const char* title : {"# Server\r\n", "\r\n\r\n# Clients\r\n", "\r\n\r\n# Stats\r\n",
                            "\r\n\r\n# CPU\r\n", "\r\n\r\n# Sentinel\r\n"}) {
    const std::size_t at = all.find(title);
    ASSERT_NE(at, std::string::npos) << title;
    EXPECT_GE(at, last);
    last = at;
  }
  EXPECT_TRUE(agent.ask({"INFO", "sentinel", "SERVER"}).text.starts_with("# Server\r\n"));
  for (const char* word : {"all", "DEFAULT", "everything"}) {
    EXPECT_THAT(agent.ask({"INFO", word}).text, HasSubstr("# Sentinel\r\n"));
  }
  EXPECT_EQ(agent.run({"INFO", "keyspace"}), "$0\r\n\r\n");
}

TEST(Info, IsABulkStringInResp3Too) {
  FakeAgent agent;
  agent.run({"HELLO", "3"});
  EXPECT_TRUE(agent.run({"INFO"}).starts_with("$"));
}

TEST(Info, WhatClientsLookFor) {
  FakeAgent agent;
  agent.settings().port = 26400;
  const std::string text = agent.ask({"INFO"}).text;
  for (const char* line :
       {"redis_version:7.0.15\r\n", "redis_mode:sentinel\r\n", "server_mode:sentinel\r\n",
        "tcp_port:26400\r\n", "uptime_in_seconds:90061\r\nuptime_in_days:1\r\n",
        "connected_clients:1\r\n", "maxclients:10000\r\n", "executable:/usr/bin/vedette\r\n",
        "config_file:/etc/sentinel.conf\r\n", "vedette_version:"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, HasSubstr("run_id:" + std::string(40, 'd') + "\r\n"));
}

}  // namespace
}  // namespace vedette::agent::test
