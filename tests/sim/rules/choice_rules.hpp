// Which replica is chosen, and on what.
#pragma once

#include <map>
#include <string>

#include "tests/sim/rules/judge.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class ChoiceRules : public Judge {
 public:
  ChoiceRules(World& world, const Limits& limits) : Judge(world, limits) {}

  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;

 private:
  void judge(const Agent& agent, const consensus::Group& group);
  void judge_readings(const Agent& agent, const consensus::Group& group,
                      const consensus::Node& chosen, Instant since);

  PerLife<std::map<std::string, Instant>> elected_;  // by its own clock
};

}  // namespace vedette::sim
