// A process for tests that only notes what reaches it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/cluster/network.hpp"

namespace vedette::sim::testing {

class Probe : public Process {
 public:
  explicit Probe(const proto::Address& address, int zone = 0) : Process(address, zone) {}

  std::uint64_t accepted(ConnId conn, HostId, Purpose) override {
    conns.push_back(conn);
    heard += "accepted ";
    return 7;
  }
  void closed(ConnId, std::uint64_t tag) override {
    heard += "closed:" + std::to_string(tag) + " ";
  }
  void resumed() override { heard += "resumed "; }

  std::string heard;          // one word for each thing, in its order
  std::vector<ConnId> conns;  // accepted
};

}  // namespace vedette::sim::testing
