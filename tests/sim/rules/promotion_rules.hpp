// Promotions as they are written and executed: who may, for which epoch, and whether there is need.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/sim/play/faults.hpp"
#include "tests/sim/rules/judge.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class PromotionRules : public Judge {
 public:
  PromotionRules(World& world, const Limits& limits, const Faults& faults)
      : Judge(world, limits), faults_(faults) {}

  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;
  void promote_written(Agent& agent, const consensus::Promote& promote, Redis& node) override;
  void promoted(Agent& agent, const proto::Hello& hello, Redis& node, Instant written) override;

  // Epochs of groups in which something was promoted.
  [[nodiscard]] std::size_t executed() const { return executed_.size(); }

 private:
  using InGroup = std::pair<std::string, proto::Epoch>;

  void check_bound_voters(const Agent& agent, const std::string& name, const consensus::Vote& vote);
  void check_authority(const Agent& agent, const consensus::Promote& promote);
  void check_need(const Agent& agent, const consensus::Group& group);

  const Faults& faults_;
  std::map<InGroup, proto::Address> targets_;
  std::map<proto::Address, std::string> promoted_for_;
  std::set<InGroup> executed_;
  std::set<InGroup> written_by_force_;
  PerLife<std::set<consensus::RequestId>> forced_;  // decided by an operator's force
};

}  // namespace vedette::sim
