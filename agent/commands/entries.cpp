#include "agent/commands/entries.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "agent/readings.hpp"
#include "consensus/hosts.hpp"

namespace vedette::agent {

namespace {

using consensus::Group;
using consensus::Node;
using consensus::Peer;
using consensus::PeerView;

enum Kind : unsigned { master = 1, replica = 2, peer = 4, data = master | replica, all = 7 };

// Who is described, in which group, when. `node` is set for data nodes, `other` and `view` for
// peers.
struct Subject {
  Kind kind;
  const Facade& facade;
  const Group& group;
  consensus::Instant now;
  const Node* node = nullptr;
  const Peer* other = nullptr;
  const PeerView* view = nullptr;

  [[nodiscard]] proto::Address address() const {
    return shown(facade.state(), node != nullptr ? node->address : other->address);
  }
  [[nodiscard]] const consensus::PingClock& ping() const {
    return node != nullptr ? node->ping : other->ping;
  }
  [[nodiscard]] const consensus::Link& link() const {
    return node != nullptr ? node->command : other->link;
  }
  [[nodiscard]] bool down() const {
    return node != nullptr ? node->subjectively_down : view->subjectively_down;
  }
  [[nodiscard]] consensus::Instant down_since() const {
    return node != nullptr ? node->subjectively_down_since : view->subjectively_down_since;
  }
  [[nodiscard]] std::string age(consensus::Instant then) const {
    return std::to_string(milliseconds_since(then, now));
  }
  [[nodiscard]] const GroupSettings* settings() const {
    const auto found = facade.settings().groups.find(group.name);
    return found == facade.settings().groups.end() ? nullptr : &found->second;
  }
};

std::string name_of(const Subject& s) {
  if (s.kind == master) return s.group.name;
  return s.kind == replica ? to_string(s.address()) : s.other->id.text();
}

std::string run_id_of(const Subject& s) {
  if (s.kind == peer) return s.other->id.text();
  return s.node->info.run_id ? s.node->info.run_id->text() : std::string();
}

// Masters that share the link to this peer.
std::string link_users(const Subject& s) {
  if (s.kind != peer) return "1";
  std::size_t users = 0;
  for (const auto& [id, group] : s.facade.state().groups) users += group.peers.count(s.other->id);
  return std::to_string(users);
}

std::string ping_age(const Subject& s) {
  const auto& since = s.ping().silent_since_wall;
  if (since) return s.age(*since);
  const auto& outstanding = s.ping().outstanding;
  return outstanding.empty() ? "0" : s.age(outstanding.front().at);
}

std::string voted_leader(const Subject& s) {
  const bool fresh = s.now - s.view->answered_at <= opinion_lifetime;
  return fresh && s.view->voted_leader ? s.view->voted_leader->text() : "?";
}

struct Field {
  std::string_view name;
  unsigned kinds;
  std::string (*value)(const Subject&);
  bool (*present)(const Subject&) = nullptr;  // nullptr: always
};

// In the order of the wire.
constexpr Field fields[] = {
    {"name", all, name_of},
    {"ip", all, [](const Subject& s) { return s.address().host; }},
    {"port", all, [](const Subject& s) { return std::to_string(s.address().port); }},
    {"runid", all, run_id_of},
    {"flags", all,
     [](const Subject& s) {
       return s.kind == peer ? peer_flags(s.group, *s.other, *s.view, s.now)
                             : node_flags(s.group, *s.node);
     }},
    {"link-pending-commands", all,
     [](const Subject& s) { return std::to_string(s.facade.pending_requests(s.link().id)); }},
    {"link-refcount", all, link_users},
    {"failover-state", master,
     [](const Subject& s) { return std::string(phase_word(s.group.phase())); },
     [](const Subject& s) { return s.group.failover() != nullptr; }},
    {"last-ping-sent", all, ping_age},
    {"last-ok-ping-reply", all, [](const Subject& s) { return s.age(s.ping().last_ok); }},
    {"last-ping-reply", all, [](const Subject& s) { return s.age(s.ping().last_reply); }},
    {"s-down-time", all, [](const Subject& s) { return s.age(s.down_since()); },
     [](const Subject& s) { return s.down(); }},
    {"o-down-time", master, [](const Subject& s) { return s.age(s.group.objectively_down_since); },
     [](const Subject& s) { return s.group.objectively_down; }},
    {"down-after-milliseconds", all,
     [](const Subject& s) { return std::to_string(s.group.options.down_after.count()); }},
    {"info-refresh", data,
     [](const Subject& s) { return s.node->info_at ? s.age(*s.node->info_at) : "0"; }},
    {"role-reported", data,
     [](const Subject& s) { return std::string(to_wire(s.node->reported_role)); }},
    {"role-reported-time", data, [](const Subject& s) { return s.age(s.node->reported_role_at); }},

    {"config-epoch", master,
     [](const Subject& s) { return std::to_string(number(s.group.config_epoch)); }},
    {"num-slaves", master, [](const Subject& s) { return std::to_string(replica_count(s.group)); }},
    {"num-other-sentinels", master,
     [](const Subject& s) { return std::to_string(s.group.peers.size()); }},
    {"quorum", master, [](const Subject& s) { return std::to_string(s.group.options.quorum); }},
    {"failover-timeout", master,
     [](const Subject& s) { return std::to_string(s.group.options.failover_timeout.count()); }},
    {"parallel-syncs", master,
     [](const Subject& s) { return std::to_string(s.group.options.parallel_syncs); }},
    {"notification-script", master,
     [](const Subject& s) { return s.settings()->notification_script; },
     [](const Subject& s) {
       return s.settings() != nullptr && !s.settings()->notification_script.empty();
     }},
    {"client-reconfig-script", master,
     [](const Subject& s) { return s.settings()->client_reconfig_script; },
     [](const Subject& s) {
       return s.settings() != nullptr && !s.settings()->client_reconfig_script.empty();
     }},

    {"master-link-down-time", replica,
     [](const Subject& s) { return std::to_string(s.node->info.master_link_down_for.count()); }},
    {"master-link-status", replica,
     [](const Subject& s) { return std::string(s.node->info.master_link_up ? "ok" : "err"); }},
    {"master-host", replica,
     [](const Subject& s) {
       const std::string host = shown(s.facade.state(), s.node->info.master).host;
       return host.empty() ? "?" : host;
     }},
    {"master-port", replica,
     [](const Subject& s) { return std::to_string(s.node->info.master.port); }},
    {"slave-priority", replica,
     [](const Subject& s) { return std::to_string(s.node->info.priority); }},
    {"slave-repl-offset", replica,
     [](const Subject& s) { return std::to_string(s.node->info.replica_repl_offset); }},
    {"replica-announced", replica,
     [](const Subject& s) { return std::string(s.node->info.announced ? "1" : "0"); }},

    {"last-hello-message", peer, [](const Subject& s) { return s.age(s.view->last_hello); }},
    {"voted-leader", peer, voted_leader},
    {"voted-leader-epoch", peer,
     [](const Subject& s) { return std::to_string(number(s.view->voted_leader_epoch)); }},
};

void write(proto::ReplyWriter& reply, const Subject& subject) {
  std::vector<const Field*> shown;
  for (const Field& field : fields) {
    const bool applies = (field.kinds & subject.kind) != 0;
    if (applies && (field.present == nullptr || field.present(subject))) shown.push_back(&field);
  }
  reply.map(shown.size());
  for (const Field* field : shown) {
    reply.bulk(field->name);
    reply.bulk(field->value(subject));
  }
}

}  // namespace

void write_master(proto::ReplyWriter& reply, const Facade& facade, const Group& group) {
  write(reply, {master, facade, group, facade.now(), &group.master()});
}

void write_replica(proto::ReplyWriter& reply, const Facade& facade, const Group& group,
                   const Node& node) {
  write(reply, {replica, facade, group, facade.now(), &node});
}

void write_peer(proto::ReplyWriter& reply, const Facade& facade, const Group& group,
                const Peer& other, const PeerView& view) {
  write(reply, {peer, facade, group, facade.now(), nullptr, &other, &view});
}

}  // namespace vedette::agent
