#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/resp.hpp"

namespace vedette::proto {
namespace {

using namespace std::string_literals;

// What came out of a parser: its requests, and the error that ended it.
struct Outcome {
  std::vector<Request> requests;
  std::vector<std::string> errors;  // at most one; empty text means "closed silently"
  bool operator==(const Outcome&) const = default;
};

void drain(RequestParser& parser, Outcome& outcome) {
  while (true) {
    auto result = parser.next();
    if (std::holds_alternative<NeedMore>(result)) return;
    if (auto* const error = std::get_if<ProtocolError>(&result)) {
      if (outcome.errors.empty()) outcome.errors.push_back(error->message);
      return;
    }
    outcome.requests.push_back(std::get<Request>(std::move(result)));
  }
}

Outcome parse_pieces(const std::vector<std::string_view>& pieces, bool authenticated) {
  RequestParser parser;
  parser.set_authenticated(authenticated);
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    parser.feed(piece);
    drain(parser, outcome);
  }
  return outcome;
}

void expect_at_every_split(std::string_view input, const Outcome& expected,
                           bool authenticated = true) {
  for (std::size_t split = 0; split <= input.size(); ++split) {
    const auto outcome = parse_pieces({input.substr(0, split), input.substr(split)}, authenticated);
    ASSERT_EQ(outcome.requests, expected.requests) << input << "\nsplit at " << split;
    ASSERT_EQ(outcome.errors, expected.errors) << input << "\nsplit at " << split;
  }
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(input.substr(i, 1));
  const auto outcome = parse_pieces(bytes, authenticated);
  EXPECT_EQ(outcome.requests, expected.requests) << input << "\nbyte by byte";
  EXPECT_EQ(outcome.errors, expected.errors) << input << "\nbyte by byte";
}

void expect_requests(std::string_view input, const std::vector<Request>& requests) {
  expect_at_every_split(input, Outcome{requests, {}});
}

void expect_error(std::string_view input, const std::string& message, bool authenticated = true) {
  expect_at_every_split(input, Outcome{{}, {message}}, authenticated);
}

TEST(InlineRequest, IsALineOfWords) {
  expect_requests("PING\n", {{"PING"}});
  expect_requests("PING\r\n", {{"PING"}});
  expect_requests("  SENTINEL\t masters \r\n", {{"SENTINEL", "masters"}});
  expect_requests("PING\r\r\n", {{"PING"}});  // the second CR is white space
  expect_requests("a$b *c\n", {{"a$b", "*c"}});
}

TEST(InlineRequest, KnowsQuotes) {
  expect_requests("a \"b c\" 'd e'\n", {{"a", "b c", "d e"}});
  expect_requests(R"(x "\n\r\t\b\a\\\"\x41\xfF\q")"s + "\n", {{"x", "\n\r\t\b\a\\\"A\xFFq"}});
  expect_requests(R"(x 'it\'s' '\n')"s + "\n", {{"x", "it's", "\\n"}});
  expect_requests("x \"\" ''\n", {{"x", "", ""}});
}

TEST(InlineRequest, BlankLinesAreNoRequests) {
  expect_requests("\n\r\n   \r\n\t\nPING\n\n", {{"PING"}});
  RequestParser parser;
  parser.feed("\r\n\n \n");
  EXPECT_TRUE(std::holds_alternative<NeedMore>(parser.next()));
  EXPECT_EQ(parser.buffered(), 0U);
}

TEST(InlineRequest, NulIsAnOrdinaryByte) { expect_requests("PI\0NG x\n"s, {{"PI\0NG"s, "x"}}); }

TEST(InlineRequest, UnbalancedQuotesEndTheStream) {
  const std::string message = "ERR Protocol error: unbalanced quotes in request";
  expect_error("PING \"abc\n", message);
  expect_error("PING 'abc\r\n", message);
  expect_error("PING \"abc\"def\n", message);
  expect_error("PING 'abc'\"def\"\n", message);
  expect_error("PING \"abc\\\"\n", message);
}

TEST(RequestLimits, AreThoseOfTheConfiguration) {
  RequestParser short_arguments({.bulk = 10});
  short_arguments.feed("*1\r\n$11\r\n");
  const auto too_long = short_arguments.next();
  ASSERT_TRUE(std::holds_alternative<ProtocolError>(too_long));
  EXPECT_EQ(std::get<ProtocolError>(too_long).message, "ERR Protocol error: invalid bulk length");
  RequestParser few_bytes({.held = 10});
  few_bytes.feed("*1\r\n$9\r\n123");
  const auto too_many = few_bytes.next();
  ASSERT_TRUE(std::holds_alternative<ProtocolError>(too_many));
  EXPECT_EQ(std::get<ProtocolError>(too_many).message, "");
}

TEST(InlineRequest, TooLongWithoutLineFeedEndsTheStream) {
  RequestParser parser;
  parser.feed(std::string(65536, 'x'));
  EXPECT_TRUE(std::holds_alternative<NeedMore>(parser.next()));
  parser.feed("x");
  const auto result = parser.next();
  ASSERT_TRUE(std::holds_alternative<ProtocolError>(result));
  EXPECT_EQ(std::get<ProtocolError>(result).message, "ERR Protocol error: too big inline request");
}

TEST(InlineRequest, MayBeLongerWhenItsLineFeedCameAlong) {
  const std::string word(65540, 'x');
  EXPECT_EQ(parse_pieces({word + "\n"}, true), (Outcome{{{word}}, {}}));
}

TEST(MultibulkRequest, CarriesAnyBytes) {
  expect_requests("*1\r\n$4\r\nPING\r\n", {{"PING"}});
  expect_requests("*2\r\n$4\r\nECHO\r\n$5\r\n\r\n\0*$\r\n"s, {{"ECHO", "\r\n\0*$"s}});
  expect_requests("*2\r\n$0\r\n\r\n$1\r\n \r\n", {{"", " "}});
}

TEST(MultibulkRequest, EmptyOnesAreSkipped) {
  expect_requests("*0\r\n*-1\r\n*-2147483649\r\n*1\r\n$4\r\nPING\r\n*0\r\n", {{"PING"}});
}

TEST(MultibulkRequest, PipelinesWithInlineOnes) {
  expect_requests("PING\r\n*1\r\n$1\r\na\r\n\r\n*2\r\n$1\r\nb\r\n$1\r\nc\r\nPING x\n",
                  {{"PING"}, {"a"}, {"b", "c"}, {"PING", "x"}});
}

TEST(MultibulkRequest, BytesBehindAPayloadAreNotChecked) {
  expect_requests("*2\r\n$4\r\nPINGxy$1\r\naxyPING\n", {{"PING", "a"}, {"PING"}});
}

TEST(MultibulkRequest, InvalidCountEndsTheStream) {
  const std::string message = "ERR Protocol error: invalid multibulk length";
  for (const char* count : {"", "x", "3x", "1 ", " 1", "+1", "01", "1.0", "2147483648",
                            "9223372036854775808", "99999999999999999999"}) {
    expect_error("*"s + count + "\r\n", message);
  }
  expect_error("*1\0\r\n"s, message);
}

TEST(MultibulkRequest, TheLargestCountIsOnlyANumber) {
  expect_at_every_split("*2147483647\r\n$1\r\na\r\n", Outcome{});
}

TEST(MultibulkRequest, WrongArgumentTypeEndsTheStream) {
  expect_error("*1\r\nPING\r\n", "ERR Protocol error: expected '$', got 'P'");
  expect_error("*2\r\n$1\r\na\r\n:1\r\n", "ERR Protocol error: expected '$', got ':'");
  expect_error("*1\r\n\0\r\n"s, "ERR Protocol error: expected '$', got '\0'"s);
  expect_error("*1\r\n\r\n", "ERR Protocol error: expected '$', got ' '");
  expect_error("*1\r\n\nx\r\n", "ERR Protocol error: expected '$', got ' '");
}

TEST(MultibulkRequest, InvalidLengthEndsTheStream) {
  const std::string message = "ERR Protocol error: invalid bulk length";
  for (const char* length : {"", "x", "-1", "4x", "+4", "536870913", "99999999999999999999"}) {
    expect_error("*1\r\n$"s + length + "\r\n", message);
  }
  expect_at_every_split("*1\r\n$536870912\r\nabc", Outcome{});
}

TEST(MultibulkRequest, EndlessHeaderLinesEndTheStream) {
  EXPECT_EQ(parse_pieces({"*" + std::string(65535, '1')}, true), Outcome{});
  EXPECT_EQ(parse_pieces({"*" + std::string(65535, '1'), "1"}, true),
            (Outcome{{}, {"ERR Protocol error: too big mbulk count string"}}));
  EXPECT_EQ(parse_pieces({"*1\r\n$" + std::string(65535, '1')}, true), Outcome{});
  EXPECT_EQ(parse_pieces({"*1\r\n$" + std::string(65535, '1'), "1"}, true),
            (Outcome{{}, {"ERR Protocol error: too big bulk count string"}}));
}

TEST(MultibulkRequest, EarlierRequestsAreHandedOutBeforeTheError) {
  expect_at_every_split(
      "PING\r\n*1\r\n$1\r\na\r\n*x\r\nPING\r\n",
      Outcome{{{"PING"}, {"a"}}, {"ERR Protocol error: invalid multibulk length"}});
}

TEST(BrokenRequestStream, StaysBrokenAndHoldsNothing) {
  RequestParser parser;
  parser.feed("*x\r\nPING\r\n");
  ASSERT_TRUE(std::holds_alternative<ProtocolError>(parser.next()));
  EXPECT_EQ(parser.buffered(), 0U);
  parser.feed("PING\r\n");
  EXPECT_EQ(parser.buffered(), 0U);
  const auto again = parser.next();
  ASSERT_TRUE(std::holds_alternative<ProtocolError>(again));
  EXPECT_EQ(std::get<ProtocolError>(again).message, "ERR Protocol error: invalid multibulk length");
}

std::string command_of(std::size_t arguments) {
  std::string text = "*" + std::to_string(arguments) + "\r\n";
  for (std::size_t i = 0; i < arguments; ++i) text += "$1\r\na\r\n";
  return text;
}

TEST(UnauthenticatedRequest, HasTenArguments) {
  expect_at_every_split(command_of(10), Outcome{{Request(10, "a")}, {}}, false);
  expect_error(command_of(11), "ERR Protocol error: unauthenticated multibulk length", false);
  expect_error("*2147483648\r\n", "ERR Protocol error: invalid multibulk length", false);
  expect_requests(command_of(11), {Request(11, "a")});
}

TEST(UnauthenticatedRequest, HasShortArguments) {
  const std::string longest(16384, 'x');
  EXPECT_EQ(parse_pieces({"*1\r\n$16384\r\n" + longest + "\r\n"}, false),
            (Outcome{{{longest}}, {}}));
  expect_error("*1\r\n$16385\r\n", "ERR Protocol error: unauthenticated bulk length", false);
  expect_error("*1\r\n$536870913\r\n", "ERR Protocol error: invalid bulk length", false);
}

TEST(UnauthenticatedRequest, LimitsEndWithAuthentication) {
  RequestParser parser;
  parser.set_authenticated(false);
  parser.feed("AUTH x\r\n" + command_of(11));
  ASSERT_TRUE(std::holds_alternative<Request>(parser.next()));
  parser.set_authenticated(true);
  const auto result = parser.next();
  ASSERT_TRUE(std::holds_alternative<Request>(result));
  EXPECT_EQ(std::get<Request>(result).size(), 11U);
}

TEST(UnauthenticatedRequest, BufferIsOneMebibyte) {
  std::string pipeline;
  while (pipeline.size() + 6 <= std::size_t{1} << 20) pipeline += "PING\r\n";
  RequestParser parser;
  parser.set_authenticated(false);
  parser.feed(pipeline);
  EXPECT_EQ(parser.buffered(), pipeline.size());
  ASSERT_TRUE(std::holds_alternative<Request>(parser.next()));
  parser.feed("PING\r\n");
  ASSERT_TRUE(std::holds_alternative<Request>(parser.next()));
  parser.feed("PING\r\nPING\r\nPING\r\nPING\r\n");
  const auto result = parser.next();
  ASSERT_TRUE(std::holds_alternative<ProtocolError>(result));
  EXPECT_EQ(std::get<ProtocolError>(result).message, "") << "closed without a word";
  EXPECT_EQ(parser.buffered(), 0U);
}

// Each of these would take minutes if a parser looked at all bytes again at every feed.
TEST(RequestParserWork, IsLinearForALargeArgumentFedBytewise) {
  const std::string payload(std::size_t{1} << 20, 'p');
  const std::string input = "*2\r\n$1\r\na\r\n$1048576\r\n" + payload + "\r\n";
  RequestParser parser;
  Outcome outcome;
  for (const char& byte : input) {
    parser.feed({&byte, 1});
    drain(parser, outcome);
  }
  EXPECT_EQ(outcome, (Outcome{{{"a", payload}}, {}}));
}

TEST(RequestParserWork, IsLinearForManyArgumentsFedBytewise) {
  const std::string input = command_of(200000);
  RequestParser parser;
  Outcome outcome;
  for (const char& byte : input) {
    parser.feed({&byte, 1});
    drain(parser, outcome);
  }
  ASSERT_EQ(outcome.requests.size(), 1U);
  EXPECT_EQ(outcome.requests.front().size(), 200000U);
}

TEST(RequestParserWork, IsLinearForAPipelineFedAtOnce) {
  std::string input;
  for (int i = 0; i < 300000; ++i) input += "PING\r\n";
  const auto outcome = parse_pieces({input}, true);
  EXPECT_EQ(outcome.requests.size(), 300000U);
  EXPECT_TRUE(outcome.errors.empty());
}

TEST(RequestParser, SurvivesAnyShortInput) {
  const std::string alphabet = "*$-1\r\n\"a";
  std::size_t requests = 0;
  for (std::size_t code = 0; code < 8 * 8 * 8 * 8 * 8 * 8; ++code) {
    std::string input;
    for (std::size_t rest = code, i = 0; i < 6; ++i, rest /= 8) input += alphabet[rest % 8];
    const auto outcome = parse_pieces({input}, true);
    requests += outcome.requests.size();
    for (const Request& request : outcome.requests) ASSERT_FALSE(request.empty()) << input;
  }
  EXPECT_GT(requests, 0U);
}

}  // namespace
}  // namespace vedette::proto
