#include "agent/http/endpoint.hpp"

#include <string_view>

#include "proto/types.hpp"

namespace vedette::agent {

namespace {

constexpr std::string_view fallback_host = "127.0.0.1";
constexpr unsigned port_distance = 1000;
constexpr unsigned highest_port = 65535;

bool is_loopback(std::string_view host) {
  return host == "::1" || (host.starts_with("127.") && proto::is_ip_literal(host));
}

std::string default_host(const Settings& settings) {
  if (settings.bind.empty()) return std::string(fallback_host);
  std::string_view first = settings.bind.front();
  if (first.starts_with('-')) first.remove_prefix(1);
  return std::string(is_loopback(first) ? first : fallback_host);
}

// 0 when there is no room for it.
std::uint16_t default_port(const Settings& settings) {
  const unsigned base = settings.port != 0 ? settings.port : settings.tls_port;
  if (base == 0 || base + port_distance > highest_port) return 0;
  return static_cast<std::uint16_t>(base + port_distance);
}

std::optional<std::uint16_t> read_port(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const auto port = proto::parse_unsigned(*text);
  if (!port || *port > highest_port) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

HttpEndpoint http_endpoint(const Settings& settings, const HttpEnvironment& environment) {
  HttpEndpoint endpoint;
  endpoint.configured = settings.http_is_configured;
  const bool bind_is_set = environment.bind && !environment.bind->empty();
  if (settings.http_bind) {
    endpoint.host = *settings.http_bind;
  } else {
    endpoint.host = bind_is_set ? *environment.bind : default_host(settings);
  }
  const std::optional<std::uint16_t> from_environment = read_port(environment.port);
  if (settings.http_port) {
    endpoint.port = *settings.http_port;
  } else {
    endpoint.port = from_environment ? *from_environment : default_port(settings);
  }
  return endpoint;
}

}  // namespace vedette::agent
