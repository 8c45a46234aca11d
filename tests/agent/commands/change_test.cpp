// Commands that change something: what order they become, and what they answer.
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

using consensus::OrderStatus;
using Strings = std::vector<std::string>;

const std::string ok = "+OK\r\n";
const std::string not_saved = "-ERR Failed to save config file. Check server logs.\r\n";

class Change : public testing::Test {
 protected:
  Change() : group(agent.add_group("mymaster", "127.0.0.1", 6379)) {}

  template <typename Order>
  const Order& only_order() {
    EXPECT_EQ(agent.facade.orders.size(), 1U);
    return std::get<Order>(agent.facade.orders.at(0));
  }
  std::string set(std::initializer_list<std::string> words) {
    proto::Request request = {"SENTINEL", "SET", "mymaster"};
    request.insert(request.end(), words);
    return agent.run_as(*agent.client, request);
  }

  FakeAgent agent;
  consensus::Group& group;
};

TEST_F(Change, Monitor) {
  agent.state().timings.default_down_after = milliseconds{1234};
  agent.settings().groups["new"].auth_pass = "of an earlier master";
  EXPECT_EQ(agent.run({"SENTINEL", "MONITOR", "new", "::1", "0", "3"}), ok);
  const auto& order = only_order<consensus::MonitorGroup>();
  EXPECT_EQ(order.name, "new");
  EXPECT_EQ(order.address, (proto::Address{"::1", 0}));
  EXPECT_EQ(order.options.quorum, 3U);
  EXPECT_EQ(order.options.down_after, milliseconds{1234});
  EXPECT_EQ(agent.settings().groups.at("new"), GroupSettings{});
}

TEST_F(Change, MonitorTakesHostNamesOnlyIfTheyAreResolved) {
  EXPECT_TRUE(agent.run({"SENTINEL", "MONITOR", "new", "redis.local", "1", "1"})
                  .starts_with("-ERR Invalid IP address or hostname"));
  agent.settings().resolve_hostnames = true;
  agent.facade.unknown_hosts = {"none.local"};
  EXPECT_TRUE(agent.run({"SENTINEL", "MONITOR", "new", "none.local", "1", "1"})
                  .starts_with("-ERR Invalid IP address or hostname"));
  EXPECT_TRUE(agent.facade.orders.empty());
  EXPECT_EQ(agent.run({"SENTINEL", "MONITOR", "new", "redis.local", "1", "1"}), ok);
  EXPECT_TRUE(agent.run({"SENTINEL", "MONITOR", "new2", "a,b", "1", "1"})
                  .starts_with("-ERR Invalid IP address or hostname"));
}

TEST_F(Change, AFailedSaveIsAnsweredAlthoughTheOrderIsInForce) {
  agent.facade.order_result.status = OrderStatus::save_failed;
  EXPECT_EQ(agent.run({"SENTINEL", "MONITOR", "new", "::1", "1", "3"}), not_saved);
  EXPECT_EQ(set({"quorum", "3"}), not_saved);
  EXPECT_EQ(agent.run({"SENTINEL", "FLUSHCONFIG"}), not_saved);
  EXPECT_EQ(agent.run({"SENTINEL", "REMOVE", "mymaster"}), not_saved);
}

TEST_F(Change, RemoveForgetsPasswordsOnceTheGroupIsGone) {
  agent.settings().groups["mymaster"].auth_pass = "x";
  agent.facade.answer_later = true;
  EXPECT_EQ(agent.run({"SENTINEL", "REMOVE", "mymaster"}), "");
  EXPECT_EQ(only_order<consensus::RemoveGroup>().name, "mymaster");
  EXPECT_EQ(agent.settings().groups.count("mymaster"), 1U);
  agent.state().groups.erase(agent.state().names.at("mymaster"));
  agent.state().names.erase("mymaster");
  agent.facade.answer_all();
  EXPECT_EQ(FakeAgent::received(*agent.client), ok);
  EXPECT_EQ(agent.settings().groups.count("mymaster"), 0U);
}

TEST_F(Change, ResetAnswersTheCount) {
  agent.facade.order_result.count = 2;
  EXPECT_EQ(agent.run({"SENTINEL", "RESET", "my*"}), ":2\r\n");
  EXPECT_EQ(only_order<consensus::ResetGroups>().pattern, "my*");
}

TEST_F(Change, Failover) {
  EXPECT_EQ(agent.run({"SENTINEL", "FAILOVER", "mymaster"}), ok);
  EXPECT_EQ(only_order<consensus::FailOver>().name, "mymaster");
  agent.facade.order_result.status = OrderStatus::failover_in_progress;
  EXPECT_EQ(agent.run({"SENTINEL", "FAILOVER", "mymaster"}),
            "-INPROG Failover already in progress\r\n");
  agent.facade.order_result.status = OrderStatus::no_good_replica;
  EXPECT_EQ(agent.run({"SENTINEL", "FAILOVER", "mymaster"}),
            "-NOGOODSLAVE No suitable replica to promote\r\n");
}

TEST_F(Change, SetTakesEveryOption) {
  agent.settings().deny_scripts_reconfig = false;
  EXPECT_EQ(set({"down-after-milliseconds",
                 "5000",
                 "FAILOVER-TIMEOUT",
                 "6000",
                 "parallel-syncs",
                 "2",
                 "quorum",
                 "3",
                 "auth-pass",
                 "a b",
                 "auth-user",
                 "u",
                 "rename-command",
                 "CONFIG",
                 "guessme",
                 "primary-reboot-down-after-period",
                 "0",
                 "notification-script",
                 "/bin/true",
                 "client-reconfig-script",
                 ""}),
            ok);
  const auto& order = only_order<consensus::SetOptions>();
  EXPECT_EQ(order.options.down_after, milliseconds{5000});
  EXPECT_EQ(order.options.failover_timeout, milliseconds{6000});
  EXPECT_EQ(order.options.parallel_syncs, 2);
  EXPECT_EQ(order.options.quorum, 3U);
  EXPECT_TRUE(order.reconnect);
  EXPECT_TRUE(order.save);
  const Strings applied = {"down-after-milliseconds 5000",
                           "FAILOVER-TIMEOUT 6000",
                           "parallel-syncs 2",
                           "quorum 3",
                           "auth-pass ******",
                           "auth-user u",
                           "rename-command CONFIG guessme",
                           "primary-reboot-down-after-period 0",
                           "notification-script /bin/true",
                           "client-reconfig-script "};
  EXPECT_EQ(order.applied, applied);
  const GroupSettings& settings = agent.settings().groups.at("mymaster");
  EXPECT_EQ(settings.auth_pass, "a b");
  EXPECT_EQ(settings.auth_user, "u");
  EXPECT_EQ(settings.notification_script, "/bin/true");
  EXPECT_EQ(settings.renamed_commands.at("config"), "guessme");
}

TEST_F(Change, SetIsNotAtomic) {
  EXPECT_EQ(set({"quorum", "3", "bogus", "1", "parallel-syncs", "9"}),
            "-ERR Unknown option or number of arguments for SENTINEL SET 'bogus'\r\n");
  const auto& order = only_order<consensus::SetOptions>();
  EXPECT_EQ(order.options.quorum, 3U);
  EXPECT_EQ(order.options.parallel_syncs, 1);
  EXPECT_EQ(order.applied, Strings{"quorum 3"});
}

TEST_F(Change, SetWithALastOptionThatLacksItsValue) {
  EXPECT_EQ(set({"quorum", "3", "down-after-milliseconds"}),
            "-ERR Unknown option or number of arguments for SENTINEL SET "
            "'down-after-milliseconds'\r\n");
  EXPECT_EQ(only_order<consensus::SetOptions>().applied, Strings{"quorum 3"});
}

TEST_F(Change, SettingWhatIsAlreadySoCostsNoWriteAndNoReconnect) {
  agent.settings().groups["mymaster"].auth_pass = "x";
  EXPECT_EQ(set({"quorum", "2", "auth-pass", "x"}), ok);
  const auto& order = only_order<consensus::SetOptions>();
  EXPECT_FALSE(order.save);
  EXPECT_FALSE(order.reconnect);
  EXPECT_EQ(order.applied.size(), 2U);
}

TEST_F(Change, SetScripts) {
  agent.settings().deny_scripts_reconfig = false;
  EXPECT_EQ(set({"notification-script", "/nonexistent"}),
            "-ERR Notification script seems non existing or non executable\r\n");
  EXPECT_EQ(set({"client-reconfig-script", "/etc/passwd"}),
            "-ERR Client reconfiguration script seems non existing or non executable\r\n");
}

TEST_F(Change, SetRenameToItselfRemovesTheMapping) {
  agent.settings().groups["mymaster"].renamed_commands["config"] = "x";
  EXPECT_EQ(set({"rename-command", "CONFIG", "config"}), ok);
  EXPECT_TRUE(agent.settings().groups.at("mymaster").renamed_commands.empty());
}

TEST_F(Change, ConfigGet) {
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "GET", "*"}),
            "*12\r\n$17\r\nresolve-hostnames\r\n$2\r\nno\r\n$18\r\nannounce-hostnames\r\n$2\r\nno"
            "\r\n$11\r\nannounce-ip\r\n$0\r\n\r\n$13\r\nannounce-port\r\n$1\r\n0\r\n$13\r\n"
            "sentinel-user\r\n$0\r\n\r\n$13\r\nsentinel-pass\r\n$0\r\n\r\n");
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "GET", "nothing"}), "*0\r\n");
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "GET", "LOGLEVEL"}),
            "*2\r\n$8\r\nloglevel\r\n$6\r\nnotice\r\n");
  EXPECT_EQ(keys(agent.ask({"SENTINEL", "CONFIG", "GET", "announce-ip", "*pass"})),
            (Strings{"announce-ip", "sentinel-pass"}));
}

TEST_F(Change, ConfigSet) {
  agent.settings().port = 26380;
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "SET", "announce-ip", "10.0.0.9"}), ok);
  const auto& order = only_order<consensus::SetAnnounced>();
  EXPECT_EQ(order.announced.host, "10.0.0.9");
  EXPECT_EQ(order.announced.port, 26380);
  EXPECT_FALSE(order.reconnect_peers);
  EXPECT_EQ(agent.settings().announce_ip, "10.0.0.9");
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "SET", "sentinel-pass", "x", "announce-port", "7"}),
            ok);
  const auto& second = std::get<consensus::SetAnnounced>(agent.facade.orders.at(1));
  EXPECT_TRUE(second.reconnect_peers);
  EXPECT_EQ(second.announced.port, 7);
}

TEST_F(Change, NamesWithoutAnAddressNeedResolveHostnames) {
  agent.settings().resolve_hostnames = true;
  agent.add_replica(agent.add_group("named", "one.zone", 6379), "two.zone", 6380);
  agent.state().resolved["one.zone"] = "10.0.0.1";
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "SET", "resolve-hostnames", "no"}),
            "-ERR resolve-hostnames is still needed: the address of 'two.zone' is not known yet. "
            "Wait until it is, or REMOVE its master first\r\n");
  EXPECT_TRUE(agent.settings().resolve_hostnames);
  agent.state().resolved["two.zone"] = "10.0.0.2";
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "SET", "resolve-hostnames", "no"}), ok);
  EXPECT_FALSE(agent.settings().resolve_hostnames);
}

TEST_F(Change, ConfigSetIsJudgedAsAWhole) {
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "SET", "announce-port", "7", "announce-port", "8"}),
            "-ERR Duplicate argument 'announce-port' to SENTINEL CONFIG SET\r\n");
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "SET", "announce-port", "7", "announce-ip"}),
            "-ERR Missing argument 'announce-ip' value\r\n");
  EXPECT_EQ(agent.run({"SENTINEL", "CONFIG", "SET", "announce-port", "7", "loglevel", "loud"}),
            "-ERR Invalid value 'loud' to SENTINEL CONFIG SET 'loglevel'\r\n");
  EXPECT_EQ(agent.settings().announce_port, 0);
  EXPECT_TRUE(agent.facade.orders.empty());
}

TEST_F(Change, Debug) {
  const proto::Value all = agent.ask({"SENTINEL", "DEBUG"});
  ASSERT_EQ(all.elements.size(), 26U);
  EXPECT_EQ(all.elements[0].text, "INFO-PERIOD");
  EXPECT_EQ(all.elements[1].text, "10000");
  EXPECT_EQ(all.elements[24].text, "SCRIPT-RETRY-DELAY");
  EXPECT_EQ(agent.run({"SENTINEL", "DEBUG", "ping-period", "500", "TILT-PERIOD", "x"}),
            "-ERR Invalid argument 'x' for SENTINEL DEBUG 'TILT-PERIOD'\r\n");
  EXPECT_EQ(only_order<consensus::SetTimings>().timings.ping_period, milliseconds{500});
}

}  // namespace
}  // namespace vedette::agent::test
