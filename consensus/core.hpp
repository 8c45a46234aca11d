// The deciding half of an agent: a pure state machine. Events in, commands out; no clock, no I/O,
// no randomness but its own seeded one. Same inputs, same outputs, bit for bit.
#pragma once

#include <cstdint>

#include "consensus/command.hpp"
#include "consensus/durable.hpp"
#include "consensus/event.hpp"
#include "consensus/options.hpp"
#include "consensus/state.hpp"
#include "consensus/time.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

class Core {
 public:
  // `durable` as read from disk; its votes and epochs count as durable. `now` is the start of time.
  Core(const Durable& durable, const Announced& announced, const Timings& timings,
       std::uint64_t seed, Instant now, const Policy& policy = {});

  // Total: any event is legal at any time. `now` never goes back. Appends to `out`.
  void step(Instant now, const Event& event, Commands& out);

  // Send Tick at this instant at the latest; `never` if nothing is planned.
  [[nodiscard]] Instant deadline() const noexcept { return state_.agenda.next(); }
  [[nodiscard]] const State& state() const noexcept { return state_; }
  // What a save must hold now, and the number to report with Persisted.
  [[nodiscard]] Durable durable() const;
  [[nodiscard]] SaveNumber save_number() const noexcept { return state_.promises.last; }

 private:
  void measure_lateness(Turn& turn);

  State state_;
  Instant last_step_;
  bool started_ = false;
};

}  // namespace vedette::consensus
