// Three legacy sentinels around a master and two replicas, on a network that takes a moment.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/legacy/solo.hpp"

namespace vedette::sim::testing {

class LegacyTrio {
 public:
  struct Node {
    bool alive = true;
    bool hung = false;  // takes everything, answers nothing
    proto::InfoSnapshot info;
    Instant follows_since{};
  };
  struct Heard {
    Instant at;
    int agent;
    std::string event;
    std::string payload;
  };

  LegacyTrio(std::uint64_t seed, const std::vector<GroupOptions>& options) {
    for (int i = 1; i <= 3; ++i) {
      Node& node = nodes[node_at(i)];
      node.info.role = i == 1 ? proto::Role::master : proto::Role::replica;
      if (i > 1) node.info.master = node_at(1);
      node.info.run_id = id_of(static_cast<char>('0' + i));
      node.info.replica_repl_offset = 100;
    }
    for (int i = 0; i < 3; ++i) {
      const char id = static_cast<char>('a' + i);
      DurableGroup group = LegacySolo::group("mymaster");
      group.options = options.at(static_cast<std::size_t>(i));
      group.peers.clear();
      for (const char other : {'a', 'b', 'c'}) {
        if (other != id) group.peers.push_back({id_of(other), peer_at(other)});
      }
      const Durable file{id_of(id), {}, {group}};
      const std::uint64_t own_seed = seed * 3 + static_cast<std::uint64_t>(i);
      agents.push_back(std::make_unique<Legacy>(file, Announced{peer_at(id).host, 26379}, own_seed,
                                                now + 20ms * i));
      at(now + 20ms * i, [this, i] { feed(i, Tick{}); });
    }
  }

  void run_for(Duration duration) {
    const Instant end = now + duration;
    while (!queue.empty() && queue.begin()->first.first <= end) {
      const auto next = queue.extract(queue.begin());
      now = next.key().first;
      next.mapped()();
    }
    now = end;
  }
  // Runs until that event; false if it did not come within the limit.
  bool run_until(const std::string& event, Duration limit) {
    const Instant end = now + limit;
    while (now < end) {
      const std::size_t seen = heard.size();
      run_for(1ms);
      for (std::size_t i = seen; i < heard.size(); ++i) {
        if (heard[i].event == event) return true;
      }
    }
    return false;
  }
  void order(int agent, const Order& what) { feed(agent, Ordered{Ticket{++serial}, what}); }
  // Its peers see their links to it close, and nobody answers any more.
  void kill_agent(int agent) {
    gone.insert(agent);
    drop(peer_at(static_cast<char>('a' + agent)), [](const Wire&) { return true; });
  }
  void kill(const proto::Address& address) {
    nodes[address].alive = false;
    drop(address, [](const Wire&) { return true; });
  }

  Instant now{1000s};
  std::map<proto::Address, Node> nodes;
  std::vector<std::unique_ptr<Legacy>> agents;
  std::vector<Heard> heard;

 private:
  static constexpr Duration hop = 200us;
  static constexpr Duration resync = 50ms;
  struct Wire {
    int agent;
    LinkKind kind;
    proto::Address to;
  };
  using Key = std::pair<int, LinkId>;

  void at(Instant when, std::function<void()> what) {
    queue.emplace(std::pair(when, ++serial), std::move(what));
  }
  void later(int agent, const Event& event) {
    at(now + 2 * hop, [this, agent, event] { feed(agent, event); });
  }
  void feed(int agent, const Event& event) {
    if (gone.contains(agent)) return;
    Commands commands;
    Legacy& legacy = *agents.at(static_cast<std::size_t>(agent));
    legacy.step(now, event, commands);
    for (const Command& each : commands) {
      std::visit([&](const auto& command) { carry_out(agent, command); }, each);
    }
    if (std::holds_alternative<Tick>(event)) {
      at(legacy.deadline(), [this, agent] { feed(agent, Tick{}); });
    }
  }
  template <class Which>
  void drop(const proto::Address& address, Which which) {
    std::vector<Key> lost;
    for (const auto& [key, wire] : wires) {
      if (wire.to == address && which(wire)) lost.push_back(key);
    }
    for (const Key& key : lost) {
      wires.erase(key);
      later(key.first, LinkDown{key.second, "closed"});
    }
  }
  int agent_at(const proto::Address& address) const {
    for (int i = 0; i < 3; ++i) {
      if (peer_at(static_cast<char>('a' + i)) == address) return i;
    }
    return -1;
  }
  // Null for one that is closed or leads to somebody who does not answer.
  const Wire* wire_of(int agent, LinkId link) const {
    const auto found = wires.find({agent, link});
    if (found == wires.end()) return nullptr;
    const auto node = nodes.find(found->second.to);
    return node != nodes.end() && node->second.hung ? nullptr : &found->second;
  }
  proto::InfoSnapshot info_of(const proto::Address& address) {
    proto::InfoSnapshot info = nodes[address].info;
    if (info.role != proto::Role::replica) return info;
    const Node& master = nodes[info.master];
    info.master_link_up = master.alive && master.info.role == proto::Role::master &&
                          now - nodes[address].follows_since >= resync;
    return info;
  }

  void carry_out(int agent, const Connect& c) {
    const auto node = nodes.find(c.address);
    const bool up = node == nodes.end() ? !gone.contains(agent_at(c.address)) : node->second.alive;
    if (!up) return later(agent, LinkDown{c.link, "refused"});
    wires[{agent, c.link}] = {agent, c.kind, c.address};
    later(agent, LinkUp{c.link, peer_at(static_cast<char>('a' + agent)).host});
  }
  void carry_out(int agent, const Disconnect& c) { wires.erase({agent, c.link}); }
  void carry_out(int agent, const SendPing& c) {
    if (wire_of(agent, c.link) != nullptr) later(agent, Ponged{c.link, c.request});
  }
  void carry_out(int agent, const SendInfo& c) {
    const Wire* wire = wire_of(agent, c.link);
    if (wire != nullptr) later(agent, InfoRead{c.link, c.request, info_of(wire->to)});
  }
  // To a node: its subscribers, and by replication those of its replicas.
  void carry_out(int agent, const PublishHello& c) {
    const Wire* wire = wire_of(agent, c.link);
    if (wire == nullptr) return;
    const proto::Address to = wire->to;
    later(agent, Acknowledged{c.link, c.request});
    const int peer = agent_at(to);
    if (peer >= 0) return later(peer, HelloHeard{std::nullopt, c.hello});
    for (const auto& [key, each] : wires) {
      if (each.kind != LinkKind::pubsub) continue;
      const Node& node = nodes[each.to];
      if (node.hung) continue;
      const bool relays = node.info.role == proto::Role::replica && node.info.master == to;
      if (each.to == to || relays) later(key.first, HelloHeard{key.second, c.hello});
    }
  }
  void carry_out(int agent, const AskPeer& c) {
    const Wire* wire = wire_of(agent, c.link);
    if (wire == nullptr) return;
    const Ticket ticket{++serial};
    asked[ticket] = {agent, c};
    later(agent_at(wire->to), VoteAsked{ticket, c.query});
  }
  void carry_out(int, const ReplyVote& c) {
    const auto& [agent, ask] = asked.at(c.ticket);
    later(agent, PeerAnswered{ask.link, ask.request, c.reply});
  }
  // CLIENT KILL spares the connection that it comes from.
  void carry_out(int agent, const Follow& c) {
    const Wire* wire = wire_of(agent, c.link);
    if (wire == nullptr) return;
    const proto::Address to = wire->to;
    Node& node = nodes[to];
    node.info.role = c.master.host.empty() ? proto::Role::master : proto::Role::replica;
    node.info.master = c.master;
    node.follows_since = now;
    later(agent, Acknowledged{c.link, c.request});
    drop(to,
         [&](const Wire& each) { return each.kind == LinkKind::pubsub || each.agent != agent; });
  }
  void carry_out(int agent, const Announce& c) {
    heard.push_back({now, agent, std::string(c.event), c.payload});
  }
  template <class C>
  void carry_out(int, const C&) {}

  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> queue;
  std::map<Key, Wire> wires;
  std::set<int> gone;
  std::map<Ticket, std::pair<int, AskPeer>> asked;
  std::uint64_t serial = 0;
};

}  // namespace vedette::sim::testing
