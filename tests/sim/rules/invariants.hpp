// What must hold after every step, whatever happens. README.md explains each by its name.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "tests/sim/cluster/world.hpp"
#include "tests/sim/play/faults.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

// What this run cannot promise (README.md, "Known limits").
struct Limits {
  bool legacy = false;  // with real Sentinels in it
  bool restored_disk = false;
  bool stopped_clock = false;
  bool forgotten_peers = false;  // RESET, REMOVE, or agents that never met: rule 5 is to come
  bool single_word = false;      // an agent may know one peer only, and must believe its epoch
  bool moved = false;            // addresses changed hands
};
Limits limits_of(const Plan& plan);

class Invariants : public Watcher {
 public:
  Invariants(World& world, const Faults& faults, const Limits& limits);

  void stepping(Agent& agent, const consensus::Event& event) override;
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;
  void promote_written(Agent& agent, const consensus::Promote& promote, Redis& node) override;
  void promoted(Agent& agent, const proto::Hello& hello, Redis& node, Instant written) override;
  void following(Agent& agent, Redis& node, const proto::Address& to) override;

 private:
  struct Look;
  friend struct Look;
  using Epoch = proto::Epoch;
  struct Silence {                 // of a node, as one agent hears it
    unsigned life = 0;             // of the agent
    std::optional<Instant> since;  // from an earlier link: its loss, or a PING left unanswered
    std::deque<std::pair<consensus::RequestId, Instant>> pings;  // unanswered, oldest first
  };
  struct Lateness {
    unsigned life = 0;
    Instant last_step{};
    Duration total{0};
  };
  struct Down {  // when an agent held a master for down
    Instant since{};
    std::optional<Instant> until;
  };
  struct Heights {
    unsigned life = 0;
    Epoch current{};
    std::map<consensus::GroupId, std::pair<Epoch, Epoch>> groups;  // config epoch, vote
  };

  void fail(const Agent& agent, const std::string& invariant, const std::string& what);
  void check_vote(const Agent& agent, const consensus::Vote& vote, const std::string& where);
  void check_epoch(const Agent& agent, Epoch epoch, const std::string& where);
  void note_vote(const Agent& agent, const std::string& group, const consensus::Vote& vote);
  void note_hello(const Agent& agent, const proto::Hello& hello);
  void check_state(const Agent& agent);
  void check_heights(const Agent& agent);
  void check_bounds(const Agent& agent);
  void check_authority(const Agent& agent, const consensus::Promote& promote);
  void check_bound_voters(const Agent& agent, const std::string& group,
                          const consensus::Vote& vote);
  void check_chosen(const Agent& agent, const consensus::Group& group,
                    const consensus::Node& chosen, Instant since);
  void check_choice(const Agent& agent, const consensus::Group& group);
  void check_need(const Agent& agent, const consensus::Group& group);
  void judge_news(const Agent& agent, const consensus::Announce& news);
  Silence* silence_on(const Agent& agent, consensus::LinkId link);
  void note_connect(const Agent& agent, const consensus::Connect& connect);
  void note_loss(const Agent& agent, consensus::LinkId link);
  void measure_lateness(const Agent& agent);
  Instant own_time(const Agent& agent);
  void lose(const Agent& agent, Silence& silence);
  void begin_anew(const Agent& agent);
  void judge_down(const Agent& agent, const proto::Address& address);
  void note_down(const Agent& agent, const std::string& master, bool down);
  void judge_objectively_down(const Agent& agent, const std::string& group,
                              const std::string& master);
  [[nodiscard]] std::string group_of(const Agent& agent, const proto::Address& master) const;

  World& world_;
  const Faults& faults_;
  Limits limits_;
  std::map<std::pair<const Agent*, consensus::Ticket>, std::string> asked_;  // group of a vote
  std::map<std::tuple<proto::RunId, std::string, Epoch>, proto::RunId> votes_;
  std::map<std::pair<std::string, Epoch>, proto::Address> published_;
  std::map<std::pair<std::string, Epoch>, proto::Address> targets_;
  std::map<proto::Address, std::string> promoted_for_;
  PerAgent<std::map<consensus::LinkId, Silence*>> links_;
  std::map<std::pair<const Agent*, proto::Address>, Silence> silences_;
  std::map<std::pair<const Agent*, std::string>, Down> downs_;
  PerAgent<Heights> heights_;
  PerAgent<Lateness> lateness_;
  std::map<std::pair<const Agent*, std::string>, Instant>
      asked_at_;  // INFO for a choice, by its clock
  std::uint64_t checks_ = 0;
};

}  // namespace vedette::sim
