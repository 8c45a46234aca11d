// Random schedules of everything that can go wrong: the invariants hold at every step, and when the
// trouble is over the group has one master again. A failure names its seed: SWARM_SEED=<n> repeats
// it, SWARM_RUNS=<n> runs more.
#include <algorithm>

#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

class Swarm : public Cluster {
 protected:
  static std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::stoull(text);
  }
};

// One run: a world of its own, some seconds of trouble, then peace.
class Schedule {
 public:
  explicit Schedule(std::uint64_t seed) : random_(seed), world_(seed), invariants_(world_) {}

  std::string play() {
    GroupOptions options;
    options.down_after = pick(2) == 0 ? 500ms : 1000ms;
    options.failover_timeout = pick(2) == 0 ? 3s : 10s;
    options.quorum = 2;
    world_.build(pick(3) == 0 ? 5 : 3, 2, options);
    if (pick(4) == 0) world_.add_sentinel({"10.0.0.1", 6379});
    world_.run_for(6s);
    for (int i = 0; i < 25 && invariants_.broken().empty(); ++i) {
      disturb();
      world_.run_for(random_.between(1ms, pick(3) == 0 ? 2s : 300ms));
    }
    make_peace();
    world_.run_until([this] { return !invariants_.broken().empty() || is_sound(); }, 90s);
    world_.run_for(5s);
    if (!invariants_.broken().empty()) return invariants_.broken();
    return is_sound() ? "" : "no peace in the end";
  }
  std::string story() const { return world_.story(); }

 private:
  std::uint64_t pick(std::uint64_t sides) { return random_.next() % sides; }
  Agent& any_agent() { return world_.agent(pick(world_.agents().size())); }
  Server& any_server() { return world_.server("10.0.0." + std::to_string(1 + pick(3))); }
  std::string any_host() {
    return pick(2) == 0 ? any_agent().address.host : any_server().address.host;
  }

  void say(const std::string& what) { world_.heard.push_back({world_.now(), "swarm", what, ""}); }

  void disturb() {
    switch (pick(8)) {
      case 0:
      case 1:
        return disturb_server(any_server());
      case 2:
      case 3:
        return disturb_agent(any_agent());
      case 4:
      case 5:
        return disturb_network();
      case 6:
        return disturb_disk(any_agent());
      default:
        return;
    }
  }
  void disturb_server(Server& server) {
    say("server " + server.address.host + (server.alive ? " down or paused" : " back"));
    if (!server.alive) return world_.start(server);
    if (server.paused) return world_.resume(server);
    if (pick(2) == 0) {
      world_.kill(server);
    } else {
      world_.pause(server);
    }
  }
  void disturb_agent(Agent& agent) {
    say("agent " + agent.name + (agent.alive && !agent.stopped ? " down or stopped" : " back"));
    if (!agent.alive) return world_.start(agent);
    if (agent.stopped) return world_.go_on(agent);
    if (pick(2) == 0) {
      world_.kill(agent);
    } else {
      world_.stop(agent);
    }
  }
  void disturb_network() {
    const std::string a = any_host();
    const std::string b = any_host();
    say((world_.reachable(a, b) ? "cut " : "heal ") + a + " " + b);
    if (world_.reachable(a, b)) {
      world_.cut(a, b);
    } else {
      world_.heal(a, b);
    }
  }
  void disturb_disk(Agent& agent) {
    agent.disk_fails = pick(3) == 0;
    agent.disk_fails_late = pick(3) == 0;
    agent.save_time = random_.between(1ms, pick(3) == 0 ? 1500ms : 20ms);
    agent.write_delay = pick(3) == 0 ? random_.between(0ms, 900ms) : Duration{0};
    say("disk and delays of " + agent.name);
  }

  void make_peace() {
    say("peace");
    for (const auto& [host, server] : world_.servers()) {
      if (!server->alive) world_.start(*server);
      if (server->paused) world_.resume(*server);
    }
    for (const auto& each : world_.agents()) {
      each->disk_fails = each->disk_fails_late = false;
      each->save_time = 3ms;
      each->write_delay = Duration{0};
      for (const auto& other : world_.agents())
        world_.heal(each->address.host, other->address.host);
      for (const auto& [host, server] : world_.servers()) {
        world_.heal(each->address.host, host);
        for (const auto& [peer, unused] : world_.servers()) world_.heal(host, peer);
      }
      if (!each->alive) world_.start(*each);
      if (each->stopped) world_.go_on(*each);
    }
  }
  bool is_sound() {
    const auto sound = [this](const auto& entry) {
      const Server& server = *entry.second;
      if (server.role != proto::Role::master || !world_.all_agree_on(server.address)) return false;
      return std::all_of(world_.servers().begin(), world_.servers().end(), [&](const auto& other) {
        const Server& replica = *other.second;
        return &replica == &server ||
               (replica.role == proto::Role::replica && replica.following == server.address);
      });
    };
    return std::any_of(world_.servers().begin(), world_.servers().end(), sound);
  }

  Random random_;
  World world_;
  Invariants invariants_;
};

TEST_F(Swarm, InvariantsHoldAndPeaceReturns) {
  const std::uint64_t from = setting("SWARM_SEED", 1);
  const std::uint64_t runs = setting("SWARM_RUNS", std::getenv("SWARM_SEED") != nullptr ? 1 : 600);
  for (std::uint64_t seed = from; seed < from + runs; ++seed) {
    Schedule run{seed};
    const std::string broken = run.play();
    if (broken.empty()) continue;
    if (std::getenv("SWARM_SEED") != nullptr && runs == 1) std::printf("%s", run.story().c_str());
    ADD_FAILURE() << "SWARM_SEED=" << seed << ": " << broken;
  }
}

}  // namespace
}  // namespace vedette::consensus::testing
