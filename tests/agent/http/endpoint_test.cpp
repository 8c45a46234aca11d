#include "agent/http/endpoint.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vedette::agent {
namespace {

struct Row {
  const char* what;
  Settings settings;
  HttpEnvironment environment;
  HttpEndpoint expected;
};

Settings with(std::vector<std::string> bind, std::uint16_t port, std::uint16_t tls_port = 0) {
  Settings settings;
  settings.bind = std::move(bind);
  settings.port = port;
  settings.tls_port = tls_port;
  return settings;
}

Settings configured(Settings settings, std::optional<std::string> bind,
                    std::optional<std::uint16_t> port) {
  settings.http_bind = std::move(bind);
  settings.http_port = port;
  settings.http_is_configured = true;
  return settings;
}

TEST(HttpEndpointTest, Table) {
  const Settings plain = with({"*", "-::*"}, 26379);
  const HttpEnvironment image{"0.0.0.0", "27379"};
  const Row rows[] = {
      {"the defaults", plain, {}, {"127.0.0.1", 27379, false}},
      {"first bind is loopback", with({"127.0.0.2", "10.0.0.1"}, 26380), {}, {"127.0.0.2", 27380}},
      {"with a dash", with({"-::1"}, 26380), {}, {"::1", 27380}},
      {"first bind is not loopback", with({"10.0.0.1", "127.0.0.1"}, 5), {}, {"127.0.0.1", 1005}},
      {"a name is no loopback address", with({"127.evil.example"}, 5), {}, {"127.0.0.1", 1005}},
      {"nothing bound", with({}, 5), {}, {"127.0.0.1", 1005}},
      {"TLS only", with({"*"}, 0, 26379), {}, {"127.0.0.1", 27379}},
      {"no port at all", with({"*"}, 0), {}, {"127.0.0.1", 0}},
      {"no room above", with({"*"}, 64536), {}, {"127.0.0.1", 0}},
      {"the last that fits", with({"*"}, 64535), {}, {"127.0.0.1", 65535}},
      {"environment", plain, image, {"0.0.0.0", 27379, false}},
      {"empty environment", plain, {"", ""}, {"127.0.0.1", 27379}},
      {"senseless environment", plain, {std::nullopt, "65536"}, {"127.0.0.1", 27379}},
      {"environment switches off", plain, {std::nullopt, "0"}, {"127.0.0.1", 0}},
      {"lines", configured(plain, "10.0.0.1", 80), image, {"10.0.0.1", 80, true}},
      {"a line for the port only", configured(plain, {}, 80), {}, {"127.0.0.1", 80, true}},
      {"a line and the environment", configured(plain, {}, 80), image, {"0.0.0.0", 80, true}},
      {"a line switches off", configured(plain, {}, 0), image, {"0.0.0.0", 0, true}},
  };
  for (const Row& row : rows) {
    const HttpEndpoint endpoint = http_endpoint(row.settings, row.environment);
    EXPECT_EQ(endpoint, row.expected)
        << row.what << ": " << endpoint.host << ':' << endpoint.port << ' ' << endpoint.configured;
  }
}

}  // namespace
}  // namespace vedette::agent
