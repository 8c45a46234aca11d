// GET /metrics: the Prometheus text. What redis_exporter reads from a Sentinel keeps its names, so
// that existing dashboards and alerts work without that sidecar; what only we know is called
// vedette_*. Reference: consumers.md section 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "agent/facade.hpp"
#include "agent/server/traffic.hpp"

namespace vedette::agent {

// Counts announcements as they are made.
class EventCounts : public AnnouncementSink {
 public:
  void announced(const consensus::Announce& announce) override;

  [[nodiscard]] const std::map<std::string, std::uint64_t>& by_event() const noexcept {
    return by_event_;
  }
  // (master name, outcome): attempted, elected, switched, aborted.
  [[nodiscard]] const std::map<std::pair<std::string, std::string>, std::uint64_t>& failovers()
      const noexcept {
    return failovers_;
  }

 private:
  std::map<std::string, std::uint64_t> by_event_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> failovers_;
};

[[nodiscard]] std::string metrics_text(const Facade& facade, const Traffic& traffic,
                                       std::size_t connected_clients, const EventCounts& events);

}  // namespace vedette::agent
