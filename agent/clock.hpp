// The one clock behind consensus::Instant: CLOCK_BOOTTIME, which nobody sets and which counts
// suspended time.
#pragma once

#include <ctime>

#include "consensus/time.hpp"

namespace vedette::agent {

inline consensus::Instant boot_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return consensus::Instant{
      std::chrono::seconds{now.tv_sec} +
      std::chrono::duration_cast<consensus::Duration>(std::chrono::nanoseconds{now.tv_nsec})};
}

}  // namespace vedette::agent
