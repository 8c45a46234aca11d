#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "proto/resp.hpp"

namespace vedette::proto {
namespace {

using namespace std::string_literals;

struct Case {
  std::function<void(ReplyWriter&)> write;
  std::string v2;
  std::string v3;
};

std::string written(const Case& row, RespVersion version) {
  std::string out = "before ";
  ReplyWriter writer{out, version};
  EXPECT_EQ(writer.version(), version);
  row.write(writer);
  EXPECT_EQ(out.substr(0, 7), "before ") << "a writer appends";
  return out.substr(7);
}

TEST(ReplyWriter, EncodesForEachVersion) {
  const std::vector<Case> rows{
      {[](ReplyWriter& w) { w.simple("OK"); }, "+OK\r\n", "+OK\r\n"},
      {[](ReplyWriter& w) { w.error("ERR no"); }, "-ERR no\r\n", "-ERR no\r\n"},
      {[](ReplyWriter& w) { w.integer(-12); }, ":-12\r\n", ":-12\r\n"},
      {[](ReplyWriter& w) { w.integer(std::numeric_limits<std::int64_t>::min()); },
       ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"},
      {[](ReplyWriter& w) { w.bulk("a\r\nb"); }, "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"},
      {[](ReplyWriter& w) { w.bulk(""); }, "$0\r\n\r\n", "$0\r\n\r\n"},
      {[](ReplyWriter& w) {
         w.bulk({"\0x", 2});
       },
       "$2\r\n\0x\r\n"s, "$2\r\n\0x\r\n"s},
      {[](ReplyWriter& w) { w.bulk_number(30000); }, "$5\r\n30000\r\n", "$5\r\n30000\r\n"},
      {[](ReplyWriter& w) { w.bulk_number(-1); }, "$2\r\n-1\r\n", "$2\r\n-1\r\n"},
      {[](ReplyWriter& w) { w.null(); }, "$-1\r\n", "_\r\n"},
      {[](ReplyWriter& w) { w.null_array(); }, "*-1\r\n", "_\r\n"},
      {[](ReplyWriter& w) { w.array(0); }, "*0\r\n", "*0\r\n"},
      {[](ReplyWriter& w) { w.array(12); }, "*12\r\n", "*12\r\n"},
      {[](ReplyWriter& w) { w.map(7); }, "*14\r\n", "%7\r\n"},
      {[](ReplyWriter& w) { w.set(3); }, "*3\r\n", "~3\r\n"},
      {[](ReplyWriter& w) { w.push(4); }, "*4\r\n", ">4\r\n"},
      {[](ReplyWriter& w) { w.verbatim("id=3\n"); }, "$5\r\nid=3\n\r\n", "=9\r\ntxt:id=3\n\r\n"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(written(rows[i], RespVersion::v2), rows[i].v2) << "row " << i;
    EXPECT_EQ(written(rows[i], RespVersion::v3), rows[i].v3) << "row " << i;
  }
}

TEST(ReplyWriter, LineBreaksCannotForgeAReply) {
  const Case error{[](ReplyWriter& w) { w.error("ERR 'x\r\n+OK\n'"); }, "", ""};
  EXPECT_EQ(written(error, RespVersion::v2), "-ERR 'x  +OK '\r\n");
  const Case simple{[](ReplyWriter& w) { w.simple("a\r\nb"); }, "", ""};
  EXPECT_EQ(written(simple, RespVersion::v3), "+a  b\r\n");
}

TEST(ReplyWriter, IsReadBackByTheParser) {
  for (const RespVersion version : {RespVersion::v2, RespVersion::v3}) {
    std::string out;
    ReplyWriter writer{out, version};
    writer.map(1);
    writer.bulk("key");
    writer.set(2);
    writer.null();
    writer.verbatim("text");
    ReplyParser parser;
    parser.feed(out);
    const auto reply = parser.next();
    ASSERT_TRUE(reply);
    EXPECT_EQ(parser.buffered(), 0U);
    const bool v3 = version == RespVersion::v3;
    EXPECT_EQ(reply->type, v3 ? Value::Type::map : Value::Type::array);
    ASSERT_EQ(reply->elements.size(), 2U);
    const Value& set = reply->elements[1];
    EXPECT_EQ(set.type, v3 ? Value::Type::set : Value::Type::array);
    ASSERT_EQ(set.elements.size(), 2U);
    EXPECT_EQ(set.elements[0].type, Value::Type::null);
    EXPECT_EQ(set.elements[1].text, "text");
  }
}

TEST(EncodeCommand, IsAnArrayOfBulks) {
  EXPECT_EQ(encode_command({"PING"}), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(encode_command({"CLIENT", "SETNAME", "sentinel-9540dbe2-cmd"}),
            "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$21\r\nsentinel-9540dbe2-cmd\r\n");
  const std::vector<std::string_view> words{"a", "", "b\r\nc"};
  EXPECT_EQ(encode_command(words), "*3\r\n$1\r\na\r\n$0\r\n\r\n$4\r\nb\r\nc\r\n");
}

TEST(EncodeCommand, IsReadBackByTheRequestParser) {
  const std::vector<std::string_view> words{"AUTH", "user", "p\r\n$1\r\nw\xFF"};
  RequestParser parser;
  parser.feed(encode_command(words));
  const auto result = parser.next();
  ASSERT_TRUE(std::holds_alternative<Request>(result));
  EXPECT_EQ(std::get<Request>(result), Request(words.begin(), words.end()));
}

}  // namespace
}  // namespace vedette::proto
