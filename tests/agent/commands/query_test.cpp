// Questions to the agent that are not entries, and the command table itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

using testing::Contains;
using testing::Not;

class Query : public testing::Test {
 protected:
  Query() : group(agent.add_group("mymaster", "127.0.0.1", 31000)) {}
  FakeAgent agent;
  consensus::Group& group;
};

TEST_F(Query, GetMasterAddress) {
  const std::string reply = "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n31000\r\n";
  EXPECT_EQ(agent.run({"SENTINEL", "get-master-addr-by-name", "mymaster"}), reply);
  EXPECT_EQ(agent.run({"SENTINEL", "GET-PRIMARY-ADDR-BY-NAME", "mymaster"}), reply);
  group.master().subjectively_down = true;
  EXPECT_EQ(agent.run({"SENTINEL", "get-master-addr-by-name", "mymaster"}), reply);
}

TEST_F(Query, InfoCache) {
  consensus::Node& replica = agent.add_replica(group, "127.0.0.1", 31001);
  EXPECT_EQ(agent.run({"SENTINEL", "INFO-CACHE", "nope"}), "*0\r\n");
  EXPECT_EQ(agent.run({"SENTINEL", "INFO-CACHE", "nope", "mymaster"}),
            "*2\r\n$8\r\nmymaster\r\n*2\r\n*2\r\n:0\r\n$-1\r\n*2\r\n:0\r\n$-1\r\n");
  replica.info_at = agent.facade.now_ - std::chrono::seconds{3};
  replica.info_text = std::make_shared<const std::string>("# Server\r\n");
  EXPECT_EQ(agent.run({"SENTINEL", "INFO-CACHE", "mymaster"}),
            "*2\r\n$8\r\nmymaster\r\n*2\r\n*2\r\n:0\r\n$-1\r\n*2\r\n:3000\r\n$10\r\n# Server"
            "\r\n\r\n");
}

TEST_F(Query, PendingScripts) {
  EXPECT_EQ(agent.run({"SENTINEL", "PENDING-SCRIPTS"}), "*0\r\n");
  agent.facade.scripts = {{{"/s", "a"}, 42, std::chrono::milliseconds{7}, 1},
                          {{"/t"}, 0, std::chrono::milliseconds{900}, 2}};
  agent.run({"HELLO", "3"});
  EXPECT_EQ(agent.run({"SENTINEL", "PENDING-SCRIPTS"}),
            "*2\r\n%5\r\n$4\r\nargv\r\n*2\r\n$2\r\n/s\r\n$1\r\na\r\n$5\r\nflags\r\n"
            "$7\r\nrunning\r\n$3\r\npid\r\n$2\r\n42\r\n$8\r\nrun-time\r\n$1\r\n7\r\n"
            "$9\r\nretry-num\r\n$1\r\n1\r\n"
            "%5\r\n$4\r\nargv\r\n*1\r\n$2\r\n/t\r\n$5\r\nflags\r\n"
            "$9\r\nscheduled\r\n$3\r\npid\r\n$1\r\n0\r\n$9\r\nrun-delay\r\n$3\r\n900\r\n"
            "$9\r\nretry-num\r\n$1\r\n2\r\n");
}

TEST_F(Query, SimulateFailure) {
  EXPECT_EQ(
      agent.run({"SENTINEL", "SIMULATE-FAILURE", "crash-after-election", "CRASH-AFTER-PROMOTION"}),
      "+OK\r\n");
  EXPECT_NE(agent.run({"INFO", "sentinel"}).find("sentinel_simulate_failure_flags:3"),
            std::string::npos);
  EXPECT_EQ(agent.run({"SENTINEL", "SIMULATE-FAILURE", "help"}),
            "*2\r\n$20\r\ncrash-after-election\r\n$21\r\ncrash-after-promotion\r\n");
  EXPECT_EQ(agent.facade.failures.flags(), 0);
  EXPECT_EQ(agent.run({"SENTINEL", "SIMULATE-FAILURE", "foo"}),
            "-ERR Unknown failure simulation specified\r\n");
}

TEST_F(Query, RoleAndMyId) {
  agent.add_group("another", "127.0.0.1", 31001);
  const std::string role = "*2\r\n$8\r\nsentinel\r\n*2\r\n$7\r\nanother\r\n$8\r\nmymaster\r\n";
  EXPECT_EQ(agent.run({"ROLE"}), role);
  agent.run({"HELLO", "3"});
  EXPECT_EQ(agent.run({"ROLE"}), role);
  EXPECT_EQ(agent.run({"SENTINEL", "MYID"}), "$40\r\n" + my_id + "\r\n");
}

TEST_F(Query, NothingMonitored) {
  FakeAgent empty;
  EXPECT_EQ(empty.run({"SENTINEL", "MASTERS"}), "*0\r\n");
  EXPECT_EQ(empty.run({"ROLE"}), "*2\r\n$8\r\nsentinel\r\n*0\r\n");
}

TEST_F(Query, CheckQuorum) {
  const std::string quorum =
      "Not enough available Sentinels to reach the specified quorum for this master";
  const std::string majority =
      "Not enough available Sentinels to reach the majority and authorize a failover";
  agent.add_peer(group, peer_id, "127.0.0.1", 31101);
  auto& second = agent.add_peer(group, other_id, "127.0.0.1", 31102);
  EXPECT_EQ(agent.run({"SENTINEL", "CKQUORUM", "mymaster"}),
            "+OK 3 usable Sentinels. Quorum and failover authorization can be reached\r\n");
  second.subjectively_down = true;
  EXPECT_EQ(agent.run({"SENTINEL", "CKQUORUM", "mymaster"}),
            "+OK 2 usable Sentinels. Quorum and failover authorization can be reached\r\n");
  group.options.quorum = 3;
  EXPECT_EQ(agent.run({"SENTINEL", "CKQUORUM", "mymaster"}),
            "-NOQUORUM 2 usable Sentinels. " + quorum + "\r\n");
  group.peers.begin()->second.subjectively_down = true;
  EXPECT_EQ(agent.run({"SENTINEL", "CKQUORUM", "mymaster"}),
            "-NOQUORUM 1 usable Sentinels. " + quorum + ". " + majority + "\r\n");
  group.options.quorum = 1;
  EXPECT_EQ(agent.run({"SENTINEL", "CKQUORUM", "mymaster"}),
            "-NOQUORUM 1 usable Sentinels. " + majority + "\r\n");
}

TEST_F(Query, IsMasterDown) {
  agent.facade.vote.down = true;
  EXPECT_EQ(agent.run({"SENTINEL", "is-master-down-by-addr", "127.0.0.1", "31000", "0", "*"}),
            "*3\r\n:1\r\n$1\r\n*\r\n:0\r\n");
  ASSERT_EQ(agent.facade.votes_asked.size(), 1U);
  EXPECT_EQ(agent.facade.votes_asked[0].master, (proto::Address{"127.0.0.1", 31000}));
  EXPECT_FALSE(agent.facade.votes_asked[0].candidate);
}

TEST_F(Query, AVoteThatWaitsForTheDiskHoldsBackTheConnection) {
  agent.facade.answer_later = true;
  agent.facade.vote = {true, run_id(peer_id), proto::Epoch{5}};
  EXPECT_EQ(agent.run({"SENTINEL", "IS-PRIMARY-DOWN-BY-ADDR", "127.0.0.1", "31000", "5", peer_id}),
            "");
  EXPECT_TRUE(agent.client->suspended);
  agent.facade.answer_all();
  EXPECT_FALSE(agent.client->suspended);
  EXPECT_EQ(agent.transport.resumed, 1);
  EXPECT_EQ(FakeAgent::received(*agent.client), "*3\r\n:1\r\n$40\r\n" + peer_id + "\r\n:5\r\n");
}

TEST_F(Query, AnAnswerForSomeoneWhoLeftIsDropped) {
  agent.facade.answer_later = true;
  agent.run({"SENTINEL", "is-master-down-by-addr", "127.0.0.1", "31000", "5", peer_id});
  agent.clients.remove(agent.client->id);
  agent.client.reset();
  agent.facade.answer_all();
}

TEST_F(Query, ForgedVotesAreAskedWithoutCandidate) {
  agent.run({"SENTINEL", "is-master-down-by-addr", "127.0.0.1", "31000", "-1", peer_id});
  agent.run({"SENTINEL", "is-master-down-by-addr", "127.0.0.1", "31000", "1", "notarunid"});
  for (const auto& query : agent.facade.votes_asked) EXPECT_FALSE(query.candidate);
}

TEST_F(Query, VedetteHello) {
  EXPECT_EQ(agent.run({"VEDETTE", "HELLO", "1", peer_id}),
            "*3\r\n$7\r\nvedette\r\n$1\r\n1\r\n$40\r\n" + my_id + "\r\n");
}

TEST_F(Query, HelpIsAnArrayOfSimpleStrings) {
  for (const char* container : {"SENTINEL", "CLIENT", "COMMAND", "ACL"}) {
    const proto::Value help = agent.ask({container, "HELP"});
    ASSERT_GT(help.elements.size(), 3U);
    const std::string name = container;
    EXPECT_EQ(help.elements.front().text,
              name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    EXPECT_EQ(help.elements[help.elements.size() - 2].text, "HELP");
    EXPECT_EQ(help.elements.back().text, "    Prints this help.");
    for (const auto& line : help.elements) EXPECT_EQ(line.type, proto::Value::Type::simple);
  }
}

TEST_F(Query, CommandTableIsThatOf7015) {
  EXPECT_EQ(agent.run({"COMMAND", "COUNT"}), ":15\r\n");
  const auto names = texts(agent.ask({"COMMAND", "LIST"}));
  EXPECT_EQ(names.size(), 72U);
  EXPECT_THAT(names, Contains("sentinel|get-master-addr-by-name"));
  for (const char* hidden : {"quit", "reset", "vedette", "sentinel|primary", "client|setinfo"}) {
    EXPECT_THAT(names, Not(Contains(std::string(hidden))));
  }
  EXPECT_EQ(agent.ask({"COMMAND"}).elements.size(), 15U);
  EXPECT_EQ(agent.ask({"COMMAND", "DOCS"}).elements.size(), 30U);
}

TEST_F(Query, CommandInfo) {
  EXPECT_EQ(agent.run({"COMMAND", "INFO", "ping", "vedette", "get"}),
            "*3\r\n*10\r\n$4\r\nping\r\n:-1\r\n*1\r\n+fast\r\n:0\r\n:0\r\n:0\r\n*2\r\n+@fast\r\n"
            "+@connection\r\n*2\r\n$25\r\nrequest_policy:all_shards\r\n"
            "$29\r\nresponse_policy:all_succeeded\r\n*0\r\n*0\r\n$-1\r\n$-1\r\n");
  const proto::Value sentinel = agent.ask({"COMMAND", "INFO", "sentinel"}).elements.at(0);
  ASSERT_EQ(sentinel.elements.size(), 10U);
  EXPECT_EQ(sentinel.elements[1].integer, -2);
  EXPECT_EQ(sentinel.elements[9].elements.size(), 21U);
  agent.run({"HELLO", "3"});
  EXPECT_TRUE(
      agent.run({"COMMAND", "INFO", "role"}).starts_with("*1\r\n*10\r\n$4\r\nrole\r\n:1\r\n~4"));
  EXPECT_EQ(agent.run({"COMMAND", "INFO", "nope"}), "*1\r\n_\r\n");
}

TEST_F(Query, CommandListFilters) {
  EXPECT_EQ(texts(agent.ask({"COMMAND", "LIST", "FILTERBY", "PATTERN", "*subscribe"})).size(), 4U);
  EXPECT_EQ(agent.run({"COMMAND", "LIST", "FILTERBY", "MODULE", "x"}), "*0\r\n");
  EXPECT_EQ(texts(agent.ask({"COMMAND", "LIST", "FILTERBY", "ACLCAT", "pubsub"})).size(), 5U);
  EXPECT_EQ(agent.run({"COMMAND", "LIST", "x"}), "-ERR syntax error\r\n");
}

TEST_F(Query, CommandDocsOmitsUnknownNames) {
  EXPECT_EQ(agent.run({"COMMAND", "DOCS", "nope", "quit"}), "*0\r\n");
  const proto::Value docs = agent.ask({"COMMAND", "DOCS", "ping"});
  ASSERT_EQ(docs.elements.size(), 2U);
  EXPECT_EQ(docs.elements[0].text, "ping");
}

}  // namespace
}  // namespace vedette::agent::test
