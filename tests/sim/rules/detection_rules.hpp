// Who is down: by the time of the agent itself, and by opinions that are true and fresh.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "tests/sim/rules/heard.hpp"
#include "tests/sim/rules/judge.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class DetectionRules : public Judge {
 public:
  DetectionRules(World& world, const Limits& limits, Heard& heard)
      : Judge(world, limits), heard_(heard) {}

  void stepping(Agent& agent, const consensus::Event& event) override;
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;

 private:
  struct Look;
  friend struct Look;
  struct Silence {                 // of a node
    std::optional<Instant> since;  // from an earlier link: its loss, or a PING left unanswered
    std::deque<std::pair<consensus::RequestId, Instant>> pings;  // unanswered, oldest first
    std::optional<Instant> replica_since;                        // it calls itself one
  };
  struct Record {
    std::optional<Instant> last_step;
    Duration late{0};
    std::map<proto::Address, Silence> silences;
    std::map<consensus::LinkId, Silence*> links;
  };
  struct Down {  // when an agent held a master for down
    Instant since{};
    std::optional<Instant> until;
  };

  void measure_lateness(const Agent& agent, Record& record);
  [[nodiscard]] Instant own_time(const Record& record) const { return world_.now() - record.late; }
  void note_connect(Record& record, const consensus::Connect& connect);
  void note_loss(Record& record, consensus::LinkId link);
  void lose(const Record& record, Silence& silence);
  void begin_anew(const Agent& agent, Record& record, const std::string& name);
  void judge_news(const Agent& agent, Record& record, const consensus::Announce& news);
  void judge_down(const Agent& agent, const Record& record, const std::string& name,
                  const proto::Address& address);
  void note_down(const Agent& agent, const std::string& name, const proto::Address& master,
                 bool down);
  void judge_opinions(const Agent& agent, const consensus::Group& group,
                      const proto::Address& master);
  void judge_truth(const Agent& agent, const consensus::Group& group, const proto::Address& master);

  Heard& heard_;
  PerLife<Record> records_;
  // By the master's address: who calls it down, and under which name.
  std::map<proto::Address, std::map<std::pair<const Agent*, std::string>, Down>> downs_;
};

}  // namespace vedette::sim
