// How an agent carries out what was decided: announcements, replicas, demotions, masters that come
// back.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tests/sim/cluster/world.hpp"
#include "tests/sim/rules/invariants.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class ConductRules : public Watcher {
 public:
  ConductRules(World& world, const Limits& limits);

  void stepping(Agent& agent, const consensus::Event& event) override;
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;
  void promote_written(Agent& agent, const consensus::Promote& promote, Redis& node) override;
  void promoted(Agent& agent, const proto::Hello& hello, Redis& node, Instant written) override;
  void following(Agent& agent, Redis& node, const proto::Address& to) override;

 private:
  // The master of one group, as one agent hears it after it called it objectively down.
  struct Return {
    std::optional<Instant> down_at;
    bool ponged = false;
    bool is_back = false;
    std::optional<Instant> aborted_at;
  };
  struct Record {
    unsigned life = 0;
    std::map<consensus::LinkId, proto::Address> links;
    std::map<consensus::RequestId, Instant> pings;
    std::map<consensus::GroupId, proto::Address> masters;
    std::map<std::string, Return> returns;
    std::set<proto::Address> promoted;  // a Promote was written to it
    Instant window{};
    unsigned steps = 0;
  };

  Record& record_of(const Agent& agent);
  void fail(const Agent& agent, const std::string& invariant, const std::string& what);
  const consensus::Group* master_on(const Agent& agent, const Record& record,
                                    consensus::LinkId link) const;
  Return* return_on(const Agent& agent, Record& record, consensus::LinkId link);
  void check_pace(const Agent& agent, Record& record);
  void check_switches(const Agent& agent, Record& record, const consensus::Commands& commands);
  void check_syncs(const Agent& agent);
  void judge_decision(const Agent& agent, Record& record, const std::string& name);
  void note(const Agent& agent, Record& record, const consensus::Announce& news);

  World& world_;
  Limits limits_;
  PerAgent<Record> records_;
  std::set<proto::Address> published_;  // addresses that were masters of a configuration
};

}  // namespace vedette::sim
