#include "agent/links/host_names.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <variant>
#include <vector>

namespace vedette::agent {
namespace {

using consensus::Event;

// "localhost" is the one name that has an address on every machine.
class HostNamesTest : public testing::Test {
 protected:
  static consensus::HelloHeard hello(const std::string& master) {
    const auto id = *proto::RunId::parse(std::string(40, 'b'));
    return {std::nullopt, {{"127.0.0.1", 26379}, id, {}, "mymaster", {master, 6379}, {}}};
  }
  void bring(Event event, bool look_up = true) { names_.bring(std::move(event), look_up); }
  void settle() {
    io_.restart();
    io_.run();
  }

  boost::asio::io_context io_;
  std::vector<std::string> changed_;  // "name address"
  std::vector<std::string> failed_;
  std::size_t delivered_when_changed_ = 0;
  std::vector<Event> delivered_;
  Resolver resolver_{
      io_,
      [this](const std::string& host, const std::string& address) {
        changed_.push_back(host + " " + address);
        delivered_when_changed_ = delivered_.size();
      },
      [this](const std::string& host, const std::string&) { failed_.push_back(host); }};
  HostNames names_{resolver_, [this](Event event) { delivered_.push_back(std::move(event)); }};
};

TEST_F(HostNamesTest, WhatNamesNobodyComesAtOnce) {
  bring(consensus::Tick{});
  bring(hello("10.0.0.1"));
  EXPECT_EQ(delivered_.size(), 2u);
  EXPECT_TRUE(changed_.empty());
}

TEST_F(HostNamesTest, ANewNameIsLookedUpFirst) {
  bring(hello("localhost"));
  EXPECT_TRUE(delivered_.empty());
  settle();
  ASSERT_EQ(delivered_.size(), 1u);
  EXPECT_EQ(std::get<consensus::HelloHeard>(delivered_[0]).hello.master.host, "localhost");
  ASSERT_EQ(changed_.size(), 1u);
  EXPECT_TRUE(changed_[0] == "localhost 127.0.0.1" || changed_[0] == "localhost ::1");
  EXPECT_EQ(delivered_when_changed_, 0u) << "the core must know the address before the name";
}

TEST_F(HostNamesTest, AKnownNameHoldsNothingUp) {
  bring(hello("localhost"));
  settle();
  bring(hello("localhost"));
  EXPECT_EQ(delivered_.size(), 2u);
}

TEST_F(HostNamesTest, AllNamesOfAnEventAreLookedUp) {
  consensus::InfoRead info{};
  info.info.master = {"localhost", 6379};
  info.info.replicas = {{"127.0.0.1", 6380}, {"name with blanks", 6381}};
  bring(std::move(info));
  EXPECT_TRUE(delivered_.empty());
  settle();
  EXPECT_EQ(delivered_.size(), 1u) << "a name without an address does not hold it for ever";
  EXPECT_EQ(changed_.size(), 1u);
}

TEST_F(HostNamesTest, ANameThatFailedHoldsNothingUpAgain) {
  bring(hello("name with blanks"));
  settle();
  bring(hello("name with blanks"));
  EXPECT_EQ(delivered_.size(), 2u);
}

TEST_F(HostNamesTest, QuestionsToo) {
  bring(consensus::VoteAsked{consensus::Ticket{1}, {{"localhost", 6379}, {}, std::nullopt}});
  EXPECT_TRUE(delivered_.empty());
  settle();
  EXPECT_EQ(delivered_.size(), 1u);
}

TEST_F(HostNamesTest, NothingIsLookedUpWhereNamesAreNotAllowed) {
  bring(hello("localhost"), false);
  EXPECT_EQ(delivered_.size(), 1u);
  settle();
  EXPECT_TRUE(changed_.empty());
}

}  // namespace
}  // namespace vedette::agent
