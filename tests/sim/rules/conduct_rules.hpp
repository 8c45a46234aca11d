// How an agent carries out what was decided: announcements, replicas, masters that come back.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tests/sim/rules/judge.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class ConductRules : public Judge {
 public:
  ConductRules(World& world, const Limits& limits) : Judge(world, limits) {}

  void stepping(Agent& agent, const consensus::Event& event) override;
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;
  void promoted(Agent& agent, const proto::Hello& hello, Redis& node, Instant written) override;

 private:
  // The master of one group, as one agent hears it after it called it objectively down.
  struct Return {
    std::optional<Instant> down_at;
    bool ponged = false;
    bool is_back = false;
    std::optional<Instant> aborted_at;
  };
  [[nodiscard]] bool has_ended_one(const Return& back, const consensus::Group& group) const;

  // As many voters as there were count for a while.
  struct Floor {
    std::size_t voters = 0;
    Instant until{};
  };

  struct Record {
    std::map<consensus::LinkId, proto::Address> links;
    std::map<consensus::RequestId, Instant> pings;
    std::map<consensus::LinkId, std::pair<proto::Address, Instant>> follows;  // the newest order
    std::map<consensus::GroupId, proto::Address> masters;
    std::map<consensus::GroupId, std::ptrdiff_t> busy;  // replicas on their way to a new master
    std::map<std::string, Return> returns;
    std::map<std::string, std::size_t> voters;  // after the step before
    std::map<std::string, Floor> floors;        // after RESET or REMOVE
    Instant window{};
    unsigned steps = 0;
    Instant last_tick{};
    unsigned ticks = 0;  // at that instant
  };

  const consensus::Group* master_on(const Agent& agent, const Record& record,
                                    consensus::LinkId link) const;
  Return* return_on(const Agent& agent, Record& record, consensus::LinkId link);
  void check_pace(const Agent& agent, Record& record, const consensus::Event& event);
  void check_newcomer(const Agent& agent, const consensus::Announce& news);
  void check_adopted(const Agent& agent, const consensus::Announce& news);
  void check_repetition(const Agent& agent, Record& record, const consensus::Follow& follow);
  void check_switches(const Agent& agent, Record& record, const consensus::Commands& commands);
  void check_voters(const Agent& agent, Record& record);
  void check_syncs(const Agent& agent, Record& record);
  void judge_decision(const Agent& agent, Record& record, const std::string& name);
  void note(const Agent& agent, Record& record, const consensus::Announce& news);

  PerLife<Record> records_;
  std::set<const Redis*> promoted_;
};

}  // namespace vedette::sim
