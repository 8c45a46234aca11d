// Something that is kept for each agent, found without searching.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "tests/sim/cluster/agent.hpp"

namespace vedette::sim {

template <class Record>
class PerAgent {
 public:
  Record& operator[](const Agent& agent) {
    const auto index = static_cast<std::size_t>(agent.host());
    while (index >= records_.size()) records_.push_back(std::make_unique<Record>());
    return *records_[index];
  }

 private:
  std::vector<std::unique_ptr<Record>> records_;  // what was handed out stays where it is
};

// The same, begun anew with each life of the agent.
template <class Record>
class PerLife {
 public:
  Record& operator[](const Agent& agent) {
    auto& [life, record] = lives_[agent];
    if (life != agent.life()) {
      life = agent.life();
      record = Record{};
    }
    return record;
  }

 private:
  struct Life {
    unsigned number = 0;
    Record record{};
  };

  PerAgent<Life> lives_;
};

}  // namespace vedette::sim
