#include "agent/title.hpp"

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

Settings with(const std::string& proc_title_template) {
  Settings settings;
  settings.called_as = "redis-sentinel";
  settings.config_file = "/etc/sentinel.conf";
  settings.proc_title_template = proc_title_template;
  return settings;
}

TEST(Title, AsRedisShowsIt) {
  EXPECT_EQ(make_title(with(Settings{}.proc_title_template)), "redis-sentinel *:26379 [sentinel]");
  EXPECT_EQ(make_title(with("{{{port} {tls-port} {config-file}}")), "{26379 0 /etc/sentinel.conf}");
}

TEST(Title, NamesTheFirstAddressOrTheSocket) {
  Settings settings = with("{listen-addr} {unixsocket}");
  settings.bind = {"10.0.0.5", "::1"};
  settings.unixsocket = "/run/s.sock";
  EXPECT_EQ(make_title(settings), "10.0.0.5:26379 /run/s.sock");
  settings.port = 0;
  EXPECT_EQ(make_title(settings), "/run/s.sock /run/s.sock");
}

TEST(Title, RefusesWhatItCannotFill) {
  for (const std::string wrong : {"", "{title", "{TITLE}", "{title} {foo}", "{}"}) {
    EXPECT_EQ(make_title(with(wrong)), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace vedette::agent
