// The usual cast: some agents, one master, its replicas, and the invariants on every step.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/consensus/rig.hpp"

namespace vedette::consensus::testing {

inline GroupOptions one_second(unsigned quorum = 2) {
  GroupOptions options;
  options.quorum = quorum;
  options.down_after = 1000ms;
  options.failover_timeout = 10s;
  return options;
}

// Real Sentinels that vote as usual, but never see enough others to stand themselves.
inline GroupOptions never_standing() { return one_second(100); }

class Cluster : public ::testing::Test, protected Rig {
 protected:
  Cluster() : Rig(7) {}

  // Ready to act: everybody has met everybody.
  void build(std::size_t agents, std::size_t replicas, const GroupOptions& options = one_second()) {
    Rig::build(agents, replicas, options);
    settle();
  }
  // Some of them real Sentinels.
  void build_mixed(std::size_t agents, std::size_t legacy, std::size_t replicas,
                   const GroupOptions& legacy_options = one_second()) {
    Rig::build_mixed(agents, legacy, replicas, one_second(), legacy_options);
    settle();
  }
  void settle() {
    run_for(12s);
    for (const auto& each : agents()) {
      if (!each->core()) continue;
      ASSERT_EQ(group(*each).peers.size(), agents().size() - 1);
      ASSERT_EQ(group(*each).nodes.size(), nodes().size());
    }
    heard.clear();
  }
  void TearDown() override {
    EXPECT_EQ(broken(), "");
    if (HasFailure() || std::getenv("STORY")) std::printf("%s", story().c_str());
  }
  ::testing::AssertionResult is_sound() {
    const std::string wrong = what_is_wrong();
    if (wrong.empty()) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << wrong;
  }
};

}  // namespace vedette::consensus::testing
