#include <algorithm>
#include <limits>
#include <utility>

#include "proto/config_file.hpp"
#include "proto/resp.hpp"
#include "proto/types.hpp"

namespace vedette::proto {

namespace {

constexpr std::size_t max_line = std::size_t{64} << 10;
constexpr std::int64_t max_arguments = std::numeric_limits<std::int32_t>::max();

constexpr std::int64_t unauthenticated_max_arguments = 10;
constexpr std::int64_t unauthenticated_max_bulk = 16384;
constexpr std::size_t unauthenticated_max_held = std::size_t{1} << 20;

// The count is what a stranger claims; memory is taken only as arguments arrive.
constexpr std::int64_t max_reserved_arguments = 64;

}  // namespace

void RequestParser::feed(std::string_view bytes) {
  if (broken_) return;
  const std::size_t limit = authenticated_ ? limits_.held : unauthenticated_max_held;
  if (bytes.size() > limit || queue_.size() + partial_bytes_ > limit - bytes.size()) {
    fail("");
    return;
  }
  queue_.append(bytes);
}

std::variant<NeedMore, Request, ProtocolError> RequestParser::next() {
  while (!broken_) {
    switch (step()) {
      case Progress::go_on:
      case Progress::broken:
        break;
      case Progress::more_bytes:
        return NeedMore{};
      case Progress::complete:
        partial_bytes_ = 0;
        return std::exchange(partial_, Request{});
    }
  }
  return ProtocolError{*broken_};
}

RequestParser::Progress RequestParser::step() {
  if (bulk_length_ >= 0) return read_bulk();
  if (arguments_left_ > 0) return read_bulk_length();
  if (queue_.empty()) return Progress::more_bytes;
  return queue_.view().front() == '*' ? read_count() : read_inline();
}

RequestParser::Progress RequestParser::read_inline() {
  const std::size_t end = queue_.find('\n');
  if (end == ByteQueue::npos) {
    if (queue_.size() > max_line) return fail("ERR Protocol error: too big inline request");
    return Progress::more_bytes;
  }
  std::string_view line = queue_.view().substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  auto words = split_words(line);
  queue_.consume(end + 1);
  if (!words) return fail("ERR Protocol error: unbalanced quotes in request");
  if (words->empty()) return Progress::go_on;
  partial_ = std::move(*words);
  return Progress::complete;
}

// Header lines end at CR; the byte behind it is skipped unseen, as the original does.
RequestParser::Progress RequestParser::read_count() {
  const std::size_t end = queue_.find('\r');
  if (end == ByteQueue::npos) {
    if (queue_.size() > max_line) return fail("ERR Protocol error: too big mbulk count string");
    return Progress::more_bytes;
  }
  if (queue_.size() < end + 2) return Progress::more_bytes;
  const auto count = parse_integer(queue_.view().substr(1, end - 1));
  if (!count || *count > max_arguments) return fail("ERR Protocol error: invalid multibulk length");
  if (!authenticated_ && *count > unauthenticated_max_arguments) {
    return fail("ERR Protocol error: unauthenticated multibulk length");
  }
  queue_.consume(end + 2);
  if (*count > 0) {
    arguments_left_ = *count;
    partial_.reserve(static_cast<std::size_t>(std::min(*count, max_reserved_arguments)));
  }
  return Progress::go_on;
}

RequestParser::Progress RequestParser::read_bulk_length() {
  const std::size_t end = queue_.find('\r');
  if (end == ByteQueue::npos) {
    if (queue_.size() > max_line) return fail("ERR Protocol error: too big bulk count string");
    return Progress::more_bytes;
  }
  if (queue_.size() < end + 2) return Progress::more_bytes;
  const char first = queue_.view().front();
  if (first != '$') {
    const char shown = first == '\r' || first == '\n' ? ' ' : first;
    return fail(std::string{"ERR Protocol error: expected '$', got '"} + shown + "'");
  }
  const auto length = parse_integer(queue_.view().substr(1, end - 1));
  if (!length || *length < 0 || static_cast<std::size_t>(*length) > limits_.bulk) {
    return fail("ERR Protocol error: invalid bulk length");
  }
  if (!authenticated_ && *length > unauthenticated_max_bulk) {
    return fail("ERR Protocol error: unauthenticated bulk length");
  }
  queue_.consume(end + 2);
  bulk_length_ = *length;
  return Progress::go_on;
}

RequestParser::Progress RequestParser::read_bulk() {
  const auto length = static_cast<std::size_t>(bulk_length_);
  if (queue_.size() < length + 2) return Progress::more_bytes;
  partial_.emplace_back(queue_.view().substr(0, length));
  // Empty arguments cost memory too: without this a stranger buys 32 bytes with 6.
  partial_bytes_ += length + sizeof(std::string);
  queue_.consume(length + 2);
  bulk_length_ = -1;
  --arguments_left_;
  return arguments_left_ == 0 ? Progress::complete : Progress::go_on;
}

RequestParser::Progress RequestParser::fail(std::string message) {
  broken_ = std::move(message);
  queue_.clear();
  partial_ = Request{};
  partial_bytes_ = 0;
  return Progress::broken;
}

}  // namespace vedette::proto
