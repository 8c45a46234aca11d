#include "tests/consensus/script.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "proto/types.hpp"
#include "tests/consensus/stage.hpp"

namespace vedette::consensus::scenario {

namespace {

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

bool starts_with(const std::string& line, std::string_view start) {
  return line.rfind(start, 0) == 0;
}

bool is_answer(const std::string& line) { return starts_with(line, "<"); }

// length[i][j]: the most lines that a from i and b from j have in common, in order.
using Lengths = std::vector<std::vector<std::size_t>>;

Lengths common_lengths(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  Lengths length(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      length[i][j] =
          a[i] == b[j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
    }
  }
  return length;
}

// Every line with its mark: blank for both, - for the first only, + for the second only.
std::vector<std::string> marked_lines(const std::vector<std::string>& a,
                                      const std::vector<std::string>& b) {
  const Lengths length = common_lengths(a, b);
  std::vector<std::string> out;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      out.push_back("  " + a[i]);
      ++i, ++j;
    } else if (i < a.size() && (j == b.size() || length[i + 1][j] >= length[i][j + 1])) {
      out.push_back("- " + a[i++]);
    } else {
      out.push_back("+ " + b[j++]);
    }
  }
  return out;
}

}  // namespace

Words::Words(std::string_view line) {
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) words_.push_back(word);
}

std::string Words::next() {
  if (words_.empty()) throw ScriptError("a word is missing");
  std::string word = std::move(words_.front());
  words_.pop_front();
  return word;
}

std::string Words::next_or(std::string fallback) {
  return words_.empty() ? std::move(fallback) : next();
}

std::optional<std::string> Words::take(std::string_view key) {
  const std::string start = std::string(key) + "=";
  const auto found = std::find_if(words_.begin(), words_.end(),
                                  [&](const auto& word) { return starts_with(word, start); });
  if (found == words_.end()) return std::nullopt;
  std::string value = found->substr(start.size());
  words_.erase(found);
  return value;
}

std::string Words::rest() {
  std::string out;
  for (const std::string& word : words_) out += (out.empty() ? "" : " ") + word;
  words_.clear();
  return out;
}

void Words::finish() const {
  if (!words_.empty()) throw ScriptError("not understood: " + words_.front());
}

std::uint64_t parse_number(const std::string& text) {
  const auto number = proto::parse_unsigned(text);
  if (!number) throw ScriptError("not a number: " + text);
  return *number;
}

Duration parse_duration(const std::string& text) {
  const auto digits = text.find_first_not_of("0123456789");
  const std::string unit = digits == std::string::npos ? "" : text.substr(digits);
  if (unit != "ms" && unit != "s") throw ScriptError("not a duration: " + text);
  const auto count = static_cast<milliseconds::rep>(parse_number(text.substr(0, digits)));
  return unit == "s" ? milliseconds{count * 1000} : milliseconds{count};
}

std::string play(const std::string& script) {
  std::string out;
  Stage stage;
  int number = 0;
  for (const std::string& line : split_lines(script)) {
    ++number;
    if (is_answer(line)) continue;
    out += line + "\n";
    if (line.empty() || starts_with(line, "#")) continue;
    try {
      for (const std::string& answer : stage.perform(line)) out += "< " + answer + "\n";
    } catch (const ScriptError& error) {
      throw ScriptError("line " + std::to_string(number) + ", `" + line + "`: " + error.what());
    }
  }
  return out;
}

bool cites_reference(const std::string& script) {
  const std::string citation = "Sentinel behaviour ";
  std::string comment;
  for (const std::string& line : split_lines(script)) {
    if (!starts_with(line, "#")) break;
    comment += line.substr(1);
  }
  // "Sentinel behaviour 5.4"; without <regex>, which g++ 12 warns about under the sanitizers.
  const std::size_t at = comment.find(citation);
  if (at == std::string::npos) return false;
  const std::string section = comment.substr(at + citation.size(), 3);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return section.size() == 3 && digit(section[0]) && section[1] == '.' && digit(section[2]);
}

std::string difference(const std::string& expected, const std::string& actual) {
  constexpr std::size_t context = 3;
  const auto lines = marked_lines(split_lines(expected), split_lines(actual));
  std::vector<bool> shown(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i][0] == ' ') continue;
    const std::size_t end = std::min(lines.size(), i + context + 1);
    for (std::size_t j = i - std::min(i, context); j < end; ++j) shown[j] = true;
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (shown[i]) out += lines[i] + "\n";
    if (shown[i] && i + 1 < lines.size() && !shown[i + 1]) out += "  ...\n";
  }
  return out;
}

}  // namespace vedette::consensus::scenario
