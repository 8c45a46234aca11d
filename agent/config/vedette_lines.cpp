#include "agent/config/vedette_lines.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "agent/config/values.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

namespace {

using Problem = std::optional<std::string>;

Problem set_http_bind(const std::string& value, Settings& settings) {
  if (!proto::is_ip_literal(value)) {
    return "vedette http-bind must be an IP address such as 127.0.0.1 or 0.0.0.0, not '" + value +
           "'";
  }
  settings.http_bind = value;
  settings.http_is_configured = true;
  return std::nullopt;
}

Problem set_http_port(const std::string& value, Settings& settings) {
  const auto port = proto::parse_unsigned(value);
  if (!port || *port > 65535) {
    return "vedette http-port must be a number from 0 (no HTTP) to 65535, not '" + value + "'";
  }
  settings.http_port = static_cast<std::uint16_t>(*port);
  settings.http_is_configured = true;
  return std::nullopt;
}

// One decision in which we differ from Sentinel.
template <bool consensus::Policy::*Field>
Problem set_policy(const std::string& value, Settings& settings) {
  const auto yes = parse_yes_no(value);
  if (!yes) return "it must be yes or no, not '" + value + "'";
  settings.policy.*Field = *yes;
  return std::nullopt;
}

Problem set_voters(const std::vector<std::string>& words, Settings& settings) {
  constexpr unsigned most = 1000;
  const auto number = words.size() == 4 ? proto::parse_unsigned(words[3]) : std::nullopt;
  if (!number || *number < 1 || *number > most) {
    return "it must be 'vedette voters <master name> <number of all agents, 1 to 1000>'";
  }
  settings.voters[words[2]] = static_cast<unsigned>(*number);
  return std::nullopt;
}

Problem set_dialect(const std::string& value, Settings& settings) {
  const std::string word = proto::to_lower(value);
  if (word != "redis" && word != "valkey") {
    return "vedette dialect must be redis or valkey, not '" + value + "'";
  }
  settings.dialect = word == "valkey" ? Dialect::valkey : Dialect::redis;
  return std::nullopt;
}

struct Setting {
  std::string_view name;
  Problem (*apply)(const std::string& value, Settings& settings);
};

using consensus::Policy;
constexpr std::array known_settings{
    Setting{"dialect", set_dialect},
    Setting{"http-bind", set_http_bind},
    Setting{"http-port", set_http_port},
    Setting{"abort-when-master-returns", set_policy<&Policy::abort_when_master_returns>},
    Setting{"demote-replaced-master", set_policy<&Policy::demote_replaced_master>},
    Setting{"prefer-promoted-replica", set_policy<&Policy::prefer_promoted_replica>},
    Setting{"limit-authority", set_policy<&Policy::limit_authority>},
    Setting{"refuse-unsaved-votes", set_policy<&Policy::refuse_unsaved_votes>},
};

std::string known_names() {
  std::string names;
  for (const Setting& each : known_settings) {
    names += each.name;
    names += ", ";
  }
  return names + "voters";
}

}  // namespace

std::optional<std::string> apply_vedette(const std::vector<std::string>& words,
                                         Settings& settings) {
  const std::string name = words.size() > 1 ? proto::to_lower(words[1]) : std::string{};
  if (name == "voters") return set_voters(words, settings);
  const auto* const known = std::find_if(known_settings.begin(), known_settings.end(),
                                         [&](const Setting& each) { return each.name == name; });
  if (known == known_settings.end()) {
    return "Unknown vedette setting '" + name + "'; known are " + known_names();
  }
  if (words.size() != 3) return "vedette " + name + " takes exactly one value";
  return known->apply(words[2], settings);
}

}  // namespace vedette::agent
