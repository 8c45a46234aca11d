#include "agent/config/addresses.hpp"

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

TEST(Addresses, ReplaceNamesAndListNobodyTwice) {
  const proto::RunId id = *proto::RunId::parse(std::string(40, 'a'));
  consensus::Durable durable{id, {}, {}};
  consensus::DurableGroup group;
  group.master = {"one.zone", 1};
  group.replaced = consensus::Replaced{{"two.zone", 1}, {}};
  group.replicas = {{"two.zone", 1}, {"10.0.0.2", 1}, {"10.0.0.1", 1}, {"three.zone", 1}};
  group.peers = {{id, {"one.zone", 5}}};
  durable.groups = {group};

  durable = by_address(durable, {{"one.zone", "10.0.0.1"}, {"two.zone", "10.0.0.2"}});
  const consensus::DurableGroup& now = durable.groups.front();
  EXPECT_EQ(now.master, (proto::Address{"10.0.0.1", 1}));
  EXPECT_EQ(now.replaced->address, (proto::Address{"10.0.0.2", 1}));
  EXPECT_EQ(now.replicas, (std::vector<proto::Address>{{"10.0.0.2", 1}, {"three.zone", 1}}));
  EXPECT_EQ(now.peers.front().address, (proto::Address{"10.0.0.1", 5}));
}

}  // namespace
}  // namespace vedette::agent
