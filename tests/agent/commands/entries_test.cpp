// The entries of SENTINEL MASTERS, MASTER, REPLICAS and SENTINELS: which fields, in which order,
// with which values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/agent/fake_agent.hpp"

namespace vedette::agent::test {
namespace {

using proto::Value;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  std::string word;
  for (const char c : text + ' ') {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      result.push_back(std::exchange(word, {}));
    }
  }
  return result;
}

const std::string common =
    "name ip port runid flags link-pending-commands link-refcount last-ping-sent "
    "last-ok-ping-reply "
    "last-ping-reply down-after-milliseconds ";
const std::string master_keys =
    common +
    "info-refresh role-reported role-reported-time config-epoch num-slaves num-other-sentinels "
    "quorum failover-timeout parallel-syncs";
const std::string replica_keys =
    common +
    "info-refresh role-reported role-reported-time master-link-down-time master-link-status "
    "master-host master-port slave-priority slave-repl-offset replica-announced";
const std::string peer_keys = common + "last-hello-message voted-leader voted-leader-epoch";

class Entries : public testing::Test {
 protected:
  Entries() : group(agent.add_group("mymaster", "10.0.0.1", 6379)) {
    agent.add_replica(group, "10.0.0.2", 6379);
    agent.add_peer(group, peer_id, "10.0.0.2", 26379);
  }
  Value master() { return agent.ask({"SENTINEL", "MASTER", "mymaster"}); }
  Value replica() { return agent.ask({"SENTINEL", "REPLICAS", "mymaster"}).elements.at(0); }
  Value peer() { return agent.ask({"SENTINEL", "SENTINELS", "mymaster"}).elements.at(0); }
  consensus::Node& replica_node() { return std::prev(group.nodes.end())->second; }

  FakeAgent agent;
  consensus::Group& group;
};

TEST_F(Entries, HealthyHaveExactlyTheFieldsOf7015) {
  EXPECT_EQ(keys(master()), words(master_keys));
  EXPECT_EQ(keys(replica()), words(replica_keys));
  EXPECT_EQ(keys(peer()), words(peer_keys));
  EXPECT_EQ(keys(master()).size(), 20U);
  EXPECT_EQ(keys(replica()).size(), 21U);
  EXPECT_EQ(keys(peer()).size(), 14U);
}

TEST_F(Entries, AreFlatArraysInResp2AndMapsInResp3) {
  EXPECT_TRUE(agent.run({"SENTINEL", "MASTER", "mymaster"}).starts_with("*40\r\n$4\r\nname\r\n"));
  EXPECT_TRUE(agent.run({"SENTINEL", "MASTERS"}).starts_with("*1\r\n*40\r\n"));
  EXPECT_TRUE(agent.run({"SENTINEL", "SLAVES", "mymaster"}).starts_with("*1\r\n*42\r\n"));
  EXPECT_TRUE(agent.run({"SENTINEL", "SENTINELS", "mymaster"}).starts_with("*1\r\n*28\r\n"));
  agent.run({"HELLO", "3"});
  EXPECT_TRUE(agent.run({"SENTINEL", "PRIMARY", "mymaster"}).starts_with("%20\r\n$4\r\nname\r\n"));
  EXPECT_TRUE(agent.run({"SENTINEL", "PRIMARIES"}).starts_with("*1\r\n%20\r\n"));
  EXPECT_TRUE(agent.run({"SENTINEL", "REPLICAS", "mymaster"}).starts_with("*1\r\n%21\r\n"));
  EXPECT_TRUE(agent.run({"SENTINEL", "SENTINELS", "mymaster"}).starts_with("*1\r\n%14\r\n"));
}

TEST_F(Entries, EveryValueIsABulkString) {
  for (const Value& entry : {master(), replica(), peer()}) {
    for (const Value& element : entry.elements) EXPECT_EQ(element.type, Value::Type::bulk);
  }
}

TEST_F(Entries, ValuesOfAHealthyMaster) {
  group.config_epoch = proto::Epoch{7};
  agent.facade.pending = 3;
  const Value entry = master();
  EXPECT_EQ(field(entry, "name"), "mymaster");
  EXPECT_EQ(field(entry, "ip"), "10.0.0.1");
  EXPECT_EQ(field(entry, "port"), "6379");
  EXPECT_EQ(field(entry, "runid"), std::string(40, '1'));
  EXPECT_EQ(field(entry, "flags"), "master");
  EXPECT_EQ(field(entry, "link-pending-commands"), "3");
  EXPECT_EQ(field(entry, "link-refcount"), "1");
  EXPECT_EQ(field(entry, "last-ping-sent"), "0");
  EXPECT_EQ(field(entry, "last-ok-ping-reply"), "200");
  EXPECT_EQ(field(entry, "info-refresh"), "1000");
  EXPECT_EQ(field(entry, "role-reported"), "master");
  EXPECT_EQ(field(entry, "role-reported-time"), "5000");
  EXPECT_EQ(field(entry, "config-epoch"), "7");
  EXPECT_EQ(field(entry, "num-slaves"), "1");
  EXPECT_EQ(field(entry, "num-other-sentinels"), "1");
  EXPECT_EQ(field(entry, "quorum"), "2");
  EXPECT_EQ(field(entry, "failover-timeout"), "180000");
  EXPECT_EQ(field(entry, "parallel-syncs"), "1");
}

TEST_F(Entries, ADownMasterDuringAFailoverHas23Fields) {
  consensus::Node& node = group.master();
  node.subjectively_down = true;
  node.subjectively_down_since = agent.facade.now_ - milliseconds{1500};
  node.command.status = consensus::Link::Status::closed;
  node.ping.silent_since_wall = agent.facade.now_ - milliseconds{4500};
  group.objectively_down = true;
  group.objectively_down_since = agent.facade.now_ - milliseconds{1400};
  group.attempt.emplace();
  group.attempt->phase = consensus::Phase::select_replica;
  const Value entry = master();
  EXPECT_EQ(keys(entry).size(), 23U);
  EXPECT_EQ(keys(entry)[7], "failover-state");
  EXPECT_EQ(field(entry, "failover-state"), "select_slave");
  EXPECT_EQ(keys(entry)[11], "s-down-time");
  EXPECT_EQ(keys(entry)[12], "o-down-time");
  EXPECT_EQ(field(entry, "s-down-time"), "1500");
  EXPECT_EQ(field(entry, "o-down-time"), "1400");
  EXPECT_EQ(field(entry, "last-ping-sent"), "4500");
  EXPECT_EQ(field(entry, "flags"), "s_down,o_down,master,disconnected,failover_in_progress");
  group.attempt->forced = true;
  EXPECT_EQ(field(master(), "flags"),
            "s_down,o_down,master,disconnected,failover_in_progress,force_failover");
}

TEST_F(Entries, PhasesHaveSentinelsWords) {
  using consensus::Phase;
  const std::pair<Phase, std::string> rows[] = {{Phase::wait_start, "wait_start"},
                                                {Phase::select_replica, "select_slave"},
                                                {Phase::send_promote, "send_slaveof_noone"},
                                                {Phase::wait_promotion, "wait_promotion"},
                                                {Phase::reconfigure_replicas, "reconf_slaves"},
                                                {Phase::update_config, "update_config"}};
  group.attempt.emplace();
  for (const auto& [phase, word] : rows) {
    group.attempt->phase = phase;
    EXPECT_EQ(field(master(), "failover-state"), word);
  }
}

TEST_F(Entries, ScriptsAppearOnlyWhenSet) {
  agent.settings().groups["mymaster"].notification_script = "/n";
  agent.settings().groups["mymaster"].client_reconfig_script = "/c";
  const auto names = keys(master());
  ASSERT_EQ(names.size(), 22U);
  EXPECT_EQ(names[20], "notification-script");
  EXPECT_EQ(names[21], "client-reconfig-script");
}

TEST_F(Entries, ReplicaValues) {
  const Value entry = replica();
  EXPECT_EQ(field(entry, "name"), "10.0.0.2:6379");
  EXPECT_EQ(field(entry, "flags"), "slave");
  EXPECT_EQ(field(entry, "role-reported"), "slave");
  EXPECT_EQ(field(entry, "master-link-status"), "ok");
  EXPECT_EQ(field(entry, "master-host"), "10.0.0.1");
  EXPECT_EQ(field(entry, "master-port"), "6379");
  EXPECT_EQ(field(entry, "slave-priority"), "100");
  EXPECT_EQ(field(entry, "slave-repl-offset"), "1234");
  EXPECT_EQ(field(entry, "replica-announced"), "1");
}

TEST_F(Entries, AReplicaNeverHeardOf) {
  consensus::Node& node = replica_node();
  node.info = {};
  node.info_at.reset();
  node.address.host = "::1";
  const Value entry = replica();
  EXPECT_EQ(field(entry, "name"), "[::1]:6379");
  EXPECT_EQ(field(entry, "ip"), "::1");
  EXPECT_EQ(field(entry, "runid"), "");
  EXPECT_EQ(field(entry, "info-refresh"), "0");
  EXPECT_EQ(field(entry, "master-link-status"), "err");
  EXPECT_EQ(field(entry, "master-host"), "?");
  EXPECT_EQ(field(entry, "master-port"), "0");
}

TEST_F(Entries, ReplicaFlags) {
  consensus::Node& node = replica_node();
  group.attempt.emplace();
  group.attempt->target = node.id;
  EXPECT_EQ(field(replica(), "flags"), "slave,promoted");
  group.attempt.reset();
  node.resync = consensus::Resync::in_progress;
  EXPECT_EQ(field(replica(), "flags"), "slave") << "no failover is going on any more";
  group.reconfiguration.emplace();
  EXPECT_EQ(field(replica(), "flags"), "slave,reconf_inprog");
  node.resync = consensus::Resync::sent;
  node.subjectively_down = true;
  node.pubsub.status = consensus::Link::Status::connecting;
  EXPECT_EQ(field(replica(), "flags"), "s_down,slave,disconnected,reconf_sent");
}

TEST_F(Entries, AnUnannouncedReplicaIsKeptQuietButCounted) {
  replica_node().info.announced = false;
  EXPECT_EQ(agent.run({"SENTINEL", "REPLICAS", "mymaster"}), "*0\r\n");
  EXPECT_EQ(field(master(), "num-slaves"), "1");
}

TEST_F(Entries, PeerValues) {
  const Value entry = peer();
  EXPECT_EQ(field(entry, "name"), peer_id);
  EXPECT_EQ(field(entry, "runid"), peer_id);
  EXPECT_EQ(field(entry, "port"), "26379");
  EXPECT_EQ(field(entry, "flags"), "sentinel");
  EXPECT_EQ(field(entry, "last-hello-message"), "700");
  EXPECT_EQ(field(entry, "voted-leader"), "?");
  EXPECT_EQ(field(entry, "voted-leader-epoch"), "0");
}

TEST_F(Entries, PeerSharedByTwoMasters) {
  auto& other = agent.add_group("other", "10.0.0.9", 6379);
  agent.add_peer(other, peer_id, "10.0.0.2", 26379);
  EXPECT_EQ(field(peer(), "link-refcount"), "2");
}

TEST_F(Entries, APeersOpinionAndVoteExpire) {
  consensus::PeerView& view = group.peers.at(run_id(peer_id));
  view.opinion = {true, agent.facade.now_ - milliseconds{100}, group.master().address,
                  group.config_epoch};
  view.voted_leader = run_id(my_id);
  view.voted_leader_epoch = proto::Epoch{4};
  EXPECT_EQ(field(peer(), "flags"), "sentinel,master_down");
  EXPECT_EQ(field(peer(), "voted-leader"), my_id);
  agent.facade.now_ += std::chrono::seconds{6};
  EXPECT_EQ(field(peer(), "flags"), "sentinel");
  EXPECT_EQ(field(peer(), "voted-leader"), "?");
  EXPECT_EQ(field(peer(), "voted-leader-epoch"), "4");
}

TEST_F(Entries, AnOpinionAboutAnotherAddressDoesNotShow) {
  consensus::PeerView& view = group.peers.at(run_id(peer_id));
  view.opinion = {true, agent.facade.now_, {"10.9.9.9", 1}, group.config_epoch};
  EXPECT_EQ(field(peer(), "flags"), "sentinel");
}

}  // namespace
}  // namespace vedette::agent::test
