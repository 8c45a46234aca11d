#include "proto/hello.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace vedette::proto {
namespace {

const std::string some_id = "9540dbe27b4740028fdec37e31966a0a07a4eb7e";
const std::string captured =
    "127.0.0.1,31100,9540dbe27b4740028fdec37e31966a0a07a4eb7e,1,mymaster,127.0.0.1,31001,1";

// The captured message with one field replaced.
std::string with_field(std::size_t index, const std::string& text) {
  std::array<std::string, 8> fields{"127.0.0.1", "31100",    some_id, "1",
                                    "mymaster",  "10.0.0.7", "31001", "2"};
  fields.at(index) = text;
  std::string payload;
  for (const std::string& field : fields) payload += (payload.empty() ? "" : ",") + field;
  return payload;
}

TEST(Hello, ReadsACapturedMessage) {
  const auto hello = parse_hello(captured);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->agent, (Address{"127.0.0.1", 31100}));
  EXPECT_EQ(hello->agent_id.text(), some_id);
  EXPECT_EQ(hello->current_epoch, Epoch{1});
  EXPECT_EQ(hello->master_name, "mymaster");
  EXPECT_EQ(hello->master, (Address{"127.0.0.1", 31001}));
  EXPECT_EQ(hello->config_epoch, Epoch{1});
}

TEST(Hello, EachFieldLandsInItsPlace) {
  const auto hello = parse_hello(with_field(0, "::1"));
  ASSERT_TRUE(hello);
  EXPECT_EQ(*hello, (Hello{{"::1", 31100},
                           *RunId::parse(some_id),
                           Epoch{1},
                           "mymaster",
                           {"10.0.0.7", 31001},
                           Epoch{2}}));
}

TEST(Hello, FormatsAsItReads) {
  const auto hello = parse_hello(captured);
  ASSERT_TRUE(hello);
  EXPECT_EQ(format_hello(*hello), captured);
  for (const auto& payload : {with_field(0, "fe80::1"), with_field(3, "4611686018427387904"),
                              with_field(4, "a master with blanks"), with_field(5, "redis-0.redis"),
                              with_field(6, "65535"), with_field(7, "0")}) {
    const auto read = parse_hello(payload);
    ASSERT_TRUE(read) << payload;
    EXPECT_EQ(format_hello(*read), payload);
  }
}

TEST(Hello, AnIpv6AddressIsReadInItsOneForm) {
  const std::string id(40, 'a');
  const auto hello = parse_hello("0:0:0:0:0:0:0:2,26379," + id + ",1,m,0::1,6379,1");
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->agent.host, "::2");
  EXPECT_EQ(hello->master.host, "::1");
}

TEST(Hello, WrongNumberOfFieldsIsMalformed) {
  EXPECT_FALSE(parse_hello(""));
  EXPECT_FALSE(parse_hello("garbage"));
  EXPECT_FALSE(parse_hello(",,,,,,,"));
  EXPECT_FALSE(parse_hello(captured + ","));
  EXPECT_FALSE(parse_hello(captured + ",1"));
  EXPECT_FALSE(parse_hello("," + captured));
  EXPECT_FALSE(parse_hello(captured.substr(0, captured.size() - 2)));
  EXPECT_FALSE(parse_hello(with_field(4, "my,master")));
}

TEST(Hello, HostileEpochsAreMalformed) {
  for (const std::size_t field : {std::size_t{3}, std::size_t{7}}) {
    EXPECT_TRUE(parse_hello(with_field(field, "4611686018427387904")));
    for (const char* epoch : {"4611686018427387905", "18446744073709551615", "-1", "", "1x", " 1",
                              "18446744073709551617", "0x1"}) {
      EXPECT_FALSE(parse_hello(with_field(field, epoch))) << field << " " << epoch;
    }
  }
}

TEST(Hello, HostileAddressesAreMalformed) {
  for (const std::size_t field : {std::size_t{1}, std::size_t{6}}) {
    for (const char* port : {"0", "65536", "-1", "", "6379 ", "abc"}) {
      EXPECT_FALSE(parse_hello(with_field(field, port))) << field << " " << port;
    }
  }
  for (const std::size_t field : {std::size_t{0}, std::size_t{5}}) {
    EXPECT_FALSE(parse_hello(with_field(field, ""))) << field;
    EXPECT_FALSE(parse_hello(with_field(field, "10.0.0.1 x"))) << field;
    EXPECT_FALSE(parse_hello(with_field(field, std::string(300, 'h')))) << field;
  }
}

TEST(Hello, HostileIdsAndNamesAreMalformed) {
  for (const std::string& id : {std::string{"abc"}, std::string{"*"}, std::string{},
                                std::string(40, 'g'), some_id + "0", some_id.substr(1)}) {
    EXPECT_FALSE(parse_hello(with_field(2, id))) << id;
  }
  EXPECT_FALSE(parse_hello(with_field(4, "")));
}

TEST(Hello, ControlCharactersAreMalformedInEveryField) {
  for (std::size_t field = 0; field < 8; ++field) {
    for (const char c : {'\0', '\n', '\r', '\t', '\x1B', '\x7F'}) {
      EXPECT_FALSE(parse_hello(with_field(field, std::string{c}))) << field;
      EXPECT_FALSE(parse_hello(with_field(field, std::string{"1"} + c))) << field;
    }
  }
  EXPECT_FALSE(parse_hello(captured + "\n"));
  EXPECT_FALSE(parse_hello(with_field(4, "m\nsentinel monitor evil")));
}

TEST(Hello, NoPrefixOfAMessageWithAShorterLastFieldIsMistaken) {
  for (std::size_t length = 0; length < captured.size(); ++length) {
    EXPECT_FALSE(parse_hello(captured.substr(0, length))) << length;
  }
}

}  // namespace
}  // namespace vedette::proto
