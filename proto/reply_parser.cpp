#include <algorithm>
#include <utility>

#include "proto/resp.hpp"
#include "proto/types.hpp"

namespace vedette::proto {

namespace {

constexpr std::string_view string_types = "$=!";
constexpr std::string_view aggregate_types = "*~>%|";
constexpr std::string_view scalar_types = "+-:_#,(";

bool is_type(char byte, std::string_view types) {
  return types.find(byte) != std::string_view::npos;
}

Value make(Value::Type type) {
  Value value;
  value.type = type;
  return value;
}

Value make_text(Value::Type type, std::string_view text) {
  Value value = make(type);
  value.text = text;
  return value;
}

Value make_integer(Value::Type type, std::int64_t number) {
  Value value = make(type);
  value.integer = number;
  return value;
}

Value::Type aggregate_type(char byte) {
  switch (byte) {
    case '~':
      return Value::Type::set;
    case '>':
      return Value::Type::push;
    case '%':
    case '|':
      return Value::Type::map;
    default:
      return Value::Type::array;
  }
}

std::string_view without_plus(std::string_view number) {
  if (number.starts_with('+') && !number.starts_with("+-")) number.remove_prefix(1);
  return number;
}

bool is_big_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void ReplyParser::feed(std::string_view bytes) {
  if (error_.empty()) queue_.append(bytes);
}

std::optional<Value> ReplyParser::next() {
  Value reply;
  while (error_.empty()) {
    switch (step(reply)) {
      case Progress::more_bytes:
        return std::nullopt;
      case Progress::go_on:
        break;
      case Progress::complete:
        elements_ = 0;
        text_bytes_ = 0;
        return reply;
    }
  }
  return std::nullopt;
}

ReplyParser::Progress ReplyParser::step(Value& out) {
  return payload_type_ == '\0' ? read_header(out) : read_payload(out);
}

ReplyParser::Progress ReplyParser::read_header(Value& out) {
  if (queue_.empty()) return Progress::more_bytes;
  const char type = queue_.view().front();
  // Judged before the line is complete: what is not a Redis server seldom sends lines.
  const bool known =
      is_type(type, string_types) || is_type(type, aggregate_types) || is_type(type, scalar_types);
  if (!known) return fail("unknown reply type");

  const std::size_t end = queue_.find('\r');
  const std::size_t length = end == ByteQueue::npos ? queue_.size() : end;
  if (length > limits_.max_line) return fail("reply line too long");
  if (end == ByteQueue::npos || queue_.size() < end + 2) return Progress::more_bytes;
  if (queue_.view()[end + 1] != '\n') return fail("reply line does not end in CRLF");

  const std::string_view text = queue_.view().substr(1, end - 1);
  Progress progress = Progress::go_on;
  if (is_type(type, string_types)) {
    progress = open_string(type, text, out);
  } else if (is_type(type, aggregate_types)) {
    progress = open_aggregate(type, text, out);
  } else {
    progress = scalar(type, text, out);
  }
  queue_.consume(end + 2);
  return progress;
}

ReplyParser::Progress ReplyParser::open_string(char type, std::string_view length, Value& out) {
  if (type == '$' && length == "-1") return finish(Value{}, out);
  const auto size = parse_unsigned(length);
  if (!size) return fail("invalid string length in a reply");
  if (*size > limits_.max_bulk || !account_text(static_cast<std::size_t>(*size))) {
    return fail("reply too big");
  }
  payload_type_ = type;
  payload_size_ = static_cast<std::size_t>(*size);
  return Progress::go_on;
}

ReplyParser::Progress ReplyParser::read_payload(Value& out) {
  if (queue_.size() < payload_size_ + 2) return Progress::more_bytes;
  std::string_view text = queue_.view().substr(0, payload_size_);
  if (queue_.view().substr(payload_size_, 2) != "\r\n") {
    return fail("string in a reply does not end in CRLF");
  }
  if (payload_type_ == '=') {
    if (text.size() < 4 || text[3] != ':') return fail("malformed verbatim string in a reply");
    text.remove_prefix(4);
  }
  const auto type = payload_type_ == '!' ? Value::Type::error : Value::Type::bulk;
  Value value = make_text(type, text);
  queue_.consume(payload_size_ + 2);
  payload_type_ = '\0';
  return finish(std::move(value), out);
}

ReplyParser::Progress ReplyParser::open_aggregate(char type, std::string_view count, Value& out) {
  if (type == '*' && count == "-1") return finish(Value{}, out);
  const auto size = parse_unsigned(count);
  if (!size) return fail("invalid element count in a reply");
  const std::size_t each = type == '%' || type == '|' ? 2 : 1;
  const std::size_t room = limits_.max_elements - elements_;
  if (*size > room / each) return fail("reply has too many elements");
  const std::size_t elements = static_cast<std::size_t>(*size) * each;
  elements_ += elements;

  if (elements == 0) {
    return type == '|' ? Progress::go_on : finish(make(aggregate_type(type)), out);
  }
  if (open_.size() >= limits_.max_depth) return fail("reply is nested too deeply");
  open_.push_back(Open{make(aggregate_type(type)), elements, type == '|'});
  return Progress::go_on;
}

ReplyParser::Progress ReplyParser::scalar(char type, std::string_view text, Value& out) {
  if (!account_text(text.size())) return fail("reply too big");
  switch (type) {
    case '+':
      return finish(make_text(Value::Type::simple, text), out);
    case '-':
      return finish(make_text(Value::Type::error, text), out);
    case ':': {
      const auto value = parse_integer(without_plus(text));
      if (!value) return fail("invalid integer in a reply");
      return finish(make_integer(Value::Type::integer, *value), out);
    }
    case '_':
      if (!text.empty()) return fail("malformed null in a reply");
      return finish(Value{}, out);
    case '#':
      if (text != "t" && text != "f") return fail("malformed boolean in a reply");
      return finish(make_integer(Value::Type::boolean, text == "t" ? 1 : 0), out);
    case ',':
      if (text.empty()) return fail("malformed double in a reply");
      return finish(make_text(Value::Type::real, text), out);
    default:
      if (!is_big_number(text)) return fail("malformed big number in a reply");
      return finish(make_text(Value::Type::bulk, text), out);
  }
}

// Hands a complete value to the innermost open aggregate, and closes those that it fills.
ReplyParser::Progress ReplyParser::finish(Value&& value, Value& out) {
  Value done = std::move(value);
  while (!open_.empty()) {
    Open& parent = open_.back();
    if (!parent.attribute) parent.value.elements.push_back(std::move(done));
    if (--parent.missing > 0) return Progress::go_on;
    const bool dropped = parent.attribute;
    done = std::move(parent.value);
    open_.pop_back();
    // An attribute stands before the value that it describes and is no element itself.
    if (dropped) return Progress::go_on;
  }
  out = std::move(done);
  return Progress::complete;
}

bool ReplyParser::account_text(std::size_t bytes) {
  if (bytes > limits_.max_bulk - std::min(text_bytes_, limits_.max_bulk)) return false;
  text_bytes_ += bytes;
  return true;
}

ReplyParser::Progress ReplyParser::fail(std::string_view why) {
  error_ = why;
  queue_.clear();
  open_.clear();
  return Progress::more_bytes;
}

}  // namespace vedette::proto
