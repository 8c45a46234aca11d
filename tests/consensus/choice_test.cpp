// Which replica becomes the master: the table of exclusions, the order, and what goes before it.
#include <gtest/gtest.h>

#include "consensus/replica_choice.hpp"

namespace vedette::consensus::testing {
namespace {

using namespace std::chrono_literals;

class Choice : public ::testing::Test {
 protected:
  Choice() {
    group.options.down_after = 1000ms;
    group.replid = "history";
    Node& master = group.nodes[NodeId{1}];
    master.id = group.master_id = NodeId{1};
    master.subjectively_down = true;
    master.subjectively_down_since = now - 2s;
    for (std::uint64_t i = 2; i <= 4; ++i) add(i);
  }
  Node& add(std::uint64_t i) {
    Node& node = group.nodes[NodeId{i}];
    node.id = NodeId{i};
    node.address = {"10.0.0." + std::to_string(i), 6379};
    node.command.status = node.pubsub.status = Link::Status::open;
    node.ping.answered = true;
    node.ping.last_ok = now - 1s;
    node.info_at = now - 1s;
    node.info.role = proto::Role::replica;
    node.info.run_id = proto::RunId::parse(std::string(40, static_cast<char>('a' + i)));
    node.info.replid = "history";
    node.info.replica_repl_offset = 1000;
    node.info.master_repl_offset = 1000;
    return node;
  }
  Node& node(std::uint64_t i) { return group.nodes.at(NodeId{i}); }
  std::uint64_t chosen() const {
    const auto id = choose_replica(policy, group, now, oldest_useful_info(group, now));
    return id ? static_cast<std::uint64_t>(*id) : 0;
  }
  Instant now{1000s};
  Policy policy;
  Group group;
};

TEST_F(Choice, EqualCandidatesAreOrderedByRunIdWithoutCase) {
  EXPECT_EQ(chosen(), 2u);
  node(4).info.run_id = proto::RunId::parse(std::string(40, 'A'));
  EXPECT_EQ(chosen(), 4u);
}

TEST_F(Choice, AMissingRunIdComesLast) {
  node(2).info.run_id.reset();
  EXPECT_EQ(chosen(), 3u);
}

TEST_F(Choice, LargerOffsetBeforeRunId) {
  node(4).info.replica_repl_offset = 1001;
  EXPECT_EQ(chosen(), 4u);
}

TEST_F(Choice, LowerPriorityBeforeOffset) {
  node(4).info.replica_repl_offset = 2000;
  node(3).info.priority = 50;
  EXPECT_EQ(chosen(), 3u);
}

TEST_F(Choice, Exclusions) {
  group.nodes.erase(NodeId{3});
  group.nodes.erase(NodeId{4});
  const Node good = node(2);
  const auto is_out = [&](auto change) {
    node(2) = good;
    change(node(2));
    return chosen() == 0;
  };
  EXPECT_TRUE(is_out([](Node& n) { n.subjectively_down = true; }));
  EXPECT_TRUE(is_out([](Node& n) { n.command.status = Link::Status::closed; }));
  EXPECT_TRUE(is_out([](Node& n) { n.info.priority = 0; }));
  EXPECT_TRUE(is_out([](Node& n) { n.info_at.reset(); }));
  EXPECT_TRUE(is_out([](Node& n) { n.ping.answered = false; }));
  EXPECT_TRUE(is_out([this](Node& n) { n.ping.last_ok = now - 5001ms; }));
  EXPECT_FALSE(is_out([this](Node& n) { n.ping.last_ok = now - 5000ms; }));
  EXPECT_TRUE(is_out([this](Node& n) { n.info_at = now - 5001ms; }));
  EXPECT_FALSE(is_out([this](Node& n) { n.info_at = now - 5000ms; }));
  // The link may have been down since the master was, and 10 x down-after before that.
  EXPECT_TRUE(is_out([](Node& n) { n.info.master_link_down_for = 12001ms; }));
  EXPECT_FALSE(is_out([](Node& n) { n.info.master_link_down_for = 12000ms; }));
}

TEST_F(Choice, InPeaceInfoMayBeOlder) {
  group.master().subjectively_down = false;
  for (std::uint64_t i = 2; i <= 4; ++i) node(i).info_at = now - 29s;
  EXPECT_EQ(chosen(), 2u);
  for (std::uint64_t i = 2; i <= 4; ++i) node(i).info_at = now - 31s;
  EXPECT_EQ(chosen(), 0u);
}

TEST_F(Choice, TheMasterItselfIsNoCandidate) {
  add(1);
  for (std::uint64_t i = 2; i <= 4; ++i) group.nodes.erase(NodeId{i});
  EXPECT_EQ(chosen(), 0u);
}

// What an earlier leader promoted: a master with the group's history as its second one.
void promote(Node& node, std::int64_t offset) {
  node.info.role = proto::Role::master;
  node.info.replid = "new history of " + node.address.host;
  node.info.replid2 = "history";
  node.info.master_repl_offset = offset;
  node.info.replica_repl_offset = 0;
  node.replica_run = node.info.run_id;
}

TEST_F(Choice, ANodeThatWasPromotedForThisFaultComesFirst) {
  promote(node(3), 900);
  EXPECT_EQ(chosen(), 3u);
  node(3).info.priority = 0;
  EXPECT_EQ(chosen(), 3u);
  policy.prefer_promoted_replica = false;
  EXPECT_NE(chosen(), 3u);
}

TEST_F(Choice, OfSeveralTheLargestOffset) {
  promote(node(3), 900);
  promote(node(4), 901);
  EXPECT_EQ(chosen(), 4u);
}

TEST_F(Choice, AReplicaThatReturnedAsAMasterIsNoneOfThem) {
  promote(node(3), 5000);  // after a restart, too, its old history is the second one
  node(3).replica_run = proto::RunId::parse(std::string(40, 'f'));
  EXPECT_EQ(chosen(), 2u);
  node(3).replica_run.reset();  // never seen as a replica
  EXPECT_EQ(chosen(), 2u);
}

TEST_F(Choice, AMasterOfAnotherHistoryIsNoneOfThem) {
  promote(node(3), 5000);
  node(3).info.replid2 = "elsewhere";
  EXPECT_EQ(chosen(), 2u);
}

TEST_F(Choice, AnotherHistoryOnlyWhenNobodyElseIsLeft) {
  node(2).info.replid = "elsewhere";
  node(2).info.replica_repl_offset = 9000;
  node(2).info.priority = 1;
  EXPECT_EQ(chosen(), 3u);
  group.nodes.erase(NodeId{3});
  group.nodes.erase(NodeId{4});
  EXPECT_EQ(chosen(), 2u);
}

TEST_F(Choice, OffsetsOfDifferentHistoriesAreNotCompared) {
  node(2).info.replid = node(4).info.replid = "x";
  node(3).info.replid = "y";
  node(3).info.replica_repl_offset = 9000;
  node(4).info.replica_repl_offset = 1001;
  EXPECT_EQ(chosen(), 4u);
}

TEST_F(Choice, WithoutAKnownHistoryAllAreAlike) {
  group.replid.clear();
  node(3).info.replid = "whatever";
  node(3).info.replica_repl_offset = 9000;
  EXPECT_EQ(chosen(), 3u);
}

}  // namespace
}  // namespace vedette::consensus::testing
