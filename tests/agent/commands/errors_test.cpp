// What is refused before a command runs, byte for byte, and in which order.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

struct Row {
  proto::Request words;
  std::string reply;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.words.front(); }

const std::string no_such_master = "-ERR No such master with that name\r\n";

class Refused : public testing::TestWithParam<Row> {};

TEST_P(Refused, Exactly) {
  FakeAgent agent;
  auto& group = agent.add_group("mymaster", "127.0.0.1", 6379);
  agent.add_replica(group, "127.0.0.1", 6380);
  EXPECT_EQ(agent.run_as(*agent.client, GetParam().words), GetParam().reply);
  EXPECT_TRUE(agent.facade.orders.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Unknown, Refused,
    testing::Values(
        Row{{"SELECT", "0"}, "-ERR unknown command 'SELECT', with args beginning with: '0' \r\n"},
        Row{{"Config", "GET", "*"},
            "-ERR unknown command 'Config', with args beginning with: 'GET' '*' \r\n"},
        Row{{"MULTI"}, "-ERR unknown command 'MULTI', with args beginning with: \r\n"},
        Row{{"a\r\nb", "c\nd"},
            "-ERR unknown command 'a  b', with args beginning with: 'c d' \r\n"},
        Row{{std::string(200, 'x')},
            "-ERR unknown command '" + std::string(128, 'x') + "', with args beginning with: \r\n"},
        Row{{"FOO", std::string(200, 'y'), "z"},
            "-ERR unknown command 'FOO', with args beginning with: '" + std::string(128, 'y') +
                "' \r\n"},
        Row{{"FOO", std::string("a\0b", 3)},
            "-ERR unknown command 'FOO', with args beginning with: 'a' \r\n"},
        Row{{""}, "-ERR unknown command '', with args beginning with: \r\n"},
        Row{{"SENTINEL", "foo", "a"}, "-ERR unknown subcommand 'foo'. Try SENTINEL HELP.\r\n"},
        Row{{"sentinel", "f\r\no"}, "-ERR unknown subcommand 'f  o'. Try SENTINEL HELP.\r\n"},
        Row{{"CLIENT", "MAINT_NOTIFICATIONS", "ON"},
            "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n"},
        Row{{"VEDETTE", "nothing"}, "-ERR unknown subcommand 'nothing'. Try VEDETTE HELP.\r\n"}));

std::string arity(const std::string& name) {
  return "-ERR wrong number of arguments for '" + name + "' command\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Arity, Refused,
    testing::Values(Row{{"SENTINEL"}, arity("sentinel")}, Row{{"CLIENT"}, arity("client")},
                    Row{{"SENTINEL", "MASTER"}, arity("sentinel|master")},
                    Row{{"SENTINEL", "masters", "x"}, arity("sentinel|masters")},
                    Row{{"SENTINEL", "SET", "mymaster", "quorum"}, arity("sentinel|set")},
                    Row{{"SENTINEL", "CONFIG"}, arity("sentinel|config")},
                    Row{{"SENTINEL", "INFO-CACHE"}, arity("sentinel|info-cache")},
                    Row{{"SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "a", "1", "1"},
                        arity("sentinel|is-master-down-by-addr")},
                    Row{{"PING", "a", "b"}, arity("ping")}, Row{{"ROLE", "x"}, arity("role")},
                    Row{{"AUTH"}, arity("auth")}, Row{{"SUBSCRIBE"}, arity("subscribe")},
                    Row{{"PUBLISH", "a"}, arity("publish")}));

INSTANTIATE_TEST_SUITE_P(
    NoSuchMaster, Refused,
    testing::Values(Row{{"SENTINEL", "MASTER", "nope"}, no_such_master},
                    Row{{"SENTINEL", "PRIMARY", "nope"}, no_such_master},
                    Row{{"SENTINEL", "MASTER", "MyMaster"}, no_such_master},
                    Row{{"SENTINEL", "REPLICAS", "nope"}, no_such_master},
                    Row{{"SENTINEL", "SLAVES", "nope"}, no_such_master},
                    Row{{"SENTINEL", "SENTINELS", "nope"}, no_such_master},
                    Row{{"SENTINEL", "FAILOVER", "nope"}, no_such_master},
                    Row{{"SENTINEL", "REMOVE", "nope"}, no_such_master},
                    Row{{"SENTINEL", "CKQUORUM", "nope"}, no_such_master},
                    Row{{"SENTINEL", "SET", "nope", "quorum", "1"}, no_such_master},
                    Row{{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "nope"}, "*-1\r\n"}));

const std::string invalid_monitor = "-ERR Invalid master name '";
const std::string needs = "': it must not be empty and must not hold blanks or commas\r\n";

INSTANTIATE_TEST_SUITE_P(
    Monitor, Refused,
    testing::Values(
        Row{{"SENTINEL", "MONITOR", "m", "bad", "x", "y"}, "-ERR Invalid quorum\r\n"},
        Row{{"SENTINEL", "MONITOR", "m", "bad", "x", "0"}, "-ERR Invalid port\r\n"},
        Row{{"SENTINEL", "MONITOR", "m", "bad", "99999", "0"},
            "-ERR Quorum must be 1 or greater.\r\n"},
        Row{{"SENTINEL", "MONITOR", "m", "bad.example", "99999", "1"},
            "-ERR Invalid IP address or hostname specified\r\n"},
        Row{{"SENTINEL", "MONITOR", "m", "10.0.0.1", "65536", "1"},
            "-ERR Invalid port number.\r\n"},
        Row{{"SENTINEL", "MONITOR", "m", "10.0.0.1", "-1", "1"}, "-ERR Invalid port number.\r\n"},
        Row{{"SENTINEL", "MONITOR", "mymaster", "10.0.0.1", "1", "1"},
            "-ERR Duplicate master name.\r\n"},
        Row{{"SENTINEL", "MONITOR", "a,b", "10.0.0.1", "1", "1"}, invalid_monitor + "a,b" + needs},
        Row{{"SENTINEL", "MONITOR", "a b", "10.0.0.1", "1", "1"}, invalid_monitor + "a b" + needs},
        Row{{"SENTINEL", "MONITOR", "", "10.0.0.1", "1", "1"}, invalid_monitor + needs},
        Row{{"SENTINEL", "MONITOR", "a\nb", "10.0.0.1", "1", "y"},
            "-ERR Invalid argument at index 2 for SENTINEL MONITOR: control characters are not "
            "allowed\r\n"}));

std::string bad_value(const std::string& value, const std::string& option) {
  return "-ERR Invalid argument '" + value + "' for SENTINEL SET '" + option + "'\r\n";
}
std::string bad_option(const std::string& option) {
  return "-ERR Unknown option or number of arguments for SENTINEL SET '" + option + "'\r\n";
}
proto::Request set(const std::string& option, const std::string& value) {
  return {"SENTINEL", "SET", "mymaster", option, value};
}

INSTANTIATE_TEST_SUITE_P(
    Set, Refused,
    testing::Values(
        Row{set("down-after-milliseconds", "0"), bad_value("0", "down-after-milliseconds")},
        Row{set("Failover-Timeout", "x"), bad_value("x", "Failover-Timeout")},
        Row{set("failover-timeout", "9223372036854775807"),
            bad_value("9223372036854775807", "failover-timeout")},
        Row{set("parallel-syncs", "-1"), bad_value("-1", "parallel-syncs")},
        Row{set("quorum", "4294967296"), bad_value("4294967296", "quorum")},
        Row{set("master-reboot-down-after-period", "-1"),
            bad_value("-1", "master-reboot-down-after-period")},
        Row{set("rename-command", "x"), bad_option("rename-command")},
        Row{{"SENTINEL", "SET", "mymaster", "rename-command", "", "x"},
            bad_value("", "rename-command")},
        Row{set("bogus", "1"), bad_option("bogus")},
        Row{set("notification-script", "/bin/true"),
            "-ERR Reconfiguration of scripts path is denied for security reasons. Check the "
            "deny-scripts-reconfig configuration directive in your Sentinel configuration\r\n"},
        Row{set("auth-pass", "x\nsentinel monitor evil 1.2.3.4 6379 1"),
            "-ERR Invalid argument at index 4 for SENTINEL SET: control characters are not "
            "allowed\r\n"}));

const std::string config_usage =
    "-ERR Only SENTINEL CONFIG GET <option> / SET <option> <value> are supported.\r\n";

INSTANTIATE_TEST_SUITE_P(
    Others, Refused,
    testing::Values(
        Row{{"SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "127.0.0.1", "x", "0", "*"},
            "-ERR value is not an integer or out of range\r\n"},
        Row{{"SENTINEL", "CONFIG", "GET"}, config_usage},
        Row{{"SENTINEL", "CONFIG", "foo", "x"}, config_usage},
        Row{{"SENTINEL", "CONFIG", "SET", "foo", "x"},
            "-ERR Invalid argument 'foo' to SENTINEL CONFIG SET\r\n"},
        Row{{"SENTINEL", "CONFIG", "SET", "announce-port", "65536"},
            "-ERR Invalid value '65536' to SENTINEL CONFIG SET 'announce-port'\r\n"},
        Row{{"SENTINEL", "DEBUG", "ping-period"},
            "-ERR Unknown option or number of arguments for SENTINEL DEBUG 'ping-period'\r\n"},
        Row{{"SENTINEL", "DEBUG", "ping-period", "0"},
            "-ERR Invalid argument '0' for SENTINEL DEBUG 'ping-period'\r\n"},
        Row{{"PUBLISH", "a", "b"},
            "-ERR Only HELLO messages are accepted by Sentinel instances.\r\n"},
        Row{{"SHUTDOWN", "foo"}, "-ERR syntax error\r\n"},
        Row{{"SHUTDOWN", "SAVE", "NOSAVE"}, "-ERR syntax error\r\n"},
        Row{{"SHUTDOWN", "ABORT", "NOW"}, "-ERR syntax error\r\n"},
        Row{{"SHUTDOWN", "ABORT"}, "-ERR No shutdown in progress.\r\n"},
        Row{{"CLIENT", "SETNAME", "a b"},
            "-ERR Client names cannot contain spaces, newlines or special characters.\r\n"},
        Row{{"CLIENT", "SETINFO", "lib-name", "a b"},
            "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n"},
        Row{{"CLIENT", "SETINFO", "x", "y"}, "-ERR Unrecognized option 'x'\r\n"},
        Row{{"CLIENT", "LIST", "TYPE", "x"}, "-ERR Unknown client type 'x'\r\n"},
        Row{{"CLIENT", "LIST", "ID", "x"}, "-ERR Invalid client ID\r\n"},
        Row{{"CLIENT", "KILL", "1.2.3.4:5"}, "-ERR No such client\r\n"},
        Row{{"CLIENT", "KILL", "ID", "1", "x"}, "-ERR syntax error\r\n"},
        Row{{"CLIENT", "REPLY", "x"}, "-ERR syntax error\r\n"},
        Row{{"CLIENT", "PAUSE", "x"}, "-ERR timeout is not an integer or out of range\r\n"},
        Row{{"COMMAND", "GETKEYS", "get", "x"}, "-ERR Invalid command specified\r\n"},
        Row{{"COMMAND", "GETKEYS", "ping", "x"}, "-ERR The command has no key arguments\r\n"}));

// Authentication is asked for after the command was found and its words counted, and before
// anything else.
TEST(OrderOfChecks, UnknownBeforeArityBeforePassword) {
  FakeAgent agent;
  agent.settings().users.require_password("secret");
  agent.client->authenticated = false;
  const std::string no_auth = "-NOAUTH Authentication required.\r\n";
  EXPECT_EQ(agent.run({"FOO"}), "-ERR unknown command 'FOO', with args beginning with: \r\n");
  EXPECT_EQ(agent.run({"CLIENT", "foo"}), "-ERR unknown subcommand 'foo'. Try CLIENT HELP.\r\n");
  EXPECT_EQ(agent.run({"AUTH"}), arity("auth"));
  EXPECT_EQ(agent.run({"PING", "a", "b"}), no_auth);
  EXPECT_EQ(agent.run({"SENTINEL", "MASTERS"}), no_auth);
  EXPECT_EQ(agent.run({"SUBSCRIBE", "a"}), no_auth);
  EXPECT_EQ(agent.run({"VEDETTE", "HELLO", "1", my_id}), no_auth);
  EXPECT_EQ(agent.run({"QUIT"}), "+OK\r\n");
}

TEST(OrderOfChecks, HttpIsHungUpOn) {
  for (const char* word : {"POST", "post", "Host:", "HOST:"}) {
    FakeAgent agent;
    EXPECT_EQ(agent.run({word, "x"}), "");
    EXPECT_EQ(agent.verdict, Verdict::hang_up);
  }
  FakeAgent agent;
  EXPECT_EQ(agent.run({"GET", "/", "HTTP/1.1"}),
            "-ERR unknown command 'GET', with args beginning with: '/' 'HTTP/1.1' \r\n");
  EXPECT_EQ(agent.verdict, Verdict::go_on);
}

TEST(OrderOfChecks, SubscriberModeOfResp2) {
  FakeAgent agent;
  agent.run({"SUBSCRIBE", "+sdown"});
  const std::string rest =
      "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
      "context\r\n";
  EXPECT_EQ(agent.run({"CLIENT", "ID"}), "-ERR Can't execute 'client|id" + rest);
  EXPECT_EQ(agent.run({"info"}), "-ERR Can't execute 'info" + rest);
  EXPECT_EQ(agent.run({"PING"}), "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
  EXPECT_EQ(agent.run({"PING", "hi"}), "*2\r\n$4\r\npong\r\n$2\r\nhi\r\n");
  EXPECT_EQ(agent.run({"RESET"}), "+RESET\r\n");
  EXPECT_EQ(agent.run({"PING"}), "+PONG\r\n");
}

TEST(OrderOfChecks, Resp3SubscribersMayDoEverything) {
  FakeAgent agent;
  agent.run({"HELLO", "3"});
  agent.run({"SUBSCRIBE", "+sdown"});
  EXPECT_EQ(agent.run({"PING"}), "+PONG\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "ID"}), ":1\r\n");
}

}  // namespace
}  // namespace vedette::agent::test
