#include "agent/config/values.hpp"

#include <algorithm>
#include <array>

#include "proto/types.hpp"

namespace vedette::agent {

namespace {

std::string must_be_between(const std::string& low, const std::string& high) {
  return "argument must be between " + low + " and " + high + " inclusive";
}

}  // namespace

std::optional<bool> parse_yes_no(std::string_view word) {
  if (proto::equals_ignoring_case(word, "yes")) return true;
  if (proto::equals_ignoring_case(word, "no")) return false;
  return std::nullopt;
}

Problem flag_into(const std::string& word, bool& out) {
  const auto value = parse_yes_no(word);
  if (!value) return "argument must be 'yes' or 'no'";
  out = *value;
  return std::nullopt;
}

Problem read_number(const std::string& word, std::int64_t low, std::int64_t high,
                    std::int64_t& out) {
  const auto value = proto::parse_integer(word);
  if (!value) return "argument couldn't be parsed into an integer";
  if (*value < low || *value > high) {
    return must_be_between(std::to_string(low), std::to_string(high));
  }
  out = *value;
  return std::nullopt;
}

std::optional<std::uint64_t> read_memory(const std::string& word) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  constexpr std::array units{Unit{"", 1},
                             Unit{"b", 1},
                             Unit{"k", 1000},
                             Unit{"kb", 1024},
                             Unit{"m", 1000'000},
                             Unit{"mb", 1024 * 1024},
                             Unit{"g", 1000'000'000},
                             Unit{"gb", 1024 * 1024 * 1024}};
  if (word.empty()) return 0;
  const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
  const auto number = proto::parse_unsigned(word.substr(0, digits));
  for (const Unit& unit : units) {
    if (!number || !proto::equals_ignoring_case(word.substr(digits), unit.name)) continue;
    if (*number > std::numeric_limits<std::uint64_t>::max() / unit.bytes) return std::nullopt;
    return *number * unit.bytes;
  }
  return std::nullopt;
}

Problem memory_into(const std::string& word, std::uint64_t least, std::size_t& out) {
  const auto value = read_memory(word);
  if (!value) return "argument must be a memory value";
  if (*value < least || *value > static_cast<std::uint64_t>(int64_max)) {
    return must_be_between(std::to_string(least), std::to_string(int64_max));
  }
  out = *value;
  return std::nullopt;
}

Problem check_choice(const std::string& word, std::string_view choices) {
  for (std::string_view left = choices; !left.empty();) {
    const std::size_t end = std::min(left.find(", "), left.size());
    if (proto::equals_ignoring_case(word, left.substr(0, end))) return std::nullopt;
    left.remove_prefix(std::min(end + 2, left.size()));
  }
  return "argument(s) must be one of the following: " + std::string(choices);
}

}  // namespace vedette::agent
