// The log lines -cmd-link-reconnection and -pubsub-link-reconnection: a link was never made. They
// are for the log at level debug only. Reference: sentinel-protocol.md 6.
#pragma once

#include <string>
#include <vector>

#include "consensus/event.hpp"
#include "consensus/state.hpp"

namespace vedette::agent {

// One line for each group concerned; none if the link had been made, or is nobody's any more.
[[nodiscard]] std::vector<std::string> failed_connection_lines(const consensus::State& state,
                                                               const consensus::LinkDown& down);

}  // namespace vedette::agent
