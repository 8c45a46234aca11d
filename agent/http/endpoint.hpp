// Where the HTTP listener belongs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/config/settings.hpp"

namespace vedette::agent {

struct HttpEndpoint {
  std::string host;        // an IP literal
  std::uint16_t port = 0;  // 0 = there is no listener
  bool configured =
      false;  // the operator wrote it in the file: failing to bind it is then an error
  bool operator==(const HttpEndpoint&) const = default;
};

// VEDETTE_HTTP_BIND and VEDETTE_HTTP_PORT; nullopt = not set. An image sets them for whoever runs
// it, so they do not count as configured.
struct HttpEnvironment {
  std::optional<std::string> bind;
  std::optional<std::string> port;
};

// The lines of the file, else the environment, else the first `bind` address if it is loopback,
// otherwise 127.0.0.1, and the RESP port (tls-port if port is 0) + 1000; none when that is above
// 65535 or both ports are 0. A port in the environment that is not 0..65535 is passed over.
[[nodiscard]] HttpEndpoint http_endpoint(const Settings& settings,
                                         const HttpEnvironment& environment = {});

}  // namespace vedette::agent
