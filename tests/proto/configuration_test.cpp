#include "proto/configuration.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vedette::proto {
namespace {

std::optional<Configuration> read(const std::string& bytes) {
  ReplyParser parser;
  parser.feed(bytes);
  const auto reply = parser.next();
  return reply ? parse_master_reply(*reply) : std::nullopt;
}

constexpr Epoch epoch{7};

TEST(Configuration, IsReadFromTheReplyOfEitherProtocol) {
  const std::string fields =
      "$4\r\nname\r\n$1\r\nm\r\n$2\r\nip\r\n$8\r\n10.0.0.2\r\n$4\r\nport\r\n$4\r\n6379\r\n"
      "$12\r\nconfig-epoch\r\n$1\r\n7\r\n";
  const Configuration expected{{"10.0.0.2", 6379}, epoch};
  EXPECT_EQ(read("*8\r\n" + fields), expected);
  EXPECT_EQ(read("%4\r\n" + fields), expected);
}

TEST(Configuration, IsNothingWithoutAllItsFields) {
  EXPECT_FALSE(read("-ERR No such master with that name\r\n"));
  EXPECT_FALSE(read("*4\r\n$2\r\nip\r\n$8\r\n10.0.0.2\r\n$4\r\nport\r\n$4\r\n6379\r\n"));
  EXPECT_FALSE(read("*1\r\n$2\r\nip\r\n"));
}

TEST(Configuration, RefusesNumbersThatAreNone) {
  const auto with = [](const std::string& port, const std::string& number) {
    const auto bulk = [](const std::string& text) {
      return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    };
    return read("*6\r\n" + bulk("ip") + bulk("10.0.0.2") + bulk("port") + bulk(port) +
                bulk("config-epoch") + bulk(number));
  };
  EXPECT_TRUE(with("6379", "7"));
  EXPECT_FALSE(with("70000", "7"));
  EXPECT_FALSE(with("6379", "-1"));
  EXPECT_FALSE(with("6379", "9223372036854775807"));
}

}  // namespace
}  // namespace vedette::proto
