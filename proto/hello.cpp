#include "proto/hello.hpp"

#include <array>
#include <cstddef>

namespace vedette::proto {

namespace {

constexpr std::size_t field_count = 8;

std::optional<std::array<std::string_view, field_count>> split_fields(std::string_view payload) {
  std::array<std::string_view, field_count> fields;
  for (std::size_t i = 0; i < field_count; ++i) {
    const std::size_t comma = payload.find(',');
    const bool last = i + 1 == field_count;
    if ((comma == std::string_view::npos) != last) return std::nullopt;
    fields[i] = payload.substr(0, comma);
    if (!last) payload.remove_prefix(comma + 1);
  }
  return fields;
}

std::optional<Address> parse_address(std::string_view host, std::string_view port) {
  const auto number = parse_port(port);
  if (!number || !is_plausible_host(host)) return std::nullopt;
  return Address{canonical_host(host), *number};
}

}  // namespace

std::optional<Hello> parse_hello(std::string_view payload) {
  if (has_control_characters(payload)) return std::nullopt;
  const auto fields = split_fields(payload);
  if (!fields) return std::nullopt;
  const auto& [host, port, id, epoch, name, master_host, master_port, config_epoch] = *fields;

  auto agent = parse_address(host, port);
  auto agent_id = RunId::parse(id);
  const auto current = parse_epoch(epoch);
  auto master = parse_address(master_host, master_port);
  const auto config = parse_epoch(config_epoch);
  if (!agent || !agent_id || !current || name.empty() || !master || !config) return std::nullopt;
  return Hello{*agent, *agent_id, *current, std::string{name}, *master, *config};
}

std::string format_hello(const Hello& hello) {
  std::string text;
  text += hello.agent.host;
  text += ',';
  text += std::to_string(hello.agent.port);
  text += ',';
  text += hello.agent_id.text();
  text += ',';
  text += std::to_string(number(hello.current_epoch));
  text += ',';
  text += hello.master_name;
  text += ',';
  text += hello.master.host;
  text += ',';
  text += std::to_string(hello.master.port);
  text += ',';
  text += std::to_string(number(hello.config_epoch));
  return text;
}

}  // namespace vedette::proto
