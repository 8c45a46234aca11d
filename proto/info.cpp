#include "proto/info.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

namespace vedette::proto {

namespace {

constexpr std::size_t npos = std::string_view::npos;

// A century: far beyond any real outage, and small enough to be added to a point in time.
constexpr std::int64_t max_link_down_seconds = std::int64_t{100} * 366 * 24 * 3600;

template <typename Number>
void set_integer(Number& field, std::string_view text) {
  const auto value = parse_integer(text);
  if (!value) return;
  constexpr auto low = std::int64_t{std::numeric_limits<Number>::min()};
  constexpr auto high = std::int64_t{std::numeric_limits<Number>::max()};
  if (*value >= low && *value <= high) field = static_cast<Number>(*value);
}

std::string replication_id(std::string_view text) {
  if (!RunId::parse(text)) return {};
  return std::string{text};
}

void set_role(InfoSnapshot& info, std::string_view text) {
  if (text == "master") info.role = Role::master;
  if (text == "slave") info.role = Role::replica;
}

void set_second_replid(InfoSnapshot& info, std::string_view text) {
  const bool unset = text.find_first_not_of('0') == npos;
  info.replid2 = unset ? std::string{} : replication_id(text);
}

void set_link_down(InfoSnapshot& info, std::string_view text) {
  const auto seconds = parse_integer(text);
  if (!seconds || *seconds < -1) return;
  info.master_link_down_for = std::chrono::seconds{std::min(*seconds, max_link_down_seconds)};
}

struct Field {
  std::string_view name;
  void (*set)(InfoSnapshot&, std::string_view);
};

using Info = InfoSnapshot;
using Text = std::string_view;

constexpr std::array fields{
    Field{"run_id", [](Info& info, Text text) { info.run_id = RunId::parse(text); }},
    Field{"role", set_role},
    Field{"redis_version", [](Info& info, Text text) { info.redis_version = text; }},
    Field{"loading", [](Info& info, Text text) { info.loading |= text == "1"; }},
    Field{"async_loading", [](Info& info, Text text) { info.loading |= text == "1"; }},
    Field{"master_replid", [](Info& info, Text text) { info.replid = replication_id(text); }},
    Field{"master_replid2", set_second_replid},
    Field{"master_repl_offset",
          [](Info& info, Text text) { set_integer(info.master_repl_offset, text); }},
    Field{"second_repl_offset",
          [](Info& info, Text text) { set_integer(info.second_repl_offset, text); }},
    Field{"master_host",
          [](Info& info, Text text) {
            info.master.host = is_plausible_host(text) ? canonical_host(text) : "";
          }},
    Field{"master_port",
          [](Info& info, Text text) { info.master.port = parse_port(text).value_or(0); }},
    Field{"master_link_status", [](Info& info, Text text) { info.master_link_up = text == "up"; }},
    Field{"master_sync_in_progress",
          [](Info& info, Text text) { info.sync_in_progress = text == "1"; }},
    Field{"master_link_down_since_seconds", set_link_down},
    Field{"slave_priority", [](Info& info, Text text) { set_integer(info.priority, text); }},
    Field{"slave_repl_offset",
          [](Info& info, Text text) { set_integer(info.replica_repl_offset, text); }},
    Field{"replica_announced", [](Info& info, Text text) { info.announced = text != "0"; }},
};

// The value of `key` in "a=1,b=2", or "" if it is not there.
std::string_view named_value(std::string_view list, std::string_view key) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view item = list.substr(0, comma);
    if (item.starts_with(key) && item.substr(key.size()).starts_with('=')) {
      return item.substr(key.size() + 1);
    }
    list = comma == npos ? std::string_view{} : list.substr(comma + 1);
  }
  return {};
}

bool is_replica_key(std::string_view key) {
  constexpr std::string_view prefix = "slave";
  if (!key.starts_with(prefix) || key.size() == prefix.size()) return false;
  key.remove_prefix(prefix.size());
  return std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void add_replica(InfoSnapshot& info, std::string_view text) {
  std::string_view host = named_value(text, "ip");
  std::string_view port = named_value(text, "port");
  const bool positional = text.find('=') == npos;
  if (positional) {
    const std::size_t comma = text.find(',');
    if (comma == npos) return;
    host = text.substr(0, comma);
    port = text.substr(comma + 1);
    port = port.substr(0, port.find(','));
  }
  const auto number = parse_port(port);
  if (number && is_plausible_host(host)) {
    info.replicas.push_back(Address{canonical_host(host), *number});
  }
}

void read_line(InfoSnapshot& info, std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::string_view text = line.substr(colon + 1);
  if (is_replica_key(name)) {
    add_replica(info, text);
    return;
  }
  const auto* const field = std::find_if(fields.begin(), fields.end(),
                                         [&](const Field& known) { return known.name == name; });
  if (field != fields.end() && !has_control_characters(text)) field->set(info, text);
}

std::optional<RoleSnapshot> parse_master_role(const std::vector<Value>& items) {
  if (items.size() < 3 || items[1].type != Value::Type::integer || !items[2].is_aggregate()) {
    return std::nullopt;
  }
  RoleSnapshot snapshot;
  snapshot.role = Role::master;
  snapshot.offset = items[1].integer;
  return snapshot;
}

std::optional<RoleSnapshot> parse_replica_role(const std::vector<Value>& items) {
  if (items.size() < 5) return std::nullopt;
  const Value& host = items[1];
  const Value& port = items[2];
  const Value& state = items[3];
  const Value& offset = items[4];
  const bool types = host.is_text() && port.type == Value::Type::integer && state.is_text() &&
                     offset.type == Value::Type::integer;
  if (!types || !is_plausible_host(host.text) || has_control_characters(state.text)) {
    return std::nullopt;
  }
  if (port.integer < 1 || port.integer > 0xFFFF) return std::nullopt;
  return RoleSnapshot{Role::replica, offset.integer,
                      Address{canonical_host(host.text), static_cast<std::uint16_t>(port.integer)},
                      state.text};
}

}  // namespace

InfoSnapshot parse_info(std::string_view text) {
  InfoSnapshot info;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    read_line(info, line);
    text = end == npos ? std::string_view{} : text.substr(end + 1);
  }
  if (info.master_link_up) info.master_link_down_for = std::chrono::milliseconds{0};
  return info;
}

std::optional<RoleSnapshot> parse_role(const Value& reply) {
  if (reply.type != Value::Type::array || reply.elements.empty()) return std::nullopt;
  const Value& role = reply.elements.front();
  if (!role.is_text()) return std::nullopt;
  if (role.text == "master") return parse_master_role(reply.elements);
  if (role.text == "slave") return parse_replica_role(reply.elements);
  return std::nullopt;
}

}  // namespace vedette::proto
