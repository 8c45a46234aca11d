// ACL LOG: who was refused what, and how often. Kept in memory only.
// Reference: sentinel-protocol.md section 3.28.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "consensus/time.hpp"

namespace vedette::agent::acl {

struct Refused {
  enum class What { command, channel, login };
  What what;
  std::string object;  // the command, the channel, or "AUTH"
  std::string user;
  std::string client;  // as CLIENT LIST describes it
};

class Log {
 public:
  struct Entry {
    Refused refused;
    consensus::Instant at;
    std::uint64_t count = 1;
  };

  explicit Log(std::size_t most = 128) : most_(most) {}

  // The same within a minute is counted, not written again.
  void add(const Refused& refused, consensus::Instant now);
  void clear() { entries_.clear(); }
  // Newest first.
  [[nodiscard]] const std::deque<Entry>& entries() const noexcept { return entries_; }

 private:
  std::size_t most_;
  std::deque<Entry> entries_;
};

}  // namespace vedette::agent::acl
