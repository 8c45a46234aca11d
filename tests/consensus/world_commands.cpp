// What each command of the core does to the small world.
#include "tests/consensus/world.hpp"

namespace vedette::consensus::testing {

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
    answer(c.link, Ponged{c.link, c.request, Pong::valid});
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
      self.reply(hop, PeerIdentified{c.link, c.request, !peer.legacy});
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
  void operator()(const Promote& c) const { world.promote(agent, c); }
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
