// What each path answers; the network is in http_test.cpp.
#include "agent/http/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

using nlohmann::json;

class Routes : public testing::Test {
 protected:
  Routes() : group(agent.add_group("mymaster", "10.0.0.1", 6379)) {
    agent.add_replica(group, "10.0.0.2", 6379);
    agent.add_peer(group, peer_id, "10.0.0.2", 26379);
    agent.add_peer(group, other_id, "10.0.0.3", 26379);
    for (auto& [id, peer] : agent.state().peers) peer.ping.answered = true;
    group.master().ping.answered = true;
  }
  HttpAnswer get(std::string_view target) {
    return answer_http({agent.facade, agent.traffic, events, 1}, "GET", target);
  }
  FakeAgent agent;
  EventCounts events;
  consensus::Group& group;
};

TEST_F(Routes, Healthz) {
  EXPECT_EQ(get("/healthz").status, 200U);
  EXPECT_EQ(json::parse(get("/healthz?verbose=1").body)["status"], "ok");
}

TEST_F(Routes, Readyz) {
  EXPECT_EQ(get("/readyz").status, 200U) << get("/readyz").body;
  group.master().info_at.reset();
  const HttpAnswer unread = get("/readyz");
  EXPECT_EQ(unread.status, 503U);
  const json body = json::parse(unread.body);
  EXPECT_EQ(body["ready"], false);
  EXPECT_EQ(body["masters"][0]["name"], "mymaster");
  EXPECT_THAT(body["masters"][0]["reason"].get<std::string>(), testing::HasSubstr("INFO"));
  group.master().subjectively_down = true;
  EXPECT_EQ(get("/readyz").status, 200U) << "known to be down is known";
}

TEST_F(Routes, ReadyzNeedsAMajority) {
  for (auto& [id, peer] : agent.state().peers) {
    peer.link.status = consensus::Link::Status::closed;
  }
  const HttpAnswer answer = get("/readyz");
  EXPECT_EQ(answer.status, 503U);
  EXPECT_THAT(json::parse(answer.body)["masters"][0]["reason"].get<std::string>(),
              testing::HasSubstr("2 of 3 agents"));
}

TEST_F(Routes, Masters) {
  const HttpAnswer answer = get("/v1/masters");
  EXPECT_EQ(answer.content_type, "application/json");
  const json body = json::parse(answer.body);
  EXPECT_EQ(body["agent"]["id"], my_id);
  const json& master = body["masters"][0];
  EXPECT_EQ(master["name"], "mymaster");
  EXPECT_EQ(master["status"], "ok");
  EXPECT_EQ(master["master"]["address"]["host"], "10.0.0.1");
  EXPECT_EQ(master["master"]["flags"], json::array({"master"}));
  EXPECT_EQ(master["master"]["last_ok_ping_ms"], 200);
  EXPECT_EQ(master["agents"]["known"], 3);
  EXPECT_EQ(master["replicas"][0]["offset"], 1234);
  EXPECT_EQ(master["peers"][0]["id"], peer_id);
  EXPECT_TRUE(master["failover"].is_null());
  group.attempt.emplace();
  EXPECT_EQ(json::parse(get("/v1/masters").body)["masters"][0]["failover"]["phase"], "wait_start");
}

TEST_F(Routes, NamesThatAreNoUtf8DoNotBreakIt) {
  agent.add_group("\xff\xfe", "10.0.0.9", 1);
  EXPECT_EQ(json::parse(get("/v1/masters").body)["masters"].size(), 2U);
  EXPECT_EQ(get("/metrics").body.find('\xff'), std::string::npos);
}

TEST_F(Routes, UnknownPathsAndMethods) {
  EXPECT_EQ(get("/").status, 404U);
  EXPECT_EQ(get("/healthz/").status, 404U);
  EXPECT_TRUE(json::parse(get("/x").body).contains("hint"));
  const auto post = answer_http({agent.facade, agent.traffic, events, 1}, "POST", "/healthz");
  EXPECT_EQ(post.status, 405U);
  EXPECT_EQ(post.allow, "GET, HEAD");
  EXPECT_TRUE(json::parse(post.body).contains("error"));
  EXPECT_EQ(answer_http({agent.facade, agent.traffic, events, 1}, "HEAD", "/readyz").status, 200U);
}

}  // namespace
}  // namespace vedette::agent::test
