// SENTINEL CONFIG: settings of the whole process. Several parameters in one call are allowed, as
// from Redis 7.2 on; a call is judged as a whole before any of it is applied. Reference:
// sentinel-protocol.md section 3.14.
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/commands/handlers.hpp"
#include "agent/commands/orders.hpp"
#include "agent/config/addresses.hpp"
#include "agent/config/load.hpp"
#include "proto/glob.hpp"

namespace vedette::agent::commands {

namespace {

constexpr std::string_view usage =
    "ERR Only SENTINEL CONFIG GET <option> / SET <option> <value> are supported.";
constexpr std::string_view usage_of_valkey =
    "ERR Only SENTINEL CONFIG GET <param> [<param> <param> ...] / SET <param> <value> [<param> "
    "<value> ...] are supported.";

struct Level {
  std::string_view word;
  std::optional<consensus::Level> level;
};
constexpr Level levels[] = {{"debug", consensus::Level::debug},
                            {"verbose", consensus::Level::verbose},
                            {"notice", consensus::Level::notice},
                            {"warning", consensus::Level::warning},
                            {"nothing", std::nullopt}};

std::string yes_or_no(bool value) { return value ? "yes" : "no"; }

std::optional<bool> parse_yes_or_no(const std::string& word) {
  if (is_word(word, "yes")) return true;
  if (is_word(word, "no")) return false;
  return std::nullopt;
}

bool set_flag(bool& target, const std::string& word) {
  const auto value = parse_yes_or_no(word);
  if (value) target = *value;
  return value.has_value();
}

bool set_port(Settings& settings, const std::string& word) {
  const auto port = proto::parse_integer(word);
  if (!port || *port < 0 || *port > 65535) return false;
  settings.announce_port = static_cast<std::uint16_t>(*port);
  return true;
}

bool set_level(Settings& settings, const std::string& word) {
  for (const Level& level : levels) {
    if (!is_word(word, level.word)) continue;
    settings.loglevel = level.level;
    return true;
  }
  return false;
}

std::string level_word(const Settings& settings) {
  for (const Level& level : levels) {
    if (level.level == settings.loglevel) return std::string(level.word);
  }
  return {};
}

struct Parameter {
  std::string_view name;
  std::string (*get)(const Settings&);
  bool (*set)(Settings&, const std::string&);  // false: invalid value
  bool only_valkey_lists_it = false;           // Redis 7.0.15 does not have it
};

constexpr Parameter parameters[] = {
    {"resolve-hostnames", [](const Settings& s) { return yes_or_no(s.resolve_hostnames); },
     [](Settings& s, const std::string& v) { return set_flag(s.resolve_hostnames, v); }},
    {"announce-hostnames", [](const Settings& s) { return yes_or_no(s.announce_hostnames); },
     [](Settings& s, const std::string& v) { return set_flag(s.announce_hostnames, v); }},
    {"announce-ip", [](const Settings& s) { return s.announce_ip; },
     [](Settings& s, const std::string& v) {
       s.announce_ip = v;
       return v.find_first_of(", ") == std::string::npos;
     }},
    {"announce-port", [](const Settings& s) { return std::to_string(s.announce_port); }, set_port},
    {"sentinel-user", [](const Settings& s) { return s.sentinel_user; },
     [](Settings& s, const std::string& v) {
       s.sentinel_user = v;
       return true;
     }},
    {"sentinel-pass", [](const Settings& s) { return s.sentinel_pass; },
     [](Settings& s, const std::string& v) {
       s.sentinel_pass = v;
       return true;
     }},
    {"loglevel", level_word, set_level, true},
};

const Parameter* find_parameter(const std::string& name) {
  for (const Parameter& parameter : parameters) {
    if (is_word(name, parameter.name)) return &parameter;
  }
  return nullptr;
}

void get(Call& call) {
  const Settings& settings = call.facade().settings();
  std::vector<const Parameter*> shown;
  for (const Parameter& parameter : parameters) {
    for (std::size_t i = 3; i < call.size(); ++i) {
      const bool hidden = parameter.only_valkey_lists_it && settings.dialect == Dialect::redis &&
                          !is_word(call.words[i], parameter.name);
      if (hidden) continue;
      if (!proto::glob_match(call.words[i], parameter.name, proto::CaseRule::ignore)) continue;
      shown.push_back(&parameter);
      break;
    }
  }
  proto::ReplyWriter reply = call.reply();
  reply.map(shown.size());
  for (const Parameter* parameter : shown) {
    reply.bulk(parameter->name);
    reply.bulk(parameter->get(settings));
  }
}

// Applies the words to `settings`; the error, or "".
std::string apply(Call& call, Settings& settings) {
  std::set<std::string_view> seen;
  for (std::size_t i = 3; i < call.size(); i += 2) {
    const std::string& name = call.words[i];
    const Parameter* parameter = find_parameter(name);
    if (parameter == nullptr) {
      return "ERR Invalid argument '" + name + "' to SENTINEL CONFIG SET";
    }
    if (!seen.insert(parameter->name).second) {
      return "ERR Duplicate argument '" + name + "' to SENTINEL CONFIG SET";
    }
    if (i + 1 == call.size()) return "ERR Missing argument '" + name + "' value";
    if (!parameter->set(settings, call.words[i + 1])) {
      return "ERR Invalid value '" + call.words[i + 1] + "' to SENTINEL CONFIG SET '" + name + "'";
    }
  }
  return {};
}

// The file could not say where that host is, and not be started from again.
std::string still_needed(const std::string& name) {
  return "ERR resolve-hostnames is still needed: the address of '" + name +
         "' is not known yet. Wait until it is, or REMOVE its master first";
}

void set(Call& call) {
  if (refuse_control_characters(call, "CONFIG SET")) return;
  Settings changed = call.facade().settings();
  const std::string error = apply(call, changed);
  if (!error.empty()) return call.error(error);

  Settings& settings = call.facade().mutable_settings();
  if (settings.resolve_hostnames && !changed.resolve_hostnames) {
    const std::string name = name_without_address(call.state());
    if (!name.empty()) return call.error(still_needed(name));
  }
  consensus::SetAnnounced order;
  order.announced = announced(changed);
  order.reconnect_peers = changed.sentinel_user != settings.sentinel_user ||
                          changed.sentinel_pass != settings.sentinel_pass;
  settings = std::move(changed);
  submit(call, std::move(order));
}

}  // namespace

void sentinel_config(Call& call) {
  const bool valkey = call.facade().settings().dialect == Dialect::valkey;
  if (valkey && call.size() < 4) return call.error(wrong_arity(call.full_name));
  if (is_word(call.words[2], "get") && call.size() >= 4) return get(call);
  // Valkey names what is missing, Redis 7.0 does not.
  if (is_word(call.words[2], "set") && call.size() >= (valkey ? 4U : 5U)) return set(call);
  call.error(valkey ? usage_of_valkey : usage);
}

}  // namespace vedette::agent::commands
