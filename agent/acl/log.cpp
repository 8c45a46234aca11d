#include "agent/acl/log.hpp"

#include <algorithm>
#include <chrono>

namespace vedette::agent::acl {

void Log::add(const Refused& refused, consensus::Instant now) {
  constexpr std::chrono::seconds grouped_within{60};
  const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    const Refused& other = entry.refused;
    return other.what == refused.what && other.object == refused.object &&
           other.user == refused.user && entry.at + grouped_within >= now;
  });
  Entry entry{refused, now};
  if (same != entries_.end()) {
    entry.count = same->count + 1;
    entries_.erase(same);
  }
  entries_.push_front(std::move(entry));
  while (entries_.size() > most_) entries_.pop_back();
}

}  // namespace vedette::agent::acl
