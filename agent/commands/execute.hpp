// From a request to its effect: the checks that come before every command, in Sentinel's order.
// Reference: sentinel-protocol.md sections 1.4 and 3.21.
#pragma once

#include "agent/commands/call.hpp"
#include "agent/server/connection.hpp"
#include "proto/resp.hpp"

namespace vedette::agent {

enum class Verdict {
  go_on,
  hang_up  // close at once, pending replies included: this is no client of ours (HTTP)
};

// Appends the reply to client.output, or suspends the client until the reply is there.
[[nodiscard]] Verdict execute(CommandContext& context, Connection& client,
                              const proto::Request& request);

}  // namespace vedette::agent
