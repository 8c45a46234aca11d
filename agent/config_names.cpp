// The names that a redis.conf may hold: a file that was copied from a data server still loads.
#include <algorithm>
#include <array>

#include "agent/config_generic.hpp"

namespace vedette::agent {

namespace {

// Sorted.
constexpr std::array names = std::to_array<std::string_view>({
    "acl-pubsub-default", "aclfile", "acllog-max-len", "active-defrag-cycle-max",
    "active-defrag-cycle-min", "active-defrag-enabled", "active-defrag-ignore-bytes",
    "active-defrag-max-scan-fields", "active-defrag-threshold-lower",
    "active-defrag-threshold-upper", "active-expire-effort", "activedefrag", "activerehashing",
    "always-show-logo", "aof-disable-auto-gc", "aof-load-truncated",
    "aof-rewrite-incremental-fsync", "aof-timestamp-enabled", "aof-use-rdb-preamble",
    "aof_rewrite_cpulist", "appenddirname", "appendfilename", "appendfsync", "appendonly",
    "auto-aof-rewrite-min-size", "auto-aof-rewrite-percentage", "availability-zone",
    "bgsave_cpulist", "bind", "bind-source-addr", "bio_cpulist", "busy-reply-threshold",
    "client-output-buffer-limit", "client-query-buffer-limit",
    "cluster-allow-pubsubshard-when-down", "cluster-allow-reads-when-down",
    "cluster-allow-replica-migration", "cluster-announce-bus-port", "cluster-announce-hostname",
    "cluster-announce-human-nodename", "cluster-announce-ip", "cluster-announce-port",
    "cluster-announce-tls-port", "cluster-blacklist-ttl", "cluster-compatibility-sample-ratio",
    "cluster-config-file", "cluster-databases", "cluster-enabled", "cluster-link-sendbuf-limit",
    "cluster-manual-failover-timeout", "cluster-migration-barrier", "cluster-node-timeout",
    "cluster-ping-interval", "cluster-port", "cluster-preferred-endpoint-type",
    "cluster-replica-no-failover", "cluster-replica-validity-factor",
    "cluster-require-full-coverage", "cluster-slave-no-failover", "cluster-slave-validity-factor",
    "cluster-slot-stats-enabled", "commandlog-execution-slower-than",
    "commandlog-large-reply-max-len", "commandlog-large-request-max-len",
    "commandlog-reply-larger-than", "commandlog-request-larger-than",
    "commandlog-slow-execution-max-len", "crash-log-enabled", "crash-memcheck-enabled",
    "daemonize", "databases", "dbfilename", "debug-context", "dir", "disable-thp",
    "dual-channel-replication-enabled", "dynamic-hz", "enable-debug-assert",
    "enable-debug-command", "enable-module-command", "enable-protected-configs",
    "events-per-io-cycle", "extended-redis-compatibility", "glueoutputbuf",
    "hash-max-listpack-entries", "hash-max-listpack-value", "hash-max-ziplist-entries",
    "hash-max-ziplist-value", "hash-max-zipmap-entries", "hash-max-zipmap-value",
    "hide-user-data-from-log", "hll-sparse-max-bytes", "hz", "ignore-warnings", "import-mode",
    "include", "io-threads", "io-threads-do-events", "io-threads-do-reads", "io-uring-enabled",
    "jemalloc-bg-thread", "latency-monitor-threshold", "latency-tracking",
    "latency-tracking-info-percentiles", "lazyexpire-nested-arbitrary-keys",
    "lazyfree-lazy-eviction", "lazyfree-lazy-expire", "lazyfree-lazy-server-del",
    "lazyfree-lazy-user-del", "lazyfree-lazy-user-flush", "lfu-decay-time", "lfu-log-factor",
    "list-compress-depth", "list-max-listpack-size", "list-max-ziplist-entries",
    "list-max-ziplist-size", "list-max-ziplist-value", "loadmodule", "locale-collate", "logfile",
    "loglevel", "lua-enable-insecure-api", "lua-replicate-commands", "lua-time-limit",
    "masterauth", "masteruser", "max-new-connections-per-cycle",
    "max-new-tls-connections-per-cycle", "maxclients", "maxmemory", "maxmemory-clients",
    "maxmemory-eviction-tenacity", "maxmemory-policy", "maxmemory-samples",
    "min-replicas-max-lag", "min-replicas-to-write", "min-slaves-max-lag", "min-slaves-to-write",
    "min-string-size-avoid-copy-reply", "no-appendfsync-on-rewrite", "notify-keyspace-events",
    "oom-score-adj", "oom-score-adj-values", "pidfile", "port", "prefetch-batch-max-size",
    "primaryauth", "primaryuser", "proc-title-template", "propagation-error-behavior",
    "protected-mode", "proto-max-bulk-len", "rdb-del-sync-files", "rdb-save-incremental-fsync",
    "rdb-version-check", "rdbchecksum", "rdbcompression", "rdma-bind", "rdma-port",
    "rename-command", "repl-backlog-size", "repl-backlog-ttl", "repl-disable-tcp-nodelay",
    "repl-diskless-load", "repl-diskless-sync", "repl-diskless-sync-delay",
    "repl-diskless-sync-max-replicas", "repl-ping-replica-period", "repl-ping-slave-period",
    "repl-timeout", "replica-announce-ip", "replica-announce-port", "replica-announced",
    "replica-full-sync-buffer-limit", "replica-ignore-disk-write-errors",
    "replica-ignore-maxmemory", "replica-lazy-flush", "replica-priority", "replica-read-only",
    "replica-serve-stale-data", "replicaof", "requirepass", "sanitize-dump-payload", "save",
    "server_cpulist", "set-max-intset-entries", "set-max-listpack-entries",
    "set-max-listpack-value", "set-proc-title", "shutdown-on-sigint", "shutdown-on-sigterm",
    "shutdown-timeout", "slave-announce-ip", "slave-announce-port", "slave-ignore-maxmemory",
    "slave-lazy-flush", "slave-priority", "slave-read-only", "slave-serve-stale-data", "slaveof",
    "slot-migration-max-failover-repl-bytes", "slowlog-log-slower-than", "slowlog-max-len",
    "socket-mark-id", "stop-writes-on-bgsave-error", "stream-node-max-bytes",
    "stream-node-max-entries", "supervised", "syslog-enabled", "syslog-facility", "syslog-ident",
    "tcp-backlog", "tcp-keepalive", "timeout", "tls-auth-clients", "tls-auto-reload-interval",
    "tls-ca-cert-dir", "tls-ca-cert-file", "tls-cert-file", "tls-ciphers", "tls-ciphersuites",
    "tls-client-cert-file", "tls-client-key-file", "tls-client-key-file-pass", "tls-cluster",
    "tls-dh-params-file", "tls-key-file", "tls-key-file-pass", "tls-port",
    "tls-prefer-server-ciphers", "tls-protocols", "tls-replication", "tls-session-cache-size",
    "tls-session-cache-timeout", "tls-session-caching", "tracking-table-max-keys", "unixsocket",
    "unixsocketgroup", "unixsocketperm", "user", "vm-enabled", "zset-max-listpack-entries",
    "zset-max-listpack-value", "zset-max-ziplist-entries", "zset-max-ziplist-value",
});

static_assert(std::is_sorted(names.begin(), names.end()));

}  // namespace

bool is_redis_directive(std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

}  // namespace vedette::agent
