#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proto/config_file.hpp"

namespace vedette::proto {
namespace {

using namespace std::string_literals;
using Words = std::vector<std::string>;

TEST(SplitWords, AtWhiteSpace) {
  EXPECT_EQ(split_words(""), Words{});
  EXPECT_EQ(split_words(" \t\r\v\f "), Words{});
  EXPECT_EQ(split_words("port 26379"), (Words{"port", "26379"}));
  EXPECT_EQ(split_words("\ta\v b \f"), (Words{"a", "b"}));
  EXPECT_EQ(split_words("monitor m 127.0.0.1 6379 2 # x"),
            (Words{"monitor", "m", "127.0.0.1", "6379", "2", "#", "x"}));
}

TEST(SplitWords, DoubleQuotesKnowEscapes) {
  EXPECT_EQ(split_words(R"("a b" "")"), (Words{"a b", ""}));
  EXPECT_EQ(split_words(R"("\n\r\t\b\a\\\"")"), Words{"\n\r\t\b\a\\\""});
  EXPECT_EQ(split_words(R"("\x41\xfe\x00")"), Words{"A\xFE\0"s});
  EXPECT_EQ(split_words(R"("\xg1\x4 \q\x")"), Words{"xg1x4 qx"});
  EXPECT_EQ(split_words(R"("it's")"), Words{"it's"});
}

TEST(SplitWords, SingleQuotesKnowOnlyThemselves) {
  EXPECT_EQ(split_words(R"('a b' 'it\'s' '\n\x41' '"')"), (Words{"a b", "it's", "\\n\\x41", "\""}));
}

TEST(SplitWords, BackslashOutsideQuotesIsOrdinary) {
  EXPECT_EQ(split_words(R"(a\b \n)"), (Words{"a\\b", "\\n"}));
}

TEST(SplitWords, QuotesMayStartInsideAWord) {
  EXPECT_EQ(split_words(R"(a"b c" d'e f')"), (Words{"ab c", "de f"}));
}

TEST(SplitWords, UnbalancedIsNone) {
  for (const char* line : {"\"", "'", "a \"b", "a 'b", "\"a\"b", "'a'b", "\"a\"\"b\"", "\"a\\\"",
                           "'a\\'", "\"a\\", "'a\\", "a\"", "\"\\x4\\\""}) {
    EXPECT_EQ(split_words(line), std::nullopt) << line;
  }
}

TEST(QuoteWord, LeavesPlainWordsAlone) {
  for (const char* word : {"mymaster", "127.0.0.1", "::1", "#abc", "~*", "&*", "+@all", "a\\b",
                           "\\", "\xC3\xA4", "a=b;c"}) {
    EXPECT_EQ(quote_word(word), word);
  }
}

TEST(QuoteWord, QuotesTheOthers) {
  EXPECT_EQ(quote_word(""), R"("")");
  EXPECT_EQ(quote_word("a b"), R"("a b")");
  EXPECT_EQ(quote_word("a\nb"), R"("a\nb")");
  EXPECT_EQ(quote_word("\r\t\b\a"), R"("\r\t\b\a")");
  EXPECT_EQ(quote_word("it's"), R"("it's")");
  EXPECT_EQ(quote_word("say \"a\\b\""), R"("say \"a\\b\"")");
  EXPECT_EQ(quote_word("\0\x1F\x7F"s), R"("\x00\x1f\x7f")");
}

void expect_round_trip(const std::string& word) {
  const std::string quoted = quote_word(word);
  EXPECT_EQ(quoted.find('\n'), std::string::npos) << "a line must stay a line";
  EXPECT_EQ(split_words("sentinel auth-pass m " + quoted),
            (Words{"sentinel", "auth-pass", "m", word}))
      << quoted;
  const auto lines = parse_config("  x " + quoted + " \r\n");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines.front().words, (Words{"x", word})) << quoted;
}

TEST(QuoteWord, EveryByteComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    all += one;
    expect_round_trip(one);
    expect_round_trip("a" + one);
    expect_round_trip(one + "b");
    expect_round_trip(one + "41 " + one);
  }
  expect_round_trip(all);
  expect_round_trip("");
}

TEST(QuoteWord, EveryPairOfTrickyBytesComesBack) {
  const std::string tricky = "\"'\\ \n\r\t#xn4\x01\x7F\xFFz";
  for (const char a : tricky) {
    for (const char b : tricky) {
      for (const char c : tricky) expect_round_trip({a, b, c});
    }
  }
}

}  // namespace
}  // namespace vedette::proto
