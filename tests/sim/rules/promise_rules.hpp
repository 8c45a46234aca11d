// Votes, epochs, and what a step may show before it is on disk.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "tests/sim/rules/judge.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class PromiseRules : public Judge {
 public:
  PromiseRules(World& world, const Limits& limits) : Judge(world, limits) {}

  // Whether an operator's order went on without a majority.
  [[nodiscard]] bool anything_forced() const noexcept { return !forced_.empty(); }

  void stepping(Agent& agent, const consensus::Event& event) override;
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;
  void promote_written(Agent& agent, const consensus::Promote& promote, Redis& node) override;

 private:
  struct Look;
  friend struct Look;
  using Epoch = proto::Epoch;
  struct Heights {
    unsigned life = 0;
    Epoch current{};
    std::map<consensus::GroupId, std::pair<Epoch, Epoch>> groups;  // config epoch, vote
  };

  void check_vote(const Agent& agent, const consensus::Vote& vote, std::string_view where);
  void check_epoch(const Agent& agent, Epoch epoch, std::string_view where);
  void note_vote(const Agent& agent, const std::string& group, const consensus::Vote& vote);
  void note_hello(const Agent& agent, const proto::Hello& hello);
  void check_state(const Agent& agent);
  void check_saved(const Agent& agent);
  void check_heights(const Agent& agent);
  void check_bounds(const Agent& agent);
  void check_links(const Agent& agent);
  [[nodiscard]] std::string group_of(const Agent& agent, const proto::Address& master) const;

  std::map<std::pair<const Agent*, consensus::Ticket>, std::string> asked_;  // group of a vote
  std::map<std::tuple<proto::RunId, std::string, Epoch>, proto::RunId> votes_;
  std::map<std::pair<std::string, Epoch>, proto::Address> published_;
  std::set<std::pair<std::string, Epoch>> forced_;  // won by an operator's force, if at all
  PerAgent<Heights> heights_;
  std::uint64_t checks_ = 0;
};

}  // namespace vedette::sim
