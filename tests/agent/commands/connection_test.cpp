// What a connection says about itself: HELLO, AUTH, CLIENT and the ways to end it.
#include <gtest/gtest.h>

#include <string>

#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

const std::string wrong_password =
    "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
const std::string hello_tail =
    "$2\r\nid\r\n:1\r\n$4\r\nmode\r\n$8\r\nsentinel\r\n$7\r\nmodules\r\n*0\r\n";
const std::string hello_head =
    "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n";

TEST(Ping, Answers) {
  FakeAgent agent;
  EXPECT_EQ(agent.run({"PING"}), "+PONG\r\n");
  EXPECT_EQ(agent.run({"ping", "x"}), "$1\r\nx\r\n");
}

TEST(HelloCommand, SwitchesTheProtocolInItsOwnReply) {
  FakeAgent agent;
  EXPECT_EQ(agent.run({"HELLO"}), "*12\r\n" + hello_head + ":2\r\n" + hello_tail);
  EXPECT_EQ(agent.run({"HELLO", "3"}), "%6\r\n" + hello_head + ":3\r\n" + hello_tail);
  EXPECT_EQ(agent.run({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "nope"}), "_\r\n");
  EXPECT_EQ(agent.run({"HELLO", "2"}), "*12\r\n" + hello_head + ":2\r\n" + hello_tail);
}

TEST(HelloCommand, MistakesLeaveTheVersion) {
  FakeAgent agent;
  EXPECT_EQ(agent.run({"HELLO", "4"}), "-NOPROTO unsupported protocol version\r\n");
  EXPECT_EQ(agent.run({"HELLO", "x"}),
            "-ERR Protocol version is not an integer or out of range\r\n");
  EXPECT_EQ(agent.run({"HELLO", "3", "foo"}), "-ERR Syntax error in HELLO option 'foo'\r\n");
  EXPECT_EQ(agent.run({"HELLO", "3", "AUTH", "u"}), "-ERR Syntax error in HELLO option 'AUTH'\r\n");
  EXPECT_EQ(agent.run({"HELLO", "3", "SETNAME", "a b"}),
            "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
  EXPECT_EQ(agent.run({"HELLO", "3", "AUTH", "u", "p"}), wrong_password);
  EXPECT_EQ(agent.client->version, proto::RespVersion::v2);
}

TEST(HelloCommand, LogsInAndNames) {
  FakeAgent agent;
  agent.settings().users.require_password("secret");
  agent.client->authenticated = false;
  EXPECT_TRUE(
      agent.run({"HELLO", "3"})
          .starts_with("-NOAUTH HELLO must be called with the client already authenticated"));
  EXPECT_EQ(agent.run({"HELLO", "3", "AUTH", "default", "wrong"}), wrong_password);
  EXPECT_TRUE(agent.run({"HELLO", "3", "AUTH", "default", "secret", "SETNAME", "me"})
                  .starts_with("%6\r\n"));
  EXPECT_EQ(agent.run({"CLIENT", "GETNAME"}), "$2\r\nme\r\n");
}

TEST(Auth, Table) {
  FakeAgent agent;
  EXPECT_TRUE(agent.run({"AUTH", "x"})
                  .starts_with("-ERR AUTH <password> called without any password configured"));
  EXPECT_EQ(agent.run({"AUTH", "default", "whatever"}), "+OK\r\n");
  agent.settings().users.require_password("secret");
  agent.client->authenticated = false;
  EXPECT_EQ(agent.run({"AUTH", "wrong"}), wrong_password);
  EXPECT_EQ(agent.run({"AUTH", ""}), wrong_password);
  EXPECT_EQ(agent.run({"AUTH", "secret2"}), wrong_password);
  EXPECT_EQ(agent.run({"AUTH", "nobody", "secret"}), wrong_password);
  EXPECT_EQ(agent.run({"AUTH", "a", "b", "c"}), "-ERR syntax error\r\n");
  EXPECT_EQ(agent.run({"PING"}), "-NOAUTH Authentication required.\r\n");
  EXPECT_EQ(agent.run({"AUTH", "secret"}), "+OK\r\n");
  EXPECT_EQ(agent.run({"AUTH", "wrong"}), wrong_password);
  EXPECT_EQ(agent.run({"PING"}), "+PONG\r\n") << "a failed AUTH keeps the old login";
}

TEST(Client, NamesAndNumbers) {
  FakeAgent agent;
  EXPECT_EQ(agent.run({"CLIENT", "ID"}), ":1\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "GETNAME"}), "$-1\r\n");
  EXPECT_EQ(agent.run({"client", "setname", "sentinel-9540dbe2-cmd"}), "+OK\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "GETNAME"}), "$21\r\nsentinel-9540dbe2-cmd\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "SETNAME", ""}), "+OK\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "GETNAME"}), "$-1\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "SETINFO", "LIB-NAME", "ioredis"}), "+OK\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "NO-EVICT", "on"}), "+OK\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "NO-TOUCH", "on"}), "+OK\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "GETREDIR"}), ":-1\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "UNBLOCK", "7"}), ":0\r\n");
}

TEST(Client, InfoLineHasTheFieldsOf7015InOrder) {
  FakeAgent agent;
  agent.run({"CLIENT", "SETNAME", "me"});
  const std::string line = agent.ask({"CLIENT", "INFO"}).text;
  EXPECT_TRUE(
      line.starts_with("id=1 addr=127.0.0.1:50001 laddr=127.0.0.1:26379 fd=-1 name=me "
                       "age=0 idle=0 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=0 "
                       "qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 "))
      << line;
  EXPECT_TRUE(line.ends_with(" events=r cmd=client|info user=default redir=-1 resp=2\n")) << line;
  agent.run({"HELLO", "3"});
  EXPECT_TRUE(agent.run({"CLIENT", "INFO"}).starts_with("="));
}

TEST(Client, ListAndKill) {
  FakeAgent agent;
  const auto second = agent.connect();
  const auto third = agent.connect();
  FakeTransport wire;
  third->transport = &wire;
  const auto count_lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(count_lines(agent.ask({"CLIENT", "LIST"}).text), 3);
  EXPECT_EQ(count_lines(agent.ask({"CLIENT", "LIST", "ID", "2", "3", "9"}).text), 2);
  EXPECT_EQ(agent.run({"CLIENT", "LIST", "TYPE", "pubsub"}), "$0\r\n\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "KILL", "ID", "3"}), ":1\r\n");
  EXPECT_EQ(wire.aborted, 1);
  EXPECT_EQ(agent.run({"CLIENT", "KILL", third->peer}), "+OK\r\n");
  EXPECT_EQ(wire.aborted, 2);
  EXPECT_EQ(agent.run({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"}), ":3\r\n");
  EXPECT_TRUE(agent.client->closing) << "the asker is closed behind its answer";
}

TEST(Client, ReplyModes) {
  FakeAgent agent;
  EXPECT_EQ(agent.run({"CLIENT", "REPLY", "SKIP"}), "");
  EXPECT_EQ(agent.run({"PING"}), "");
  EXPECT_EQ(agent.run({"PING"}), "+PONG\r\n");
  EXPECT_EQ(agent.run({"CLIENT", "REPLY", "OFF"}), "");
  EXPECT_EQ(agent.run({"PING"}), "");
  EXPECT_EQ(agent.run({"FOO"}), "");
  EXPECT_EQ(agent.run({"CLIENT", "REPLY", "ON"}), "+OK\r\n");
  EXPECT_EQ(agent.run({"PING"}), "+PONG\r\n");
}

TEST(Ending, QuitResetShutdown) {
  FakeAgent agent;
  agent.settings().users.require_password("secret");
  agent.run({"HELLO", "3"});
  agent.run({"CLIENT", "SETNAME", "me"});
  agent.run({"SUBSCRIBE", "a"});
  EXPECT_EQ(agent.run({"RESET"}), "+RESET\r\n");
  EXPECT_EQ(agent.client->version, proto::RespVersion::v2);
  EXPECT_EQ(agent.client->name, "");
  EXPECT_FALSE(agent.client->authenticated);
  EXPECT_EQ(agent.publisher.channel_count(), 0U);

  EXPECT_EQ(agent.run({"QUIT"}), "+OK\r\n");
  EXPECT_TRUE(agent.client->closing);
}

TEST(Ending, ShutdownSyntax) {
  const std::vector<proto::Request> good = {
      {"SHUTDOWN"}, {"SHUTDOWN", "NOSAVE"}, {"shutdown", "save", "now", "force"}};
  for (const auto& words : good) {
    FakeAgent agent;
    EXPECT_EQ(agent.run_as(*agent.client, words), "");
    EXPECT_EQ(agent.facade.shutdowns.size(), 1U);
    EXPECT_TRUE(agent.client->closing);
  }
}

}  // namespace
}  // namespace vedette::agent::test
