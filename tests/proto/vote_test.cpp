#include "proto/vote.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vedette::proto {
namespace {

const std::string some_id = "9540dbe27b4740028fdec37e31966a0a07a4eb7e";

using Arguments = std::vector<std::string>;

DownQuery query_of(const Arguments& arguments) {
  const auto result = parse_down_query(arguments);
  EXPECT_TRUE(std::holds_alternative<DownQuery>(result));
  const auto* const query = std::get_if<DownQuery>(&result);
  return query != nullptr ? *query : DownQuery{{"not parsed", 1}, Epoch{999}, {}};
}

std::string error_of(const Arguments& arguments) {
  const auto result = parse_down_query(arguments);
  const auto* const error = std::get_if<std::string>(&result);
  return error != nullptr ? *error : "no error";
}

TEST(DownQuery, AsksForAnOpinion) {
  EXPECT_EQ(query_of({"127.0.0.1", "6379", "7", "*"}),
            (DownQuery{{"127.0.0.1", 6379}, Epoch{7}, std::nullopt}));
}

TEST(DownQuery, AnIpv6AddressIsReadInItsOneForm) {
  EXPECT_EQ(query_of({"0:0:0:0:0:0:0:1", "6379", "7", "*"}).master, (Address{"::1", 6379}));
}

TEST(DownQuery, AsksForAVote) {
  EXPECT_EQ(query_of({"redis-0", "6379", "4611686018427387904", some_id}),
            (DownQuery{{"redis-0", 6379}, max_epoch, RunId::parse(some_id)}));
}

TEST(DownQuery, NumbersThatAreNoneAreAnError) {
  const std::string error = "ERR value is not an integer or out of range";
  for (const char* number : {"", "x", "1x", " 1", "18446744073709551615", "9223372036854775808"}) {
    EXPECT_EQ(error_of({"127.0.0.1", number, "1", "*"}), error) << number;
    EXPECT_EQ(error_of({"127.0.0.1", "6379", number, some_id}), error) << number;
  }
}

TEST(DownQuery, WrongNumberOfArgumentsIsAnError) {
  const std::string error =
      "ERR wrong number of arguments for 'sentinel|is-master-down-by-addr' command";
  EXPECT_EQ(error_of({}), error);
  EXPECT_EQ(error_of({"127.0.0.1", "6379", "1"}), error);
  EXPECT_EQ(error_of({"127.0.0.1", "6379", "1", "*", "x"}), error);
}

TEST(DownQuery, HostileEpochsGetAnOpinionButNoVote) {
  for (const char* epoch :
       {"-1", "4611686018427387905", "9223372036854775807", "-9223372036854775808"}) {
    EXPECT_EQ(query_of({"127.0.0.1", "6379", epoch, some_id}),
              (DownQuery{{"127.0.0.1", 6379}, Epoch{0}, std::nullopt}))
        << epoch;
  }
}

TEST(DownQuery, HostileCandidatesGetAnOpinionButNoVote) {
  for (const std::string& id :
       {std::string{}, std::string{"notarunid"}, std::string{"*x"}, std::string(40, 'g'),
        some_id + "0", some_id.substr(1), some_id.substr(1) + "\n"}) {
    EXPECT_EQ(query_of({"127.0.0.1", "6379", "5", id}),
              (DownQuery{{"127.0.0.1", 6379}, Epoch{0}, std::nullopt}))
        << id;
  }
}

TEST(DownQuery, ImpossiblePortsNameNobody) {
  for (const char* port : {"-1", "65536", "71915"}) {  // 71915 - 65536 = 6379
    EXPECT_EQ(query_of({"127.0.0.1", port, "5", "*"}).master, Address{}) << port;
  }
}

TEST(DownQuery, IsEncodedAsPeersExpectIt) {
  EXPECT_EQ(encode(DownQuery{{"127.0.0.1", 31000}, Epoch{0}, std::nullopt}),
            "*6\r\n$8\r\nSENTINEL\r\n$22\r\nis-master-down-by-addr\r\n$9\r\n127.0.0.1\r\n"
            "$5\r\n31000\r\n$1\r\n0\r\n$1\r\n*\r\n");
  EXPECT_EQ(encode(DownQuery{{"127.0.0.1", 31000}, Epoch{1}, RunId::parse(some_id)}),
            "*6\r\n$8\r\nSENTINEL\r\n$22\r\nis-master-down-by-addr\r\n$9\r\n127.0.0.1\r\n"
            "$5\r\n31000\r\n$1\r\n1\r\n$40\r\n" +
                some_id + "\r\n");
}

TEST(DownQuery, IsReadBack) {
  const DownQuery query{{"::1", 6379}, max_epoch, RunId::parse(some_id)};
  RequestParser parser;
  parser.feed(encode(query));
  auto result = parser.next();
  ASSERT_TRUE(std::holds_alternative<Request>(result));
  const Request& words = std::get<Request>(result);
  ASSERT_EQ(words.size(), 6U);
  EXPECT_EQ(query_of({words.begin() + 2, words.end()}), query);
}

std::optional<DownReply> reply_of(std::string_view bytes) {
  ReplyParser parser;
  parser.feed(bytes);
  const auto value = parser.next();
  EXPECT_TRUE(value) << bytes;
  return value ? parse_down_reply(*value) : std::nullopt;
}

std::string vote_reply(const std::string& id, const std::string& epoch) {
  return "*3\r\n:1\r\n$" + std::to_string(id.size()) + "\r\n" + id + "\r\n:" + epoch + "\r\n";
}

TEST(DownReply, IsReadAndWritten) {
  const std::vector<DownReply> replies{{false, std::nullopt, Epoch{0}},
                                       {true, std::nullopt, Epoch{0}},
                                       {true, std::nullopt, Epoch{6}},
                                       {false, RunId::parse(some_id), Epoch{6}},
                                       {true, RunId::parse(some_id), max_epoch}};
  for (const DownReply& reply : replies) {
    for (const RespVersion version : {RespVersion::v2, RespVersion::v3}) {
      std::string out;
      ReplyWriter writer{out, version};
      write(writer, reply);
      EXPECT_EQ(reply_of(out), reply) << out;
    }
  }
}

TEST(DownReply, HasTheCapturedForm) {
  std::string out;
  ReplyWriter writer{out, RespVersion::v2};
  write(writer, DownReply{true, std::nullopt, Epoch{0}});
  EXPECT_EQ(out, "*3\r\n:1\r\n$1\r\n*\r\n:0\r\n");
}

TEST(DownReply, OtherShapesAreNone) {
  for (const char* bytes :
       {"-NOAUTH Authentication required.\r\n", "+OK\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n",
        "*2\r\n:1\r\n$1\r\n*\r\n", "*4\r\n:1\r\n$1\r\n*\r\n:0\r\n:0\r\n",
        "*3\r\n$1\r\n1\r\n$1\r\n*\r\n:0\r\n", "*3\r\n:1\r\n:1\r\n:0\r\n",
        "*3\r\n:1\r\n$1\r\n*\r\n$1\r\n0\r\n", "*3\r\n:1\r\n$-1\r\n:0\r\n",
        "*3\r\n:1\r\n-ERR\r\n:0\r\n", ">3\r\n:1\r\n$1\r\n*\r\n:0\r\n"}) {
    EXPECT_EQ(reply_of(bytes), std::nullopt) << bytes;
  }
}

TEST(DownReply, HostileVotesCountForNobody) {
  const DownReply opinion_only{true, std::nullopt, Epoch{0}};
  EXPECT_EQ(reply_of(vote_reply(some_id, "-1")), opinion_only);
  EXPECT_EQ(reply_of(vote_reply(some_id, "4611686018427387905")), opinion_only);
  EXPECT_EQ(reply_of(vote_reply("*", "-1")), opinion_only);
  EXPECT_EQ(reply_of(vote_reply("notarunid", "5")), opinion_only);
  EXPECT_EQ(reply_of(vote_reply("*x", "5")), opinion_only);
  EXPECT_EQ(reply_of(vote_reply("", "5")), opinion_only);
  EXPECT_EQ(reply_of(vote_reply(std::string(40, ','), "5")), opinion_only);
  EXPECT_EQ(reply_of(vote_reply(some_id.substr(1) + "\n", "5")), opinion_only);
}

}  // namespace
}  // namespace vedette::proto
