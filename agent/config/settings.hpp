// What the configuration file and the command line say, as far as the core need not know it.
// Reference: sentinel-behaviour.md sections 1 and 2.
#pragma once

#include <syslog.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/acl/users.hpp"
#include "agent/dialect.hpp"
#include "consensus/command.hpp"
#include "consensus/options.hpp"
#include "proto/resp.hpp"

namespace vedette::agent {

// Per monitored master, next to consensus::GroupOptions.
struct GroupSettings {
  std::string auth_user;
  std::string auth_pass;
  std::string notification_script;
  std::string client_reconfig_script;
  std::map<std::string, std::string> renamed_commands;  // lower-case name -> replacement, may be ""
  bool operator==(const GroupSettings&) const = default;
};

// Replies and messages that a client has not read yet: above `hard` bytes it is closed at once,
// above `soft` bytes after `patience`; 0 is no limit.
struct OutputLimit {
  std::uint64_t hard = 0;
  std::uint64_t soft = 0;
  std::chrono::seconds patience{0};
};

// A duration above this could not be added to a point in time any more; it is 285 years.
inline constexpr std::int64_t longest_milliseconds = 9'000'000'000'000;

struct Settings {
  // Process.
  std::string executable;        // absolute
  std::string config_file;       // absolute
  std::string called_as;         // argv[0] as it was typed
  bool called_as_redis = false;  // argv[0] is redis-* or valkey-*
  Dialect dialect = Dialect::redis;
  bool says_redis = false;  // extended-redis-compatibility of Valkey: HELLO names the last Redis
  std::string logfile;      // "" = stdout
  std::optional<consensus::Level> loglevel = consensus::Level::notice;  // none: nothing at all
  bool syslog = false;
  std::string syslog_ident = "redis";
  int syslog_facility = LOG_LOCAL0;  // as of syslog(3)
  bool daemonize = false;
  std::string pidfile;
  std::string supervised = "no";  // no, systemd, upstart, auto
  bool set_proc_title = true;
  std::string proc_title_template = "{title} {listen-addr} {server-mode}";

  // Listener.
  std::uint16_t port = 26379;  // 0 = none
  std::uint16_t tls_port = 0;
  bool tls_replication = false;                   // links that we open
  std::vector<std::string> bind = {"*", "-::*"};  // leading "-": may fail
  std::string unixsocket;                         // path; "" = none
  unsigned unixsocket_permissions = 0;            // mode bits; 0 = by the umask
  std::string bind_source_addr;
  bool protected_mode = false;
  std::string
      requirepass;  // the password of the user `default`; without sentinel-pass for peers, too
  acl::Users users;
  std::string aclfile;  // absolute; "" = users stand in the configuration file
  unsigned acllog_max_len = 128;
  unsigned maxclients = 10000;
  unsigned timeout_seconds = 0;
  unsigned tcp_keepalive_seconds = 300;
  int tcp_backlog = 511;
  proto::RequestLimits input;  // of each connection
  OutputLimit normal_output;
  OutputLimit pubsub_output{std::uint64_t{32} << 20, std::uint64_t{8} << 20,
                            std::chrono::seconds{60}};
  // Our own commands: lower-case name -> what it is called now, "" = not at all.
  std::map<std::string, std::string> renamed_commands;

  // HTTP; unset = the default derived from port and bind, soft when taken.
  std::optional<std::string> http_bind;
  std::optional<std::uint16_t> http_port;
  bool http_is_configured = false;  // a taken port is then an error instead of a log line

  std::map<std::string, unsigned> voters;  // `vedette voters NAME N`; of names not monitored too
  consensus::Policy policy;  // `vedette` lines: where we decide differently from Sentinel

  // sentinel lines of the whole process.
  std::string announce_ip;          // "" = automatic
  std::uint16_t announce_port = 0;  // 0 = automatic
  bool resolve_hostnames = false;
  bool announce_hostnames = false;
  bool deny_scripts_reconfig = true;
  std::string sentinel_user;
  std::string sentinel_pass;

  std::map<std::string, GroupSettings> groups;  // by master name

  // Directives of the command line and standard input, by outside_key().
  std::map<std::string, std::vector<std::string>> from_outside;
};

}  // namespace vedette::agent
