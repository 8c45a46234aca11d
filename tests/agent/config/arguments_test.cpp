#include "agent/config/arguments.hpp"

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

using Action = Arguments::Action;

Arguments parse(std::vector<std::string> argv) { return parse_arguments(argv, "/srv/dir"); }

TEST(Arguments, SentinelModeFollowsTheNameOrTheOption) {
  EXPECT_EQ(parse({"vedette", "s.conf"}).action, Action::run);
  EXPECT_FALSE(parse({"vedette", "s.conf"}).called_as_redis);
  EXPECT_EQ(parse({"/usr/bin/my-redis-sentinel-x", "s.conf"}).action, Action::run);
  EXPECT_EQ(parse({"valkey-sentinel", "s.conf"}).dialect, Dialect::valkey);
  EXPECT_EQ(parse({"redis-server", "s.conf", "--sentinel"}).action, Action::run);
  EXPECT_TRUE(parse({"redis-server", "s.conf", "--sentinel"}).called_as_redis);
  EXPECT_EQ(parse({"redis-server", "s.conf", "--port", "0", "--sentinel"}).action, Action::run);
  const Arguments refused = parse({"redis-server", "redis.conf"});
  EXPECT_EQ(refused.action, Action::refuse);
  EXPECT_NE(refused.refusal.find("--sentinel"), std::string::npos) << refused.refusal;
}

TEST(Arguments, VersionAndHelp) {
  EXPECT_EQ(parse({"redis-server", "-v"}).action, Action::version);
  EXPECT_EQ(parse({"vedette", "--help"}).action, Action::help);
  EXPECT_EQ(version_line(parse({"redis-sentinel", "--version"}))
                .find("Redis server v=7.0.15 sha=00000000:0 malloc=libc bits=64 build="),
            0U);
  EXPECT_NE(version_line(parse({"vedette", "-v"})).find("(redis 7.0.15 dialect)"),
            std::string::npos);
}

TEST(Arguments, TheVersionNamesWhatItIsCalledAs) {
  EXPECT_TRUE(version_line(parse({"redis-server", "-v"})).starts_with("Redis server v=7.0.15 "));
  EXPECT_TRUE(version_line(parse({"valkey-server", "-v"})).starts_with("Valkey server v=8.1.0 "));
}

TEST(Arguments, TheFileIsMadeAbsolute) {
  EXPECT_EQ(parse({"vedette", "s.conf"}).config_file, "/srv/dir/s.conf");
  EXPECT_EQ(parse({"vedette", " /etc/s.conf "}).config_file, "/etc/s.conf");
  EXPECT_EQ(parse({"vedette", "../s.conf"}).config_file, "/srv/s.conf");
  EXPECT_EQ(parse({"vedette"}).config_file, "");
  EXPECT_EQ(parse({"vedette", "--sentinel"}).config_file, "");
}

TEST(Arguments, OptionsBecomeDirectives) {
  EXPECT_EQ(parse({"vedette", "f", "--port", "1"}).directives, "port \"1\"");
  EXPECT_EQ(parse({"vedette", "f", "--port 1"}).directives, "port 1");
  EXPECT_EQ(parse({"vedette", "f", "foo", "bar"}).directives, "\"foo\" \"bar\"");
  EXPECT_EQ(parse({"vedette", "f", "--sentinel", "--loglevel", "debug"}).directives,
            "sentinel\nloglevel \"debug\"");
  EXPECT_EQ(parse({"vedette", "f", "--sentinel", "auth-pass", "m", "a\"b\n"}).directives,
            "sentinel \"auth-pass\" \"m\" \"a\\\"b\\x0a\"");
}

TEST(Arguments, AnOptionTakesTheNextWordAsItsValue) {
  EXPECT_EQ(parse({"vedette", "f", "--requirepass", "--secret", "--port", "1"}).directives,
            "requirepass \"--secret\"\nport \"1\"");
  EXPECT_EQ(parse({"vedette", "f", "--requirepass a", "--port 1"}).directives,
            "requirepass a\nport 1");
  EXPECT_EQ(parse({"vedette", "f", "--save", "--port", "1"}).directives, "save\nport \"1\"");
}

TEST(Arguments, ALoneDashReadsStandardInput) {
  EXPECT_TRUE(parse({"vedette", "f", "-"}).read_stdin);
  EXPECT_TRUE(parse({"vedette", "-"}).read_stdin);
  const Arguments last = parse({"vedette", "f", "--port", "1", "-"});
  EXPECT_TRUE(last.read_stdin);
  EXPECT_EQ(last.directives, "port \"1\"");
  EXPECT_FALSE(parse({"vedette", "f"}).read_stdin);
}

}  // namespace
}  // namespace vedette::agent
