// What readers derive from the core's state, the same for SENTINEL, INFO, HTTP and metrics.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "consensus/health.hpp"
#include "consensus/state.hpp"

namespace vedette::agent {

// Peers' opinions and votes that were not confirmed for so long are not shown any more.
inline constexpr consensus::Duration opinion_lifetime = std::chrono::seconds{5};

inline std::int64_t milliseconds_since(consensus::Instant then, consensus::Instant now) {
  if (then >= now) return 0;
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - then).count();
}

// The word of INFO: odown outranks sdown.
inline std::string_view status_word(const consensus::Group& group) {
  if (group.objectively_down) return "odown";
  return group.master().subjectively_down ? "sdown" : "ok";
}

inline std::size_t replica_count(const consensus::Group& group) {
  return group.nodes.empty() ? 0 : group.nodes.size() - 1;
}

// The peer says now that this group's master, at the address that we know, is down.
[[nodiscard]] bool reports_master_down(const consensus::Group& group,
                                       const consensus::PeerView& view, consensus::Instant now);

// The comma lists of states that SENTINEL shows as `flags`; sentinel-protocol.md section 4.1.
[[nodiscard]] std::string node_flags(const consensus::Group& group, const consensus::Node& node);
[[nodiscard]] std::string peer_flags(const consensus::Group& group, const consensus::Peer& peer,
                                     const consensus::PeerView& view, consensus::Instant now);

// The word for `failover-state`.
[[nodiscard]] std::string_view phase_word(consensus::Phase phase) noexcept;

// The line of CKQUORUM: "OK 3 usable Sentinels. ..." or "NOQUORUM 1 usable ...".
[[nodiscard]] std::string quorum_text(const consensus::Usable& usable);

}  // namespace vedette::agent
