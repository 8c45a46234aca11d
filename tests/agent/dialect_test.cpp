// What only `vedette dialect valkey`, or the name valkey-sentinel, lets others see.
// Reference: sentinel-protocol.md section 12.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "agent/config/vedette_lines.hpp"
#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class DialectOf : public testing::Test {
 protected:
  std::string run(const proto::Request& words) { return agent.run_as(*agent.client, words); }
  std::set<std::string> listed() {
    std::set<std::string> names;
    for (const proto::Value& name : agent.ask({"COMMAND", "LIST"}).elements) {
      names.insert(name.text);
    }
    return names;
  }
  void speak_valkey() { agent.settings().dialect = Dialect::valkey; }
  FakeAgent agent;
};

TEST_F(DialectOf, IsChosenInTheFile) {
  Settings settings;
  EXPECT_EQ(apply_vedette({"vedette", "dialect", "Valkey"}, settings), std::nullopt);
  EXPECT_EQ(settings.dialect, Dialect::valkey);
  EXPECT_EQ(apply_vedette({"vedette", "dialect", "redis"}, settings), std::nullopt);
  EXPECT_EQ(settings.dialect, Dialect::redis);
  EXPECT_THAT(apply_vedette({"vedette", "dialect", "keydb"}, settings).value(),
              HasSubstr("must be redis or valkey, not 'keydb'"));
}

TEST_F(DialectOf, HelloAndInfo) {
  EXPECT_THAT(run({"HELLO"}), HasSubstr("$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n"));
  EXPECT_THAT(run({"INFO", "server"}), Not(HasSubstr("valkey")));
  speak_valkey();
  EXPECT_THAT(run({"HELLO"}), HasSubstr("$6\r\nvalkey\r\n$7\r\nversion\r\n$5\r\n8.1.0\r\n"));
  const std::string info = run({"INFO", "server"});
  EXPECT_THAT(info, HasSubstr("redis_version:7.2.4\r\nserver_name:valkey\r\n"));
  EXPECT_THAT(info, HasSubstr("valkey_version:8.1.0\r\n"));
}

TEST_F(DialectOf, WhatIsListed) {
  EXPECT_EQ(listed().size(), 72U);
  speak_valkey();
  EXPECT_EQ(listed().size(), 77U);
  EXPECT_TRUE(listed().contains("client|setinfo"));
  EXPECT_TRUE(listed().contains("sentinel|get-primary-addr-by-name"));
  EXPECT_FALSE(listed().contains("quit"));
  EXPECT_THAT(run({"SENTINEL", "HELP"}), HasSubstr("PRIMARIES"));
}

TEST_F(DialectOf, SentinelConfig) {
  EXPECT_THAT(run({"SENTINEL", "CONFIG", "GET"}), HasSubstr("GET <option> / SET <option>"));
  speak_valkey();
  EXPECT_THAT(run({"SENTINEL", "CONFIG", "GET"}),
              HasSubstr("wrong number of arguments for 'sentinel|config' command"));
  EXPECT_EQ(run({"SENTINEL", "CONFIG", "SET", "announce-port"}),
            "-ERR Missing argument 'announce-port' value\r\n");
  EXPECT_THAT(run({"SENTINEL", "CONFIG", "FOO", "a", "b"}),
              HasSubstr("SET <param> <value> [<param> <value> ...] are supported."));
}

// Redis 7.0 carries out each option of HELLO before it reads the next.
TEST_F(DialectOf, HelloWithOneGoodOptionAndOneBadOne) {
  ASSERT_EQ(run({"ACL", "SETUSER", "u", "on", ">p", "+@all"}), "+OK\r\n");
  const std::string bad_name = "-ERR Client names cannot contain";
  const auto who = [&] { return run({"ACL", "WHOAMI"}); };
  EXPECT_THAT(run({"HELLO", "2", "AUTH", "u", "p", "SETNAME", "x y"}), HasSubstr(bad_name));
  EXPECT_EQ(who(), "$1\r\nu\r\n");
  EXPECT_THAT(run({"HELLO", "2", "AUTH", "u", "no", "SETNAME", "x y"}), HasSubstr("-WRONGPASS"));
  EXPECT_THAT(run({"HELLO", "2", "SETNAME", "ok", "foo"}), HasSubstr("option 'foo'"));
  EXPECT_EQ(run({"CLIENT", "GETNAME"}), "$2\r\nok\r\n");
  speak_valkey();
  run({"RESET"});
  EXPECT_THAT(run({"HELLO", "2", "AUTH", "u", "p", "SETNAME", "x y"}), HasSubstr(bad_name));
  EXPECT_EQ(who(), "$7\r\ndefault\r\n");
}

// Drivers send CLIENT SETINFO on every connection, allowed or not.
TEST_F(DialectOf, WhoMayNotRunWhatRedisLacksIsNotLogged) {
  ASSERT_EQ(run({"ACL", "SETUSER", "u", "on", "nopass", "-@all", "+ping"}), "+OK\r\n");
  ASSERT_EQ(run({"AUTH", "u", "x"}), "+OK\r\n");
  const proto::Request setinfo{"CLIENT", "SETINFO", "LIB-NAME", "x"};
  EXPECT_EQ(run(setinfo), "-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n");
  run({"RESET"});
  EXPECT_EQ(run({"ACL", "LOG"}), "*0\r\n");
  speak_valkey();
  ASSERT_EQ(run({"AUTH", "u", "x"}), "+OK\r\n");
  EXPECT_THAT(run(setinfo), HasSubstr("-NOPERM"));
}

// A Sentinel could not start from a file that names them.
TEST_F(DialectOf, RulesAboutWhatRedisLacks) {
  for (const std::string rule : {"+quit", "+client|setinfo", "-reset", "+sentinel|primary"}) {
    EXPECT_EQ(run({"ACL", "SETUSER", "u", rule}),
              "-ERR Error in ACL SETUSER modifier '" + rule +
                  "': Unknown command or category name in ACL\r\n");
  }
  EXPECT_EQ(run({"ACL", "SETUSER", "u", "(+client|setinfo)"}),
            "-ERR Error in ACL SETUSER modifier '(+client|setinfo)': Unknown command or category "
            "name in ACL\r\n");
  EXPECT_EQ(run({"ACL", "SETUSER", "u", "+client|setname", "+@all", "-sentinel"}), "+OK\r\n");
  speak_valkey();
  EXPECT_EQ(run({"ACL", "SETUSER", "u", "+client|setinfo"}), "+OK\r\n");
}

TEST_F(DialectOf, Compatibility) {
  agent.settings().dialect = Dialect::valkey;
  EXPECT_THAT(run({"HELLO"}), HasSubstr("\r\nvalkey\r\n$7\r\nversion\r\n$5\r\n8.1.0\r\n"));
  agent.settings().says_redis = true;
  EXPECT_THAT(run({"HELLO"}), HasSubstr("\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.4\r\n"));
}

TEST_F(DialectOf, ClientListCountsInValkeyOnly) {
  EXPECT_THAT(run({"CLIENT", "LIST"}), Not(HasSubstr("tot-net-in")));
  agent.settings().dialect = Dialect::valkey;
  agent.client->bytes_in = 7;
  agent.client->bytes_out = 8;
  EXPECT_THAT(run({"CLIENT", "LIST"}),
              HasSubstr(" resp=2 lib-name= lib-ver= tot-net-in=7 tot-net-out=8 tot-cmds=2\n"));
}

TEST_F(DialectOf, SentinelConfigNeedsAWordMoreInValkey) {
  const auto arity = [&] {
    return agent.ask({"COMMAND", "INFO", "sentinel|config"}).elements.at(0).elements.at(1).integer;
  };
  EXPECT_EQ(arity(), -3);
  agent.settings().dialect = Dialect::valkey;
  EXPECT_EQ(arity(), -4);
}

}  // namespace
}  // namespace vedette::agent::test
