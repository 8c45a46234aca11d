// Does to a world what a plan says, and takes it back.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/cluster/world.hpp"
#include "tests/sim/play/plan.hpp"

namespace vedette::sim {

// Where nobody is: the sender that forged hellos name.
inline const proto::Address forger{"10.8.0.1", 26379};

class Faults : public Watcher {
 public:
  Faults(World& world, const Plan& plan) : world_(world), plan_(plan) { world.watch(*this); }

  // Plans every action, from now on.
  void schedule();
  // Takes back whatever still is in force, and forgets the rest.
  void end_all();
  // Does it now, for as long as it lasts.
  void run(const Action& action);
  // Puts one fault in force until end_all.
  void apply(const Action& action);

  // Springs an ambush when somebody comes to its point.
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;

  // The last instant at which something was wrong, or `now` while it is.
  [[nodiscard]] Instant last_trouble() const;
  // Something was done to the world by another hand than this.
  void note_trouble() { last_trouble_ = world_.now(); }
  // So many things were done, each of which may cost a master its place.
  [[nodiscard]] std::size_t blows() const noexcept { return blows_; }

 private:
  struct Apply;
  friend struct Apply;
  using Undo = std::function<void()>;

  void say(const Action& action, const std::string& whom);
  void end(std::uint64_t key);

  Undo on_agent(const Action& action);
  Undo on_disk(const Action& action, Agent& agent);
  Undo on_node(const Action& action);
  Undo on_answers(const Action& action, Redis& node);
  Undo on_routes(const Action& action);
  Undo pause_others(const Action& action, const Agent& spared);
  Undo stop_agent(const Action& action, Agent& agent);
  Undo stop_node(Redis& node, Network::End how);
  void flap(Redis& node, Duration period, const std::shared_ptr<bool>& goes_on);
  Undo swap(Redis& a, Redis& b);
  Undo set_routes(const std::vector<std::pair<HostId, HostId>>& pairs, const Route& route);
  void operate(const Action& action);
  void storm(Agent& agent, Instant until);
  [[nodiscard]] consensus::SetOptions change_of(const Action& action, const Shard& shard) const;
  void spring(Agent& agent, const Action& ambush, const std::string& group);
  void strike(Agent& agent, const Action& ambush, What what, const std::string& group);
  void spring_on_target(Agent& agent, const Action& ambush, const std::string& group);
  void forge_hello(const Action& action, const Shard& shard);
  void ask_by_hand(const Action& action, Agent& agent, const Shard& shard);
  proto::Address fresh_address(const proto::Address& old);

  [[nodiscard]] std::uint32_t number_of(const Agent& agent) const;
  [[nodiscard]] std::uint32_t number_of(const Redis& node) const;
  [[nodiscard]] std::uint32_t number_of_shard(const std::string& name) const;
  Agent& agent(std::uint32_t number) { return *world_.agents()[number % world_.agents().size()]; }
  Redis& node(std::uint32_t number) { return *world_.nodes()[number % world_.nodes().size()]; }
  Shard& shard(std::uint32_t number) { return *world_.shards()[number % world_.shards().size()]; }
  HostId any_host(std::uint32_t number) {
    return HostId{static_cast<std::uint32_t>(number % world_.network().size())};
  }

  World& world_;
  const Plan& plan_;
  bool ended_ = false;
  std::uint64_t keys_ = 0;
  std::map<std::uint64_t, Undo> in_force_;
  Instant last_trouble_{};
  std::size_t blows_ = 0;
  std::vector<Action> armed_;
  unsigned addresses_ = 0;
};

}  // namespace vedette::sim
