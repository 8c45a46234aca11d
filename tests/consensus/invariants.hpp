// What must hold after every step of every agent, whatever happens to them. Attach it to a World.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/consensus/world.hpp"

namespace vedette::consensus::testing {

class Invariants {
 public:
  explicit Invariants(World& world);

  // The first thing that went wrong; "" while all is well.
  [[nodiscard]] const std::string& broken() const { return broken_; }

 private:
  void check_step(const Agent& agent, const Commands& commands);
  void check_promote(const Agent& agent, const Promote& promote);
  void check_bound_voters(const Agent& agent, const Vote& vote);
  void check_epoch(const Agent& agent, proto::Epoch epoch, const std::string& where);
  void check_vote(const Agent& agent, const Vote& vote, const std::string& where);
  void note_vote(const Agent& agent, const Vote& vote);
  void note_hello(const Agent& agent, const proto::Hello& hello);
  void fail(const Agent& agent, const std::string& what);

  struct Look;
  friend struct Look;

  World& world_;
  std::string broken_;
  std::map<std::pair<std::string, proto::Epoch>, proto::RunId> votes_;  // agent, epoch
  std::map<proto::Epoch, proto::Address> published_;                    // config epoch
  std::map<proto::Epoch, proto::Address> targets_;                      // of Promotes
};

}  // namespace vedette::consensus::testing
