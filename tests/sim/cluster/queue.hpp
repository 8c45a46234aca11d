// Virtual time: what happens next, and when. Ties go to what was planned first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
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
    std::size_t slot = tasks_.size();
    if (free_.empty()) {
      tasks_.push_back(std::move(task));
    } else {
      slot = free_.back();
      free_.pop_back();
      tasks_[slot] = std::move(task);
    }
    heap_.push_back({std::max(when, now_), ++serial_, slot});
    std::push_heap(heap_.begin(), heap_.end(), Later{});
  }
  void after(Duration delay, Task&& task) { at(now_ + delay, std::move(task)); }

  // Runs the next task, if it is not later than `limit`; false if there is none, and then it is
  // `limit`.
  bool step(Instant limit) {
    if (heap_.empty() || heap_.front().when > limit) {
      now_ = std::max(now_, limit);
      return false;
    }
    std::pop_heap(heap_.begin(), heap_.end(), Later{});
    const Entry next = heap_.back();
    heap_.pop_back();
    now_ = next.when;
    Task& task = tasks_[next.slot];
    task();
    task = Task{};
    free_.push_back(next.slot);
    return true;
  }

 private:
  struct Entry {
    Instant when;
    std::uint64_t serial;
    std::size_t slot;
  };
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const noexcept {
      return a.when != b.when ? a.when > b.when : a.serial > b.serial;
    }
  };

  Instant now_{1000s};
  std::uint64_t serial_ = 0;
  std::vector<Entry> heap_;
  std::deque<Task> tasks_;  // they stay in place while they run
  std::vector<std::size_t> free_;
};

}  // namespace vedette::sim
