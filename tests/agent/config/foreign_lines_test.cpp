#include "agent/config/foreign_lines.hpp"

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

struct Line {
  std::string name;
  std::vector<std::string> values;
  std::string problem;  // as redis-sentinel 7.0.15 says it, "" if it starts
};

TEST(ForeignLines, AreJudgedAsByRedis) {
  const Line lines[] = {
      {"io-threads", {"4"}, ""},
      {"io-threads", {"1000"}, "argument must be between 1 and 128 inclusive"},
      {"io-threads", {"x"}, "argument couldn't be parsed into an integer"},
      {"io-threads", {}, "wrong number of arguments"},
      {"io-threads", {"1", "2"}, "wrong number of arguments"},
      {"appendonly", {"YES"}, ""},
      {"appendonly", {"on"}, "argument must be 'yes' or 'no'"},
      {"appendfsync", {"never"}, "argument(s) must be one of the following: everysec, always, no"},
      {"shutdown-on-sigterm", {"NOW", "force"}, ""},
      {"shutdown-on-sigterm", {"now force"}, ""},
      {"shutdown-on-sigterm",
       {""},
       "argument(s) must be one of the following: default, save, nosave, now, force"},
      {"shutdown-on-sigterm",
       {"now", "foo"},
       "argument(s) must be one of the following: default, save, nosave, now, force"},
      {"maxmemory", {"1gb"}, ""},
      {"maxmemory", {"much"}, "argument must be a memory value"},
      {"repl-backlog-size", {"0"}, "argument must be between 1 and 9223372036854775807 inclusive"},
      {"list-max-listpack-size", {"-2"}, ""},
      {"dbfilename", {"dump.rdb"}, ""},
      {"replicaof", {"no"}, "wrong number of arguments"},
      {"save", {}, ""},
      {"latency-tracking-info-percentiles", {"50", "99", "99.9"}, ""},
      {"nosuch", {"x"}, "Bad directive or wrong number of arguments"},
      {"locale-collate", {"C"}, "Bad directive or wrong number of arguments"},
  };
  for (const Line& line : lines) {
    EXPECT_EQ(check_foreign(line.name, line.values, Dialect::redis).value_or(""), line.problem)
        << line.name;
  }
}

TEST(ForeignLines, ValkeyKnowsMore) {
  EXPECT_FALSE(check_foreign("locale-collate", {"C"}, Dialect::valkey));
  EXPECT_TRUE(check_foreign("nosuch", {"C"}, Dialect::valkey));
}

}  // namespace
}  // namespace vedette::agent
