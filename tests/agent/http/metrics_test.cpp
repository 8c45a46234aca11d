#include "agent/http/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

using testing::HasSubstr;

class Metrics : public testing::Test {
 protected:
  Metrics() : group(agent.add_group("mymaster", "10.0.0.1", 6379)) {
    agent.add_replica(group, "10.0.0.2", 6379);
    agent.add_peer(group, peer_id, "10.0.0.2", 26379);
  }
  std::string text() { return metrics_text(agent.facade, agent.traffic, 7, events); }
  void announce(std::string_view event) {
    events.announced({event, consensus::Level::warning, "mymaster", ""});
  }
  FakeAgent agent;
  EventCounts events;
  consensus::Group& group;
};

TEST_F(Metrics, HasTheFamiliesOfRedisExporter) {
  const std::string all = text();
  const std::string labels = "{master_name=\"mymaster\",master_address=\"10.0.0.1:6379\"}";
  for (const std::string line :
       {"redis_sentinel_masters 1\n", "redis_sentinel_tilt 0\n",
        "redis_sentinel_running_scripts 0\n", "redis_sentinel_scripts_queue_length 0\n",
        "redis_sentinel_simulate_failure_flags 0\n"}) {
    EXPECT_THAT(all, HasSubstr("\n" + line));
  }
  EXPECT_THAT(all, HasSubstr("redis_sentinel_master_status{master_name=\"mymaster\",master_address="
                             "\"10.0.0.1:6379\",master_status=\"ok\"} 1\n"));
  for (const auto& [name, value] : std::initializer_list<std::pair<std::string, std::string>>{
           {"slaves", "1"},
           {"sentinels", "2"},
           {"ok_slaves", "1"},
           {"ok_sentinels", "2"},
           {"setting_ckquorum", "2"},
           {"setting_failover_timeout", "180000"},
           {"setting_parallel_syncs", "1"},
           {"setting_down_after_milliseconds", "30000"},
           {"config_epoch", "0"},
           {"last_ok_ping_reply_seconds", "0.2"}}) {
    EXPECT_THAT(all, HasSubstr("redis_sentinel_master_" + name + labels + " " + value)) << name;
  }
  EXPECT_THAT(all, HasSubstr("redis_sentinel_master_ckquorum_status{master_name=\"mymaster\","
                             "message=\"OK 2 usable Sentinels."));
}

TEST_F(Metrics, DownMasters) {
  group.master().subjectively_down = true;
  group.peers.begin()->second.subjectively_down = true;
  const std::string all = text();
  EXPECT_THAT(all, HasSubstr("master_status=\"sdown\"} 0\n"));
  EXPECT_THAT(all, HasSubstr("message=\"NOQUORUM 1 usable Sentinels."));
}

TEST_F(Metrics, OurOwn) {
  agent.state().durable_epoch = proto::Epoch{9};
  agent.state().promises.unsaved = true;
  agent.traffic.commands_processed = 12;
  announce("+try-failover");
  announce("+elected-leader");
  announce("+switch-master");
  announce("-failover-abort-not-elected");
  announce("+switch-master");
  const std::string all = text();
  for (const char* part :
       {"vedette_build_info{version=", "\nvedette_epoch 9\n", "\nvedette_unsaved_state 1\n",
        "vedette_announcements_total{event=\"+switch-master\"} 2\n",
        "vedette_failovers_total{master_name=\"mymaster\",outcome=\"switched\"} 2\n",
        "vedette_failovers_total{master_name=\"mymaster\",outcome=\"aborted\"} 1\n",
        "vedette_link_round_trip_seconds{master_name=\"mymaster\",role=\"master\",address="
        "\"10.0.0.1:6379\"} 0.001\n",
        "vedette_link_last_ok_ping_seconds{master_name=\"mymaster\",role=\"sentinel\",address="
        "\"10.0.0.2:26379\"} 0.2",
        "vedette_link_up{master_name=\"mymaster\",role=\"slave\",address=\"10.0.0.2:6379\"} 1\n",
        "\nvedette_clients_connected 7\n", "\nvedette_commands_processed_total 12\n",
        "# TYPE vedette_announcements_total counter\n", "# TYPE vedette_link_up gauge\n"}) {
    EXPECT_THAT(all, HasSubstr(part));
  }
}

TEST_F(Metrics, EveryFamilyIsDescribedOnce) {
  agent.add_group("other", "10.0.0.9", 6379);
  const std::string all = text();
  std::set<std::string> seen;
  std::size_t at = 0;
  while ((at = all.find("# TYPE ", at)) != std::string::npos) {
    const std::string line = all.substr(at, all.find('\n', at) - at);
    EXPECT_TRUE(seen.insert(line).second) << line;
    ++at;
  }
  EXPECT_GT(seen.size(), 30U);
}

}  // namespace
}  // namespace vedette::agent::test
