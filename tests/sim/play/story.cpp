#include "tests/sim/play/story.hpp"

namespace vedette::sim {

void Story::tell(Instant at, std::string_view who, std::string_view what) {
  if (record_) lines_.push_back({at, std::string(who), std::string(what)});
}

void Story::step(Instant at, std::uint32_t host, const consensus::Event& event,
                 const consensus::Commands& commands) {
  ++steps_;
  mix(static_cast<std::uint64_t>(at.time_since_epoch().count()));
  mix((std::uint64_t{host} << 8) | event.index());
  for (const consensus::Command& command : commands) mix(command.index());
}

void Story::announced(Instant at, std::string_view who, const consensus::Announce& news) {
  mix(news.event);
  mix(news.payload);
  ++counts_[news.event];
  if (record_)
    lines_.push_back({at, std::string(who), std::string(news.event) + " " + news.payload});
}

std::uint64_t Story::count(const std::string& event) const {
  const auto found = counts_.find(event);
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace vedette::sim
