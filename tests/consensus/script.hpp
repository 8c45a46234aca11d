// Golden scripts: a scenario is a text in which every line that says what happens is followed by
// the commands with which the core answered. Playing it writes the answers anew, so a script holds
// if it stays as it is. The language: scenarios/README.md.
#pragma once

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "consensus/time.hpp"

namespace vedette::consensus::scenario {

// A script that says something the player does not understand, or that cannot happen.
struct ScriptError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The words of one line: some by position, some as `key=value`.
class Words {
 public:
  explicit Words(std::string_view line);

  [[nodiscard]] bool empty() const noexcept { return words_.empty(); }
  // The next word; ScriptError if there is none.
  std::string next();
  std::string next_or(std::string fallback);
  // The value of `key=`, wherever it stands.
  std::optional<std::string> take(std::string_view key);
  // All that is left, with single blanks.
  std::string rest();
  // ScriptError if a word was not used.
  void finish() const;

 private:
  std::deque<std::string> words_;
};

// "250ms", "3s".
Duration parse_duration(const std::string& text);
std::uint64_t parse_number(const std::string& text);

// The script with the answers as they are now. ScriptError names the line.
std::string play(const std::string& script);

// Whether the leading comment names the section of the reference that the scenario is about.
bool cites_reference(const std::string& script);

// The lines that differ, with - and +, and a few around them.
std::string difference(const std::string& expected, const std::string& actual);

}  // namespace vedette::consensus::scenario
