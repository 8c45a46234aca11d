#include "proto/byte_queue.hpp"

#include <algorithm>

namespace vedette::proto {

namespace {
// A connection that once carried something big does not keep that memory while it is idle.
constexpr std::size_t kept_capacity = std::size_t{64} << 10;
}  // namespace

void ByteQueue::append(std::string_view bytes) {
  // Moving at most as many bytes as were consumed since the last move keeps the total linear.
  if (start_ > 0 && start_ >= size()) {
    buffer_.erase(0, start_);
    start_ = 0;
  }
  buffer_.append(bytes);
}

void ByteQueue::consume(std::size_t bytes) {
  start_ += std::min(bytes, size());
  searched_ = 0;
  if (empty()) clear();
}

void ByteQueue::clear() {
  start_ = 0;
  searched_ = 0;
  if (buffer_.capacity() > kept_capacity) {
    std::string{}.swap(buffer_);
  } else {
    buffer_.clear();
  }
}

std::size_t ByteQueue::find(char byte) {
  if (byte != sought_) {
    sought_ = byte;
    searched_ = 0;
  }
  const std::size_t at = view().find(byte, searched_);
  searched_ = at == npos ? size() : at;
  return at;
}

}  // namespace vedette::proto
