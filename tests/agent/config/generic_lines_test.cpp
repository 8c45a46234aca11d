#include "agent/config/generic_lines.hpp"

#include <gtest/gtest.h>
#include <syslog.h>

#include <string>
#include <vector>

#include "agent/config/load.hpp"

namespace vedette::agent {
namespace {

Loaded load(const std::string& text) { return load_config({text, "", "", Dialect::redis}); }

TEST(ConfigGeneric, AddressesToListenOn) {
  using Addresses = std::vector<std::string>;
  EXPECT_EQ(load("bind 127.0.0.1 ::1").settings.bind, (Addresses{"127.0.0.1", "::1"}));
  EXPECT_EQ(load("bind \"127.0.0.1 ::1\"").settings.bind, (Addresses{"127.0.0.1", "::1"}));
  EXPECT_TRUE(load("bind \"\"").settings.bind.empty());
  EXPECT_TRUE(load("bind").settings.bind.empty());
}

std::string problem_with(const std::string& line) {
  try {
    load(line);
    return {};
  } catch (const ConfigError& error) {
    return error.message;
  }
}

TEST(ConfigGeneric, InputLimits) {
  const Settings settings = load("proto-max-bulk-len 2mb\nclient-query-buffer-limit 4mb").settings;
  EXPECT_EQ(settings.input.bulk, 2097152U);
  EXPECT_EQ(problem_with("proto-max-bulk-len 1m"),
            "argument must be between 1048576 and 9223372036854775807 inclusive");
  EXPECT_EQ(problem_with("proto-max-bulk-len x"), "argument must be a memory value");
}

TEST(ConfigGeneric, ProcessTitle) {
  EXPECT_FALSE(load("set-proc-title no").settings.set_proc_title);
  EXPECT_EQ(load("proc-title-template \"{title}\"").settings.proc_title_template, "{title}");
  EXPECT_EQ(problem_with("proc-title-template \"{foo}\""),
            "template format is invalid or contains unknown variables");
}

TEST(ConfigGeneric, SystemLog) {
  const Settings settings =
      load("syslog-enabled yes\nsyslog-ident me\nsyslog-facility LOCAL3").settings;
  EXPECT_TRUE(settings.syslog);
  EXPECT_EQ(settings.syslog_ident, "me");
  EXPECT_EQ(settings.syslog_facility, LOG_LOCAL3);
  EXPECT_FALSE(load("").settings.syslog);
}

TEST(ConfigGeneric, OutputLimits) {
  const Settings settings =
      load("client-output-buffer-limit normal 1mb 2k 10 replica 1 1 1").settings;
  EXPECT_EQ(settings.normal_output.hard, 1048576U);
  EXPECT_EQ(settings.normal_output.soft, 2000U);
  EXPECT_EQ(settings.normal_output.patience, std::chrono::seconds{10});
  EXPECT_EQ(settings.pubsub_output.hard, 33554432U);
  EXPECT_EQ(load("client-output-buffer-limit \"pubsub 0 0 0\"").settings.pubsub_output.hard, 0U);
  const auto problem = [](const std::string& words) {
    return problem_with("client-output-buffer-limit " + words);
  };
  EXPECT_EQ(problem("normal 1 1"), "Wrong number of arguments in buffer limit configuration.");
  EXPECT_EQ(problem("foo 1 1 1"), "Invalid client class specified in buffer limit configuration.");
  for (const std::string wrong : {"x 1 1", "1 1 -1", "1x 1 1", "99999999999gb 1 1"}) {
    EXPECT_EQ(problem("normal " + wrong),
              "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
  }
}

}  // namespace
}  // namespace vedette::agent
