// Which replica is chosen, and on what.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "tests/sim/rules/judge.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class ChoiceRules : public Judge {
 public:
  ChoiceRules(World& world, const Limits& limits) : Judge(world, limits) {}

  void stepping(Agent& agent, const consensus::Event& event) override;
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;

 private:
  // Of the newest election. The step that chooses may also publish, and forget what it chose for.
  struct Choice {
    Instant since{};  // of it, or of the loss of who was chosen first; by the agent's own clock
    bool made = false;
    consensus::NodeId master{};
    std::optional<Instant> out_since;  // for so long it has been down, or a replica
    std::string replid;
  };
  // In which run a node of a group was last seen as a replica.
  using Replicas = std::map<std::pair<std::string, proto::Address>, proto::RunId>;
  // When a node of a group refused to be promoted.
  using Refusals = std::map<std::pair<std::string, proto::Address>, Instant>;
  struct Rule;
  void note_refusal(const Agent& agent, consensus::LinkId link, consensus::RequestId request);
  static void begin(Choice& choice, const Agent& agent);
  void forget_replaced(const Agent& agent, const std::string& name);
  static void note_master(Choice& choice, const consensus::Group& group);
  void judge(const Agent& agent, const consensus::Group& group, const std::string& payload);
  void judge_readings(const Agent& agent, const consensus::Group& group, const Choice& choice,
                      const consensus::Node& chosen);

  struct Record {
    std::map<std::string, Choice> choices;
    Replicas replicas;
    Refusals refusals;
  };
  PerLife<Record> records_;
};

}  // namespace vedette::sim
