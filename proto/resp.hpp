// The Redis serialisation protocol, both directions. Incremental: bytes may arrive split anywhere.
// Reference: sentinel-protocol.md sections 1.2 and 1.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/byte_queue.hpp"

namespace vedette::proto {

enum class RespVersion { v2 = 2, v3 = 3 };

// ---- replies, as a client reads them -----------------------------------------------------------

// One reply. Verbatim strings are bulk with the "txt:" prefix removed; maps are arrays of
// key, value, key, value with type `map`; attributes are skipped.
struct Value {
  enum class Type { null, simple, error, integer, bulk, real, boolean, array, map, set, push };
  Type type = Type::null;
  std::int64_t integer = 0;     // integer, boolean (0 or 1)
  std::string text;             // simple, error, bulk, real (as sent), big number
  std::vector<Value> elements;  // array, map, set, push

  [[nodiscard]] bool is_error() const noexcept { return type == Type::error; }
  [[nodiscard]] bool is_text() const noexcept { return type == Type::simple || type == Type::bulk; }
  [[nodiscard]] bool is_aggregate() const noexcept {
    return type == Type::array || type == Type::map || type == Type::set || type == Type::push;
  }
  bool operator==(const Value&) const = default;
};

// Limits on what a monitored server may make us hold; a server is not trusted with our memory.
struct ReplyLimits {
  std::size_t max_bulk = std::size_t{64} << 20;     // bytes of all strings of one reply together
  std::size_t max_elements = std::size_t{1} << 20;  // elements of one reply, all levels together
  std::size_t max_depth = 16;
  std::size_t max_line = std::size_t{64} << 10;  // bytes of a simple string, error or header
};

class ReplyParser {
 public:
  explicit ReplyParser(ReplyLimits limits = {}) : limits_(limits) {}
  void feed(std::string_view bytes);
  // The next complete reply; nullopt when more bytes are needed or the stream is broken.
  std::optional<Value> next();
  // Not empty once the stream cannot be understood any more; the link must then be closed.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  [[nodiscard]] std::size_t buffered() const noexcept { return queue_.size(); }

 private:
  // An aggregate whose elements are still arriving. The stack of these replaces recursion, so a
  // reply is resumed where it stopped however it is split.
  struct Open {
    Value value;
    std::size_t missing = 0;
    bool attribute = false;  // dropped when complete
  };
  enum class Progress { more_bytes, go_on, complete };

  Progress step(Value& out);
  Progress read_header(Value& out);
  Progress read_payload(Value& out);
  Progress open_string(char type, std::string_view length, Value& out);
  Progress open_aggregate(char type, std::string_view count, Value& out);
  Progress scalar(char type, std::string_view text, Value& out);
  Progress finish(Value&& value, Value& out);
  bool account_text(std::size_t bytes);
  Progress fail(std::string_view why);

  ReplyLimits limits_;
  ByteQueue queue_;
  std::string error_;
  std::vector<Open> open_;
  char payload_type_ = '\0';  // of the string whose bytes are awaited, '\0' before its header
  std::size_t payload_size_ = 0;
  std::size_t elements_ = 0;    // announced by the reply so far
  std::size_t text_bytes_ = 0;  // announced or read by the reply so far
};

// ---- requests, as a server reads them ----------------------------------------------------------

using Request = std::vector<std::string>;  // never empty when handed out

struct NeedMore {};
// `message` is the whole error line without "-" and CRLF ("ERR Protocol error: ..."); the
// connection is closed after it is sent. An empty message means: close without a word (the buffer
// limit).
struct ProtocolError {
  std::string message;
};

// What one connection may make us hold (redis.conf: proto-max-bulk-len, client-query-buffer-limit).
struct RequestLimits {
  std::size_t bulk = std::size_t{512} << 20;  // bytes of one argument
  std::size_t held = std::size_t{1} << 30;    // bytes that are not executed yet
};

// Once it has handed out a ProtocolError it takes no more bytes and repeats that error.
class RequestParser {
 public:
  explicit RequestParser(RequestLimits limits = {}) : limits_(limits) {}
  void feed(std::string_view bytes);
  std::variant<NeedMore, Request, ProtocolError> next();
  // Unauthenticated connections may send 10 arguments of 16 KiB and have 1 MiB buffered. Applies to
  // headers and bytes that are read after the call.
  void set_authenticated(bool yes) noexcept { authenticated_ = yes; }
  [[nodiscard]] std::size_t buffered() const noexcept { return queue_.size(); }

 private:
  enum class Progress { more_bytes, go_on, complete, broken };

  Progress step();
  Progress read_inline();
  Progress read_count();
  Progress read_bulk_length();
  Progress read_bulk();
  Progress fail(std::string message);

  RequestLimits limits_;
  ByteQueue queue_;
  bool authenticated_ = true;
  std::optional<std::string> broken_;  // the message of the error that ended the stream
  std::int64_t arguments_left_ = 0;    // of the multibulk request being read
  std::int64_t bulk_length_ = -1;      // of the argument being read, -1 before its header
  Request partial_;
  std::size_t partial_bytes_ = 0;  // memory held by partial_
};

// ---- writing -----------------------------------------------------------------------------------

// Appends replies to a buffer in the encoding of the connection's protocol version.
class ReplyWriter {
 public:
  ReplyWriter(std::string& out, RespVersion version) : out_(out), version_(version) {}

  void simple(std::string_view text);
  // `text` begins with its code ("ERR ..."). CR and LF become blanks.
  void error(std::string_view text);
  void integer(std::int64_t value);
  void bulk(std::string_view text);
  void bulk_number(std::int64_t value);  // decimal text in a bulk string
  void real(double value);               // a double in RESP3, its text in a bulk string in RESP2
  void null();                           // null bulk string in RESP2
  void null_array();
  void array(std::size_t elements);
  void map(std::size_t pairs);
  void set(std::size_t elements);
  void push(std::size_t elements);
  void verbatim(std::string_view text);  // "txt:" in RESP3, bulk in RESP2
  [[nodiscard]] RespVersion version() const noexcept { return version_; }

 private:
  void header(char type, std::size_t count);
  std::string& out_;
  RespVersion version_;
};

// A command as an array of bulk strings, the form in which clients send it.
std::string encode_command(std::span<const std::string_view> words);
std::string encode_command(std::initializer_list<std::string_view> words);

}  // namespace vedette::proto
