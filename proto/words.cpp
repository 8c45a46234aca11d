// Words and quotes: one grammar for sentinel.conf and for inline requests.
#include <cstddef>

#include "proto/config_file.hpp"

namespace vedette::proto {

namespace {

constexpr bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr char escaped(char letter) noexcept {
  switch (letter) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return letter;
  }
}

// Reads one escape of a double-quoted text; `at` stands on the backslash, with a byte behind it.
char read_escape(std::string_view line, std::size_t& at) {
  const bool hex = line[at + 1] == 'x' && at + 3 < line.size() && hex_value(line[at + 2]) >= 0 &&
                   hex_value(line[at + 3]) >= 0;
  if (hex) {
    const int byte = hex_value(line[at + 2]) * 16 + hex_value(line[at + 3]);
    at += 4;
    return static_cast<char>(byte);
  }
  at += 2;
  return escaped(line[at - 1]);
}

// Appends the quoted text that starts at `at` (on the opening quote) and moves behind the closing
// one. False: the quote is not closed, or text is glued to it.
bool read_quoted(std::string_view line, std::size_t& at, std::string& word) {
  const char quote = line[at++];
  while (at < line.size()) {
    const char c = line[at];
    if (c == quote) {
      ++at;
      return at == line.size() || is_space(line[at]);
    }
    const bool more = at + 1 < line.size();
    if (c == '\\' && more && quote == '"') {
      word += read_escape(line, at);
    } else if (c == '\\' && more && line[at + 1] == '\'') {
      word += '\'';
      at += 2;
    } else {
      word += c;
      ++at;
    }
  }
  return false;
}

constexpr bool needs_quotes(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F || c == '"' || c == '\'';
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\a':
      out += "\\a";
      return;
    case ' ':
    case '\'':
      out += c;
      return;
    default:
      break;
  }
  if (!needs_quotes(c)) {
    out += c;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\x";
  out += digits[byte >> 4U];
  out += digits[byte & 0xFU];
}

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_space(line[at])) ++at;
    if (at == line.size()) return words;
    std::string& word = words.emplace_back();
    while (at < line.size() && !is_space(line[at])) {
      if (line[at] != '"' && line[at] != '\'') {
        word += line[at++];
      } else if (!read_quoted(line, at, word)) {
        return std::nullopt;
      }
    }
  }
}

std::string quote_word(std::string_view word) {
  bool plain = !word.empty();
  for (const char c : word) plain = plain && !needs_quotes(c);
  if (plain) return std::string{word};
  std::string quoted{'"'};
  for (const char c : word) append_escaped(quoted, c);
  quoted += '"';
  return quoted;
}

}  // namespace vedette::proto
