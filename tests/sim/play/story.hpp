// What happened: a hash of everything, and on request a readable account of what matters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/command.hpp"
#include "consensus/event.hpp"
#include "tests/sim/cluster/queue.hpp"

namespace vedette::sim {

struct Line {
  Instant at;
  std::string who;
  std::string what;
};

class Story {
 public:
  explicit Story(bool record) : record_(record) {}

  [[nodiscard]] bool records() const noexcept { return record_; }
  void tell(Instant at, std::string_view who, std::string_view what);
  void step(Instant at, std::uint32_t host, const consensus::Event& event,
            const consensus::Commands& commands);
  void announced(Instant at, std::string_view who, const consensus::Announce& news);

  // Equal for equal runs, on every compiler.
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  // How often an event was announced, by everybody.
  [[nodiscard]] std::uint64_t count(const std::string& event) const;
  [[nodiscard]] const std::vector<Line>& lines() const noexcept { return lines_; }

 private:
  void mix(std::uint64_t value) noexcept {
    hash_ = (hash_ ^ value) * 0x100000001B3u;
    hash_ ^= hash_ >> 29;
  }
  void mix(std::string_view text) noexcept {
    for (const char c : text) mix(static_cast<unsigned char>(c));
  }

  bool record_;
  std::uint64_t hash_ = 0xCBF29CE484222325u;
  std::uint64_t steps_ = 0;
  std::map<std::string_view, std::uint64_t> counts_;
  std::vector<Line> lines_;
};

}  // namespace vedette::sim
