// Something that a watcher keeps for each agent, found without searching.
#pragma once

#include <cstddef>
#include <deque>

#include "tests/sim/cluster/agent.hpp"

namespace vedette::sim {

template <class Record>
class PerAgent {
 public:
  Record& operator[](const Agent& agent) {
    const auto index = static_cast<std::size_t>(agent.host());
    if (index >= records_.size()) records_.resize(index + 1);
    return records_[index];
  }

 private:
  std::deque<Record> records_;  // what was handed out stays where it is
};

}  // namespace vedette::sim
