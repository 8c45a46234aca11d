// Who is pointed at whom: masters that nobody should have demoted, and those that somebody should.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "tests/sim/rules/heard.hpp"
#include "tests/sim/rules/judge.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class DemotionRules : public Judge {
 public:
  DemotionRules(World& world, const Limits& limits, Heard& heard)
      : Judge(world, limits), heard_(heard) {}

  void stepping(Agent& agent, const consensus::Event& event) override;
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;
  void promote_written(Agent& agent, const consensus::Promote& promote, Redis& node) override;
  void promoted(Agent& agent, const proto::Hello& hello, Redis& node, Instant written) override;
  void following(Agent& agent, Redis& node, const proto::Address& to, Instant written) override;

 private:
  struct Look;
  friend struct Look;
  // Of one group, as one agent has it.
  struct OfGroup {
    proto::Address master;
    std::set<proto::Address> replaced;  // masters before it, and not heard as replicas since
    std::set<proto::Address> returned;  // heard as replicas since the last switch
    consensus::Vote vote;
    Instant voted{};
    std::optional<Instant> proven;  // when ROLE was sent that the master answered with "master"
  };
  struct InVain {
    Instant seen{};
    Instant ripe_since{};
  };
  struct Record {
    std::map<consensus::GroupId, OfGroup> groups;
    std::map<consensus::RequestId, Instant> roles;      // ROLE sent while a majority agreed
    std::map<proto::Address, Instant> demoted;          // the last Follow to it as a master
    std::map<proto::Address, Instant> masters_since;    // said so, and nothing else since then
    std::set<proto::Address> promoted;                  // a Promote was decided
    std::map<proto::Address, InVain> promoted_in_vain;  // ... and it is no published master
  };

  static const consensus::Node* node_on(const Agent& agent, consensus::LinkId link,
                                        const consensus::Group*& group);
  void note_proof(const Agent& agent, consensus::LinkId link, consensus::RequestId request,
                  proto::Role role);
  void note_roles(const Agent& agent, const consensus::Event& event);
  bool majority_publishes(const Agent& agent, const consensus::Group& group);
  static bool hears_majority(const Agent& agent, const consensus::Group& group);
  std::set<proto::RunId> newer_published_by(const Agent& agent, const consensus::Group& group);
  bool is_superseded(const Agent& agent, const consensus::Group& group);
  bool may_be_outvoted(const Agent& agent, Record& record, const consensus::Group& group);
  bool is_ripe(const Agent& agent, Record& record, const consensus::Group& group,
               const consensus::Node& node);
  void judge_demotion(const Agent& agent, const consensus::Group& group,
                      const consensus::Node& node);
  void judge_file(const Agent& agent, Record& record);
  static bool is_still_replaced(const Record& record, const proto::Address& node);
  void judge_vain(const Agent& agent, Record& record);
  void note_groups(const Agent& agent, Record& record);

  Heard& heard_;
  PerLife<Record> records_;
  std::set<proto::Address> published_;  // addresses that were masters of a configuration
  std::map<proto::Address, Instant> promoted_at_;
};

}  // namespace vedette::sim
