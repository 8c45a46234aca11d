#include "tests/consensus/world.hpp"

#include <algorithm>
#include <cassert>
#include <sstream>

namespace vedette::consensus::testing {

namespace {

std::string hex_id(std::uint64_t seed) {
  Random random{seed * 7919 + 13};
  std::string id;
  for (int i = 0; i < 40; ++i) id += "0123456789abcdef"[random.next() % 16];
  return id;
}

std::pair<std::string, std::string> pair_of(const std::string& a, const std::string& b) {
  return a < b ? std::pair{a, b} : std::pair{b, a};
}

}  // namespace

World::World(std::uint64_t seed) : random_(seed) {}

Server& World::add_server(const std::string& host, const std::string& master_host) {
  auto server = std::make_unique<Server>();
  server->address = {host, 6379};
  server->run_id = hex_id(1000 + servers_.size());
  server->replid = hex_id(5000);
  if (!master_host.empty()) {
    server->role = proto::Role::replica;
    server->following = {master_host, 6379};
  }
  return *(servers_[host] = std::move(server));
}

Agent& World::add_agent(const GroupOptions& options, const std::string& group,
                        const proto::Address& master) {
  const std::uint64_t number = agents_.size() + 1;
  const proto::RunId id = *proto::RunId::parse(hex_id(number));
  const std::string host = "10.0.1." + std::to_string(number);
  DurableGroup durable;
  durable.name = group;
  durable.master = master;
  durable.options = options;
  const Durable disk{id, {}, {durable}};
  auto agent =
      std::make_unique<Agent>(Agent{"a" + std::to_string(number), id, {host, 26379}, disk, disk});
  agents_.push_back(std::move(agent));
  Agent& added = *agents_.back();
  added.alive = false;
  start(added);
  return added;
}

void World::build(int agents, int replicas, const GroupOptions& options) {
  add_server("10.0.0.1", "");
  for (int i = 0; i < replicas; ++i) add_server("10.0.0." + std::to_string(i + 2), "10.0.0.1");
  for (int i = 0; i < agents; ++i) add_agent(options, "mymaster", {"10.0.0.1", 6379});
}

void World::at(Instant when, std::function<void()> what) {
  queue_.emplace(std::pair{when, ++order_}, std::move(what));
}

void World::later(Agent& agent, Duration delay, const Event& event) {
  const int life = agent.life;
  at(now_ + delay, [this, &agent, life, event] {
    if (agent.alive && agent.life == life) feed(agent, event);
  });
}

void World::feed(Agent& agent, const Event& event) {
  if (agent.stopped) {
    agent.inbox.push_back(event);
    return;
  }
  if (agent.sentinel) return sentinel_step(agent, event);
  Commands commands;
  agent.core->step(now_, event, commands);
  if (on_step) on_step(agent, commands);
  execute(agent, commands);
  schedule_tick(agent);
}

void World::schedule_tick(Agent& agent) {
  const Instant due = std::max(agent.core->deadline(), now_);
  if (agent.core->deadline() == never || due == agent.tick_at) return;
  agent.tick_at = due;
  const int life = agent.life;
  at(due, [this, &agent, life, due] {
    if (!agent.alive || agent.life != life || agent.tick_at != due) return;
    agent.tick_at = never;
    feed(agent, Tick{});
  });
}

void World::run_for(Duration duration) {
  const Instant end = now_ + duration;
  while (!queue_.empty() && queue_.begin()->first.first <= end) {
    auto next = queue_.extract(queue_.begin());
    now_ = std::max(now_, next.key().first);
    next.mapped()();
  }
  now_ = end;
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now_ + limit;
  while (!condition()) {
    if (queue_.empty() || queue_.begin()->first.first > end) return false;
    auto next = queue_.extract(queue_.begin());
    now_ = std::max(now_, next.key().first);
    next.mapped()();
  }
  return true;
}

bool World::reachable(const std::string& a, const std::string& b) const {
  return !cuts_.contains(pair_of(a, b));
}

void World::cut(const std::string& a, const std::string& b) { cuts_.insert(pair_of(a, b)); }
void World::heal(const std::string& a, const std::string& b) { cuts_.erase(pair_of(a, b)); }

void World::drop_wires(const proto::Address& target, std::optional<LinkKind> kind,
                       const Agent* except) {
  for (auto& each : agents_) {
    for (auto& [key, wire] : wires_) {
      const bool hit = key.first == each.get() && wire.target == target && wire.open &&
                       (!kind || wire.kind == *kind) && each.get() != except;
      if (!hit) continue;
      wire.open = false;
      if (reachable(wire.agent_host, target.host)) later(*each, hop, LinkDown{key.second, "reset"});
    }
  }
}

void World::kill(Server& server) {
  server.alive = server.paused = false;
  stalled_.erase(server.address.host);
  drop_wires(server.address, std::nullopt, nullptr);
}

void World::start(Server& server) {
  server.alive = true;
  server.run_id = hex_id(9000 + ++order_);
}

void World::pause(Server& server) { server.paused = true; }

void World::resume(Server& server) {
  server.paused = false;
  auto waiting = std::move(stalled_[server.address.host]);
  stalled_.erase(server.address.host);
  for (auto& each : waiting) each();
}

void World::kill(Agent& agent) {
  agent.alive = false;
  ++agent.life;
  drop_wires(agent.address, std::nullopt, nullptr);
  std::erase_if(wires_, [&](const auto& entry) { return entry.first.first == &agent; });
  agent.stopped = false;
  agent.inbox.clear();
  agent.votes.clear();
  agent.orders.clear();
}

void World::start(Agent& agent) {
  agent.alive = true;
  ++agent.life;
  agent.tick_at = never;
  agent.save_ends.reset();
  if (agent.sentinel) return;
  agent.confirmed = agent.disk;
  const Announced announced{agent.address.host, agent.address.port};
  agent.core = std::make_unique<Core>(agent.disk, announced, Timings{}, random_.next(), now_);
  later(agent, 1us, Tick{});
}

void World::stop(Agent& agent) { agent.stopped = true; }

void World::go_on(Agent& agent) {
  agent.stopped = false;
  std::vector<Event> inbox;
  inbox.swap(agent.inbox);
  for (const Event& event : inbox) {
    if (!std::holds_alternative<Tick>(event)) feed(agent, event);
  }
  if (agent.core) feed(agent, Tick{});
}

Agent* World::agent_at(const proto::Address& address) {
  for (auto& each : agents_) {
    if (each->address == address && each->alive) return each.get();
  }
  return nullptr;
}

// Runs `what` when the request reaches the server: at once, when it wakes up, or never.
void World::on_server(Agent& agent, LinkId link, const std::function<void(Server&)>& what) {
  const auto wire = wires_.find({&agent, link});
  if (wire == wires_.end() || !wire->second.open) return;
  const std::string host = wire->second.target.host;
  Agent* sender = &agent;
  const auto arrive = [this, host, what, sender, link] {
    const auto found = wires_.find({sender, link});
    if (found == wires_.end() || !found->second.open) return;
    if (!reachable(found->second.agent_host, host)) return;
    Server& server = *servers_.at(host);
    if (!server.alive) return;
    if (server.paused) {
      stalled_[host].push_back([this, host, what] { what(*servers_.at(host)); });
    } else {
      what(server);
    }
  };
  at(now_ + hop, arrive);
}

void World::deliver_hello(const Server& through, const proto::Hello& hello) {
  const auto relays = [&](const Server& server) {
    return server.address == through.address ||
           (server.role == proto::Role::replica && server.following == through.address);
  };
  for (auto& [key, wire] : wires_) {
    if (wire.kind != LinkKind::pubsub || !wire.open) continue;
    const Server& server = *servers_.at(wire.target.host);
    if (!server.alive || !relays(server) || !reachable(wire.agent_host, wire.target.host)) continue;
    for (auto& each : agents_) {
      if (each.get() == key.first) later(*each, hop, HelloHeard{key.second, hello});
    }
  }
}

void World::promote(Agent& agent, const Promote& command) {
  if (now_ > command.not_after) {
    later(agent, 1us, PromoteWithheld{command.link, command.request});
    return;
  }
  if (on_promote) on_promote(agent, command);
  promotes.push_back(command);
  on_server(agent, command.link, [this, &agent, command](Server& server) {
    if (server.role == proto::Role::replica) {
      server.role = proto::Role::master;
      server.replid2 = server.replid;
      server.replid = hex_id(7000 + ++order_);
      ++server.promotions;
    }
    deliver_hello(server, command.hello);
    drop_wires(server.address, LinkKind::command, &agent);
    proto::RoleSnapshot role;
    role.role = proto::Role::master;
    later(agent, hop, PromoteAnswered{command.link, command.request, true, role});
    at(now_ + 3 * hop, [this, &server] { drop_wires(server.address, LinkKind::pubsub, nullptr); });
  });
}

void World::save(Agent& agent) {
  if (agent.save_ends) return;
  const SaveNumber number = agent.core->save_number();
  const Durable snapshot = agent.core->durable();
  agent.save_ends = now_ + agent.save_time;
  const int life = agent.life;
  at(*agent.save_ends, [this, &agent, life, number, snapshot] {
    if (agent.life != life || !agent.alive) return;
    agent.save_ends.reset();
    if (!agent.disk_fails) agent.disk = snapshot;
    if (agent.disk_fails || agent.disk_fails_late) {
      feed(agent, PersistFailed{number, "No space left on device"});
    } else {
      agent.confirmed = snapshot;
      feed(agent, Persisted{number});
    }
    if (agent.core->save_number() > number) save(agent);
  });
}

ReplyOrder World::order(Agent& agent, const Order& what) {
  const Ticket ticket{++tickets_};
  std::optional<ReplyOrder> answer;
  agent.orders[ticket] = [&](const ReplyOrder& reply) { answer = reply; };
  feed(agent, Ordered{ticket, what});
  const bool came = run_until([&] { return answer.has_value(); }, 10s);
  assert(came);
  return *answer;
}

proto::DownReply World::ask_vote(Agent& agent, const proto::DownQuery& query) {
  const Ticket ticket{++tickets_};
  std::optional<proto::DownReply> answer;
  agent.votes[ticket] = [&](const proto::DownReply& reply) { answer = reply; };
  feed(agent, VoteAsked{ticket, query});
  const bool came = run_until([&] { return answer.has_value(); }, 10s);
  assert(came);
  return *answer;
}

int World::count(const std::string& event, const std::string& agent) const {
  const auto same = [&](const Heard& each) {
    return each.event == event && (agent.empty() || each.agent == agent);
  };
  return static_cast<int>(std::count_if(heard.begin(), heard.end(), same));
}

std::vector<std::string> World::payloads(const std::string& event) const {
  std::vector<std::string> out;
  for (const Heard& each : heard) {
    if (each.event == event) out.push_back(each.payload);
  }
  return out;
}

bool World::all_agree_on(const proto::Address& master, const std::string& group) {
  return std::all_of(agents_.begin(), agents_.end(), [&](const auto& each) {
    if (each->sentinel) return !each->alive || each->sentinel->master == master;
    const Group* found = each->alive ? each->core->state().find(group) : nullptr;
    return !each->alive || (found != nullptr && found->master().address == master);
  });
}

std::string World::story() const {
  std::ostringstream out;
  for (const Heard& each : heard) {
    out << each.at.time_since_epoch().count() / 1000 << "ms " << each.agent << " " << each.event
        << " " << each.payload << "\n";
  }
  return out.str();
}

}  // namespace vedette::consensus::testing
