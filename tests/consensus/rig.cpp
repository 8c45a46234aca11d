#include "tests/consensus/rig.hpp"

#include <algorithm>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "tests/sim/rules/soundness.hpp"

namespace vedette::consensus::testing {

Rig::Rig(std::uint64_t seed) : world(seed, true) {}

void Rig::build(std::size_t agents, std::size_t replicas, const GroupOptions& options) {
  build_mixed(agents, 0, replicas, options, options);
}

void Rig::build_mixed(std::size_t agents, std::size_t legacy, std::size_t replicas,
                      const GroupOptions& options, const GroupOptions& legacy_options) {
  sim::Shard& shard = world.add_shard("mymaster", options, replicas);
  for (std::size_t i = 0; i < agents; ++i) world.add_agent(Kind::vedette, 0, false);
  shard.options = legacy_options;
  for (std::size_t i = 0; i < legacy; ++i) world.add_agent(Kind::legacy, 0, false);
  sim::Limits limits;
  limits.legacy = legacy > 0;
  boot(limits);
}

void Rig::boot(const sim::Limits& limits) {
  rules_.emplace(world, faults_, limits);
  world.watch(*this);
  for (const auto& agent : agents()) agent->boot();
}

// ---- what happens to them -----------------------------------------------------------------------

bool Rig::in_trouble() const {
  const auto paused = [](const auto& process) { return process->paused(); };
  return !cuts_.empty() || std::any_of(agents().begin(), agents().end(), paused) ||
         std::any_of(nodes().begin(), nodes().end(), paused);
}

void Rig::note_trouble(const Process& whom, const std::string& what) {
  faults_.note_trouble();
  world.tell(whom, what);
}

void Rig::kill(Redis& node) {
  note_trouble(node, "killed");
  node.crash(sim::Network::End::crash);
}

void Rig::start(Redis& node) {
  note_trouble(node, "started");
  node.boot();
}

void Rig::pause(Redis& node) {
  note_trouble(node, "paused");
  world.network().pause(node);
}

void Rig::resume(Redis& node) {
  note_trouble(node, "resumed");
  world.network().resume(node);
}

void Rig::kill(Agent& agent) {
  note_trouble(agent, "killed");
  agent.crash(sim::Network::End::crash);
}

void Rig::start(Agent& agent) {
  note_trouble(agent, "started");
  agent.boot();
}

void Rig::stop(Agent& agent) {
  note_trouble(agent, "stopped");
  world.network().pause(agent);
}

void Rig::go_on(Agent& agent) {
  note_trouble(agent, "goes on");
  world.network().resume(agent);
}

void Rig::replicate(Redis& node, const std::optional<proto::Address>& master) {
  note_trouble(node, master ? "told to follow " + proto::to_string(*master) : "told to lead");
  node.replicate_by_hand(master);
}

void Rig::set_blocked(const Process& from, const Process& to, bool blocked) {
  if (from.host() == to.host()) return;
  note_trouble(from, (blocked ? "cut from " : "reaches ") + proto::to_string(to.address()));
  sim::Route route = world.network().normal();
  route.blocked = blocked;
  world.network().set_route(from.host(), to.host(), route);
  if (blocked) {
    cuts_.emplace(from.host(), to.host());
  } else {
    cuts_.erase({from.host(), to.host()});
  }
}

void Rig::cut_one_way(const Process& from, const Process& to) { set_blocked(from, to, true); }
void Rig::heal_one_way(const Process& from, const Process& to) { set_blocked(from, to, false); }

void Rig::cut(const Process& a, const Process& b) {
  cut_one_way(a, b);
  cut_one_way(b, a);
}

void Rig::heal(const Process& a, const Process& b) {
  heal_one_way(a, b);
  heal_one_way(b, a);
}

void Rig::cut_off(const Agent& agent) {
  for (const auto& other : agents()) cut(agent, *other);
  for (const auto& node : nodes()) cut(agent, *node);
}

void Rig::reconnect(const Agent& agent) {
  for (const auto& other : agents()) heal(agent, *other);
  for (const auto& node : nodes()) heal(agent, *node);
}

// Behind the step that runs now: the ends must not be told in the middle of it.
void Rig::reset_between(const Process& a, const Process& b) {
  note_trouble(a, "loses its connections with " + proto::to_string(b.address()));
  world.queue().after(Duration{0},
                      [this, x = a.host(), y = b.host()] { world.network().reset_between(x, y); });
}

ReplyOrder Rig::order(Agent& agent, const Order& what) {
  const auto answer = std::make_shared<std::optional<ReplyOrder>>();
  agent.order(what, [answer](const ReplyOrder& reply) { *answer = reply; });
  run_until([&] { return answer->has_value(); }, 10s);
  if (!*answer) throw std::runtime_error("an order was not answered");
  return **answer;
}

proto::DownReply Rig::ask_vote(Agent& agent, const proto::DownQuery& query) {
  const auto answer = std::make_shared<std::optional<proto::DownReply>>();
  agent.ask_vote(query, [answer](const proto::DownReply& reply) { *answer = reply; });
  run_until([&] { return answer->has_value(); }, 10s);
  if (!*answer) throw std::runtime_error("a question was not answered");
  return **answer;
}

// ---- what is to be seen -------------------------------------------------------------------------

void Rig::stepped(Agent& agent, const Event&, const Commands& commands) {
  for (const Command& command : commands) {
    if (const auto* const news = std::get_if<Announce>(&command)) {
      heard.push_back({now(), agent.name(), std::string(news->event), news->payload});
    } else if (const auto* const note = std::get_if<Note>(&command)) {
      heard.push_back({now(), agent.name(), "note", note->text});
    } else if (std::holds_alternative<Promote>(command) && in_trouble()) {
      faults_.note_trouble();
    }
  }
}

void Rig::promote_written(Agent& agent, const Promote& promote, Redis& node) {
  if (on_promote) on_promote(agent, promote, node);
  promotes.push_back(promote);
}

Redis& Rig::node(const proto::Address& address) { return *world.node_at(address); }

int Rig::count_of(const std::string& event, const Agent* agent) const {
  const auto same = [&](const Heard& each) {
    return each.event == event && (agent == nullptr || each.agent == agent->name());
  };
  return static_cast<int>(std::count_if(heard.begin(), heard.end(), same));
}

std::vector<std::string> Rig::payloads(const std::string& event) const {
  std::vector<std::string> out;
  for (const Heard& each : heard) {
    if (each.event == event) out.push_back(each.payload);
  }
  return out;
}

Agent* Rig::who(const std::string& event) {
  for (const Heard& each : heard) {
    if (each.event != event) continue;
    for (const auto& agent : agents()) {
      if (agent->name() == each.agent) return agent.get();
    }
  }
  return nullptr;
}

bool Rig::all_agree_on(const proto::Address& master) const {
  return std::all_of(agents().begin(), agents().end(), [&](const auto& agent) {
    return !agent->alive() || agent->master_of("mymaster") == master;
  });
}

std::string Rig::what_is_wrong() {
  std::string wrong = sim::what_is_wrong(world, {});
  const auto leads = [&](const auto& node) {
    return node->alive() && node->role() == proto::Role::master && all_agree_on(node->address());
  };
  const auto leader = std::find_if(nodes().begin(), nodes().end(), leads);
  if (leader == nodes().end()) return wrong + " no master that everybody knows;";
  for (const auto& node : nodes()) {
    if (!node->alive() || node == *leader) continue;
    const bool follows =
        node->role() == proto::Role::replica && node->following() == (*leader)->address();
    if (!follows) wrong += " " + node->address().host + " is astray;";
  }
  return wrong;
}

std::string Rig::broken() const {
  return world.failed() ? world.invariant() + ": " + world.failure() : "";
}

std::string Rig::story() {
  std::ostringstream out;
  for (const sim::Line& line : world.story().lines()) {
    out << line.at.time_since_epoch().count() / 1000 << "ms " << line.who << " " << line.what
        << "\n";
  }
  return out.str();
}

}  // namespace vedette::consensus::testing
