// The core's only source of chance: seeded, and the same on every compiler.
#pragma once

#include <cstdint>

#include "consensus/time.hpp"

namespace vedette::consensus {

// SplitMix64: small state, good enough to keep agents from acting in the same instant.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  // Uniform in [low, high]; low if the range is empty.
  Duration between(Duration low, Duration high) noexcept {
    if (high <= low) return low;
    const auto span = static_cast<std::uint64_t>((high - low).count()) + 1;
    return low + Duration{static_cast<Duration::rep>(next() % span)};
  }

 private:
  std::uint64_t state_;
};

}  // namespace vedette::consensus
