// Many seeds, on several threads, and what they came to.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/play/play.hpp"

namespace vedette::sim {

struct Failure {
  std::uint64_t seed = 0;
  std::string invariant;
  std::string what;
};

struct Campaign {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1;
  std::optional<std::chrono::minutes> time;  // instead of a number of seeds
  unsigned jobs = 1;
  std::optional<Mode> mode;  // instead of the one that the seed itself draws
  // Told of each as it is found, one at a time: a long campaign need not end first.
  std::function<void(const Failure&)> failed = [](const Failure&) {};
};

struct Totals {
  std::uint64_t seeds = 0;
  std::uint64_t steps = 0;
  std::uint64_t failovers = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;
  double virtual_seconds = 0;
  double cpu_seconds = 0;  // of all threads together
  double seconds = 0;
  std::vector<Duration> recoveries;     // after trouble, until one master
  std::vector<Duration> detections;     // of a dead master, until objectively down
  std::vector<Duration> announcements;  // ... until every agent names another
  std::vector<Failure> failures;        // the first few
};

// The mode that a seed plays: mostly safety.
Mode mode_of(std::uint64_t seed);

Totals run(const Campaign& campaign);
std::string report(const Totals& totals);

// Which seed a thread plays now: for whoever has to say where it crashed.
std::uint64_t current_seed();

}  // namespace vedette::sim
