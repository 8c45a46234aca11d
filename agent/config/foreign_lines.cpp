#include "agent/config/foreign_lines.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "agent/config/values.hpp"
#include "proto/config_file.hpp"

namespace vedette::agent {

namespace {

constexpr std::int64_t int_min = std::numeric_limits<int>::min();

enum Kind { flag, number, memory, choice, choices, text, two_words, anything };

struct Directive {
  std::string_view name;
  Kind kind;
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::string_view words = {};
};

// Those of Redis 7.0, with what its messages name as their limits. Sorted.
constexpr std::array directives = std::to_array<Directive>({
    {"active-defrag-cycle-max", number, 1, 99},
    {"active-defrag-cycle-min", number, 1, 99},
    {"active-defrag-ignore-bytes", memory, 1},
    {"active-defrag-max-scan-fields", number, 1, int64_max},
    {"active-defrag-threshold-lower", number, 0, 1000},
    {"active-defrag-threshold-upper", number, 0, 1000},
    {"active-expire-effort", number, 1, 10},
    {"activedefrag", flag},
    {"activerehashing", flag},
    {"always-show-logo", flag},
    {"aof-disable-auto-gc", flag},
    {"aof-load-truncated", flag},
    {"aof-rewrite-incremental-fsync", flag},
    {"aof-timestamp-enabled", flag},
    {"aof-use-rdb-preamble", flag},
    {"aof_rewrite_cpulist", text},
    {"appenddirname", text},
    {"appendfilename", text},
    {"appendfsync", choice, 0, 0, "everysec, always, no"},
    {"appendonly", flag},
    {"auto-aof-rewrite-min-size", memory, 0},
    {"auto-aof-rewrite-percentage", number, 0, int_max},
    {"bgsave_cpulist", text},
    {"bio_cpulist", text},
    {"busy-reply-threshold", number, 0, int64_max},
    {"cluster-allow-pubsubshard-when-down", flag},
    {"cluster-allow-reads-when-down", flag},
    {"cluster-allow-replica-migration", flag},
    {"cluster-announce-bus-port", number, 0, 65535},
    {"cluster-announce-hostname", text},
    {"cluster-announce-ip", text},
    {"cluster-announce-port", number, 0, 65535},
    {"cluster-announce-tls-port", number, 0, 65535},
    {"cluster-config-file", text},
    {"cluster-enabled", flag},
    {"cluster-link-sendbuf-limit", memory, 0},
    {"cluster-migration-barrier", number, 0, int_max},
    {"cluster-node-timeout", number, 0, int64_max},
    {"cluster-port", number, 0, 65535},
    {"cluster-preferred-endpoint-type", choice, 0, 0, "ip, hostname, unknown-endpoint"},
    {"cluster-replica-no-failover", flag},
    {"cluster-replica-validity-factor", number, 0, int_max},
    {"cluster-require-full-coverage", flag},
    {"cluster-slave-no-failover", flag},
    {"cluster-slave-validity-factor", number, 0, int_max},
    {"crash-log-enabled", flag},
    {"crash-memcheck-enabled", flag},
    {"databases", number, 1, int_max},
    {"dbfilename", text},
    {"disable-thp", flag},
    {"dynamic-hz", flag},
    {"enable-debug-command", choice, 0, 0, "no, yes, local"},
    {"enable-module-command", choice, 0, 0, "no, yes, local"},
    {"enable-protected-configs", choice, 0, 0, "no, yes, local"},
    {"hash-max-listpack-entries", number, 0, int64_max},
    {"hash-max-listpack-value", memory, 0},
    {"hash-max-ziplist-entries", number, 0, int64_max},
    {"hash-max-ziplist-value", memory, 0},
    {"hll-sparse-max-bytes", memory, 0},
    {"hz", number, 0, int_max},
    {"ignore-warnings", text},
    {"io-threads", number, 1, 128},
    {"io-threads-do-reads", flag},
    {"jemalloc-bg-thread", flag},
    {"latency-monitor-threshold", number, 0, int64_max},
    {"latency-tracking", flag},
    {"latency-tracking-info-percentiles", anything},
    {"lazyfree-lazy-eviction", flag},
    {"lazyfree-lazy-expire", flag},
    {"lazyfree-lazy-server-del", flag},
    {"lazyfree-lazy-user-del", flag},
    {"lazyfree-lazy-user-flush", flag},
    {"lfu-decay-time", number, 0, int_max},
    {"lfu-log-factor", number, 0, int_max},
    {"list-compress-depth", number, 0, int_max},
    {"list-max-listpack-size", number, int_min, int_max},
    {"list-max-ziplist-entries", text},
    {"list-max-ziplist-size", number, int_min, int_max},
    {"list-max-ziplist-value", text},
    {"loadmodule", anything},
    {"lua-replicate-commands", text},
    {"lua-time-limit", number, 0, int64_max},
    {"masterauth", text},
    {"masteruser", text},
    {"maxmemory", memory, 0},
    {"maxmemory-clients", text},
    {"maxmemory-eviction-tenacity", number, 0, 100},
    {"maxmemory-policy", choice, 0, 0,
     "volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, "
     "allkeys-random, noeviction"},
    {"maxmemory-samples", number, 1, int_max},
    {"min-replicas-max-lag", number, 0, int_max},
    {"min-replicas-to-write", number, 0, int_max},
    {"min-slaves-max-lag", number, 0, int_max},
    {"min-slaves-to-write", number, 0, int_max},
    {"no-appendfsync-on-rewrite", flag},
    {"notify-keyspace-events", text},
    {"oom-score-adj", choice, 0, 0, "no, yes, relative, absolute"},
    {"oom-score-adj-values", anything},
    {"propagation-error-behavior", choice, 0, 0, "ignore, panic, panic-on-replicas"},
    {"rdb-del-sync-files", flag},
    {"rdb-save-incremental-fsync", flag},
    {"rdbchecksum", flag},
    {"rdbcompression", flag},
    {"repl-backlog-size", memory, 1},
    {"repl-backlog-ttl", number, 0, int64_max},
    {"repl-disable-tcp-nodelay", flag},
    {"repl-diskless-load", choice, 0, 0, "disabled, on-empty-db, swapdb"},
    {"repl-diskless-sync", flag},
    {"repl-diskless-sync-delay", number, 0, int_max},
    {"repl-diskless-sync-max-replicas", number, 0, int_max},
    {"repl-ping-replica-period", number, 1, int_max},
    {"repl-ping-slave-period", number, 1, int_max},
    {"repl-timeout", number, 1, int_max},
    {"replica-announce-ip", text},
    {"replica-announce-port", number, 0, 65535},
    {"replica-announced", flag},
    {"replica-ignore-disk-write-errors", flag},
    {"replica-ignore-maxmemory", flag},
    {"replica-lazy-flush", flag},
    {"replica-priority", number, 0, int_max},
    {"replica-read-only", flag},
    {"replica-serve-stale-data", flag},
    {"replicaof", two_words},
    {"sanitize-dump-payload", choice, 0, 0, "no, yes, clients"},
    {"save", anything},
    {"server_cpulist", text},
    {"set-max-intset-entries", number, 0, int64_max},
    {"shutdown-on-sigint", choices, 0, 0, "default, save, nosave, now, force"},
    {"shutdown-on-sigterm", choices, 0, 0, "default, save, nosave, now, force"},
    {"shutdown-timeout", number, 0, int_max},
    {"slave-announce-ip", text},
    {"slave-announce-port", number, 0, 65535},
    {"slave-ignore-maxmemory", flag},
    {"slave-lazy-flush", flag},
    {"slave-priority", number, 0, int_max},
    {"slave-read-only", flag},
    {"slave-serve-stale-data", flag},
    {"slaveof", two_words},
    {"slowlog-log-slower-than", number, -1, int64_max},
    {"slowlog-max-len", number, 0, int64_max},
    {"socket-mark-id", number, 0, 4294967295},
    {"stop-writes-on-bgsave-error", flag},
    {"stream-node-max-bytes", memory, 0},
    {"stream-node-max-entries", number, 0, int64_max},
    {"tls-auth-clients", choice, 0, 0, "no, yes, optional"},
    {"tls-ca-cert-dir", text},
    {"tls-ca-cert-file", text},
    {"tls-cert-file", text},
    {"tls-ciphers", text},
    {"tls-ciphersuites", text},
    {"tls-client-cert-file", text},
    {"tls-client-key-file", text},
    {"tls-client-key-file-pass", text},
    {"tls-cluster", flag},
    {"tls-dh-params-file", text},
    {"tls-key-file", text},
    {"tls-key-file-pass", text},
    {"tls-prefer-server-ciphers", flag},
    {"tls-protocols", text},
    {"tls-session-cache-size", number, 0, int_max},
    {"tls-session-cache-timeout", number, 0, int_max},
    {"tls-session-caching", flag},
    {"tracking-table-max-keys", number, 0, int64_max},
    {"use-exit-on-panic", flag},
    {"zset-max-listpack-entries", number, 0, int64_max},
    {"zset-max-listpack-value", memory, 0},
    {"zset-max-ziplist-entries", number, 0, int64_max},
    {"zset-max-ziplist-value", memory, 0},
});

// Those that only a later Redis or a Valkey knows, or only an old Redis. Sorted.
constexpr std::array later = std::to_array<std::string_view>({
    "active-defrag-enabled",
    "availability-zone",
    "cluster-announce-human-nodename",
    "cluster-blacklist-ttl",
    "cluster-compatibility-sample-ratio",
    "cluster-databases",
    "cluster-manual-failover-timeout",
    "cluster-ping-interval",
    "cluster-slot-stats-enabled",
    "commandlog-execution-slower-than",
    "commandlog-large-reply-max-len",
    "commandlog-large-request-max-len",
    "commandlog-reply-larger-than",
    "commandlog-request-larger-than",
    "commandlog-slow-execution-max-len",
    "debug-context",
    "dual-channel-replication-enabled",
    "enable-debug-assert",
    "events-per-io-cycle",
    "glueoutputbuf",
    "hash-max-zipmap-entries",
    "hash-max-zipmap-value",
    "hide-user-data-from-log",
    "import-mode",
    "io-threads-do-events",
    "io-uring-enabled",
    "lazyexpire-nested-arbitrary-keys",
    "locale-collate",
    "lua-enable-insecure-api",
    "max-new-connections-per-cycle",
    "max-new-tls-connections-per-cycle",
    "min-string-size-avoid-copy-reply",
    "prefetch-batch-max-size",
    "primaryauth",
    "primaryuser",
    "rdb-version-check",
    "rdma-bind",
    "rdma-port",
    "replica-full-sync-buffer-limit",
    "set-max-listpack-entries",
    "set-max-listpack-value",
    "slot-migration-max-failover-repl-bytes",
    "tls-auto-reload-interval",
    "unixsocketgroup",
    "vm-enabled",
});

constexpr auto by_name = [](const Directive& a, const Directive& b) { return a.name < b.name; };
static_assert(std::is_sorted(directives.begin(), directives.end(), by_name));
static_assert(std::is_sorted(later.begin(), later.end()));

Problem check_choices(const std::vector<std::string>& values, std::string_view choices) {
  // One argument may hold several, as in `--shutdown-on-sigterm "now force"`.
  const auto split = values.size() == 1 ? proto::split_words(values.front()) : values;
  if (!split || split->empty()) return check_choice("", choices);
  for (const std::string& value : *split) {
    if (Problem problem = check_choice(value, choices)) return problem;
  }
  return std::nullopt;
}

Problem check(const Directive& directive, const std::vector<std::string>& values) {
  if (directive.kind == anything) return std::nullopt;
  const bool many = directive.kind == choices && !values.empty();
  if (!many && values.size() != (directive.kind == two_words ? 2U : 1U)) {
    return "wrong number of arguments";
  }
  const std::string& value = values.front();
  bool yes = false;
  std::int64_t read = 0;
  std::size_t bytes = 0;
  switch (directive.kind) {
    case flag:
      return flag_into(value, yes);
    case number:
      return read_number(value, directive.low, directive.high, read);
    case memory:
      return memory_into(value, static_cast<std::uint64_t>(directive.low), bytes);
    case choice:
      return check_choice(value, directive.words);
    case choices:
      return check_choices(values, directive.words);
    default:
      return std::nullopt;
  }
}

}  // namespace

Problem check_foreign(const std::string& name, const std::vector<std::string>& values,
                      Dialect dialect) {
  const auto* const known =
      std::lower_bound(directives.begin(), directives.end(), Directive{name, anything}, by_name);
  if (known != directives.end() && known->name == name) return check(*known, values);
  const bool is_later = std::binary_search(later.begin(), later.end(), name);
  if (is_later && dialect == Dialect::valkey) return std::nullopt;
  return "Bad directive or wrong number of arguments";
}

}  // namespace vedette::agent
