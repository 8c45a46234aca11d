#include "proto/glob.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace vedette::proto {

namespace {

constexpr std::size_t npos = std::string_view::npos;

unsigned char fold(char c, CaseRule rule) {
  if (rule == CaseRule::ignore && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return static_cast<unsigned char>(c);
}

// Judges `c` by the class that starts behind the '[' and moves `at` behind the class. A class that
// is not closed ends with the pattern.
bool match_class(std::string_view pattern, std::size_t& at, char c, CaseRule rule) {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  const unsigned char wanted = fold(c, rule);
  bool found = false;
  while (at < pattern.size() && pattern[at] != ']') {
    const bool escaped = pattern[at] == '\\' && at + 1 < pattern.size();
    if (escaped) ++at;
    unsigned char low = fold(pattern[at], rule);
    unsigned char high = low;
    if (!escaped && at + 2 < pattern.size() && pattern[at + 1] == '-') {
      at += 2;
      high = fold(pattern[at], rule);
      if (low > high) std::swap(low, high);
    }
    found = found || (wanted >= low && wanted <= high);
    ++at;
  }
  if (at < pattern.size()) ++at;
  return found != negated;
}

// Matches one byte against the pattern item at `at` (not a star) and moves `at` behind the item.
bool match_one(std::string_view pattern, std::size_t& at, char c, CaseRule rule) {
  const char item = pattern[at++];
  if (item == '?') return true;
  if (item == '[') return match_class(pattern, at, c, rule);
  const bool escape = item == '\\' && at < pattern.size();
  return fold(escape ? pattern[at++] : item, rule) == fold(c, rule);
}

}  // namespace

// Only the last star needs to be tried again: whatever an earlier star could take besides, the last
// one can take too. This bounds the work by pattern times text.
bool glob_match(std::string_view pattern, std::string_view text, CaseRule rule) {
  std::size_t at = 0;
  std::size_t behind_star = npos;
  std::size_t star_takes_until = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      behind_star = ++at;
      star_takes_until = i;
      continue;
    }
    if (at < pattern.size() && match_one(pattern, at, text[i], rule)) {
      ++i;
      continue;
    }
    if (behind_star == npos) return false;
    at = behind_star;
    i = ++star_takes_until;
  }
  const std::string_view rest = pattern.substr(std::min(at, pattern.size()));
  return rest.find_first_not_of('*') == npos;
}

}  // namespace vedette::proto
