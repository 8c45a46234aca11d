#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "proto/resp.hpp"

namespace vedette::proto {
namespace {

using namespace std::string_literals;
using Type = Value::Type;

Value text_value(Type type, std::string text) {
  Value value;
  value.type = type;
  value.text = std::move(text);
  return value;
}

Value bulk(std::string text) { return text_value(Type::bulk, std::move(text)); }

Value integer(std::int64_t number, Type type = Type::integer) {
  Value value;
  value.type = type;
  value.integer = number;
  return value;
}

Value aggregate(Type type, std::vector<Value> elements) {
  Value value;
  value.type = type;
  value.elements = std::move(elements);
  return value;
}

struct Outcome {
  std::vector<Value> replies;
  std::string error;
};

Outcome parse_pieces(const std::vector<std::string_view>& pieces, ReplyLimits limits = {}) {
  ReplyParser parser{limits};
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    parser.feed(piece);
    while (auto reply = parser.next()) outcome.replies.push_back(*std::move(reply));
  }
  outcome.error = parser.error();
  return outcome;
}

Outcome expect_same_at_every_split(std::string_view input, ReplyLimits limits = {}) {
  const Outcome whole = parse_pieces({input}, limits);
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(input.substr(i, 1));
  std::vector<std::vector<std::string_view>> ways{bytes};
  for (std::size_t i = 0; i <= input.size(); ++i) {
    ways.push_back({input.substr(0, i), input.substr(i)});
  }
  for (const auto& way : ways) {
    const Outcome outcome = parse_pieces(way, limits);
    EXPECT_EQ(outcome.replies, whole.replies) << input << "\nfirst piece " << way.front();
    EXPECT_EQ(outcome.error, whole.error) << input << "\nfirst piece " << way.front();
  }
  return whole;
}

void expect_replies(std::string_view input, const std::vector<Value>& replies) {
  const Outcome outcome = expect_same_at_every_split(input);
  EXPECT_EQ(outcome.replies, replies) << input;
  EXPECT_EQ(outcome.error, "") << input;
}

void expect_broken(std::string_view input, const std::string& error, ReplyLimits limits = {}) {
  const Outcome outcome = expect_same_at_every_split(input, limits);
  EXPECT_TRUE(outcome.replies.empty()) << input;
  EXPECT_EQ(outcome.error, error) << input;
}

TEST(Reply, Resp2Scalars) {
  expect_replies("+PONG\r\n", {text_value(Type::simple, "PONG")});
  expect_replies("+\r\n", {text_value(Type::simple, "")});
  expect_replies("-LOADING Redis is loading\r\n",
                 {text_value(Type::error, "LOADING Redis is loading")});
  expect_replies(":0\r\n:-7\r\n:9223372036854775807\r\n",
                 {integer(0), integer(-7), integer(9223372036854775807)});
  expect_replies("$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n", {bulk("a\r\n"), bulk(""), Value{}});
  expect_replies("$2\r\n\0\xFF\r\n"s, {bulk("\0\xFF"s)});
}

TEST(Reply, Resp2Arrays) {
  expect_replies("*0\r\n*-1\r\n", {aggregate(Type::array, {}), Value{}});
  expect_replies("*3\r\n:1\r\n$1\r\n*\r\n:0\r\n",
                 {aggregate(Type::array, {integer(1), bulk("*"), integer(0)})});
  const Value inner = aggregate(Type::array, {bulk("a"), Value{}});
  expect_replies(
      "*3\r\n*2\r\n$1\r\na\r\n$-1\r\n*0\r\n*1\r\n*2\r\n$1\r\na\r\n$-1\r\n+OK\r\n",
      {aggregate(Type::array, {inner, aggregate(Type::array, {}), aggregate(Type::array, {inner})}),
       text_value(Type::simple, "OK")});
}

TEST(Reply, Resp3Scalars) {
  expect_replies("_\r\n#t\r\n#f\r\n",
                 {Value{}, integer(1, Type::boolean), integer(0, Type::boolean)});
  expect_replies(",3.25\r\n,-inf\r\n",
                 {text_value(Type::real, "3.25"), text_value(Type::real, "-inf")});
  expect_replies("(-349240928\r\n:+5\r\n", {bulk("-349240928"), integer(5)});
  expect_replies("=8\r\ntxt:a\r\nb\r\n", {bulk("a\r\nb")});
  expect_replies("=4\r\nmkd:\r\n", {bulk("")});
  expect_replies("!8\r\nERR a\r\nb\r\n", {text_value(Type::error, "ERR a\r\nb")});
}

TEST(Reply, Resp3Aggregates) {
  expect_replies("%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n",
                 {aggregate(Type::map, {text_value(Type::simple, "a"), integer(1),
                                        text_value(Type::simple, "b"),
                                        aggregate(Type::array, {integer(2)})})});
  expect_replies("~2\r\n:1\r\n_\r\n%0\r\n~0\r\n",
                 {aggregate(Type::set, {integer(1), Value{}}), aggregate(Type::map, {}),
                  aggregate(Type::set, {})});
  expect_replies(
      ">2\r\n+message\r\n+x\r\n+PONG\r\n",
      {aggregate(Type::push, {text_value(Type::simple, "message"), text_value(Type::simple, "x")}),
       text_value(Type::simple, "PONG")});
}

TEST(Reply, AttributesAreSkippedWhereverTheyStand) {
  const Value two = aggregate(Type::array, {integer(1), integer(2)});
  expect_replies("|1\r\n+ttl\r\n:9\r\n*2\r\n:1\r\n|1\r\n+k\r\n*1\r\n+v\r\n:2\r\n:3\r\n",
                 {two, integer(3)});
  expect_replies("|0\r\n*2\r\n|0\r\n:1\r\n:2\r\n", {two});
  EXPECT_TRUE(expect_same_at_every_split("|1\r\n+ttl\r\n:9\r\n").replies.empty());
}

TEST(Reply, PredicatesTellTheKindsApart) {
  EXPECT_TRUE(text_value(Type::error, "x").is_error());
  EXPECT_FALSE(text_value(Type::error, "x").is_text());
  EXPECT_TRUE(bulk("x").is_text());
  EXPECT_FALSE(Value{}.is_text());
  EXPECT_TRUE(aggregate(Type::push, {}).is_aggregate());
  EXPECT_FALSE(bulk("x").is_aggregate());
}

TEST(BrokenReply, IsRecognised) {
  expect_broken("HTTP/1.1 400 Bad Request\r\n", "unknown reply type");
  expect_broken("\x15\x03\x01\r\n", "unknown reply type");
  expect_broken("\0"s, "unknown reply type");
  expect_broken("*1\r\nx\r\n", "unknown reply type");
  expect_broken("+a\rb\r\n", "reply line does not end in CRLF");
  for (const char* number : {"", "x", "1x", "--1", "+-1", "9223372036854775808", "1.5"}) {
    expect_broken(":"s + number + "\r\n", "invalid integer in a reply");
  }
  for (const char* length : {"", "x", "-2", "+1", "1 ", "99999999999999999999"}) {
    expect_broken("$"s + length + "\r\n", "invalid string length in a reply");
    expect_broken("*"s + length + "\r\n", "invalid element count in a reply");
  }
  expect_broken("=-1\r\n", "invalid string length in a reply");
  expect_broken("%-1\r\n", "invalid element count in a reply");
  expect_broken("$1\r\nabc\r\n", "string in a reply does not end in CRLF");
  expect_broken("=3\r\ntxt\r\n", "malformed verbatim string in a reply");
  expect_broken("=5\r\ntext:\r\n", "malformed verbatim string in a reply");
  expect_broken("_x\r\n", "malformed null in a reply");
  expect_broken("#1\r\n", "malformed boolean in a reply");
  expect_broken(",\r\n", "malformed double in a reply");
  expect_broken("(\r\n", "malformed big number in a reply");
  expect_broken("(12a\r\n", "malformed big number in a reply");
}

TEST(BrokenReply, ComesAfterTheGoodOnesAndIsFinal) {
  ReplyParser parser;
  parser.feed("+OK\r\n?\r\n+OK\r\n");
  EXPECT_EQ(parser.next(), text_value(Type::simple, "OK"));
  EXPECT_EQ(parser.next(), std::nullopt);
  EXPECT_EQ(parser.error(), "unknown reply type");
  EXPECT_EQ(parser.buffered(), 0U);
  parser.feed("+OK\r\n");
  EXPECT_EQ(parser.next(), std::nullopt);
  EXPECT_EQ(parser.buffered(), 0U);
}

TEST(ReplyLimit, LineLength) {
  ReplyLimits limits;
  limits.max_line = 8;
  EXPECT_EQ(parse_pieces({"+1234567\r\n"}, limits).replies.size(), 1U);
  expect_broken("+12345678\r\n", "reply line too long", limits);
  expect_broken("+12345678", "reply line too long", limits);
  expect_broken("$000000000000000", "reply line too long", limits);
}

TEST(ReplyLimit, StringBytes) {
  ReplyLimits limits;
  limits.max_bulk = 8;
  EXPECT_EQ(parse_pieces({"$8\r\n12345678\r\n$8\r\n12345678\r\n"}, limits).replies.size(), 2U);
  expect_broken("$9\r\n", "reply too big", limits);
  expect_broken("=9\r\n", "reply too big", limits);
  expect_broken("$18446744073709551615\r\n", "reply too big", limits);
  expect_broken("*2\r\n$4\r\n1234\r\n$5\r\n", "reply too big", limits);
  expect_broken("*2\r\n$8\r\n12345678\r\n+x\r\n", "reply too big", limits);
  expect_broken("$67108865\r\n", "reply too big");
}

TEST(ReplyLimit, Elements) {
  ReplyLimits limits;
  limits.max_elements = 4;
  EXPECT_EQ(parse_pieces({"*2\r\n*2\r\n:1\r\n:1\r\n:1\r\n*4\r\n_\r\n_\r\n_\r\n_\r\n"}, limits)
                .replies.size(),
            2U);
  const std::string error = "reply has too many elements";
  expect_broken("*5\r\n", error, limits);
  expect_broken("%3\r\n", error, limits);
  expect_broken("|3\r\n", error, limits);
  expect_broken("*2\r\n*2\r\n:1\r\n:1\r\n*1\r\n", error, limits);
  expect_broken("*18446744073709551615\r\n", error, limits);
  expect_broken("%9223372036854775808\r\n", error, limits);
  expect_broken("*1048577\r\n", error);
}

TEST(ReplyLimit, Depth) {
  std::string nested;
  for (int i = 0; i < 16; ++i) nested += "*1\r\n";
  expect_broken(nested + "*1\r\n", "reply is nested too deeply");
  expect_broken(nested + "|1\r\n", "reply is nested too deeply");
  Value expected = aggregate(Type::array, {});
  for (int i = 0; i < 16; ++i) expected = aggregate(Type::array, {expected});
  expect_replies(nested + "*0\r\n", {expected});
}

TEST(ReplyLimit, StartsAnewWithEachReply) {
  ReplyLimits limits;
  limits.max_elements = 2;
  limits.max_bulk = 4;
  std::string input;
  for (int i = 0; i < 10; ++i) input += "*2\r\n$2\r\nab\r\n+cd\r\n";
  const Outcome outcome = expect_same_at_every_split(input, limits);
  EXPECT_EQ(outcome.replies.size(), 10U);
  EXPECT_EQ(outcome.error, "");
}

// Each of these would take minutes if a parser looked at all bytes again at every feed.
TEST(ReplyParserWork, IsLinearForALargeStringFedBytewise) {
  const std::string payload(std::size_t{1} << 20, 'p');
  const std::string input = "$1048576\r\n" + payload + "\r\n";
  ReplyParser parser;
  std::optional<Value> reply;
  for (const char& byte : input) {
    ASSERT_FALSE(reply);
    parser.feed({&byte, 1});
    reply = parser.next();
  }
  EXPECT_EQ(reply, bulk(payload));
}

TEST(ReplyParserWork, IsLinearForManyElementsFedBytewise) {
  std::string input = "*200000\r\n";
  for (int i = 0; i < 200000; ++i) input += ":1\r\n";
  ReplyParser parser;
  std::optional<Value> reply;
  for (const char& byte : input) {
    parser.feed({&byte, 1});
    reply = parser.next();
  }
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->elements.size(), 200000U);
}

TEST(ReplyParser, SurvivesAnyShortInput) {
  const std::string alphabet = "*$|-1\r\n:";
  std::size_t replies = 0;
  for (std::size_t code = 0; code < 8 * 8 * 8 * 8 * 8 * 8; ++code) {
    std::string input;
    for (std::size_t rest = code, i = 0; i < 6; ++i, rest /= 8) input += alphabet[rest % 8];
    replies += parse_pieces({input}).replies.size();
  }
  EXPECT_GT(replies, 0U);
}

}  // namespace
}  // namespace vedette::proto
