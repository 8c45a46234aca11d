// What each HTTP path answers, without the network.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/facade.hpp"
#include "agent/http/metrics.hpp"
#include "agent/server/traffic.hpp"

namespace vedette::agent {

struct HttpSources {
  const Facade& facade;
  const Traffic& traffic;
  const EventCounts& events;
  std::size_t connected_clients = 0;
};

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;  // of a 405
};

// `method` as on the wire; `target` may carry a query, which nothing here looks at.
[[nodiscard]] HttpAnswer answer_http(const HttpSources& sources, std::string_view method,
                                     std::string_view target);

}  // namespace vedette::agent
