// What a connection still has to be sent. A message published to many is held once and shared.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vedette::agent {

class Output {
 public:
  using Chunk = std::shared_ptr<const std::string>;

  // Replies are appended here.
  [[nodiscard]] std::string& tail() noexcept { return tail_; }

  void share(Chunk chunk) {
    seal();
    queued_ += chunk->size();
    chunks_.push_back(std::move(chunk));
  }

  // Takes up to `count` chunks for writing; they count as pending until written() is called.
  [[nodiscard]] std::vector<Chunk> take(std::size_t count) {
    seal();
    std::vector<Chunk> taken;
    while (!chunks_.empty() && taken.size() < count) {
      queued_ -= chunks_.front()->size();
      in_flight_ += chunks_.front()->size();
      taken.push_back(std::move(chunks_.front()));
      chunks_.pop_front();
    }
    return taken;
  }

  void written() noexcept { in_flight_ = 0; }

  void clear() {
    tail_.clear();
    chunks_.clear();
    queued_ = 0;
  }

  // Bytes that the client has not been given yet.
  [[nodiscard]] std::size_t pending() const noexcept { return queued_ + tail_.size() + in_flight_; }
  [[nodiscard]] bool empty() const noexcept { return queued_ + tail_.size() == 0; }
  [[nodiscard]] std::size_t queue_length() const noexcept { return chunks_.size(); }

 private:
  // Closes the tail, so that what comes next stands behind it.
  void seal() {
    if (tail_.empty()) return;
    queued_ += tail_.size();
    chunks_.push_back(std::make_shared<const std::string>(std::move(tail_)));
    tail_ = {};
  }

  std::string tail_;
  std::deque<Chunk> chunks_;
  std::size_t queued_ = 0;
  std::size_t in_flight_ = 0;
};

}  // namespace vedette::agent
