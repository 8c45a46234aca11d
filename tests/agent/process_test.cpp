#include "agent/process.hpp"

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

TEST(DescriptorsTest, ClientsGetWhatTheLinksLeave) {
  EXPECT_EQ(clients_within(10032, 0), 10000U);
  EXPECT_EQ(clients_within(1024, 0), 992U);
  EXPECT_EQ(clients_within(1024, 120), 872U);
  EXPECT_EQ(clients_within(1024, 5000), 496U) << "half of them at least";
  EXPECT_EQ(clients_within(10, 5), 1U);
}

TEST(DescriptorsTest, AnAgentIsLinkedOnceHoweverManyMastersItWatches) {
  const proto::RunId id = *proto::RunId::parse(std::string(40, 'a'));
  const consensus::DurablePeer peer{id, {"10.0.0.9", 1}};
  consensus::Durable durable{id, {}, {}};
  for (int i = 0; i < 60; ++i) {
    consensus::DurableGroup group;
    group.replicas = {{"10.0.0.1", 1}, {"10.0.0.2", 1}};
    group.peers = {peer};
    durable.groups.push_back(group);
  }
  EXPECT_EQ(count_links(durable), 60U * 3U * 2U + 1U);
}

}  // namespace
}  // namespace vedette::agent
