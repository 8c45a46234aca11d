// INFO: figures as text. Lines that only a data store could fill read zero, because exporters look
// for them. Reference: sentinel-protocol.md section 5.
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "agent/commands/handlers.hpp"
#include "agent/commands/words.hpp"
#include "agent/readings.hpp"
#include "consensus/hosts.hpp"

namespace vedette::agent::commands {

namespace {

class Lines {
 public:
  explicit Lines(std::string& out) : out_(out) {}

  void title(std::string_view name) {
    if (!out_.empty()) out_ += "\r\n";
    out_ += "# ";
    out_ += name;
    out_ += "\r\n";
  }
  void text(std::string_view name, std::string_view value) {
    out_ += name;
    out_ += ':';
    out_ += value;
    out_ += "\r\n";
  }
  template <typename Number>
  void number(std::string_view name, Number value) {
    text(name, std::to_string(value));
  }
  void zeros(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) text(name, "0");
  }

 private:
  std::string& out_;
};

std::string os_text() {
  utsname names{};
  if (uname(&names) != 0) return "unknown";
  return std::string(names.sysname) + ' ' + names.release + ' ' + names.machine;
}

std::string compiler_version() {
#if defined(__clang__)
  return "0.0.0";
#else
  return std::to_string(__GNUC__) + '.' + std::to_string(__GNUC_MINOR__) + '.' +
         std::to_string(__GNUC_PATCHLEVEL__);
#endif
}

void server(Call& call, Lines& lines) {
  const Facade& facade = call.facade();
  const Settings& settings = facade.settings();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(wall).count();
  const std::int64_t uptime = facade.uptime().count();
  lines.title("Server");
  const DialectFacts facts = facts_of(settings.dialect);
  lines.text("redis_version", facts.redis_version);
  if (settings.dialect == Dialect::valkey) {
    lines.text("server_name", facts.name);
    lines.text("valkey_version", facts.version);
  }
  lines.text("redis_git_sha1", "00000000");
  lines.text("redis_git_dirty", "0");
  lines.text("redis_build_id", "0");
  lines.text("redis_mode", "sentinel");
  lines.text("os", os_text());
  lines.number("arch_bits", sizeof(void*) * 8);
  lines.text("monotonic_clock", "POSIX clock_gettime");
  lines.text("multiplexing_api", "epoll");
  lines.text("atomicvar_api", "c11-builtin");
  lines.text("gcc_version", compiler_version());
  lines.number("process_id", getpid());
  lines.text("process_supervised", settings.supervised);
  lines.text("run_id", facade.process_run_id());
  lines.number("tcp_port", settings.port != 0 ? settings.port : settings.tls_port);
  lines.number("server_time_usec", micros);
  lines.number("uptime_in_seconds", uptime);
  lines.number("uptime_in_days", uptime / 86400);
  lines.text("hz", "10");
  lines.text("configured_hz", "10");
  lines.number("lru_clock", (micros / 1'000'000) & 0xFFFFFF);
  lines.text("executable", settings.executable);
  lines.text("config_file", settings.config_file);
  lines.text("io_threads_active", "0");
  // Beyond Redis 7.0.15: the mode under Valkey's name, and who this really is.
  lines.text("server_mode", "sentinel");
  lines.text("vedette_version", VEDETTE_VERSION);
}

void clients(Call& call, Lines& lines) {
  std::size_t longest_input = 0;
  std::size_t longest_output = 0;
  for (const auto& [id, client] : call.context.clients.all) {
    longest_input = std::max(longest_input, client->unread);
    longest_output = std::max(longest_output, client->output.pending());
  }
  lines.title("Clients");
  lines.number("connected_clients", call.context.clients.all.size());
  lines.text("cluster_connections", "0");
  lines.number("maxclients", call.facade().settings().maxclients);
  lines.number("client_recent_max_input_buffer", longest_input);
  lines.number("client_recent_max_output_buffer", longest_output);
  lines.zeros({"blocked_clients", "tracking_clients", "clients_in_timeout_table"});
}

std::string kilobytes(std::uint64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", static_cast<double>(bytes) / 1024.0);
  return text.data();
}

void stats(Call& call, Lines& lines) {
  const Traffic& traffic = call.context.traffic;
  lines.title("Stats");
  lines.number("total_connections_received", traffic.connections_received);
  lines.number("total_commands_processed", traffic.commands_processed);
  lines.number("instantaneous_ops_per_sec", traffic.commands_per_second);
  lines.number("total_net_input_bytes", traffic.bytes_in);
  lines.number("total_net_output_bytes", traffic.bytes_out);
  lines.zeros({"total_net_repl_input_bytes", "total_net_repl_output_bytes"});
  lines.text("instantaneous_input_kbps", kilobytes(traffic.bytes_in_per_second));
  lines.text("instantaneous_output_kbps", kilobytes(traffic.bytes_out_per_second));
  lines.text("instantaneous_input_repl_kbps", "0.00");
  lines.text("instantaneous_output_repl_kbps", "0.00");
  lines.number("rejected_connections", traffic.connections_rejected);
  lines.zeros({"sync_full", "sync_partial_ok", "sync_partial_err", "expired_keys"});
  lines.text("expired_stale_perc", "0.00");
  lines.zeros({"expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds", "evicted_keys",
               "evicted_clients", "total_eviction_exceeded_time", "current_eviction_exceeded_time",
               "keyspace_hits", "keyspace_misses"});
  lines.number("pubsub_channels", call.context.publisher.channel_count());
  lines.number("pubsub_patterns", call.context.publisher.pattern_count());
  lines.zeros({"pubsubshard_channels", "latest_fork_usec", "total_forks", "migrate_cached_sockets",
               "slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses",
               "active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time",
               "current_active_defrag_time", "tracking_total_keys", "tracking_total_items",
               "tracking_total_prefixes", "unexpected_error_replies"});
  lines.number("total_error_replies", traffic.error_replies);
  lines.text("dump_payload_sanitizations", "0");
  lines.number("total_reads_processed", traffic.reads);
  lines.number("total_writes_processed", traffic.writes);
  lines.zeros({"io_threaded_reads_processed", "io_threaded_writes_processed",
               "reply_buffer_shrinks", "reply_buffer_expands"});
}

std::string seconds(const timeval& time) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%lld.%06lld", static_cast<long long>(time.tv_sec),
                static_cast<long long>(time.tv_usec));
  return text.data();
}

void cpu(Lines& lines) {
  rusage self{};
  rusage children{};
  rusage thread{};
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  getrusage(RUSAGE_THREAD, &thread);
  lines.title("CPU");
  lines.text("used_cpu_sys", seconds(self.ru_stime));
  lines.text("used_cpu_user", seconds(self.ru_utime));
  lines.text("used_cpu_sys_children", seconds(children.ru_stime));
  lines.text("used_cpu_user_children", seconds(children.ru_utime));
  lines.text("used_cpu_sys_main_thread", seconds(thread.ru_stime));
  lines.text("used_cpu_user_main_thread", seconds(thread.ru_utime));
}

std::string tilt_seconds(const consensus::State& state, consensus::Instant now) {
  if (!state.tilt_since) return "-1";
  return std::to_string(milliseconds_since(*state.tilt_since, now) / 1000);
}

void sentinel(Call& call, Lines& lines) {
  const consensus::State& state = call.state();
  lines.title("Sentinel");
  lines.number("sentinel_masters", state.names.size());
  lines.text("sentinel_tilt", state.tilt_since ? "1" : "0");
  lines.text("sentinel_tilt_since_seconds", tilt_seconds(state, call.facade().now()));
  lines.number("sentinel_running_scripts", call.facade().running_scripts());
  lines.number("sentinel_scripts_queue_length", call.facade().queued_scripts());
  lines.number("sentinel_simulate_failure_flags", call.facade().simulated_failures().flags());
  std::size_t index = 0;
  for (const auto& [name, id] : state.names) {
    const consensus::Group& group = state.groups.at(id);
    const proto::Address address = shown(state, group.master().address);
    std::string text = "name=" + name;
    text += ",status=" + std::string(status_word(group));
    text += ",address=" + address.host + ':' + std::to_string(address.port);
    text += ",slaves=" + std::to_string(replica_count(group));
    text += ",sentinels=" + std::to_string(group.agents());
    lines.text("master" + std::to_string(index), text);
    ++index;
  }
}

struct Sections {
  bool server = false;
  bool clients = false;
  bool stats = false;
  bool cpu = false;
  bool sentinel = false;
};

Sections chosen(const proto::Request& words) {
  Sections sections;
  bool all = words.size() == 1;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    all = all || is_word(word, "default") || is_word(word, "all") || is_word(word, "everything");
    sections.server = sections.server || is_word(word, "server");
    sections.clients = sections.clients || is_word(word, "clients");
    sections.stats = sections.stats || is_word(word, "stats");
    sections.cpu = sections.cpu || is_word(word, "cpu");
    sections.sentinel = sections.sentinel || is_word(word, "sentinel");
  }
  return all ? Sections{true, true, true, true, true} : sections;
}

}  // namespace

void info(Call& call) {
  const Sections sections = chosen(call.words);
  std::string text;
  Lines lines(text);
  if (sections.server) server(call, lines);
  if (sections.clients) clients(call, lines);
  if (sections.stats) stats(call, lines);
  if (sections.cpu) cpu(lines);
  if (sections.sentinel) sentinel(call, lines);
  // A bulk string in both protocol versions, unlike the INFO of a data store.
  call.reply().bulk(text);
}

}  // namespace vedette::agent::commands
