// What each command of an agent does: the shell's part, over the simulated network.
#include <memory>
#include <utility>

#include "tests/sim/cluster/world.hpp"

namespace vedette::sim {

using consensus::Event;

namespace {

// A sentinel answers some of what data nodes are asked, when an address changed hands.
proto::InfoSnapshot info_of(const Agent& agent) {
  return proto::parse_info("redis_version:7.0.15\r\nrun_id:" + agent.id().text() + "\r\n");
}

constexpr const char* unknown_command = "ERR unknown command";

}  // namespace

struct Agent::Execute {
  Agent& self;
  World& world;

  void operator()(const consensus::Connect& c) const {
    const auto link = static_cast<std::uint64_t>(c.link);
    const Purpose purpose = c.kind == consensus::LinkKind::command  ? Purpose::command
                            : c.kind == consensus::LinkKind::pubsub ? Purpose::pubsub
                                                                    : Purpose::peer;
    Agent* const agent = &self;
    self.links_[link] =
        world.network().open(self, c.address, purpose, link, [agent, link](bool open) {
          if (!agent->links_.contains(link)) return;
          const consensus::LinkId id{link};
          if (open) return agent->feed(consensus::LinkUp{id, agent->address().host});
          agent->links_.erase(link);
          agent->feed(consensus::LinkDown{id, "Connection refused"});
        });
  }
  void operator()(const consensus::Disconnect& c) const {
    const auto found = self.links_.find(static_cast<std::uint64_t>(c.link));
    if (found == self.links_.end()) return;
    if (self.kind() == Kind::legacy) {
      world.network().close(found->second, self);
    } else {
      world.network().abort(found->second, self);
    }
    self.unwritten_.erase(found->first);
    self.links_.erase(found);
  }

  // `serve` runs at the other end and gives its answer, if there is one at once.
  template <class Serve>
  void ask(consensus::LinkId link, Serve serve) const {
    const auto found = self.links_.find(static_cast<std::uint64_t>(link));
    if (found == self.links_.end()) return;
    const ConnId conn = found->second;
    Agent* const agent = &self;
    world.network().send(conn, self, [agent, link, conn, serve = std::move(serve)] {
      Process& other = agent->world_.network().opposite(conn, *agent);
      auto reply = serve(other, conn);
      if (reply) reply_to(*agent, link, conn, other, std::move(*reply));
    });
  }
  // What waits to be read on a link that it has closed meanwhile is never read.
  template <class Reply>
  static void reply_to(Agent& to, consensus::LinkId link, ConnId conn, const Process& from,
                       Reply reply) {
    Agent* const agent = &to;
    to.world_.network().send(conn, from, [agent, link, reply = std::move(reply)] {
      if (agent->links_.contains(static_cast<std::uint64_t>(link))) agent->feed(reply);
    });
  }
  template <class Request>
  static Event refused(const Request& c, const std::string& error) {
    return consensus::RequestFailed{c.link, c.request, error};
  }

  void operator()(const consensus::SendPing& c) const {
    ask(c.link, [c](Process& other, ConnId) {
      consensus::Ponged pong{c.link, c.request};
      if (const Redis* const node = other.as_redis()) pong.kind = node->ping(&pong.loading);
      return std::optional(pong);
    });
  }
  void operator()(const consensus::SendInfo& c) const {
    ask(c.link, [c](Process& other, ConnId) -> std::optional<Event> {
      Redis* const node = other.as_redis();
      if (node == nullptr) {
        return consensus::InfoRead{c.link, c.request, info_of(*other.as_agent())};
      }
      const std::string error = node->refusal(true);
      if (!error.empty()) return refused(c, error);
      return consensus::InfoRead{c.link, c.request, *node->info()};
    });
  }
  void operator()(const consensus::SendRole& c) const {
    ask(c.link, [c](Process& other, ConnId) -> std::optional<Event> {
      const Redis* const node = other.as_redis();
      const std::string error = node == nullptr ? unknown_command : node->refusal(true);
      if (!error.empty()) return refused(c, error);
      if (node->refuses_role) return refused(c, "NOPERM this user has no permissions for it");
      return consensus::RoleRead{c.link, c.request, node->role_reply()};
    });
  }
  void operator()(const consensus::Identify& c) const {
    ask(c.link, [c](Process& other, ConnId) -> std::optional<Event> {
      const Agent* const peer = other.as_agent();
      if (peer == nullptr) return consensus::PeerIdentified{c.link, c.request};
      const bool vedette = peer->kind() == Kind::vedette;
      return consensus::PeerIdentified{c.link, c.request, vedette, peer->id()};
    });
  }
  void operator()(const consensus::AskPeer& c) const {
    Agent* const agent = &self;
    ask(c.link, [c, agent](Process& other, ConnId conn) -> std::optional<Event> {
      Agent* const peer = other.as_agent();
      if (peer == nullptr) return refused(c, unknown_command);
      peer->ask_vote(c.query, [c, agent, peer, conn](const proto::DownReply& reply) {
        reply_to(*agent, c.link, conn, *peer, consensus::PeerAnswered{c.link, c.request, reply});
      });
      return std::nullopt;
    });
  }
  void operator()(const consensus::AskConfiguration& c) const {
    ask(c.link, [c](Process& other, ConnId) -> std::optional<Event> {
      const Agent* const peer = other.as_agent();
      const auto held = peer == nullptr ? std::nullopt : peer->configuration_of(c.group);
      if (!held) return refused(c, unknown_command);
      return consensus::ConfigurationTold{c.link, c.request, *held};
    });
  }
  void operator()(const consensus::PublishHello& c) const {
    SharedHello heard = self.on_the_wire(c.hello);
    if (!heard) return world.fail("hello format", self.name_ + " publishes a malformed hello");
    if (!self.is_heard) heard.reset();
    const consensus::Acknowledged taken{c.link, c.request};
    ask(c.link, [taken, heard = std::move(heard)](Process& other, ConnId) -> std::optional<Event> {
      if (!heard) return taken;
      if (Redis* const node = other.as_redis()) {
        const std::string error = node->refusal(true);
        if (!error.empty()) return refused(taken, error);
        node->publish(heard);
      } else if (Agent* const peer = other.as_agent()) {
        peer->feed(consensus::HelloHeard{std::nullopt, *heard});
      }
      return taken;
    });
  }

  void operator()(const consensus::Promote& c) const {
    if (!self.links_.contains(static_cast<std::uint64_t>(c.link))) return;
    self.unwritten_[static_cast<std::uint64_t>(c.link)] = c.request;
    if (self.write_delay == Duration{0}) return write(self, world, c);
    Agent* const agent = &self;
    World* const w = &world;
    const unsigned life = self.life();
    world.queue().after(self.write_delay, [agent, w, c, life] {
      w->network().deliver(*agent, life, [agent, w, c] { write(*agent, *w, c); });
    });
  }
  // Its last moment is judged here, at the socket.
  static void write(Agent& agent, World& world, const consensus::Promote& c) {
    const auto unwritten = agent.unwritten_.find(static_cast<std::uint64_t>(c.link));
    if (unwritten == agent.unwritten_.end() || unwritten->second != c.request) return;
    agent.unwritten_.erase(unwritten);
    if (agent.clock() > c.not_after) {
      return agent.feed(consensus::PromoteWithheld{c.link, c.request});
    }
    const ConnId conn = agent.links_.at(static_cast<std::uint64_t>(c.link));
    Redis* const node = world.network().opposite(conn, agent).as_redis();
    if (node == nullptr) return agent.feed(refused(c, unknown_command));
    for (Watcher* const watcher : world.watchers()) watcher->promote_written(agent, c, *node);
    Agent* const by = &agent;
    World* const w = &world;
    const Instant written = world.now();
    world.network().send(conn, agent, [by, w, node, c, conn, written] {
      promote(*by, *w, *node, c, conn, written);
    });
  }
  static void promote(Agent& agent, World& world, Redis& node, const consensus::Promote& c,
                      ConnId conn, Instant written) {
    consensus::PromoteAnswered answer{c.link, c.request, node.refusal(false).empty(), {}};
    if (answer.executed) {
      for (Watcher* const watcher : world.watchers()) {
        watcher->promoted(agent, c.hello, node, written);
      }
      world.tell(node, "promoted by " + agent.name());
      node.replicate(std::nullopt, conn, false);
      node.publish(c.hello);
    }
    if (node.refusal(true).empty()) answer.role = node.role_reply();
    Agent* const by = &agent;
    Redis* const target = &node;
    Network* const network = &world.network();
    network->send(conn, node, [by, target, network, answer, conn] {
      by->feed(answer);
      if (!answer.executed) return;
      network->send(conn, *by, [target] { target->kill_clients(Purpose::pubsub, std::nullopt); });
    });
  }

  void operator()(const consensus::Follow& c) const {
    Agent* const agent = &self;
    World* const w = &world;
    const Instant written = world.now();
    ask(c.link, [c, agent, w, written](Process& other, ConnId conn) -> std::optional<Event> {
      Redis* const node = other.as_redis();
      const std::string error = node == nullptr ? unknown_command : node->refusal(false);
      if (!error.empty()) return refused(c, error);
      // A real Sentinel promotes with the same transaction; no host stands for NO ONE.
      const bool to_master = c.master.host.empty();
      for (Watcher* const watcher : w->watchers()) {
        watcher->following(*agent, *node, c.master, written);
      }
      w->tell(*node, (to_master ? "promoted" : "pointed at " + proto::to_string(c.master)) +
                         " by " + agent->name());
      const auto master = to_master ? std::nullopt : std::optional(c.master);
      node->replicate(master, conn, true);
      return consensus::Acknowledged{c.link, c.request};
    });
  }
  void operator()(const consensus::Retract& c) const {
    const auto unwritten = self.unwritten_.find(static_cast<std::uint64_t>(c.link));
    const bool waits = unwritten != self.unwritten_.end() && unwritten->second == c.request;
    if (waits) self.unwritten_.erase(unwritten);
  }
  void operator()(const consensus::KillScript& c) const {
    ask(c.link, [](Process& other, ConnId) -> std::optional<Event> {
      if (Redis* const node = other.as_redis()) node->kill_script();
      return std::nullopt;
    });
  }

  void operator()(const consensus::Persist&) const { self.save(); }
  void operator()(const consensus::ReplyVote& c) const {
    const auto asked = self.votes_.extract(c.ticket);
    if (!asked.empty()) asked.mapped()(c.reply);
  }
  void operator()(const consensus::ReplyOrder& c) const {
    const auto asked = self.orders_.extract(c.ticket);
    if (!asked.empty() && asked.mapped()) asked.mapped()(c);
  }
  void operator()(const consensus::Announce& c) const {
    world.story().announced(world.now(), self.name_, c);
  }
  void operator()(const consensus::Note& c) const {
    world.story().tell(world.now(), self.name_, c.text);
  }
  void operator()(const consensus::RunReconfigScript&) const {}
};

// What does not survive the text does not arrive. The same one goes to many, again and again.
SharedHello Agent::on_the_wire(const proto::Hello& hello) {
  if (last_hello_ && *last_hello_ == hello) return last_hello_;
  const std::optional<proto::Hello> read = proto::parse_hello(proto::format_hello(hello));
  last_hello_ = read ? std::make_shared<const proto::Hello>(*read) : nullptr;
  return last_hello_;
}

void Agent::feed(const Event& event) {
  if (!alive()) return;
  for (Watcher* const watcher : world_.watchers()) watcher->stepping(*this, event);
  consensus::Commands commands = std::exchange(spare_, {});
  if (core_) {
    core_->step(clock(), event, commands);
  } else {
    legacy_->step(clock(), event, commands);
  }
  world_.story().step(world_.now(), static_cast<std::uint32_t>(host()), event, commands);
  for (Watcher* const watcher : world_.watchers()) watcher->stepped(*this, event, commands);
  const unsigned mine = life();
  for (const consensus::Command& command : commands) {
    std::visit(Execute{*this, world_}, command);
    if (life() != mine || !alive()) return;
  }
  plan_tick();
  commands.clear();
  spare_ = std::move(commands);
}

}  // namespace vedette::sim
