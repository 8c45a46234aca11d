// A simulated cluster and the verbs of a test: who dies, hangs or is cut off, what is announced and
// promoted. The simulator's invariants are checked on every step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/cluster/world.hpp"
#include "tests/sim/rules/rules.hpp"

namespace vedette::consensus::testing {

using namespace std::chrono_literals;
using sim::Agent;
using sim::Kind;
using sim::Process;
using sim::Redis;

inline const proto::Address first{"10.0.0.1", 6379};
inline const proto::Address second{"10.0.0.2", 6379};
inline const proto::Address third{"10.0.0.3", 6379};

struct Heard {
  Instant at;
  std::string agent;
  std::string event;  // "note" for a line of the log only
  std::string payload;
};

class Rig : private sim::Watcher {
 public:
  explicit Rig(std::uint64_t seed);

  // One master, "mymaster", with replicas, and agents that know nothing but its address. Real
  // Sentinels come last.
  void build(std::size_t agents, std::size_t replicas, const GroupOptions& options);
  void build_mixed(std::size_t agents, std::size_t legacy, std::size_t replicas,
                   const GroupOptions& options, const GroupOptions& legacy_options);
  // Every shard that was added to `world`, and its agents.
  void boot(const sim::Limits& limits);

  // ---- time ----
  [[nodiscard]] Instant now() const { return world.now(); }
  void run_for(Duration duration) { world.run_for(duration); }
  // False when `limit` passed first or an invariant was broken.
  bool run_until(const std::function<bool()>& condition, Duration limit) {
    return world.run_until(condition, limit) && !world.failed();
  }

  // ---- what happens to them ----
  void kill(Redis& node);
  void start(Redis& node);  // as its configuration file says, with its old data
  void pause(Redis& node);
  void resume(Redis& node);
  void kill(Agent& agent);
  void start(Agent& agent);  // from its disk
  void stop(Agent& agent);   // SIGSTOP
  void go_on(Agent& agent);  // queued input first, then what is due
  // An operator's REPLICAOF and CONFIG REWRITE; nullopt: NO ONE.
  void replicate(Redis& node, const std::optional<proto::Address>& master);
  // Nothing passes, nothing is told, and what was sent comes when it heals.
  void cut(const Process& a, const Process& b);
  void heal(const Process& a, const Process& b);
  void cut_one_way(const Process& from, const Process& to);
  void heal_one_way(const Process& from, const Process& to);
  void cut_off(const Agent& agent);  // from everybody
  void reconnect(const Agent& agent);
  // Connections between them are lost with all that is under way on them.
  void reset_between(const Process& a, const Process& b);

  ReplyOrder order(Agent& agent, const Order& what);
  proto::DownReply ask_vote(Agent& agent, const proto::DownQuery& query);

  // ---- what is to be seen ----
  [[nodiscard]] const auto& agents() const { return world.agents(); }
  [[nodiscard]] const auto& nodes() const { return world.nodes(); }
  Agent& agent(std::size_t index) { return *world.agents().at(index); }
  Redis& node(const proto::Address& address);
  Redis& node(const std::string& host) { return node(proto::Address{host, 6379}); }
  Redis& master() { return node(first); }
  static const Group& group(const Agent& agent) { return *agent.core()->state().find("mymaster"); }

  [[nodiscard]] int count(const std::string& event) const { return count_of(event, nullptr); }
  [[nodiscard]] int count(const std::string& event, const Agent& agent) const {
    return count_of(event, &agent);
  }
  [[nodiscard]] std::vector<std::string> payloads(const std::string& event) const;
  bool happens(const std::string& event, Duration limit = 10s, int times = 1) {
    return run_until([&] { return count(event) >= times; }, limit);
  }
  // Who announced the event first; nullptr if nobody has.
  Agent* who(const std::string& event);
  [[nodiscard]] bool all_agree_on(const proto::Address& master) const;
  // One living master that everybody knows and every other living node follows; "" or what is not.
  [[nodiscard]] std::string what_is_wrong();
  // The first invariant that was broken; "" while all is well.
  [[nodiscard]] std::string broken() const;
  [[nodiscard]] std::string story();

  sim::World world;
  std::vector<Heard> heard;
  std::vector<Promote> promotes;  // every Promote that was written
  // Called when one is written, before it is added.
  std::function<void(Agent&, const Promote&, Redis&)> on_promote;

 private:
  void stepped(Agent& agent, const Event& event, const Commands& commands) override;
  void promote_written(Agent& agent, const Promote& promote, Redis& node) override;
  void set_blocked(const Process& from, const Process& to, bool blocked);
  void note_trouble(const Process& whom, const std::string& what);
  [[nodiscard]] bool in_trouble() const;
  [[nodiscard]] int count_of(const std::string& event, const Agent* agent) const;

  sim::Plan plan_;
  sim::Faults faults_{world, plan_};
  std::optional<sim::Rules> rules_;
  std::set<std::pair<sim::HostId, sim::HostId>> cuts_;
};

}  // namespace vedette::consensus::testing
