#include "proto/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vedette::proto {
namespace {

using namespace std::string_literals;

struct Row {
  const char* pattern;
  const char* text;
  bool matches;
};

constexpr Row rows[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"*", "", true},
    {"*", "+sdown", true},
    {"**", "", true},
    {"?", "", false},
    {"?", "a", true},
    {"?", "ab", false},
    {"+*down", "+sdown", true},
    {"+*down", "+odown", true},
    {"+*down", "-odown", false},
    {"+*down", "+down!", false},
    {"a*b*c", "abc", true},
    {"a*b*c", "a-b-b-c", true},
    {"a*b*c", "acb", false},
    {"*abab", "abababab", true},
    {"*ab", "aab", true},
    {"ab*", "ab", true},
    {"a?c", "abc", true},
    {"a?c", "ac", false},
    {"h[ae]llo", "hello", true},
    {"h[ae]llo", "hillo", false},
    {"h[^e]llo", "hallo", true},
    {"h[^e]llo", "hello", false},
    {"h[^e]llo", "hllo", false},
    {"h[a-c]llo", "hbllo", true},
    {"h[a-c]llo", "hdllo", false},
    {"h[c-a]llo", "hbllo", true},
    {"[a-cx-z]", "y", true},
    {"[a-cx-z]", "m", false},
    {"[]", "a", false},
    {"[^]", "a", true},
    {"[a-]", "a", true},
    {"[\\]]", "]", true},
    {"[\\]]", "a", false},
    {"[\\-a]", "-", true},
    {"[a\\-z]", "m", false},
    {"[abc", "b", true},
    {"[abc", "d", false},
    {"[", "a", false},
    {"[^", "a", true},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"\\?x", "?x", true},
    {"\\a", "a", true},
    {"a\\", "a\\", true},
    {"\\[a]", "[a]", true},
    {"*[0-9]", "master7", true},
    {"*[0-9]", "master", false},
    {"*\\*", "ab*", true},
    {"A*", "abc", false},
    {"announce-*", "announce-ip", true},
};

TEST(Glob, Table) {
  for (const Row& row : rows) {
    EXPECT_EQ(glob_match(row.pattern, row.text), row.matches)
        << row.pattern << " against " << row.text;
  }
}

TEST(Glob, MayIgnoreCase) {
  EXPECT_TRUE(glob_match("Announce-*", "announce-IP", CaseRule::ignore));
  EXPECT_TRUE(glob_match("[A-C]x", "bX", CaseRule::ignore));
  EXPECT_TRUE(glob_match("\\A", "a", CaseRule::ignore));
  EXPECT_FALSE(glob_match("[^A]", "a", CaseRule::ignore));
  EXPECT_FALSE(glob_match("[^A]", "A", CaseRule::ignore));
  EXPECT_FALSE(glob_match("@", "`", CaseRule::ignore));
}

TEST(Glob, BytesAreJustBytes) {
  EXPECT_TRUE(glob_match("a?b"s, "a\0b"s));
  EXPECT_TRUE(glob_match("a\0*"s, "a\0b"s));
  EXPECT_FALSE(glob_match("a\0c"s, "a\0b"s));
  EXPECT_TRUE(glob_match("[\x80-\xFF]", "\xC3"));
  EXPECT_FALSE(glob_match("[\x80-\xFF]", "a"));
  EXPECT_FALSE(glob_match("[a-\xFF]", "A"));
}

// With backtracking into every star these would not end in a lifetime.
TEST(Glob, HostilePatternsEndSoon) {
  const std::string text(10000, 'a');
  std::string stars;
  for (int i = 0; i < 100; ++i) stars += "a*";
  EXPECT_FALSE(glob_match(stars + "b", text));
  EXPECT_TRUE(glob_match(stars, text));
  EXPECT_FALSE(glob_match(std::string(20000, '*') + "b", text));
  EXPECT_TRUE(glob_match(std::string(20000, '*'), text));
  EXPECT_FALSE(glob_match("*" + std::string(500, '?') + "b", text));
  EXPECT_FALSE(glob_match("*[" + std::string(2000, 'b') + "]", text));
  EXPECT_FALSE(glob_match(std::string(200000, '['), text));
  EXPECT_FALSE(glob_match(std::string(200000, '\\'), text));
}

// The plain definition, right by inspection and slow.
bool matches_plainly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    return matches_plainly(pattern.substr(1), text) ||
           (!text.empty() && matches_plainly(pattern, text.substr(1)));
  }
  if (text.empty()) return false;
  if (pattern.front() != '?' && pattern.front() != text.front()) return false;
  return matches_plainly(pattern.substr(1), text.substr(1));
}

std::string word_of(std::size_t code, std::string_view alphabet) {
  std::string word;
  for (; code > 0; code /= alphabet.size() + 1) {
    const std::size_t digit = code % (alphabet.size() + 1);
    if (digit > 0) word += alphabet[digit - 1];
  }
  return word;
}

TEST(Glob, AgreesWithThePlainDefinition) {
  std::size_t matches = 0;
  for (std::size_t p = 0; p < 5 * 5 * 5 * 5 * 5; ++p) {
    const std::string pattern = word_of(p, "ab*?");
    for (std::size_t t = 0; t < 3 * 3 * 3 * 3 * 3; ++t) {
      const std::string text = word_of(t, "ab");
      ASSERT_EQ(glob_match(pattern, text), matches_plainly(pattern, text))
          << pattern << " " << text;
      matches += glob_match(pattern, text) ? 1U : 0U;
    }
  }
  EXPECT_GT(matches, 1000U);
}

}  // namespace
}  // namespace vedette::proto
