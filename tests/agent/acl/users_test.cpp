// Users and their permissions: the rules, what they allow, and the ACL commands.
#include "agent/acl/users.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/acl/log.hpp"
#include "agent/commands/permission.hpp"
#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

using acl::User;
using acl::Users;

const std::string hash_of_pw = "30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4";

std::string rules(const std::vector<std::string>& words) {
  Users users;
  const std::string problem = users.set("u", words);
  return problem.empty() ? users.find("u")->text() : problem;
}

std::string refused(const std::string& word, const std::string& why) {
  return "Error in ACL SETUSER modifier '" + word + "': " + why;
}

struct Rules {
  std::vector<std::string> words;
  std::string text;
};

class AclRules : public ::testing::TestWithParam<Rules> {};

// As redis-sentinel 7.0.15 shows them, where that is not its own shortening of lists of commands.
TEST_P(AclRules, AreShownAgain) { EXPECT_EQ(rules(GetParam().words), GetParam().text); }

INSTANTIATE_TEST_SUITE_P(
    Kept, AclRules,
    ::testing::Values(
        Rules{{}, "off resetchannels -@all"},
        Rules{{"on", ">pw", "~*", "&x", "+@all", "-@dangerous", "+sentinel|master", "-client",
               "+client|list"},
              "on #" + hash_of_pw +
                  " ~* resetchannels &x +@all -@dangerous +sentinel|master -client +client|list"},
        Rules{{"reset"}, "off sanitize-payload resetchannels -@all"},
        Rules{{"on", "nopass", "skip-sanitize-payload"},
              "on nopass skip-sanitize-payload resetchannels -@all"},
        Rules{{"allkeys", "allchannels", "allcommands"}, "off ~* &* +@all"},
        Rules{{"+@all", "nocommands", "+PING"}, "off resetchannels -@all +ping"},
        Rules{{"-@all", "+acl|whoami", "+acl", "-acl|whoami"},
              "off resetchannels -@all +acl -acl|whoami"},
        Rules{{"%RW~z", "%R~x", "%W~y", "~z"}, "off ~z %R~x %W~y resetchannels -@all"},
        Rules{{"(+ping", "~a)", "(&x)"},
              "off resetchannels -@all (~a resetchannels -@all +ping) (resetchannels &x -@all)"},
        Rules{{"(+ping)", "clearselectors"}, "off resetchannels -@all"},
        Rules{{">a", ">pw", "<a"}, "off #" + hash_of_pw + " resetchannels -@all"},
        Rules{{">pw", "resetpass"}, "off resetchannels -@all"},
        Rules{{"#" + hash_of_pw, "!" + hash_of_pw}, "off resetchannels -@all"}));

INSTANTIATE_TEST_SUITE_P(
    Refused, AclRules,
    ::testing::Values(
        Rules{{"foo"}, refused("foo", "Syntax error")},
        Rules{{"+nosuch"}, refused("+nosuch", "Unknown command or category name in ACL")},
        Rules{{"+@nosuch"}, refused("+@nosuch", "Unknown command or category name in ACL")},
        Rules{{"+sentinel|nosuch"},
              refused("+sentinel|nosuch", "Unknown command or category name in ACL")},
        Rules{{"<pw"},
              refused("<pw", "The password you are trying to remove from the user does not exist")},
        Rules{{"#zz"},
              refused("#zz",
                      "The password hash must be exactly 64 characters and contain only "
                      "lowercase hexadecimal characters")},
        Rules{{"~*", "~x"},
              refused("~x",
                      "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid "
                      "and does not have any effect. Try 'resetkeys' to start with an empty list "
                      "of patterns")},
        Rules{{"&*", "&x"},
              refused("&x",
                      "Adding a pattern after the * pattern (or the 'allchannels' flag) is not "
                      "valid and does not have any effect. Try 'resetchannels' to start with an "
                      "empty list of channels")},
        Rules{{"%X~q"}, refused("%X~q", "Syntax error")},
        Rules{{"(+ping", "~a"}, "Unmatched parenthesis in acl selector starting at '(+ping'."}));

TEST(Acl, ARefusedRuleChangesNothing) {
  Users users;
  EXPECT_EQ(users.set("u", {"on", "+ping"}), "");
  EXPECT_NE(users.set("u", {"off", "+nosuch"}), "");
  EXPECT_EQ(users.find("u")->text(), "on resetchannels -@all +ping");
  EXPECT_NE(users.set("v", {"+nosuch"}), "");
  EXPECT_EQ(users.find("v"), nullptr);
}

// What a user with these rules may not do: "", a command or a channel.
std::string denied(const std::vector<std::string>& words, const proto::Request& request) {
  Users users;
  EXPECT_EQ(users.set("u", words), "");
  const acl::Denial denial = permission_denied(*users.find("u"), find_request(request), request);
  if (denial.of == acl::Denial::Of::nothing) return "";
  return denial.of == acl::Denial::Of::channel ? "&" + std::string(denial.channel) : "command";
}

TEST(Acl, TheLastRuleAboutACommandCounts) {
  EXPECT_EQ(denied({"+@all"}, {"PING"}), "");
  EXPECT_EQ(denied({"+@all", "-ping"}, {"PING"}), "command");
  EXPECT_EQ(denied({"-@all", "+@connection"}, {"PING"}), "");
  EXPECT_EQ(denied({"+@all", "-@dangerous"}, {"SENTINEL", "MASTERS"}), "command");
  EXPECT_EQ(denied({"+@all", "-@dangerous", "+sentinel|masters"}, {"SENTINEL", "masters"}), "");
  EXPECT_EQ(denied({"+sentinel", "-sentinel|failover"}, {"SENTINEL", "FAILOVER", "m"}), "command");
  EXPECT_EQ(denied({"+sentinel", "-sentinel|failover"}, {"SENTINEL", "RESET", "*"}), "");
  EXPECT_EQ(denied({"+@all", "-@fast"}, {"PING"}), "command");
}

TEST(Acl, RulesAboutACommandHoldForItsOtherName) {
  const struct {
    std::string name;
    proto::Request alias;
  } pairs[] = {{"masters", {"SENTINEL", "PRIMARIES"}},
               {"master", {"SENTINEL", "PRIMARY", "m"}},
               {"get-master-addr-by-name", {"SENTINEL", "GET-PRIMARY-ADDR-BY-NAME", "m"}},
               {"is-master-down-by-addr", {"SENTINEL", "IS-PRIMARY-DOWN-BY-ADDR", "h", "1", "0"}}};
  for (const auto& [name, alias] : pairs) {
    EXPECT_EQ(denied({"+@all", "-sentinel|" + name}, alias), "command") << name;
    EXPECT_EQ(denied({"-@all", "+sentinel|" + name}, alias), "") << name;
    EXPECT_EQ(denied({"-@all", "+sentinel|" + proto::to_lower(alias[1])}, alias), "") << name;
  }
  EXPECT_EQ(denied({"+@all", "-sentinel|slaves"}, {"SENTINEL", "REPLICAS", "m"}), "");
}

TEST(Acl, WhatOpensAConnectionIsForEverybody) {
  EXPECT_EQ(denied({}, {"AUTH", "x"}), "");
  EXPECT_EQ(denied({}, {"HELLO", "3"}), "");
  EXPECT_EQ(denied({}, {"QUIT"}), "");
  EXPECT_EQ(denied({}, {"VEDETTE", "HELLO", "1", my_id}), "");
}

TEST(Acl, Channels) {
  EXPECT_EQ(denied({"+@all"}, {"SUBSCRIBE", "a"}), "&a");
  EXPECT_EQ(denied({"+@all", "&a*"}, {"SUBSCRIBE", "ab", "b"}), "&b");
  EXPECT_EQ(denied({"+@all", "&a*"}, {"PUBLISH", "ab", "x"}), "");
  EXPECT_EQ(denied({"+@all", "&a*"}, {"PSUBSCRIBE", "ab"}), "&ab");  // word for word
  EXPECT_EQ(denied({"+@all", "&a*"}, {"PSUBSCRIBE", "a*"}), "");
  EXPECT_EQ(denied({"+@all", "&*"}, {"PSUBSCRIBE", "*"}), "");
  EXPECT_EQ(denied({"+@all", "&a"}, {"UNSUBSCRIBE", "b"}), "");
}

TEST(Acl, OneSetOfPermissionsMustAllowAllOfIt) {
  EXPECT_EQ(denied({"&a", "(+subscribe)"}, {"SUBSCRIBE", "a"}), "&a");
  EXPECT_EQ(denied({"&a", "(+subscribe &a)"}, {"SUBSCRIBE", "a"}), "");
}

TEST(Acl, LinesMakeTheSameUsersAgain) {
  Users users;
  EXPECT_EQ(users.set("bob", {"on", ">x", "+@all", "-sentinel|failover", "~a*", "&c*"}), "");
  EXPECT_EQ(users.set("eve", {"(+ping ~a)"}), "");
  std::string text;
  for (const std::string& line : users.lines()) text += line + "\n";
  Users again;
  EXPECT_EQ(again.load(text, "/f"), "");
  EXPECT_EQ(again, users);
}

TEST(Acl, TheLogCountsWhatIsTheSameWithinAMinute) {
  acl::Log log(2);
  const auto ping = acl::Refused{acl::Refused::What::command, "ping", "u", "id=1"};
  auto info = ping;
  info.object = "info";
  auto role = ping;
  role.object = "role";
  const Instant start{std::chrono::hours{1}};
  log.add(ping, start);
  log.add(info, start);
  log.add(ping, start + std::chrono::seconds{59});
  ASSERT_EQ(log.entries().size(), 2u);
  EXPECT_EQ(log.entries()[0].refused.object, "ping");
  EXPECT_EQ(log.entries()[0].count, 2u);
  log.add(role, start + std::chrono::seconds{60});
  EXPECT_EQ(log.entries().size(), 2u);
  EXPECT_EQ(log.entries()[0].refused.object, "role");
}

class AclCommands : public ::testing::Test {
 protected:
  std::string run(std::initializer_list<std::string> words) { return agent.run(words); }
  // A second client, logged in.
  std::shared_ptr<Connection> log_in(const std::string& user, const std::string& password) {
    auto client = agent.connect();
    EXPECT_EQ(agent.run_as(*client, {"AUTH", user, password}), "+OK\r\n");
    return client;
  }
  FakeAgent agent;
};

TEST_F(AclCommands, AUserMayDoWhatHeMay) {
  EXPECT_EQ(run({"ACL", "SETUSER", "u", "on", ">p", "+ping", "+subscribe", "&a"}), "+OK\r\n");
  const auto client = log_in("u", "p");
  EXPECT_EQ(agent.run_as(*client, {"PING"}), "+PONG\r\n");
  EXPECT_EQ(agent.run_as(*client, {"ACL", "WHOAMI"}),
            "-NOPERM this user has no permissions to run the 'acl|whoami' command\r\n");
  EXPECT_EQ(agent.run_as(*client, {"SUBSCRIBE", "b"}),
            "-NOPERM this user has no permissions to access one of the channels used as "
            "arguments\r\n");
  agent.settings().dialect = Dialect::valkey;
  EXPECT_EQ(agent.run_as(*client, {"INFO"}),
            "-NOPERM User u has no permissions to run the 'info' command\r\n");
  EXPECT_EQ(agent.run_as(*client, {"SUBSCRIBE", "b"}),
            "-NOPERM No permissions to access a channel\r\n");
}

TEST_F(AclCommands, WhoWaitedForAPasswordNeedsNone) {
  run({"ACL", "SETUSER", "default", "resetpass", ">p"});
  const auto client = agent.connect();
  client->authenticated = false;
  EXPECT_EQ(agent.run_as(*client, {"PING"}), "-NOAUTH Authentication required.\r\n");
  run({"ACL", "SETUSER", "default", "nopass"});
  EXPECT_EQ(agent.run_as(*client, {"PING"}), "+PONG\r\n");
}

TEST_F(AclCommands, RefusalsAreRemembered) {
  run({"ACL", "SETUSER", "u", "on", ">p", "+ping"});
  const auto client = log_in("u", "p");
  agent.run_as(*client, {"INFO"});
  agent.run_as(*client, {"AUTH", "u", "wrong"});
  const proto::Value log = agent.ask({"ACL", "LOG"});
  ASSERT_EQ(log.elements.size(), 2u);
  const auto texts = [](const proto::Value& entry) {
    std::string out;
    for (const proto::Value& each : entry.elements) out += each.text + ' ';
    return out.substr(0, out.find("client-info"));
  };
  EXPECT_EQ(texts(log.elements[0]),
            "count  reason auth context toplevel object AUTH username u age-seconds 0 ");
  EXPECT_EQ(texts(log.elements[1]),
            "count  reason command context toplevel object info username u age-seconds 0 ");
  EXPECT_EQ(agent.ask({"ACL", "LOG", "1"}).elements.size(), 1u);
  EXPECT_EQ(run({"ACL", "LOG", "-1"}), "*0\r\n");
  EXPECT_EQ(run({"ACL", "LOG", "RESET"}), "+OK\r\n");
  EXPECT_EQ(run({"ACL", "LOG"}), "*0\r\n");
  EXPECT_EQ(run({"ACL", "LOG", "x"}), "-ERR value is not an integer or out of range\r\n");
}

TEST_F(AclCommands, WhoIsDeletedIsClosed) {
  run({"ACL", "SETUSER", "u", "on", ">p"});
  const auto client = log_in("u", "p");
  EXPECT_EQ(run({"ACL", "DELUSER", "default"}), "-ERR The 'default' user cannot be removed\r\n");
  EXPECT_EQ(run({"ACL", "DELUSER", "nope", "u"}), ":1\r\n");
  EXPECT_EQ(agent.transport.aborted, 1);
}

TEST_F(AclCommands, WhoMayNotListenAnyMoreIsClosed) {
  run({"ACL", "SETUSER", "u", "on", ">p", "+@all", "&*"});
  const auto client = log_in("u", "p");
  agent.run_as(*client, {"SUBSCRIBE", "x"});
  run({"ACL", "SETUSER", "u", "off"});  // whoever is in stays in
  EXPECT_EQ(agent.transport.aborted, 0);
  run({"ACL", "SETUSER", "u", "resetchannels", "&y"});
  EXPECT_EQ(agent.transport.aborted, 1);
}

TEST_F(AclCommands, DefaultWithAPasswordAsksNewcomers) {
  run({"ACL", "SETUSER", "default", "off"});
  EXPECT_EQ(run({"AUTH", "default", "x"}),
            "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  run({"ACL", "SETUSER", "default", "on", ">pw"});
  EXPECT_FALSE(agent.settings().users.default_user().is_open());
  EXPECT_EQ(run({"AUTH", "pw"}), "+OK\r\n");
}

TEST_F(AclCommands, Shown) {
  EXPECT_EQ(run({"ACL", "LIST"}), "*1\r\n$34\r\nuser default on nopass ~* &* +@all\r\n");
  run({"ACL", "SETUSER", "v", "on", "+ping"});
  EXPECT_EQ(run({"ACL", "USERS"}), "*2\r\n$7\r\ndefault\r\n$1\r\nv\r\n");
  EXPECT_EQ(run({"ACL", "GETUSER", "nope"}), "$-1\r\n");
  run({"HELLO", "3"});
  EXPECT_EQ(run({"ACL", "GETUSER", "v"}),
            "%6\r\n$5\r\nflags\r\n~1\r\n$2\r\non\r\n$9\r\npasswords\r\n*0\r\n$8\r\ncommands\r\n"
            "$11\r\n-@all +ping\r\n$4\r\nkeys\r\n$0\r\n\r\n$8\r\nchannels\r\n$0\r\n\r\n"
            "$9\r\nselectors\r\n*0\r\n");
}

TEST_F(AclCommands, DryRun) {
  run({"ACL", "SETUSER", "v", "on", "+ping", "+publish", "&a"});
  EXPECT_EQ(run({"ACL", "DRYRUN", "default", "info"}), "+OK\r\n");
  EXPECT_EQ(run({"ACL", "DRYRUN", "nope", "ping"}), "-ERR User 'nope' not found\r\n");
  EXPECT_EQ(run({"ACL", "DRYRUN", "v", "nosuch"}), "-ERR Command 'nosuch' not found\r\n");
  EXPECT_EQ(run({"ACL", "DRYRUN", "v", "sentinel", "master"}),
            "-ERR wrong number of arguments for 'sentinel|master' command\r\n");
  EXPECT_EQ(run({"ACL", "DRYRUN", "v", "info"}),
            "$54\r\nThis user has no permissions to run the 'info' command\r\n");
  EXPECT_EQ(run({"ACL", "DRYRUN", "v", "publish", "q", "x"}),
            "$54\r\nThis user has no permissions to access the 'q' channel\r\n");
}

TEST_F(AclCommands, Categories) {
  EXPECT_TRUE(run({"ACL", "CAT"}).starts_with("*21\r\n$8\r\nkeyspace\r\n"));
  EXPECT_EQ(agent.ask({"ACL", "CAT", "FAST"}).elements.size(), 5u);
  EXPECT_EQ(run({"ACL", "CAT", "write"}), "*0\r\n");
  EXPECT_EQ(run({"ACL", "CAT", "foo"}), "-ERR Unknown category 'foo'\r\n");
  EXPECT_EQ(run({"ACL", "CAT", "a", "b"}),
            "-ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP.\r\n");
}

TEST_F(AclCommands, Passwords) {
  EXPECT_EQ(run({"ACL", "GENPASS"}).size(), 5u + 64u + 2u);
  EXPECT_EQ(run({"ACL", "GENPASS", "12"}).substr(0, 4), "$3\r\n");
  EXPECT_NE(run({"ACL", "GENPASS"}), run({"ACL", "GENPASS"}));
  EXPECT_TRUE(run({"ACL", "GENPASS", "0"}).starts_with("-ERR ACL GENPASS argument must be"));
  EXPECT_TRUE(run({"ACL", "GENPASS", "4097"}).starts_with("-ERR ACL GENPASS argument must be"));
}

TEST_F(AclCommands, Names) {
  EXPECT_EQ(run({"ACL", "SETUSER", "a b", "on"}),
            "-ERR Usernames can't contain spaces or null characters\r\n");
  EXPECT_EQ(run({"ACL", "SETUSER", "u", "foo"}),
            "-ERR Error in ACL SETUSER modifier 'foo': Syntax error\r\n");
}

TEST_F(AclCommands, TheFile) {
  const std::string none = "-ERR This Redis instance is not configured to use an ACL file.";
  EXPECT_TRUE(run({"ACL", "SAVE"}).starts_with(none));
  EXPECT_TRUE(run({"ACL", "LOAD"}).starts_with(none));
  agent.settings().aclfile = "/users.acl";
  run({"ACL", "SETUSER", "z", "on"});
  EXPECT_EQ(run({"ACL", "SAVE"}), "+OK\r\n");
  EXPECT_EQ(agent.facade.files["/users.acl"],
            "user default on nopass ~* &* +@all\nuser z on resetchannels -@all\n");
  agent.facade.file_error = "No space left on device";
  EXPECT_TRUE(run({"ACL", "SAVE"}).starts_with("-ERR There was an error trying to save the ACLs"));
  EXPECT_TRUE(
      run({"ACL", "LOAD"}).starts_with("-ERR Error loading ACLs, opening file '/users.acl'"));
}

}  // namespace
}  // namespace vedette::agent::test
