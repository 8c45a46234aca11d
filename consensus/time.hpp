// Time as the core sees it: an argument of every step, never read from a clock.
#pragma once

#include <chrono>
#include <compare>

namespace vedette::consensus {

// The shell feeds CLOCK_BOOTTIME into this timeline, the simulator its virtual time.
struct Timeline {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  static constexpr bool is_steady = true;
};
using Duration = std::chrono::microseconds;
using Instant = std::chrono::time_point<Timeline, Duration>;
using std::chrono::milliseconds;

inline constexpr Instant never = Instant::max();

// A point of the agent's *unstalled* time: time during which this process was late does not pass
// here, so a pause of our own cannot make a healthy server look down (README.md, Detection).
struct OwnTime {
  Duration since_start{0};
  auto operator<=>(const OwnTime&) const = default;
};
constexpr Duration operator-(OwnTime a, OwnTime b) noexcept {
  return a.since_start - b.since_start;
}

}  // namespace vedette::consensus
