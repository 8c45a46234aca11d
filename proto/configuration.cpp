#include "proto/configuration.hpp"

#include <string>

namespace vedette::proto {

namespace {

// The value behind a name; nullptr if there is none.
const std::string* field(const Value& reply, std::string_view name) {
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    const Value& value = reply.elements[i + 1];
    if (reply.elements[i].text == name && value.is_text()) return &value.text;
  }
  return nullptr;
}

}  // namespace

std::optional<Configuration> parse_master_reply(const Value& reply) {
  if (!reply.is_aggregate()) return std::nullopt;
  const std::string* const host = field(reply, "ip");
  const std::string* const port = field(reply, "port");
  const std::string* const epoch = field(reply, "config-epoch");
  if (host == nullptr || port == nullptr || epoch == nullptr) return std::nullopt;
  const auto port_number = parse_port(*port);
  const auto config_epoch = parse_epoch(*epoch);
  if (!port_number || !config_epoch) return std::nullopt;
  return Configuration{{canonical_host(*host), *port_number}, *config_epoch};
}

}  // namespace vedette::proto
