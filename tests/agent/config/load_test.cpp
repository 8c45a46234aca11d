#include "agent/config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

namespace vedette::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string master = "sentinel monitor m 127.0.0.1 6379 2\n";
const std::string id_a(40, 'a');
const std::string id_b(40, 'b');

Loaded load(const std::string& text) { return load_config({text, "", "", Dialect::redis}); }

std::optional<ConfigError> error_of(const ConfigSources& sources) {
  try {
    load_config(sources);
    return std::nullopt;
  } catch (const ConfigError& error) {
    return error;
  }
}

// The working directory is put back: `dir` changes it.
class ConfigLoad : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "config_load.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    before_ = fs::current_path();
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(directory_);
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }
  fs::path directory_;
  fs::path before_;
};

TEST_F(ConfigLoad, DefaultsOfAnEmptyFile) {
  const Loaded loaded = load("");
  EXPECT_EQ(loaded.settings.port, 26379);
  EXPECT_FALSE(loaded.settings.protected_mode);
  EXPECT_EQ(loaded.settings.bind, (std::vector<std::string>{"*", "-::*"}));
  EXPECT_FALSE(loaded.has_id);
  EXPECT_EQ(loaded.durable.my_id.text().size(), 40U);
  EXPECT_NE(load("").durable.my_id, loaded.durable.my_id);
  EXPECT_TRUE(loaded.warnings.empty());
}

struct BadLine {
  const char* text;
  std::size_t line;
  const char* message;
};

// Messages and places as redis-sentinel 7.0.15 gives them.
TEST_F(ConfigLoad, ErrorsOfTheOriginal) {
  const BadLine cases[] = {
      {"port 99999", 1, "argument must be between 0 and 65535 inclusive"},
      {"port abc", 1, "argument couldn't be parsed into an integer"},
      {"\n# c\nport", 3, "wrong number of arguments"},
      {"port 1 2", 1, "wrong number of arguments"},
      {"foo bar", 1, "Bad directive or wrong number of arguments"},
      {"bind a\"b", 1, "Unbalanced quotes in configuration line"},
      {"dir /nonexistent", 1, "No such file or directory"},
      {"loglevel foo", 1,
       "argument(s) must be one of the following: debug, verbose, notice, warning"},
      {"supervised foo", 1, "argument(s) must be one of the following: upstart, systemd, auto, no"},
      {"daemonize foo", 1, "argument must be 'yes' or 'no'"},
      {"protected-mode 1", 1, "argument must be 'yes' or 'no'"},
      {"syslog-enabled maybe", 1, "argument must be 'yes' or 'no'"},
      {"syslog-facility foo", 1,
       "argument(s) must be one of the following: user, local0, local1, local2, local3, local4, "
       "local5, local6, local7"},
      {"bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 1, "Too many bind addresses specified."},
      {"maxclients 0", 1, "argument must be between 1 and 4294967295 inclusive"},
      {"timeout -1", 1, "argument must be between 0 and 2147483647 inclusive"},
      {"tcp-keepalive -5", 1, "argument must be between 0 and 2147483647 inclusive"},
      {"requirepass a b", 1, "wrong number of arguments"},
      // A plain directive is judged before every sentinel line.
      {"sentinel monitor m 127.0.0.1 6379 0\nport x", 2,
       "argument couldn't be parsed into an integer"},
      {"sentinel foo bar", 1, "Unrecognized sentinel configuration statement."},
      // ... and a monitor line before what is unknown.
      {"sentinel foo bar\nsentinel monitor m 127.0.0.1 6379 0", 2, "Quorum must be 1 or greater."},
      {"sentinel monitor m 127.0.0.1 6379 1 # x", 1,
       "Unrecognized sentinel configuration statement."},
      {"sentinel monitor m 127.0.0.1 70000 1", 1, "Invalid port number."},
      {"sentinel monitor m 127.0.0.1 -1 1", 1, "Invalid port number."},
      {"sentinel monitor m nohost.invalid 6379 1", 1, "Can't resolve instance hostname."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel monitor m 127.0.0.1 1 1", 2,
       "Duplicate master name."},
      {"sentinel down-after-milliseconds x 10", 1, "No such master with specified name."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel down-after-milliseconds M 10", 2,
       "No such master with specified name."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel down-after-milliseconds m 0", 2,
       "negative or zero time parameter."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel failover-timeout m abc", 2,
       "negative or zero time parameter."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel master-reboot-down-after-period m -1", 2,
       "negative time parameter."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel notification-script m /nonexistent", 2,
       "Notification script seems non existing or non executable."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel client-reconfig-script m /nonexistent", 2,
       "Client reconfiguration script seems non existing or non executable."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel rename-command m a b\n"
       "sentinel rename-command m A c",
       3, "Same command renamed multiple times with rename-command."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel known-replica m 127.0.0.1 99999", 2,
       "Invalid port number."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel known-replica m 127.0.0.1", 2,
       "Unrecognized sentinel configuration statement."},
      {"sentinel monitor m 127.0.0.1 1 1\nsentinel known-sentinel m 127.0.0.1 99999 abc", 2,
       "Invalid port number."},
      {"sentinel myid abc", 1, "Malformed Sentinel id in myid option."},
      {"sentinel deny-scripts-reconfig foo", 1,
       "Please specify yes or no for the deny-scripts-reconfig options."},
      {"sentinel resolve-hostnames foo", 1,
       "Please specify yes or no for the resolve-hostnames option."},
      {"sentinel announce-hostnames foo", 1,
       "Please specify yes or no for the announce-hostnames option."},
      {"sentinel announce-port", 1, "Unrecognized sentinel configuration statement."},
      {"unixsocket", 1, "wrong number of arguments"},
      {"unixsocketperm 888", 1, "argument couldn't be parsed as an octal number"},
      {"unixsocketperm 1000", 1, "argument must be between 0 and 777 inclusive"},
      {"unixsocketperm -1", 1, "argument must be between 0 and 777 inclusive"},
      {"rename-command PING", 1, "Bad directive or wrong number of arguments"},
      {"rename-command CONFIG \"\"", 1, "No such command in rename-command"},
      {"rename-command QUIT x", 1, "No such command in rename-command"},
      {"rename-command PING INFO", 1, "Target command name already exists"},
      {"rename-command PING X\nrename-command INFO x", 2, "Target command name already exists"},
  };
  for (const BadLine& c : cases) {
    const auto error = error_of({c.text, "", "", Dialect::redis});
    ASSERT_TRUE(error) << c.text;
    EXPECT_EQ(error->line, c.line) << c.text;
    EXPECT_EQ(error->message, c.message) << c.text;
    EXPECT_EQ(error->where, ConfigError::Where::line) << c.text;
  }
}

TEST_F(ConfigLoad, TheErrorBlockHasFiveLines) {
  const auto error = error_of({"port 7001\nfoo  bar\n", "", "", Dialect::redis});
  ASSERT_TRUE(error);
  EXPECT_EQ(error_block(*error, Dialect::redis),
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n"
            "Reading the configuration file, at line 2\n"
            ">>> 'foo  bar'\n"
            "Bad directive or wrong number of arguments\n");
}

TEST_F(ConfigLoad, LinesCountOverFileStandardInputAndCommandLine) {
  const auto with_newline = error_of({"port 7001\n", "", "foo \"bar\"", Dialect::redis});
  EXPECT_EQ(with_newline->line, 3U);
  EXPECT_EQ(with_newline->text, "foo \"bar\"");
  EXPECT_EQ(error_of({"port 7001", "", "foo \"bar\"", Dialect::redis})->line, 2U);
  EXPECT_EQ(error_of({"port 7001\n", "timeout 1\n", "foo \"bar\"", Dialect::redis})->line, 4U);
  const Loaded loaded =
      load_config({"port 1\n", "port 2\ntimeout 9\n", "port \"3\"\nsentinel", Dialect::redis});
  EXPECT_EQ(loaded.settings.port, 3);
  EXPECT_EQ(loaded.settings.timeout_seconds, 9U);
}

TEST_F(ConfigLoad, AnOptionMayStandBeforeItsMaster) {
  const Loaded loaded = load(
      "SENTINEL Down-After-Milliseconds m 5000\n"
      "sentinel failover-timeout m 60000x\nsentinel parallel-syncs m -3\n"
      "sentinel auth-pass m \"a b\"\nsentinel auth-user m u\n"
      "sentinel rename-command m CONFIG \"\"\n" +
      master);
  ASSERT_EQ(loaded.durable.groups.size(), 1U);
  const auto& group = loaded.durable.groups.front();
  EXPECT_EQ(group.options.down_after, consensus::milliseconds{5000});
  EXPECT_EQ(group.options.failover_timeout, consensus::milliseconds{60000});
  EXPECT_EQ(group.options.parallel_syncs, -3);
  EXPECT_EQ(group.options.quorum, 2U);
  const auto& settings = loaded.settings.groups.at("m");
  EXPECT_EQ(settings.auth_pass, "a b");
  EXPECT_EQ(settings.auth_user, "u");
  EXPECT_EQ(settings.renamed_commands.at("config"), "");
}

TEST_F(ConfigLoad, StateIsReadBack) {
  const Loaded loaded = load(master + "sentinel myid " + id_a +
                             "\nsentinel config-epoch m 7\nsentinel leader-epoch m 9\n"
                             "sentinel current-epoch 3\n"
                             "sentinel known-replica m 10.0.0.2 6380\n"
                             "sentinel known-slave m 10.0.0.3 6380\n"
                             "sentinel known-replica m 10.0.0.2 6380\n"
                             "sentinel known-sentinel m 10.0.0.4 26379 " +
                             id_b + "\nsentinel known-sentinel m 10.0.0.5 26379\n" +
                             "sentinel known-sentinel m 10.0.0.6 26379 " + id_a + "\n");
  EXPECT_TRUE(loaded.has_id);
  EXPECT_EQ(loaded.durable.my_id.text(), id_a);
  EXPECT_EQ(number(loaded.durable.current_epoch), 9U);
  const auto& group = loaded.durable.groups.front();
  EXPECT_EQ(number(group.config_epoch), 7U);
  EXPECT_EQ(number(group.vote.epoch), 9U);
  EXPECT_EQ(group.vote.voted_for, std::nullopt);
  ASSERT_EQ(group.replicas.size(), 2U);  // the repeated one is merged
  ASSERT_EQ(group.peers.size(), 1U);     // neither the old form nor ourselves
  EXPECT_EQ(group.peers.front().id.text(), id_b);
  EXPECT_EQ(loaded.warnings.size(), 1U);
}

TEST_F(ConfigLoad, AVoteCommentCountsOnlyIfNotOlderThanLeaderEpoch) {
  const auto vote = [&](const std::string& lines) {
    return load(lines + master).durable.groups.front().vote;
  };
  const std::string leader = "sentinel leader-epoch m 9\n";
  EXPECT_EQ(vote(leader + "# vedette:vote m 9 " + id_b + "\n").voted_for->text(), id_b);
  EXPECT_EQ(vote(leader + "# vedette:vote m 8 " + id_b + "\n").voted_for, std::nullopt);
  EXPECT_EQ(number(vote(leader + "# vedette:vote m 8 " + id_b + "\n").epoch), 9U);
  EXPECT_EQ(vote(leader + "# vedette:vote other 9 " + id_b + "\n").voted_for, std::nullopt);
  EXPECT_EQ(vote(leader + "# vedette:vote m x " + id_b + "\n").voted_for, std::nullopt);
  EXPECT_EQ(vote(leader + "# vedette:vote m 9 \"" + id_b + "\n").voted_for, std::nullopt);
}

TEST_F(ConfigLoad, OurOtherComments) {
  const Loaded loaded = load("# vedette:replaced m 10.0.0.9 6379 " + id_b +
                             "\n# vedette:replid m abcdef\n# vedette:later m 1 2 3\n" + master);
  const auto& group = loaded.durable.groups.front();
  EXPECT_EQ(group.replaced->address, (proto::Address{"10.0.0.9", 6379}));
  EXPECT_EQ(group.replaced->run_id->text(), id_b);
  EXPECT_EQ(group.replid, "abcdef");
}

TEST_F(ConfigLoad, ForgedEpochsAreNotBelieved) {
  const Loaded loaded = load(master + "sentinel current-epoch 18446744073709551615\n" +
                             "sentinel leader-epoch m -1\nsentinel config-epoch m 4\n");
  EXPECT_EQ(number(loaded.durable.current_epoch), 4U);
  EXPECT_EQ(number(loaded.durable.groups.front().vote.epoch), 0U);
  EXPECT_EQ(loaded.warnings.size(), 2U);
}

TEST_F(ConfigLoad, GroupsAreOrderedByName) {
  const Loaded loaded = load(
      "sentinel monitor b 127.0.0.1 1 1\nsentinel monitor \"a b\" 127.0.0.1 2 1\n"
      "sentinel monitor \"\" 127.0.0.1 0 1\n");
  ASSERT_EQ(loaded.durable.groups.size(), 3U);
  EXPECT_EQ(loaded.durable.groups[0].name, "");
  EXPECT_EQ(loaded.durable.groups[1].name, "a b");
  EXPECT_EQ(loaded.durable.groups[2].name, "b");
}

TEST_F(ConfigLoad, HostNamesNeedTheirOption) {
  const Loaded loaded =
      load("sentinel monitor m redis.example 6379 2\nsentinel resolve-hostnames yes\n");
  EXPECT_EQ(loaded.durable.groups.front().master.host, "redis.example");
}

TEST_F(ConfigLoad, DirectivesOfADataServerAreTakenWithAWarning) {
  const Loaded loaded = load("save 900 1\nappendonly yes\nloadmodule x.so\nPORT 1\n");
  EXPECT_EQ(loaded.warnings.size(), 3U);
  EXPECT_THAT(loaded.warnings.front(), HasSubstr("'save' is ignored"));
}

TEST_F(ConfigLoad, OwnCommandsAreRenamed) {
  const Loaded loaded = load(
      "rename-command Ping Ring\nrename-command INFO ping\n"
      "rename-command ACL \"\"\n");
  const std::map<std::string, std::string> expected{
      {"ping", "Ring"}, {"info", "ping"}, {"acl", ""}};
  EXPECT_EQ(loaded.settings.renamed_commands, expected);
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST_F(ConfigLoad, WhatSentinelWritesIntoEveryFileIsSilent) {
  const Loaded loaded = load("protected-mode no\ndir \"" + directory_.string() +
                             "\"\nlatency-tracking-info-percentiles 50 99 99.9\n"
                             "user default on nopass ~* &* +@all\nacllog-max-len 128\n");
  EXPECT_TRUE(loaded.warnings.empty()) << loaded.warnings.front();
  EXPECT_EQ(fs::current_path(), directory_);
}

TEST_F(ConfigLoad, OwnSettings) {
  const Loaded loaded = load("vedette http-bind 0.0.0.0\nvedette http-port 8080\n");
  EXPECT_EQ(loaded.settings.http_bind, "0.0.0.0");
  EXPECT_EQ(loaded.settings.http_port, 8080);
  EXPECT_TRUE(loaded.settings.http_is_configured);
  EXPECT_FALSE(load("").settings.http_is_configured);
  EXPECT_THAT(error_of({"vedette htp-port 1", "", "", Dialect::redis})->message,
              HasSubstr("known are dialect, http-bind, http-port, "));
  EXPECT_THAT(error_of({"vedette http-port x", "", "", Dialect::redis})->message,
              HasSubstr("from 0 (no HTTP) to 65535, not 'x'"));
}

TEST_F(ConfigLoad, Users) {
  const std::string hash = "#" + std::string(64, 'a');
  const Loaded loaded = load("user default on sanitize-payload " + hash +
                             " ~* &* +@all\nuser ops on nopass +@all\nrequirepass x\n");
  // Wherever it stands, the line of the user counts more than requirepass.
  EXPECT_EQ(loaded.settings.users.default_user().text(),
            "on sanitize-payload " + hash + " ~* &* +@all");
  EXPECT_EQ(loaded.settings.users.find("ops")->text(), "on nopass resetchannels +@all");
  EXPECT_EQ(loaded.settings.requirepass, "x");
  EXPECT_TRUE(load("requirepass x\n").settings.users.default_user().may_log_in("x"));
  EXPECT_FALSE(load("requirepass x\n").settings.users.default_user().is_open());
}

TEST_F(ConfigLoad, MistakesInUsers) {
  const auto message = [&](const std::string& text) {
    return error_of({text, "", "", Dialect::redis})->message;
  };
  EXPECT_EQ(message("user"), "Bad directive or wrong number of arguments");
  EXPECT_EQ(message("user bob on bad"), "Error in user declaration 'bob': Syntax error at 'bad'");
  EXPECT_EQ(message("user bob +get"),
            "Error in user declaration 'bob': Unknown command or category name in ACL at '+get'");
  EXPECT_THAT(message("user bob on\naclfile /etc/redis/users.acl"),
              HasSubstr("Remove the `user` lines or the `aclfile` line"));
  EXPECT_THAT(message("user bob on\nuser bob off"), HasSubstr("Duplicate user found. A user"));
  EXPECT_EQ(message("user \"b b\" on"), "Spaces not allowed in ACL usernames: 'b b'");
  EXPECT_THAT(message("acl-pubsub-default x"), HasSubstr("allchannels, resetchannels"));
}

TEST_F(ConfigLoad, TheUsersOfAFile) {
  Settings settings;
  settings.aclfile = (directory_ / "users.acl").string();
  EXPECT_THAT(load_users(settings), HasSubstr("Error loading ACLs, opening file"));
  std::ofstream(settings.aclfile) << "user bob on nopass\n";
  EXPECT_EQ(load_users(settings), "");
  EXPECT_NE(settings.users.find("bob"), nullptr);
}

TEST_F(ConfigLoad, WhereWeDecideDifferentlyCanBeSwitchedOff) {
  EXPECT_EQ(load("").settings.policy, consensus::Policy{});
  const consensus::Policy off{false, false, false, false, false};
  const Loaded loaded = load(
      "vedette abort-when-master-returns no\nvedette demote-replaced-master no\n"
      "vedette prefer-promoted-replica no\nvedette limit-authority no\n"
      "vedette refuse-unsaved-votes no\n");
  EXPECT_EQ(loaded.settings.policy, off);
  EXPECT_THAT(error_of({"vedette limit-authority maybe", "", "", Dialect::redis})->message,
              HasSubstr("must be yes or no, not 'maybe'"));
}

TEST_F(ConfigLoad, VotersOfAMaster) {
  const std::string line = "vedette voters m 5\nvedette voters later 3\n";
  const Loaded loaded = load(line + master);
  EXPECT_EQ(loaded.durable.groups.at(0).options.voters, 5U);
  EXPECT_EQ(loaded.settings.voters.at("later"), 3U);
  EXPECT_EQ(load(master).durable.groups.at(0).options.voters, 0U);
  for (const char* bad : {"m 0", "m x", "m", "m 3 4", "m 1001"}) {
    EXPECT_THAT(error_of({"vedette voters " + std::string(bad), "", "", Dialect::redis})->message,
                HasSubstr("vedette voters <master name>"));
  }
  EXPECT_EQ(load(master + "# vedette:voters m 7\n").durable.groups.at(0).voters, 7U);
  EXPECT_EQ(load(master + "# vedette:voters m x\n").durable.groups.at(0).voters, 0U);
}

TEST_F(ConfigLoad, Include) {
  const std::string part = write("part.conf", master + "timeout 5\n");
  EXPECT_EQ(load("include " + part + "\ntimeout 6\n").settings.timeout_seconds, 6U);
  EXPECT_EQ(load("include " + part).durable.groups.size(), 1U);
  EXPECT_EQ(load("include " + directory_.string() + "/*.conf").durable.groups.size(), 1U);
  EXPECT_EQ(load("include " + directory_.string() + "/*.none").durable.groups.size(), 0U);

  const auto missing = error_of({"include /nonexistent/x", "", "", Dialect::redis});
  EXPECT_EQ(missing->where, ConfigError::Where::log);
  EXPECT_EQ(missing->message,
            "Fatal error, can't open config file '/nonexistent/x': No such file or directory");

  const std::string loop = write("loop", "include " + directory_.string() + "/loop\n");
  EXPECT_THAT(error_of({"include " + loop, "", "", Dialect::redis})->message,
              HasSubstr("include itself"));
}

// After the first save the master of an included file stands in the main file as well.
TEST_F(ConfigLoad, TheMainFileKnowsAnIncludedMasterBetter) {
  const std::string part = write("part.conf", master);
  const Loaded loaded = load("include " + part + "\nsentinel monitor m 127.0.0.1 6380 2\n");
  EXPECT_EQ(loaded.durable.groups.front().master.port, 6380);
  const Loaded reversed = load("sentinel monitor m 127.0.0.1 6380 2\ninclude " + part + "\n");
  EXPECT_EQ(reversed.durable.groups.front().master.port, 6380);
}

TEST_F(ConfigLoad, WhatOthersAreTold) {
  EXPECT_EQ(announced(load("port 5\n").settings).port, 5);
  const auto own =
      announced(load("sentinel announce-ip 1.2.3.4\nsentinel announce-port 7\n").settings);
  EXPECT_EQ(own.host, "1.2.3.4");
  EXPECT_EQ(own.port, 7);
}

}  // namespace
}  // namespace vedette::agent
