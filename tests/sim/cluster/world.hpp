// The whole cluster: time, chance, network, data nodes, agents, clients. One seed, one history.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/cluster/agent.hpp"
#include "tests/sim/cluster/network.hpp"
#include "tests/sim/cluster/queue.hpp"
#include "tests/sim/cluster/redis.hpp"
#include "tests/sim/play/story.hpp"

namespace vedette::sim {

// Whoever wants to see what happens. `World::fail` stops the run.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void stepping(Agent&, const consensus::Event&) {}
  virtual void stepped(Agent&, const consensus::Event&, const consensus::Commands&) {}
  // A Promote leaves its agent; it executes on the node.
  virtual void promote_written(Agent&, const consensus::Promote&, Redis&) {}
  virtual void promoted(Agent&, const proto::Hello&, Redis&, Instant written) {
    static_cast<void>(written);
  }
  // A node is about to follow `to`; it still is what it was.
  // `written`: when the order left; a node that was stopped finds it when it goes on.
  virtual void following(Agent&, Redis&, const proto::Address& to, Instant written) {
    static_cast<void>(to);
    static_cast<void>(written);
  }
};

// One monitored master with its replicas, as they were in the beginning.
struct Shard {
  std::string name;
  consensus::GroupOptions options;
  std::vector<Redis*> nodes;  // the first is the master
};

class World {
 public:
  explicit World(std::uint64_t seed, bool record_story = false);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Redis& add_redis(const proto::Address& address, int zone = 0);
  // With `replicas` that follow it already.
  Shard& add_shard(const std::string& name, const consensus::GroupOptions& options,
                   std::size_t replicas);
  // Its file names the first replica of the first shard as the master.
  void misname_master(Agent& agent);
  // Its file names the master of the first shard by another address, which the master has, too.
  void alias_master(Agent& agent);
  // Monitors every shard there is. `introduced`: its file knows all nodes already.
  Agent& add_agent(Kind kind, int zone, bool introduced);
  // Their files know each other, as those of agents that have run for a while.
  void introduce_agents();

  // Runs until something failed, `condition` holds (looked at after each task), or time is up;
  // false if time was up.
  bool run_until(const std::function<bool()>& condition, Duration limit);
  void run_for(Duration duration);

  [[nodiscard]] Instant now() const noexcept { return queue_.now(); }
  Queue& queue() noexcept { return queue_; }
  Network& network() noexcept { return network_; }
  consensus::Random& random() noexcept { return random_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Agent>>& agents() const { return agents_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Redis>>& nodes() const { return nodes_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Shard>>& shards() const { return shards_; }
  [[nodiscard]] Redis* node_at(const proto::Address& address);

  std::string make_id();  // 40 hex digits
  void hello_arrives(HostId agent, ConnId conn, const proto::Hello& hello);

  // ---- watching ----
  void watch(Watcher& watcher) { watchers_.push_back(&watcher); }
  [[nodiscard]] const std::vector<Watcher*>& watchers() const { return watchers_; }
  Story& story() noexcept { return story_; }
  void tell(const Process& who, std::string_view what);
  // The first thing that went wrong; "" while all is well.
  void fail(const std::string& invariant, const std::string& what);
  [[nodiscard]] const std::string& invariant() const noexcept { return invariant_; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] bool failed() const noexcept { return !invariant_.empty(); }
  [[nodiscard]] std::uint64_t steps() const noexcept { return story_.steps(); }

 private:
  consensus::Random random_;
  Queue queue_;
  Network network_;
  std::vector<std::unique_ptr<Redis>> nodes_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<Watcher*> watchers_;
  Story story_;
  std::string invariant_;
  std::string failure_;
};

}  // namespace vedette::sim
