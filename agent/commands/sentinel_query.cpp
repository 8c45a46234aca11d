// SENTINEL commands that only look.
// Reference: sentinel-protocol.md sections 3.2 to 3.9, 3.15, 3.19.
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "agent/commands/entries.hpp"
#include "agent/commands/handlers.hpp"
#include "agent/commands/words.hpp"
#include "agent/readings.hpp"
#include "consensus/health.hpp"
#include "consensus/hosts.hpp"
#include "proto/vote.hpp"

namespace vedette::agent::commands {

namespace {

// The group named by the third word; answers with the error if there is none.
const consensus::Group* find_group(Call& call) {
  const consensus::Group* group = call.state().find(call.words[2]);
  if (group == nullptr) call.error(error_no_such_master);
  return group;
}

void write_cached_info(proto::ReplyWriter& reply, const consensus::Node& node,
                       consensus::Instant now) {
  const bool known = node.info_at && node.info_text != nullptr;
  const auto age = known ? now - *node.info_at : consensus::Duration{0};
  reply.array(2);
  reply.integer(std::chrono::duration_cast<std::chrono::milliseconds>(age).count());
  if (known) {
    reply.bulk(*node.info_text);
  } else {
    reply.null();
  }
}

void write_script(proto::ReplyWriter& reply, const PendingScript& script) {
  const bool runs = script.pid != 0;
  reply.map(5);
  reply.bulk("argv");
  reply.array(script.argv.size());
  for (const std::string& word : script.argv) reply.bulk(word);
  reply.bulk("flags");
  reply.bulk(runs ? "running" : "scheduled");
  reply.bulk("pid");
  reply.bulk_number(script.pid);
  reply.bulk(runs ? "run-time" : "run-delay");
  reply.bulk_number(script.time.count());
  reply.bulk("retry-num");
  reply.bulk_number(script.starts);
}

}  // namespace

void sentinel_masters(Call& call) {
  proto::ReplyWriter reply = call.reply();
  const consensus::State& state = call.state();
  reply.array(state.names.size());
  for (const auto& [name, id] : state.names) {
    write_master(reply, call.facade(), state.groups.at(id));
  }
}

void sentinel_master(Call& call) {
  const consensus::Group* group = find_group(call);
  if (group == nullptr) return;
  proto::ReplyWriter reply = call.reply();
  write_master(reply, call.facade(), *group);
}

void sentinel_replicas(Call& call) {
  const consensus::Group* group = find_group(call);
  if (group == nullptr) return;
  // A replica that does not want to be announced is watched like the others, and kept quiet about.
  std::vector<const consensus::Node*> shown;
  for (const auto& [id, node] : group->nodes) {
    if (id != group->master_id && node.info.announced) shown.push_back(&node);
  }
  proto::ReplyWriter reply = call.reply();
  reply.array(shown.size());
  for (const consensus::Node* node : shown) write_replica(reply, call.facade(), *group, *node);
}

void sentinel_sentinels(Call& call) {
  const consensus::Group* group = find_group(call);
  if (group == nullptr) return;
  const auto& peers = call.state().peers;
  std::vector<std::pair<const consensus::Peer*, const consensus::PeerView*>> shown;
  for (const auto& [id, view] : group->peers) {
    const auto peer = peers.find(id);
    if (peer != peers.end()) shown.emplace_back(&peer->second, &view);
  }
  proto::ReplyWriter reply = call.reply();
  reply.array(shown.size());
  for (const auto& [peer, view] : shown) write_peer(reply, call.facade(), *group, *peer, *view);
}

void sentinel_get_master_addr(Call& call) {
  const consensus::Group* group = call.state().find(call.words[2]);
  if (group == nullptr) return call.reply().null_array();
  const proto::Address address = shown(call.state(), group->master().address);
  proto::ReplyWriter reply = call.reply();
  reply.array(2);
  reply.bulk(address.host);
  reply.bulk_number(address.port);
}

void sentinel_is_master_down(Call& call) {
  const auto arguments = std::span(call.words).subspan(2);
  const auto parsed = proto::parse_down_query(arguments);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return call.error(*problem);
  const Deferred answer = call.defer();
  call.facade().ask_vote(
      std::get<proto::DownQuery>(parsed), [answer](const proto::DownReply& vote) {
        answer.finish([&vote](proto::ReplyWriter& reply) { proto::write(reply, vote); });
      });
}

void sentinel_ckquorum(Call& call) {
  const consensus::Group* group = find_group(call);
  if (group == nullptr) return;
  const consensus::Usable usable = consensus::count_usable(*group);
  const std::string text = quorum_text(usable);
  if (usable.quorum_ok && usable.majority_ok) return call.reply().simple(text);
  call.error(text);
}

void sentinel_myid(Call& call) { call.reply().bulk(call.state().my_id.text()); }

void sentinel_info_cache(Call& call) {
  std::vector<const consensus::Group*> groups;
  for (std::size_t i = 2; i < call.size(); ++i) {
    const consensus::Group* const group = call.state().find(call.words[i]);
    if (group != nullptr) groups.push_back(group);
  }
  const consensus::Instant now = call.facade().now();
  proto::ReplyWriter reply = call.reply();
  reply.array(2 * groups.size());
  for (const consensus::Group* group : groups) {
    reply.bulk(group->name);
    reply.array(group->nodes.size());
    write_cached_info(reply, group->master(), now);
    for (const auto& [id, node] : group->nodes) {
      if (id != group->master_id) write_cached_info(reply, node, now);
    }
  }
}

void sentinel_pending_scripts(Call& call) {
  const std::vector<PendingScript> scripts = call.facade().pending_scripts();
  proto::ReplyWriter reply = call.reply();
  reply.array(scripts.size());
  for (const PendingScript& script : scripts) write_script(reply, script);
}

}  // namespace vedette::agent::commands
