#include "agent/config/generic_lines.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>

#include "agent/commands/table.hpp"
#include "agent/config/foreign_lines.hpp"
#include "agent/config/values.hpp"
#include "agent/title.hpp"
#include "proto/config_file.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

namespace {

using Words = std::vector<std::string>;  // the values, without the name

constexpr std::int64_t int_max = std::numeric_limits<int>::max();

Problem set_port(const Words& v, Settings& s) { return number_into(v[0], 0, 65535, s.port); }
Problem set_tls_port(const Words& v, Settings& s) {
  return number_into(v[0], 0, 65535, s.tls_port);
}
Problem set_tls_replication(const Words& v, Settings& s) {
  return flag_into(v[0], s.tls_replication);
}
Problem set_maxclients(const Words& v, Settings& s) {
  return number_into(v[0], 1, std::numeric_limits<std::uint32_t>::max(), s.maxclients);
}
Problem set_timeout(const Words& v, Settings& s) {
  return number_into(v[0], 0, int_max, s.timeout_seconds);
}
Problem set_keepalive(const Words& v, Settings& s) {
  return number_into(v[0], 0, int_max, s.tcp_keepalive_seconds);
}
Problem set_backlog(const Words& v, Settings& s) {
  return number_into(v[0], 0, int_max, s.tcp_backlog);
}
Problem set_protected(const Words& v, Settings& s) { return flag_into(v[0], s.protected_mode); }
Problem set_daemonize(const Words& v, Settings& s) { return flag_into(v[0], s.daemonize); }

// One argument may hold several addresses, as in `--bind "127.0.0.1 ::1"`; none: no TCP at all.
Problem set_bind(const Words& v, Settings& s) {
  if (v.size() > 16) return "Too many bind addresses specified.";
  const auto addresses = v.size() == 1 ? proto::split_words(v[0]) : v;
  if (!addresses) return "Unbalanced quotes in the list of addresses";
  s.bind = *addresses;
  return std::nullopt;
}
Problem set_source(const Words& v, Settings& s) {
  if (!v[0].empty() && !proto::is_ip_literal(v[0])) {
    return "bind-source-addr must be an IP address of this machine, such as 10.0.0.5";
  }
  s.bind_source_addr = v[0];
  return std::nullopt;
}
Problem set_password(const Words& v, Settings& s) {
  s.requirepass = v[0];
  s.users.require_password(v[0]);
  return std::nullopt;
}
Problem set_logfile(const Words& v, Settings& s) {
  s.logfile = v[0];
  return std::nullopt;
}
Problem set_unixsocket(const Words& v, Settings& s) {
  s.unixsocket = v[0];
  return std::nullopt;
}
Problem set_unixsocket_permissions(const Words& v, Settings& s) {
  constexpr int most = 0777;
  const std::string& word = v[0];
  int mode = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), mode, 8);
  if (error != std::errc{} || end != word.data() + word.size()) {
    return "argument couldn't be parsed as an octal number";
  }
  if (mode < 0 || mode > most) return "argument must be between 0 and 777 inclusive";
  s.unixsocket_permissions = static_cast<unsigned>(mode);
  return std::nullopt;
}
Problem set_pidfile(const Words& v, Settings& s) {
  s.pidfile = v[0];
  return std::nullopt;
}
Problem set_title(const Words& v, Settings& s) { return flag_into(v[0], s.set_proc_title); }
Problem set_title_template(const Words& v, Settings& s) {
  s.proc_title_template = v[0];
  if (make_title(s)) return std::nullopt;
  return "template format is invalid or contains unknown variables";
}

Problem set_compatibility(const Words& v, Settings& s) {
  if (s.dialect == Dialect::redis) return "Bad directive or wrong number of arguments";
  return flag_into(v[0], s.says_redis);
}

Problem set_dir(const Words& v, Settings&) {
  if (::chdir(v[0].c_str()) == 0) return std::nullopt;
  return std::strerror(errno);
}

Problem set_loglevel(const Words& v, Settings& s) {
  const std::string level = proto::to_lower(v[0]);
  if (level == "debug") {
    s.loglevel = consensus::Level::debug;
  } else if (level == "verbose") {
    s.loglevel = consensus::Level::verbose;
  } else if (level == "notice") {
    s.loglevel = consensus::Level::notice;
  } else if (level == "warning") {
    s.loglevel = consensus::Level::warning;
  } else if (level == "nothing" && s.dialect == Dialect::valkey) {
    s.loglevel.reset();
  } else {
    return "argument(s) must be one of the following: debug, verbose, notice, warning";
  }
  return std::nullopt;
}

Problem set_supervised(const Words& v, Settings& s) {
  constexpr std::array<std::string_view, 4> kinds{"upstart", "systemd", "auto", "no"};
  const std::string kind = proto::to_lower(v[0]);
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    return "argument(s) must be one of the following: upstart, systemd, auto, no";
  }
  s.supervised = kind;
  return std::nullopt;
}

Problem set_aclfile(const Words& v, Settings& s) {
  s.aclfile = v[0];
  return std::nullopt;
}
Problem set_acllog(const Words& v, Settings& s) {
  std::int64_t most = 0;
  Problem problem = read_number(v[0], 0, int64_max, most);
  if (!problem) s.acllog_max_len = static_cast<unsigned>(std::min(most, int_max));
  return problem;
}
Problem set_acl_channels(const Words& v, Settings& s) {
  const std::string kind = proto::to_lower(v[0]);
  if (kind != "allchannels" && kind != "resetchannels") {
    return "argument(s) must be one of the following: allchannels, resetchannels";
  }
  s.users.new_users_have_all_channels = kind == "allchannels";
  return std::nullopt;
}

// What Sentinel does not have cannot be renamed: a file that hides CONFIG is one of a data server.
Problem rename_command(const Words& v, Settings& s) {
  if (v.size() != 2) return "Bad directive or wrong number of arguments";
  const std::string name = proto::to_lower(v[0]);
  const CommandSpec* const command = find_command(command_table(), name);
  const bool is_known = command != nullptr && is_listed(*command, s.dialect);
  if (!is_known || s.renamed_commands.contains(name)) return "No such command in rename-command";
  const std::string target = proto::to_lower(v[1]);
  const bool a_command = find_command(command_table(), target) != nullptr && target != name &&
                         !s.renamed_commands.contains(target);
  const bool a_new_name =
      !target.empty() &&
      std::any_of(s.renamed_commands.begin(), s.renamed_commands.end(),
                  [&](const auto& entry) { return proto::to_lower(entry.second) == target; });
  if (a_command || a_new_name) return "Target command name already exists";
  s.renamed_commands[name] = v[1];
  return std::nullopt;
}

Problem set_syslog(const Words& v, Settings& s) { return flag_into(v[0], s.syslog); }
Problem set_syslog_ident(const Words& v, Settings& s) {
  s.syslog_ident = v[0];
  return std::nullopt;
}
Problem set_syslog_facility(const Words& v, Settings& s) {
  struct Facility {
    std::string_view name;
    int number;
  };
  constexpr std::array facilities{
      Facility{"user", LOG_USER},     Facility{"local0", LOG_LOCAL0},
      Facility{"local1", LOG_LOCAL1}, Facility{"local2", LOG_LOCAL2},
      Facility{"local3", LOG_LOCAL3}, Facility{"local4", LOG_LOCAL4},
      Facility{"local5", LOG_LOCAL5}, Facility{"local6", LOG_LOCAL6},
      Facility{"local7", LOG_LOCAL7},
  };
  for (const Facility& each : facilities) {
    if (!proto::equals_ignoring_case(v[0], each.name)) continue;
    s.syslog_facility = each.number;
    return std::nullopt;
  }
  return "argument(s) must be one of the following: user, local0, local1, local2, local3, local4, "
         "local5, local6, local7";
}

// Whatever an administrator needs to say fits in.
constexpr std::uint64_t least_memory = 1024 * 1024;
Problem set_query_buffer(const Words& v, Settings& s) {
  return memory_into(v[0], least_memory, s.input.held);
}
Problem set_bulk_length(const Words& v, Settings& s) {
  return memory_into(v[0], least_memory, s.input.bulk);
}

// class, hard limit, soft limit, seconds; and so on.
Problem set_output_limits(const Words& v, Settings& s) {
  const auto words = v.size() == 1 ? proto::split_words(v[0]) : v;
  if (!words || words->size() % 4 != 0) {
    return "Wrong number of arguments in buffer limit configuration.";
  }
  for (std::size_t i = 0; i < words->size(); i += 4) {
    const std::string kind = proto::to_lower((*words)[i]);
    OutputLimit of_replicas;  // an agent has none
    OutputLimit* limit = kind == "normal"   ? &s.normal_output
                         : kind == "pubsub" ? &s.pubsub_output
                                            : nullptr;
    if (kind == "replica" || kind == "slave") limit = &of_replicas;
    if (limit == nullptr) return "Invalid client class specified in buffer limit configuration.";
    const auto hard = read_memory((*words)[i + 1]);
    const auto soft = read_memory((*words)[i + 2]);
    const auto seconds = proto::parse_unsigned((*words)[i + 3]);
    if (!hard || !soft || !seconds || *seconds > static_cast<std::uint64_t>(int_max)) {
      return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    }
    *limit = {*hard, *soft, std::chrono::seconds{static_cast<std::int64_t>(*seconds)}};
  }
  return std::nullopt;
}

struct Directive {
  std::string_view name;
  bool many;  // several values
  Problem (*apply)(const Words&, Settings&);
};

constexpr std::array directives = std::to_array<Directive>({
    {"port", false, set_port},
    {"bind", true, set_bind},
    {"bind-source-addr", false, set_source},
    {"unixsocket", false, set_unixsocket},
    {"unixsocketperm", false, set_unixsocket_permissions},
    {"protected-mode", false, set_protected},
    {"requirepass", false, set_password},
    {"maxclients", false, set_maxclients},
    {"timeout", false, set_timeout},
    {"tcp-keepalive", false, set_keepalive},
    {"tcp-backlog", false, set_backlog},
    {"client-output-buffer-limit", true, set_output_limits},
    {"client-query-buffer-limit", false, set_query_buffer},
    {"proto-max-bulk-len", false, set_bulk_length},
    {"tls-port", false, set_tls_port},
    {"tls-replication", false, set_tls_replication},
    {"logfile", false, set_logfile},
    {"loglevel", false, set_loglevel},
    {"syslog-enabled", false, set_syslog},
    {"syslog-ident", false, set_syslog_ident},
    {"syslog-facility", false, set_syslog_facility},
    {"dir", false, set_dir},
    {"daemonize", false, set_daemonize},
    {"pidfile", false, set_pidfile},
    {"set-proc-title", false, set_title},
    {"proc-title-template", false, set_title_template},
    {"supervised", false, set_supervised},
    {"aclfile", false, set_aclfile},
    {"acllog-max-len", false, set_acllog},
    {"acl-pubsub-default", false, set_acl_channels},
    {"extended-redis-compatibility", false, set_compatibility},
});

const Directive* find_setting(std::string_view name) {
  const auto* const found = std::find_if(directives.begin(), directives.end(),
                                         [&](const Directive& d) { return d.name == name; });
  return found == directives.end() ? nullptr : found;
}

// Taken without a word: what Sentinel or its packages put into every file, and cosmetics.
bool is_silent(const std::string& name) {
  constexpr std::array<std::string_view, 5> cosmetic{"always-show-logo", "crash-log-enabled",
                                                     "crash-memcheck-enabled", "latency-tracking",
                                                     "latency-tracking-info-percentiles"};
  return std::find(cosmetic.begin(), cosmetic.end(), name) != cosmetic.end();
}

std::string ignored(const std::string& name) {
  if (name.starts_with("tls-")) return "'" + name + "' is ignored: TLS is not supported yet";
  return "'" + name + "' is ignored: it means nothing to this agent";
}

}  // namespace

bool is_setting(std::string_view name) { return find_setting(name) != nullptr; }

std::optional<std::string> apply_generic(const std::vector<std::string>& words, Settings& settings,
                                         std::vector<std::string>& warnings) {
  const std::string name = proto::to_lower(words.front());
  const Words values(words.begin() + 1, words.end());
  if (name == "rename-command") return rename_command(values, settings);
  const Directive* const known = find_setting(name);
  if (known != nullptr) {
    if (!known->many && values.size() != 1) return "wrong number of arguments";
    return known->apply(values, settings);
  }
  if (Problem problem = check_foreign(name, values, settings.dialect)) return problem;
  if (!is_silent(name)) warnings.push_back(ignored(name));
  return std::nullopt;
}

}  // namespace vedette::agent
