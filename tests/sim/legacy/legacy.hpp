// A model of an unmodified redis-sentinel 7.0.15 with the interface of the production core, faults
// included: what a cluster with some real Sentinels in it has to live with. A pure state machine.
//
// Conventions: a Follow whose master has no host stands for REPLICAOF NO ONE. Promote, SendRole and
// Identify are never sent. A Persist comes before the reply that depends on it, and nothing waits
// for its outcome: Sentinel saves within its loop and goes on when that fails (section 3.5).
#pragma once

#include <cstdint>

#include "consensus/durable.hpp"
#include "tests/sim/legacy/state.hpp"

namespace vedette::sim {

class Legacy {
 public:
  // `file` as read from disk. Of a vote only the epoch counts: Sentinel's file has no more.
  Legacy(const consensus::Durable& file, const consensus::Announced& announced, std::uint64_t seed,
         Instant now);

  // Total, like the core's. Appends to `out`.
  void step(Instant now, const consensus::Event& event, consensus::Commands& out);

  // The next tick of its timer; nothing that depends on time happens anywhere else.
  [[nodiscard]] Instant deadline() const noexcept { return state_.next_tick; }
  // What its file holds if the last save worked.
  [[nodiscard]] consensus::Durable durable() const;
  [[nodiscard]] consensus::SaveNumber save_number() const noexcept {
    return consensus::SaveNumber{state_.saves};
  }
  [[nodiscard]] const LegacyState& state() const noexcept { return state_; }

 private:
  LegacyState state_;
  bool started_ = false;
};

}  // namespace vedette::sim
