// Small things that several commands need: texts that stand in more than one place, and reading
// words.
#pragma once

#include <string>
#include <string_view>

#include "agent/commands/call.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

inline constexpr std::string_view error_no_such_master = "ERR No such master with that name";
inline constexpr std::string_view error_syntax = "ERR syntax error";
inline constexpr std::string_view error_not_integer = "ERR value is not an integer or out of range";
inline constexpr std::string_view error_not_saved =
    "ERR Failed to save config file. Check server logs.";
inline constexpr std::string_view error_client_name =
    "ERR Client names cannot contain spaces, newlines or special characters.";
inline constexpr std::string_view error_wrong_password =
    "WRONGPASS invalid username-password pair or user is disabled.";

inline bool is_word(const std::string& typed, std::string_view word) noexcept {
  return proto::equals_ignoring_case(typed, word);
}

// What an error line repeats of user input: up to the first NUL byte, at most `room` bytes.
inline std::string_view quoted_part(std::string_view typed, std::size_t room = 128) noexcept {
  return typed.substr(0, typed.find('\0')).substr(0, room);
}

inline std::string wrong_arity(std::string_view command) {
  return "ERR wrong number of arguments for '" + std::string(command) + "' command";
}

inline std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& letter : upper) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return upper;
}

// Words shown to others in names: no blanks, no control characters, nothing beyond ASCII.
inline bool is_plain_name(std::string_view name) noexcept {
  for (const char letter : name) {
    if (letter < '!' || letter > '~') return false;
  }
  return true;
}

}  // namespace vedette::agent
