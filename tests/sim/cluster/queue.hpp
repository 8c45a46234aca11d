// Virtual time: what happens next, and when. Ties go to what was planned first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "consensus/time.hpp"
#include "tests/sim/cluster/task.hpp"

namespace vedette::sim {

using namespace std::chrono_literals;
using consensus::Duration;
using consensus::Instant;

class Queue {
 public:
  [[nodiscard]] Instant now() const noexcept { return now_; }

  void at(Instant when, Task&& task) {
    if (free_.empty()) free_.push_back(&tasks_.emplace_back());
    const Entry entry{std::max(when, now_), free_.back()};
    free_.pop_back();
    *entry.task = std::move(task);
    plan_.insert(std::lower_bound(plan_.begin(), plan_.end(), entry, Later{}), entry);
  }
  void after(Duration delay, Task&& task) { at(now_ + delay, std::move(task)); }

  // Runs the next task, if it is not later than `limit`; false if there is none, and then it is
  // `limit`.
  bool step(Instant limit) {
    if (plan_.empty() || plan_.back().when > limit) {
      now_ = std::max(now_, limit);
      return false;
    }
    const Entry next = plan_.back();
    plan_.pop_back();
    now_ = next.when;
    (*next.task)();
    *next.task = Task{};
    free_.push_back(next.task);
    return true;
  }

 private:
  struct Entry {
    Instant when;
    Task* task;
  };
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const noexcept { return a.when > b.when; }
  };

  Instant now_{1000s};
  std::vector<Entry> plan_;  // latest first; a few dozen at most times, so this beats a heap
  std::deque<Task> tasks_;   // they stay in place while they run
  std::vector<Task*> free_;
};

}  // namespace vedette::sim
