// What each command of the core does to the small world.
#include <sstream>

#include "tests/consensus/world.hpp"

namespace vedette::consensus::testing {

std::string World::info_text(const Server& server) const {
  std::ostringstream out;
  const bool master = server.role == proto::Role::master;
  out << "run_id:" << server.run_id << "\r\nrole:" << (master ? "master" : "slave") << "\r\n";
  int index = 0;
  for (const auto& [host, each] : servers_) {
    const bool follows =
        each->alive && each->role == proto::Role::replica && each->following == server.address;
    if (follows) out << "slave" << index++ << ":ip=" << host << ",port=6379,state=online\r\n";
  }
  if (!master) {
    const auto found = servers_.find(server.following.host);
    const bool up = found != servers_.end() && found->second->alive;
    out << "master_host:" << server.following.host << "\r\nmaster_port:6379\r\n"
        << "master_link_status:" << (up ? "up" : "down") << "\r\n"
        << "slave_priority:" << server.priority << "\r\nslave_repl_offset:" << server.offset
        << "\r\n";
  }
  out << "master_replid:" << server.replid << "\r\nmaster_repl_offset:" << server.offset << "\r\n";
  if (!server.replid2.empty()) out << "master_replid2:" << server.replid2 << "\r\n";
  return out.str();
}

struct World::Do {
  World& world;
  Agent& agent;

  void operator()(const Connect& c) const {
    Wire& wire = world.wires_[{&agent, c.link}];
    wire = Wire{agent.address.host, c.kind, c.address, false};
    if (!world.reachable(agent.address.host, c.address.host))
      return;  // a black hole answers nothing
    const bool up = c.kind == LinkKind::peer ? world.agent_at(c.address) != nullptr
                                             : world.servers_.contains(c.address.host) &&
                                                   world.servers_.at(c.address.host)->alive;
    wire.open = up;
    if (up) {
      world.later(agent, 2 * hop, LinkUp{c.link, agent.address.host});
    } else {
      world.later(agent, 2 * hop, LinkDown{c.link, "refused"});
    }
  }
  void operator()(const Disconnect& c) const { world.wires_.erase({&agent, c.link}); }
  void reply(Duration delay, const Event& event) const { world.later(agent, delay, event); }

  // For a peer the request arrives a hop later and the reply a hop after that, if both ends live.
  void on_peer(LinkId link, const std::function<void(Agent&)>& what) const {
    const auto wire = world.wires_.find({&agent, link});
    if (wire == world.wires_.end() || !wire->second.open) return;
    const proto::Address target = wire->second.target;
    World* w = &world;
    const std::string from = agent.address.host;
    world.at(world.now_ + hop, [w, target, what, from] {
      Agent* peer = w->agent_at(target);
      if (peer != nullptr && w->reachable(from, target.host)) what(*peer);
    });
  }
  bool is_peer(LinkId link) const {
    const auto wire = world.wires_.find({&agent, link});
    return wire != world.wires_.end() && wire->second.kind == LinkKind::peer;
  }
  void answer(LinkId link, const Event& event) const {
    const Do self = *this;
    if (is_peer(link)) {
      on_peer(link, [self, event](Agent&) { self.reply(hop, event); });
    } else {
      world.on_server(agent, link, [self, event](Server&) { self.reply(hop, event); });
    }
  }
  void operator()(const SendPing& c) const {
    if (is_peer(c.link)) return answer(c.link, Ponged{c.link, c.request, Pong::valid});
    const Do self = *this;
    world.on_server(agent, c.link, [self, c](Server& server) {
      self.reply(hop, Ponged{c.link, c.request, Pong::valid, server.loading});
    });
  }
  void operator()(const SendInfo& c) const {
    const Do self = *this;
    world.on_server(agent, c.link, [self, c](Server& server) {
      self.reply(hop, InfoRead{c.link, c.request, proto::parse_info(self.world.info_text(server))});
    });
  }
  void operator()(const SendRole& c) const {
    const Do self = *this;
    world.on_server(agent, c.link, [self, c](Server& server) {
      proto::RoleSnapshot role;
      role.role = server.role;
      self.reply(hop, RoleRead{c.link, c.request, role});
    });
  }
  void operator()(const Identify& c) const {
    const Do self = *this;
    on_peer(c.link, [self, c](Agent& peer) {
      self.reply(hop, PeerIdentified{c.link, c.request, !peer.sentinel});
    });
  }
  void operator()(const AskPeer& c) const {
    const Do self = *this;
    on_peer(c.link, [self, c](Agent& peer) {
      const Ticket ticket{++self.world.tickets_};
      peer.votes[ticket] = [self, c](const proto::DownReply& reply) {
        self.reply(hop, PeerAnswered{c.link, c.request, reply});
      };
      self.world.feed(peer, VoteAsked{ticket, c.query});
    });
  }
  void operator()(const PublishHello& c) const {
    const Do self = *this;
    if (is_peer(c.link)) {
      on_peer(c.link, [self, c](Agent& peer) {
        self.reply(hop, Acknowledged{c.link, c.request});
        self.world.feed(peer, HelloHeard{std::nullopt, c.hello});
      });
      return;
    }
    world.on_server(agent, c.link, [self, c](Server& server) {
      self.reply(hop, Acknowledged{c.link, c.request});
      self.world.deliver_hello(server, c.hello);
    });
  }
  void operator()(const Promote& c) const {
    if (agent.write_delay == Duration{0}) return world.promote(agent, c);
    World* w = &world;
    Agent* a = &agent;
    const int life = agent.life;
    world.at(world.now_ + agent.write_delay, [w, a, c, life] {
      if (a->alive && a->life == life) w->promote(*a, c);
    });
  }
  void operator()(const Follow& c) const {
    const Do self = *this;
    world.on_server(agent, c.link, [self, c](Server& server) {
      server.role = proto::Role::replica;
      server.following = c.master;
      const auto master = self.world.servers_.find(c.master.host);
      if (master != self.world.servers_.end()) {
        server.replid = master->second->replid;
        server.offset = master->second->offset;
      }
      self.world.drop_wires(server.address, LinkKind::command, &self.agent);
      self.world.drop_wires(server.address, LinkKind::pubsub, nullptr);
      self.reply(hop, Acknowledged{c.link, c.request});
    });
  }
  void operator()(const KillScript&) const {}
  void operator()(const Persist&) const { world.save(agent); }
  void operator()(const ReplyVote& c) const {
    const auto asked = agent.votes.extract(c.ticket);
    if (!asked.empty()) asked.mapped()(c.reply);
  }
  void operator()(const ReplyOrder& c) const {
    const auto asked = agent.orders.extract(c.ticket);
    if (!asked.empty()) asked.mapped()(c);
  }
  void operator()(const Announce& c) const {
    world.heard.push_back({world.now_, agent.name, std::string(c.event), c.payload});
  }
  void operator()(const Note& c) const {
    world.heard.push_back({world.now_, agent.name, "note", c.text});
  }
  void operator()(const RunReconfigScript&) const {}
};

void World::execute(Agent& agent, const Commands& commands) {
  for (const Command& command : commands) std::visit(Do{*this, agent}, command);
}

}  // namespace vedette::consensus::testing
