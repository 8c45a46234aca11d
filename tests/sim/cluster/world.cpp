#include "tests/sim/cluster/world.hpp"

#include <algorithm>

namespace vedette::sim {

namespace {

proto::RunId run_id(World& world) { return *proto::RunId::parse(world.make_id()); }

}  // namespace

World::World(std::uint64_t seed, bool record_story)
    : random_(seed), network_(queue_, consensus::Random(random_.next())), story_(record_story) {}

std::string World::make_id() {
  std::string id;
  id.reserve(40);
  while (id.size() < 40) {
    std::uint64_t bits = random_.next();
    for (int i = 0; i < 16 && id.size() < 40; ++i, bits >>= 4) {
      id += "0123456789abcdef"[bits & 15];
    }
  }
  return id;
}

Redis& World::add_redis(const proto::Address& address, int zone) {
  nodes_.push_back(std::make_unique<Redis>(*this, address, zone));
  network_.add(*nodes_.back());
  return *nodes_.back();
}

Shard& World::add_shard(const std::string& name, const consensus::GroupOptions& options,
                        std::size_t replicas) {
  const std::size_t number = shards_.size();
  shards_.push_back(std::make_unique<Shard>(Shard{name, options, {}}));
  Shard& shard = *shards_.back();
  for (std::size_t i = 0; i <= replicas; ++i) {
    const std::string host = "10.0." + std::to_string(number) + "." + std::to_string(i + 1);
    Redis& node = add_redis({host, 6379}, static_cast<int>(i % 3));
    if (i > 0) node.begin_as_replica_of(*shard.nodes.front());
    shard.nodes.push_back(&node);
  }
  for (Redis* const node : shard.nodes) node->boot();
  return shard;
}

Agent& World::add_agent(Kind kind, int zone, bool introduced) {
  consensus::Durable file{run_id(*this), {}, {}};
  for (const auto& shard : shards_) {
    consensus::DurableGroup group;
    group.name = shard->name;
    group.master = shard->nodes.front()->address();
    group.options = shard->options;
    for (std::size_t i = 1; introduced && i < shard->nodes.size(); ++i) {
      group.replicas.push_back(shard->nodes[i]->address());
    }
    file.groups.push_back(std::move(group));
  }
  std::sort(file.groups.begin(), file.groups.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const std::size_t number = agents_.size() + 1;
  const proto::Address address{"10.1.0." + std::to_string(number), 26379};
  agents_.push_back(std::make_unique<Agent>(*this, "agent-" + std::to_string(number), kind, address,
                                            zone, std::move(file)));
  network_.add(*agents_.back());
  return *agents_.back();
}

void World::introduce_agents() {
  for (const auto& agent : agents_) {
    consensus::Durable file = agent->disk.file();
    file.current_epoch = proto::Epoch{1};
    for (consensus::DurableGroup& group : file.groups) {
      for (const auto& other : agents_) {
        if (other != agent) group.peers.push_back({other->id(), other->address()});
      }
      std::sort(group.peers.begin(), group.peers.end(),
                [](const auto& a, const auto& b) { return a.id < b.id; });
    }
    agent->disk.begin(std::move(file));
    agent->disk.finish();
  }
}

void World::misname_master(Agent& agent) {
  consensus::Durable file = agent.disk.file();
  consensus::DurableGroup& group = file.groups.front();
  if (group.replicas.empty()) return;
  group.master = group.replicas.front();
  group.replicas.erase(group.replicas.begin());
  agent.disk.begin(std::move(file));
  agent.disk.finish();
}

void World::alias_master(Agent& agent) {
  const proto::Address alias{"10.7.0.1", 6379};
  network_.add_address(*shards_.front()->nodes.front(), alias);
  consensus::Durable file = agent.disk.file();
  file.groups.front().master = alias;
  agent.disk.begin(std::move(file));
  agent.disk.finish();
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now() + limit;
  while (!failed() && !condition()) {
    if (!queue_.step(end)) return false;
  }
  return true;
}

void World::run_for(Duration duration) {
  const Instant end = now() + duration;
  while (!failed() && queue_.step(end)) {
  }
}

Redis* World::node_at(const proto::Address& address) {
  Process* const process = network_.listener(address);
  return process == nullptr ? nullptr : process->as_redis();
}

void World::hello_arrives(HostId agent, ConnId conn, const proto::Hello& hello) {
  if (Agent* const listener = network_.process(agent).as_agent()) listener->hear(conn, hello);
}

void World::tell(const Process& who, std::string_view what) {
  if (story_.records()) story_.tell(now(), proto::to_string(who.address()), what);
}

void World::fail(const std::string& invariant, const std::string& what) {
  if (failed()) return;
  invariant_ = invariant;
  failure_ = what;
  story_.tell(now(), "VIOLATION", invariant + ": " + what);
}

}  // namespace vedette::sim
