#include "agent/http/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>

#include <initializer_list>
#include <string_view>
#include <vector>

#include "agent/http/json_view.hpp"
#include "agent/readings.hpp"
#include "consensus/health.hpp"
#include "consensus/hosts.hpp"

namespace vedette::agent {

namespace {

using consensus::Group;
using consensus::Node;
using prometheus::ClientMetric;
using prometheus::MetricType;

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

double seconds(consensus::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double as_double(bool value) { return value ? 1.0 : 0.0; }

template <typename Integer>
double as_double(Integer value) {
  return static_cast<double>(value);
}

// The families of one scrape, in the order in which they were first mentioned.
class Scrape {
 public:
  void gauge(std::string_view name, std::string_view help, double value, Labels labels = {}) {
    ClientMetric metric;
    metric.gauge.value = value;
    add(name, help, MetricType::Gauge, std::move(metric), labels);
  }
  void counter(std::string_view name, std::string_view help, double value, Labels labels = {}) {
    ClientMetric metric;
    metric.counter.value = value;
    add(name, help, MetricType::Counter, std::move(metric), labels);
  }
  [[nodiscard]] std::string text() const {
    return prometheus::TextSerializer().Serialize(families_);
  }

 private:
  void add(std::string_view name, std::string_view help, MetricType type, ClientMetric metric,
           Labels labels) {
    for (const auto& [label, value] : labels) {
      metric.label.push_back({std::string(label), as_utf8(std::string(value))});
    }
    const auto [index, is_new] = index_.try_emplace(std::string(name), families_.size());
    if (is_new) families_.push_back({std::string(name), std::string(help), type, {}});
    families_[index->second].metric.push_back(std::move(metric));
  }

  std::vector<prometheus::MetricFamily> families_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

// As INFO writes it: no brackets around IPv6.
std::string plain(const proto::Address& address) {
  return address.host + ':' + std::to_string(address.port);
}

// ---- what redis_exporter shows of a Sentinel ----------------------------------------------------

void sentinel_process(Scrape& scrape, const Facade& facade) {
  const consensus::State& state = facade.state();
  scrape.gauge("redis_sentinel_masters", "Masters monitored.", as_double(state.names.size()));
  scrape.gauge("redis_sentinel_tilt", "1 while this agent does not trust its own clock.",
               as_double(state.tilt_since.has_value()));
  scrape.gauge("redis_sentinel_running_scripts", "Scripts started and not ended.",
               as_double(facade.running_scripts()));
  scrape.gauge("redis_sentinel_scripts_queue_length", "Scripts waiting to be started.",
               as_double(facade.queued_scripts()));
  scrape.gauge("redis_sentinel_simulate_failure_flags", "Crashes asked for in tests.",
               facade.simulated_failures().flags());
}

void master_settings(Scrape& scrape, const Group& group, const std::string& address) {
  const Labels labels = {{"master_name", group.name}, {"master_address", address}};
  const consensus::GroupOptions& options = group.options;
  scrape.gauge("redis_sentinel_master_setting_ckquorum", "Agents that must see it down.",
               as_double(options.quorum), labels);
  scrape.gauge("redis_sentinel_master_setting_failover_timeout", "failover-timeout in ms.",
               as_double(options.failover_timeout.count()), labels);
  scrape.gauge("redis_sentinel_master_setting_parallel_syncs", "Replicas re-pointed at a time.",
               as_double(options.parallel_syncs), labels);
  scrape.gauge("redis_sentinel_master_setting_down_after_milliseconds", "down-after-milliseconds.",
               as_double(options.down_after.count()), labels);
}

std::size_t replicas_up(const Group& group) {
  std::size_t up = 0;
  for (const auto& [id, node] : group.nodes) {
    if (id != group.master_id && !node.subjectively_down) ++up;
  }
  return up;
}

void sentinel_master(Scrape& scrape, const consensus::State& state, const Group& group,
                     consensus::Instant now) {
  const Node& master = group.master();
  const std::string address = plain(shown(state, master.address));
  const std::string_view status = status_word(group);
  const consensus::Usable usable = consensus::count_usable(group);
  const Labels labels = {{"master_name", group.name}, {"master_address", address}};
  scrape.gauge(
      "redis_sentinel_master_status", "1 while the master is ok.", as_double(status == "ok"),
      {{"master_name", group.name}, {"master_address", address}, {"master_status", status}});
  scrape.gauge("redis_sentinel_master_slaves", "Replicas known.", as_double(replica_count(group)),
               labels);
  scrape.gauge("redis_sentinel_master_sentinels", "Agents known, this one included.",
               as_double(group.agents()), labels);
  scrape.gauge("redis_sentinel_master_ok_slaves", "Replicas that are not down.",
               as_double(replicas_up(group)), labels);
  scrape.gauge("redis_sentinel_master_ok_sentinels", "Agents that are not down.",
               as_double(usable.usable), labels);
  scrape.gauge("redis_sentinel_master_ckquorum_status",
               "1 while agreement and election are possible.",
               as_double(usable.quorum_ok && usable.majority_ok),
               {{"master_name", group.name}, {"message", quorum_text(usable)}});
  master_settings(scrape, group, address);
  scrape.gauge("redis_sentinel_master_config_epoch", "Epoch of its configuration.",
               as_double(number(group.config_epoch)), labels);
  scrape.gauge("redis_sentinel_master_last_ok_ping_reply_seconds",
               "Time since its last acceptable answer to PING.",
               as_double(milliseconds_since(master.ping.last_ok, now)) / 1000, labels);
}

// ---- what only Vedette knows --------------------------------------------------------------------

void link(Scrape& scrape, std::string_view group, std::string_view role, const std::string& address,
          const consensus::PingClock& ping, bool open, bool down, consensus::Instant now) {
  const Labels labels = {{"master_name", group}, {"role", role}, {"address", address}};
  scrape.gauge("vedette_link_up", "1 while all connections to it are open.", as_double(open),
               labels);
  scrape.gauge("vedette_subjectively_down", "1 while this agent holds it for down.",
               as_double(down), labels);
  scrape.gauge("vedette_link_round_trip_seconds", "Of the last answered PING; 0 if none.",
               seconds(ping.round_trip), labels);
  scrape.gauge("vedette_link_last_ok_ping_seconds", "Time since the last acceptable answer.",
               as_double(milliseconds_since(ping.last_ok, now)) / 1000, labels);
}

void group_links(Scrape& scrape, const consensus::State& state, const Group& group,
                 consensus::Instant now) {
  for (const auto& [id, node] : group.nodes) {
    const bool is_master = id == group.master_id;
    const std::string address = plain(shown(state, node.address));
    link(scrape, group.name, is_master ? "master" : "slave", address, node.ping,
         !node.disconnected(), node.subjectively_down, now);
    if (is_master) continue;
    const Labels labels = {{"master_name", group.name}, {"address", address}};
    scrape.gauge("vedette_replica_offset_bytes", "Replication offset it reported last.",
                 as_double(node.info.replica_repl_offset), labels);
    scrape.gauge("vedette_replica_master_link_up", "1 while it is connected to its master.",
                 as_double(node.info.master_link_up), labels);
  }
  for (const auto& [id, view] : group.peers) {
    const auto peer = state.peers.find(id);
    if (peer == state.peers.end()) continue;
    const consensus::Peer& other = peer->second;
    link(scrape, group.name, "sentinel", plain(shown(state, other.address)), other.ping,
         other.link.is_open(), view.subjectively_down, now);
  }
}

void agent_itself(Scrape& scrape, const Facade& facade) {
  const consensus::State& state = facade.state();
  scrape.gauge("vedette_build_info", "Always 1.", 1,
               {{"version", VEDETTE_VERSION}, {"id", state.my_id.text()}});
  scrape.gauge("vedette_uptime_seconds", "Since the start of the process.",
               as_double(facade.uptime().count()));
  scrape.gauge("vedette_ready", "1 when /readyz answers 200.",
               as_double(consensus::is_ready(state, facade.now())));
  scrape.gauge("vedette_epoch", "Current epoch, as saved.", as_double(number(state.durable_epoch)));
  scrape.gauge("vedette_unsaved_state", "1 while the last save of the configuration file failed.",
               as_double(state.promises.unsaved));
  scrape.counter("vedette_lateness_seconds_total", "Time during which this process was held up.",
                 seconds(state.lateness));
}

void group_state(Scrape& scrape, const Group& group) {
  const Labels labels = {{"master_name", group.name}};
  scrape.gauge("vedette_failover_in_progress", "1 while this agent tries to fail over.",
               as_double(group.failover() != nullptr), labels);
  scrape.gauge("vedette_voted_epoch", "Epoch of the last vote given, as saved.",
               as_double(number(group.ballot.durable.epoch)), labels);
}

void events(Scrape& scrape, const EventCounts& counts) {
  for (const auto& [event, count] : counts.by_event()) {
    scrape.counter("vedette_announcements_total", "Events announced since the start.",
                   as_double(count), {{"event", event}});
  }
  for (const auto& [key, count] : counts.failovers()) {
    scrape.counter("vedette_failovers_total",
                   "Failovers since the start: attempted, elected, aborted by this agent; switched "
                   "by any.",
                   as_double(count), {{"master_name", key.first}, {"outcome", key.second}});
  }
}

void clients(Scrape& scrape, const Traffic& traffic, std::size_t connected) {
  scrape.gauge("vedette_clients_connected", "Connections to the RESP port.", as_double(connected));
  scrape.counter("vedette_connections_received_total", "Connections accepted.",
                 as_double(traffic.connections_received));
  scrape.counter("vedette_connections_rejected_total", "Connections turned away.",
                 as_double(traffic.connections_rejected));
  scrape.counter("vedette_commands_processed_total", "Commands of clients and other agents.",
                 as_double(traffic.commands_processed));
  scrape.counter("vedette_error_replies_total", "Commands answered with an error.",
                 as_double(traffic.error_replies));
  scrape.counter("vedette_slow_subscribers_closed_total", "Subscribers that read too slowly.",
                 as_double(traffic.slow_subscribers_closed));
  scrape.counter("vedette_network_receive_bytes_total", "Read from clients.",
                 as_double(traffic.bytes_in));
  scrape.counter("vedette_network_transmit_bytes_total", "Written to clients.",
                 as_double(traffic.bytes_out));
}

void process(Scrape& scrape) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return;
  const auto cpu = [](const timeval& time) {
    return as_double(time.tv_sec) + as_double(time.tv_usec) / 1e6;
  };
  scrape.counter("process_cpu_seconds_total", "User and system time.",
                 cpu(usage.ru_utime) + cpu(usage.ru_stime));
  scrape.gauge("process_max_resident_memory_bytes", "The most memory that it ever held.",
               as_double(usage.ru_maxrss) * 1024);
}

}  // namespace

void EventCounts::announced(const consensus::Announce& announce) {
  ++by_event_[std::string(announce.event)];
  const auto count = [&](const char* outcome) {
    std::string name = announce.group;
    ++failovers_[{std::move(name), outcome}];
  };
  if (announce.event == "+try-failover") count("attempted");
  if (announce.event == "+elected-leader") count("elected");
  if (announce.event == "+switch-master") count("switched");
  if (announce.event.starts_with("-failover-abort")) count("aborted");
}

std::string metrics_text(const Facade& facade, const Traffic& traffic,
                         std::size_t connected_clients, const EventCounts& counts) {
  const consensus::State& state = facade.state();
  const consensus::Instant now = facade.now();
  Scrape scrape;
  sentinel_process(scrape, facade);
  for (const auto& [name, id] : state.names) {
    sentinel_master(scrape, state, state.groups.at(id), now);
  }
  agent_itself(scrape, facade);
  for (const auto& [name, id] : state.names) {
    group_state(scrape, state.groups.at(id));
    group_links(scrape, state, state.groups.at(id), now);
  }
  events(scrape, counts);
  clients(scrape, traffic, connected_clients);
  process(scrape);
  return scrape.text();
}

}  // namespace vedette::agent
