#include "tests/sim/play/campaign.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <thread>

namespace vedette::sim {

namespace {

constexpr std::size_t most_failures = 10;
thread_local std::uint64_t seed_now = 0;

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double seconds(Duration duration) { return static_cast<double>(duration.count()) * 1e-6; }

class Runner {
 public:
  explicit Runner(const Campaign& campaign)
      : campaign_(campaign), next_(campaign.from), began_(std::chrono::steady_clock::now()) {}

  Totals run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < campaign_.jobs; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    const auto took = std::chrono::steady_clock::now() - began_;
    totals_.seconds = std::chrono::duration<double>(took).count();
    return totals_;
  }

 private:
  bool is_over(std::uint64_t seed) const {
    if (failures_ >= most_failures) return true;
    if (!campaign_.time) return seed >= campaign_.from + campaign_.seeds;
    return std::chrono::steady_clock::now() - began_ >= *campaign_.time;
  }

  void work() {
    Totals mine;
    for (std::uint64_t seed = next_++; !is_over(seed); seed = next_++) {
      seed_now = seed;
      const Mode mode = campaign_.mode.value_or(mode_of(seed));
      add(mine, seed, mode, play(draw(seed, mode)));
    }
    mine.cpu_seconds = thread_seconds();
    const std::lock_guard lock(mutex_);
    merge(mine);
  }

  void add(Totals& mine, std::uint64_t seed, Mode mode, const Outcome& outcome) {
    ++mine.seeds;
    mine.steps += outcome.steps;
    mine.failovers += outcome.failovers;
    mine.acknowledged += outcome.acknowledged;
    mine.lost += outcome.lost;
    mine.virtual_seconds += seconds(outcome.virtual_time);
    if (outcome.failed()) {
      mine.failures.push_back({seed, outcome.invariant, outcome.failure});
      ++failures_;
      const std::lock_guard lock(mutex_);
      campaign_.failed(mine.failures.back());
    } else if (mode == Mode::performance) {
      mine.detections.push_back(outcome.detected);
      mine.announcements.push_back(outcome.announced);
    } else {
      mine.recoveries.push_back(outcome.recovery);
    }
  }

  void merge(const Totals& mine) {
    totals_.seeds += mine.seeds;
    totals_.steps += mine.steps;
    totals_.failovers += mine.failovers;
    totals_.acknowledged += mine.acknowledged;
    totals_.lost += mine.lost;
    totals_.virtual_seconds += mine.virtual_seconds;
    totals_.cpu_seconds += mine.cpu_seconds;
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(totals_.recoveries, mine.recoveries);
    append(totals_.detections, mine.detections);
    append(totals_.announcements, mine.announcements);
    append(totals_.failures, mine.failures);
  }

  const Campaign& campaign_;
  std::atomic<std::uint64_t> next_;
  std::atomic<std::size_t> failures_{0};
  const std::chrono::steady_clock::time_point began_;
  std::mutex mutex_;
  Totals totals_;
};

// "p50 1.234 s, p99 ..., max ..."
std::string spread(std::vector<Duration> values) {
  if (values.empty()) return "none";
  std::sort(values.begin(), values.end());
  const auto at = [&](std::size_t percent) {
    return seconds(values[std::min(values.size() - 1, values.size() * percent / 100)]);
  };
  char text[100];
  std::snprintf(text, sizeof text, "p50 %.3f s, p90 %.3f s, p99 %.3f s, max %.3f s", at(50), at(90),
                at(99), seconds(values.back()));
  return text;
}

}  // namespace

std::uint64_t current_seed() { return seed_now; }

Mode mode_of(std::uint64_t seed) {
  switch (seed % 16) {
    case 0:
      return Mode::performance;
    case 4:
    case 8:
    case 12:
      return Mode::liveness;
    default:
      return Mode::safety;
  }
}

Totals run(const Campaign& campaign) { return Runner(campaign).run(); }

std::string report(const Totals& totals) {
  constexpr double year = 365.25 * 24 * 3600;
  char text[600];
  std::snprintf(
      text, sizeof text,
      "%llu seeds in %.1f s (%.0f a second): %llu failovers (%.0f a second and core), %.4f virtual "
      "years, %.0f steps a second and core\nwrites: %llu acknowledged, %llu of them lost\n",
      static_cast<unsigned long long>(totals.seeds), totals.seconds,
      static_cast<double>(totals.seeds) / totals.seconds,
      static_cast<unsigned long long>(totals.failovers),
      static_cast<double>(totals.failovers) / totals.cpu_seconds, totals.virtual_seconds / year,
      static_cast<double>(totals.steps) / totals.cpu_seconds,
      static_cast<unsigned long long>(totals.acknowledged),
      static_cast<unsigned long long>(totals.lost));
  std::string out = text;
  out += "one master after trouble: " + spread(totals.recoveries) + "\n";
  out += "dead master, objectively down: " + spread(totals.detections) + "\n";
  out += "dead master, another one named by all: " + spread(totals.announcements) + "\n";
  return out;
}

}  // namespace vedette::sim
