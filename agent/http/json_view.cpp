#include "agent/http/json_view.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "agent/readings.hpp"
#include "consensus/health.hpp"
#include "consensus/hosts.hpp"

namespace vedette::agent {

namespace {

using Json = nlohmann::ordered_json;
using consensus::Group;
using consensus::Node;

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Json flags_json(const std::string& flags) {
  Json list = Json::array();
  std::size_t start = 0;
  while (start <= flags.size()) {
    const std::size_t comma = std::min(flags.find(',', start), flags.size());
    list.push_back(flags.substr(start, comma - start));
    start = comma + 1;
  }
  return list;
}

Json address_json(const proto::Address& address) {
  Json json;
  json["host"] = address.host;
  json["port"] = address.port;
  return json;
}

// null for what has not happened yet.
Json age_json(consensus::Instant then, consensus::Instant now) {
  if (then == consensus::Instant{}) return nullptr;
  return milliseconds_since(then, now);
}

Json run_id_json(const std::optional<proto::RunId>& id) {
  if (!id) return nullptr;
  return id->text();
}

Json node_json(const consensus::State& state, const Group& group, const Node& node,
               consensus::Instant now) {
  Json json;
  json["address"] = address_json(shown(state, node.address));
  json["run_id"] = run_id_json(node.info.run_id);
  json["flags"] = flags_json(node_flags(group, node));
  json["connected"] = !node.disconnected();
  json["last_ok_ping_ms"] = age_json(node.ping.last_ok, now);
  json["round_trip_us"] = node.ping.round_trip.count();
  json["info_age_ms"] = node.info_at ? age_json(*node.info_at, now) : Json(nullptr);
  json["role_reported"] = to_wire(node.reported_role);
  json["version"] = node.info.redis_version;
  return json;
}

Json replica_json(const consensus::State& state, const Group& group, const Node& node,
                  consensus::Instant now) {
  Json json = node_json(state, group, node, now);
  json["priority"] = node.info.priority;
  json["offset"] = node.info.replica_repl_offset;
  json["master_link_up"] = node.info.master_link_up;
  json["announced"] = node.info.announced;
  return json;
}

Json peer_json(const consensus::State& state, const Group& group, const proto::RunId& id,
               const consensus::PeerView& view, consensus::Instant now) {
  Json json;
  json["id"] = id.text();
  const auto peer = state.peers.find(id);
  if (peer == state.peers.end()) return json;
  json["address"] = address_json(shown(state, peer->second.address));
  json["flags"] = flags_json(peer_flags(group, peer->second, view, now));
  json["connected"] = peer->second.link.is_open();
  json["last_ok_ping_ms"] = age_json(peer->second.ping.last_ok, now);
  json["round_trip_us"] = peer->second.ping.round_trip.count();
  json["last_hello_ms"] = age_json(view.last_hello, now);
  const auto& kind = peer->second.speaks_vedette;
  json["is_vedette"] = kind ? Json(*kind) : Json(nullptr);
  return json;
}

Json failover_json(const Group& group, consensus::Instant now) {
  if (group.failover() == nullptr) return nullptr;
  Json json;
  json["phase"] = phase_word(group.attempt->phase);
  json["epoch"] = number(group.attempt->epoch);
  json["forced"] = group.attempt->forced;
  json["running_ms"] = milliseconds_since(group.attempt->started, now);
  return json;
}

Json group_json(const consensus::State& state, const Group& group, consensus::Instant now) {
  const consensus::Usable usable = consensus::count_usable(group);
  Json json;
  json["name"] = group.name;
  json["status"] = status_word(group);
  json["master"] = node_json(state, group, group.master(), now);
  json["config_epoch"] = number(group.config_epoch);
  json["quorum"] = group.options.quorum;
  json["agents"] = {{"known", usable.voters},
                    {"usable", usable.usable},
                    {"majority", usable.majority},
                    {"quorum_reachable", usable.quorum_ok},
                    {"majority_reachable", usable.majority_ok}};
  json["down_after_ms"] = group.options.down_after.count();
  json["failover_timeout_ms"] = group.options.failover_timeout.count();
  json["parallel_syncs"] = group.options.parallel_syncs;
  json["failover"] = failover_json(group, now);
  json["replicas"] = Json::array();
  for (const auto& [id, node] : group.nodes) {
    if (id != group.master_id) json["replicas"].push_back(replica_json(state, group, node, now));
  }
  json["peers"] = Json::array();
  for (const auto& [id, view] : group.peers) {
    json["peers"].push_back(peer_json(state, group, id, view, now));
  }
  return json;
}

}  // namespace

std::string masters_json(const Facade& facade) {
  const consensus::State& state = facade.state();
  Json json;
  json["agent"] = {{"id", state.my_id.text()},
                   {"version", VEDETTE_VERSION},
                   {"epoch", number(state.durable_epoch)},
                   {"tilt", state.tilt_since.has_value()},
                   {"state_is_saved", !state.promises.unsaved}};
  json["masters"] = Json::array();
  for (const auto& [name, id] : state.names) {
    json["masters"].push_back(group_json(state, state.groups.at(id), facade.now()));
  }
  return dump(json);
}

std::string readiness_json(const std::vector<GroupReadiness>& groups) {
  const auto ready = [](const GroupReadiness& group) { return group.ready; };
  Json json;
  json["ready"] = std::all_of(groups.begin(), groups.end(), ready);
  json["masters"] = Json::array();
  for (const GroupReadiness& group : groups) {
    Json entry;
    entry["name"] = group.name;
    entry["ready"] = group.ready;
    if (!group.ready) entry["reason"] = group.reason;
    json["masters"].push_back(std::move(entry));
  }
  return dump(json);
}

std::string health_json() { return dump({{"status", "ok"}}); }

std::string error_json(std::string_view text, std::string_view hint) {
  Json json;
  json["error"] = text;
  json["hint"] = hint;
  return dump(json);
}

std::string as_utf8(const std::string& text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return text;
  const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

}  // namespace vedette::agent
