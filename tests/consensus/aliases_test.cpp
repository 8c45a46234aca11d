// One server under two addresses.
#include <algorithm>

#include "consensus/discovery.hpp"
#include "tests/consensus/cluster.hpp"

namespace vedette::consensus::testing {
namespace {

class Aliases : public Cluster {
 protected:
  // Three agents and two replicas; the files of so many name the master by its virtual address.
  void build_aliased(unsigned aliased, proto::Epoch their_epoch = {}) {
    world.add_shard("mymaster", one_second(), 2);
    for (int i = 0; i < 3; ++i) world.add_agent(Kind::vedette, 0, true);
    world.introduce_agents();
    for (unsigned i = 0; i < aliased; ++i) {
      world.alias_master(agent(i));
      Durable file = agent(i).disk.file();
      file.groups.front().config_epoch = their_epoch;
      file.current_epoch = std::max(file.current_epoch, their_epoch);
      agent(i).disk.begin(std::move(file));
      agent(i).disk.finish();
    }
    sim::Limits limits;
    limits.moved = limits.two_names = true;
    boot(limits);
    run_for(20s);
  }
  // What keepalived and its like do.
  void move_virtual_address(const Redis& to) {
    world.network().add_address(to, virtual_address);
    for (const auto& agent : agents()) world.network().reset_between(agent->host(), first_host);
  }
  [[nodiscard]] bool any_knows(const proto::Address& address) const {
    return std::any_of(agents().begin(), agents().end(), [&](const auto& agent) {
      return find_node(group(*agent), address) != nullptr;
    });
  }

  const proto::Address virtual_address{"10.7.0.1", 6379};
  sim::HostId first_host{0};
};

TEST_F(Aliases, TwoAddressesOfOneServerAreNothingToSettle) {
  build_aliased(1);
  run_for(60s);
  EXPECT_EQ(master().role(), proto::Role::master);
  EXPECT_EQ(group(agent(0)).master().address, virtual_address);
  EXPECT_EQ(group(agent(1)).master().address, first);
  EXPECT_EQ(count("+try-failover"), 0);
  EXPECT_EQ(count("+switch-master"), 0);
  EXPECT_EQ(number(group(agent(1)).config_epoch), 0u);
  const auto notes = payloads("note");
  EXPECT_EQ(std::count_if(notes.begin(), notes.end(),
                          [](const std::string& text) {
                            return text.find("is the same server") != std::string::npos;
                          }),
            4);  // each of two about one, and one about two
}

TEST_F(Aliases, AFailoverGivesItOneNameAgain) {
  build_aliased(1);
  kill(master());
  ASSERT_TRUE(run_until([&] { return all_agree_on(second) || all_agree_on(third); }, 10s));
  start(master());
  run_for(30s);
  EXPECT_EQ(master().role(), proto::Role::replica);
  EXPECT_TRUE(is_sound());
}

TEST_F(Aliases, ANewerConfigurationMayNameTheOtherAddress) {
  build_aliased(1, proto::Epoch{5});
  ASSERT_TRUE(all_agree_on(virtual_address));
  run_for(60s);
  EXPECT_EQ(master().role(), proto::Role::master);
  EXPECT_FALSE(find_node(group(agent(1)), first)) << "the master is its own replica";
}

TEST_F(Aliases, AVirtualAddressMovesToTheNewMaster) {
  build_aliased(3);
  kill(master());
  ASSERT_TRUE(run_until([&] { return all_agree_on(second) || all_agree_on(third); }, 10s));
  Redis& promoted = node(group(agent(0)).master().address);
  EXPECT_TRUE(any_knows(virtual_address));  // as the replaced master
  move_virtual_address(promoted);
  run_for(60s);
  EXPECT_EQ(promoted.role(), proto::Role::master);
  EXPECT_FALSE(any_knows(virtual_address));
  EXPECT_TRUE(is_sound());
}

TEST_F(Aliases, AMasterIsNotFailedOverToItself) {
  build_aliased(3);
  kill(node(second));
  kill(node(third));
  run_for(3s);
  const ReplyOrder reply = order(agent(0), FailOver{"mymaster"});
  EXPECT_EQ(reply.status, OrderStatus::no_good_replica);
}

}  // namespace
}  // namespace vedette::consensus::testing
