// What each agent asked and was told, by the world's own record. The rules are judged by this and
// never by the agent's arithmetic.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/cluster/world.hpp"
#include "tests/sim/rules/per_agent.hpp"

namespace vedette::sim {

class Heard : public Watcher {
 public:
  using Voter = proto::Address;
  // SENTINEL is-master-down-by-addr to a peer, and its answer.
  struct Ask {
    consensus::GroupId group{};
    Voter voter;
    proto::RunId voter_id;
    proto::DownQuery query;
    proto::Epoch config_epoch{};  // the asker's, when it asked
    Instant sent{};
    proto::DownReply reply;  // once it is answered
  };
  struct KnownVote {
    consensus::Vote vote;
    Instant since{};  // first told
  };
  struct Published {
    Instant at{};
    proto::Address master;
    proto::Epoch config_epoch{};
  };
  // A question what it publishes.
  struct Question {
    std::string group;
    Instant asked{};
  };
  struct OfGroup {
    std::map<Voter, Ask> opinions;            // the newest answer
    std::map<proto::RunId, KnownVote> votes;  // wherever the voter moves
    // The newest of each publisher. Whoever forges one under another address, takes none away.
    std::map<std::pair<proto::RunId, proto::Address>, Published> hellos;
  };
  struct Record {
    std::map<consensus::LinkId, Voter> peers;
    std::map<consensus::RequestId, Ask> asks;  // unanswered
    std::map<consensus::RequestId, Question> configurations;
    std::optional<Ask> answer;          // what the step under way brings
    std::map<Voter, Instant> answered;  // a PING or an ask
    std::map<consensus::GroupId, OfGroup> groups;
    std::vector<consensus::GroupId> moved;  // in the last step: what was said is void from the next
  };

  explicit Heard(World& world) : world_(world) { world.watch(*this); }

  void stepping(Agent& agent, const consensus::Event& event) override;
  void stepped(Agent& agent, const consensus::Event& event,
               const consensus::Commands& commands) override;

  static constexpr Duration opinion_lasts{5'000'000};
  static constexpr Duration longest_detour{1'000'000};  // of a hello
  // Itself, and who said that `master` is down: about this configuration, asked within 5 s. Also
  // for a master that the group has left in the step under way.
  unsigned agreeing(const Agent& agent, const consensus::Group& group,
                    const proto::Address& master);

  Record& of(const Agent& agent) { return records_[agent]; }
  OfGroup& of(const Agent& agent, const consensus::Group& group) {
    return records_[agent].groups[group.id];
  }

 private:
  struct Look;

  void hear(Record& record, const consensus::PeerAnswered& event);
  void hear(const Agent& agent, Record& record, const consensus::HelloHeard& event);
  void hear(const Agent& agent, Record& record, const consensus::ConfigurationTold& event);

  World& world_;
  PerLife<Record> records_;
};

}  // namespace vedette::sim
