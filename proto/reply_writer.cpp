#include <string>

#include "proto/resp.hpp"

namespace vedette::proto {

namespace {

constexpr std::string_view crlf = "\r\n";

void append_bulk(std::string& out, std::string_view text) {
  out += '$';
  out += std::to_string(text.size());
  out += crlf;
  out += text;
  out += crlf;
}

// One line: a line break inside would let its author write the replies that follow.
void append_line(std::string& out, char type, std::string_view text) {
  out += type;
  for (const char c : text) out += c == '\r' || c == '\n' ? ' ' : c;
  out += crlf;
}

std::string encode(const std::string_view* words, std::size_t count) {
  std::string out;
  std::size_t size = 16;
  for (std::size_t i = 0; i < count; ++i) size += words[i].size() + 16;
  out.reserve(size);
  out += '*';
  out += std::to_string(count);
  out += crlf;
  for (std::size_t i = 0; i < count; ++i) append_bulk(out, words[i]);
  return out;
}

}  // namespace

void ReplyWriter::header(char type, std::size_t count) {
  out_ += type;
  out_ += std::to_string(count);
  out_ += crlf;
}

void ReplyWriter::simple(std::string_view text) { append_line(out_, '+', text); }

void ReplyWriter::error(std::string_view text) { append_line(out_, '-', text); }

void ReplyWriter::integer(std::int64_t value) {
  out_ += ':';
  out_ += std::to_string(value);
  out_ += crlf;
}

void ReplyWriter::bulk(std::string_view text) { append_bulk(out_, text); }

void ReplyWriter::real(double value) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.17g", value);
  const std::string_view digits(text.data(), static_cast<std::size_t>(length));
  if (version_ == RespVersion::v2) return append_bulk(out_, digits);
  out_ += ',';
  out_ += digits;
  out_ += "\r\n";
}
void ReplyWriter::bulk_number(std::int64_t value) { append_bulk(out_, std::to_string(value)); }

void ReplyWriter::null() { out_ += version_ == RespVersion::v3 ? "_\r\n" : "$-1\r\n"; }

void ReplyWriter::null_array() { out_ += version_ == RespVersion::v3 ? "_\r\n" : "*-1\r\n"; }

void ReplyWriter::array(std::size_t elements) { header('*', elements); }

void ReplyWriter::map(std::size_t pairs) {
  if (version_ == RespVersion::v3) {
    header('%', pairs);
  } else {
    header('*', pairs * 2);
  }
}

void ReplyWriter::set(std::size_t elements) {
  header(version_ == RespVersion::v3 ? '~' : '*', elements);
}

void ReplyWriter::push(std::size_t elements) {
  header(version_ == RespVersion::v3 ? '>' : '*', elements);
}

void ReplyWriter::verbatim(std::string_view text) {
  if (version_ == RespVersion::v2) {
    bulk(text);
    return;
  }
  constexpr std::string_view prefix = "txt:";
  header('=', prefix.size() + text.size());
  out_ += prefix;
  out_ += text;
  out_ += crlf;
}

std::string encode_command(std::span<const std::string_view> words) {
  return encode(words.data(), words.size());
}

std::string encode_command(std::initializer_list<std::string_view> words) {
  return encode(words.begin(), words.size());
}

}  // namespace vedette::proto
