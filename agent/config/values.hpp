// How the values of directives are read, and what is said of wrong ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::agent {

using Problem = std::optional<std::string>;  // what is wrong with a value

inline constexpr std::int64_t int_max = std::numeric_limits<int>::max();
inline constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

// The answer to a yes/no value, or nullopt.
std::optional<bool> parse_yes_no(std::string_view word);
Problem flag_into(const std::string& word, bool& out);

Problem read_number(const std::string& word, std::int64_t low, std::int64_t high,
                    std::int64_t& out);

template <typename Number>
Problem number_into(const std::string& word, std::int64_t low, std::int64_t high, Number& out) {
  std::int64_t value = 0;
  Problem problem = read_number(word, low, high, value);
  if (!problem) out = static_cast<Number>(value);
  return problem;
}

// 100, 1k (1000), 1kb (1024), 2mb, 1gb ..
std::optional<std::uint64_t> read_memory(const std::string& word);
Problem memory_into(const std::string& word, std::uint64_t least, std::size_t& out);

// `choices` as the message lists them: "yes, no, local".
Problem check_choice(const std::string& word, std::string_view choices);

}  // namespace vedette::agent
