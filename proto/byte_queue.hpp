// Bytes that arrived and are not parsed yet. Every operation is amortised O(bytes): a parser that
// is fed one byte at a time neither searches nor moves a byte more than a constant number of times.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vedette::proto {

class ByteQueue {
 public:
  static constexpr std::size_t npos = std::string_view::npos;

  void append(std::string_view bytes);
  // Views end with the next call of append, consume or clear.
  [[nodiscard]] std::string_view view() const noexcept {
    return std::string_view{buffer_}.substr(start_);
  }
  [[nodiscard]] std::size_t size() const noexcept { return buffer_.size() - start_; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  void consume(std::size_t bytes);
  void clear();

  // Offset of the first such byte in view(), or npos. Remembers how far it has looked.
  [[nodiscard]] std::size_t find(char byte);

 private:
  std::string buffer_;
  std::size_t start_ = 0;     // bytes before it are consumed
  std::size_t searched_ = 0;  // bytes of view() known not to be sought_
  char sought_ = '\0';
};

}  // namespace vedette::proto
