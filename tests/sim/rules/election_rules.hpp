// The law of votes, checked from outside: what an agent asked, was answered, granted and wrote, by
// the world's own record and never by the agent's arithmetic.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tests/sim/rules/heard.hpp"
#include "tests/sim/rules/judge.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class ElectionRules : public Judge {
 public:
  ElectionRules(World& world, const Limits& limits, Heard& heard)
      : Judge(world, limits), heard_(heard) {}

  void stepping(Agent& agent, const consensus::Event& event) override;
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;
  void promote_written(Agent& agent, const consensus::Promote& promote, Redis& node) override;

 private:
  struct Look;
  friend struct Look;
  using Voter = Heard::Voter;
  // An agent's newest candidacy for one group.
  struct Candidacy {
    proto::Epoch epoch{};
    bool by_force = false;
    std::map<Voter, Instant> confirmed;  // sending of the newest ask that was confirmed
    std::optional<Instant> written{};    // a Promote of it that is not published
    // When the Promote was decided. Who refuses later takes back nothing that it is written with: a
    // real Sentinel does not know its vote again after a restart.
    std::size_t decided_voters = 0;
    std::map<Voter, Instant> decided_confirmed{};
  };
  // The attempt at the end of the last step.
  struct Running {
    std::optional<proto::Epoch> epoch;
    proto::Epoch config_epoch{};  // of the group, when it was first seen
    bool leads = false;           // it was elected
  };
  // The newest vote that it gave to another.
  struct Given {
    consensus::Vote vote;
    Instant first{};
    Instant held_until{};
  };
  struct Inbound {
    proto::DownQuery query;
    Instant at{};
  };
  struct Confirmed {  // a promotion that the step under way has heard of
    std::string group;
    proto::Epoch epoch{};
  };
  struct Record {
    std::optional<Instant> booted;
    bool disk_refuses = false;
    std::map<consensus::Ticket, Inbound> inbound;
    std::map<std::string, Candidacy> candidacies;
    std::map<std::string, Given> given;
    std::map<consensus::GroupId, consensus::Vote> votes;
    std::map<consensus::GroupId, Running> running;
    std::optional<Confirmed> promoted;
  };

  Record& record_of(const Agent& agent);
  void note_answer(const Agent& agent, Record& record, const Heard::Ask& answer);
  void note_promotion(const Agent& agent, Record& record, const consensus::PromoteAnswered& event);
  void judge_reply(const Agent& agent, Record& record, const consensus::ReplyVote& reply);
  void judge_groups(const Agent& agent, Record& record);
  void judge_vote(const Agent& agent, Record& record, const consensus::Group& group,
                  const consensus::Vote& old);
  void judge_hold(const Agent& agent, Record& record, const consensus::Group& group);
  void judge_own_hold(const Agent& agent, Record& record, const consensus::Group& group);
  void judge_candidacy(const Agent& agent, Record& record, const consensus::Group& group);
  void judge_voters(const Agent& agent, const consensus::Group& group);
  void judge_attempt(const Agent& agent, Record& record, const consensus::Group& group);
  void judge_answer(const Agent& agent, const Heard::Ask& answer);
  void judge_publication(const Agent& agent, const std::string& name, const Record& record,
                         bool told_by_others);
  void judge_return(const Agent& agent, Record& record, const std::string& name);
  void judge_victory(const Agent& agent, Record& record, const std::string& name);
  static bool confirmed_since(const std::map<Voter, Instant>& confirmed, Instant since,
                              std::size_t voters);
  // Whether a majority confirmed asks that were sent within the 500 ms before `at`.
  [[nodiscard]] bool has_authority(const Record& record, const std::string& name,
                                   std::size_t voters, Instant at) const;

  Heard& heard_;
  PerLife<Record> records_;
};

}  // namespace vedette::sim
