// What the inbound side counted: read by INFO and by /metrics, written by the server and its
// sessions.
#pragma once

#include <cstdint>

namespace vedette::agent {

struct Traffic {
  std::uint64_t connections_received = 0;
  std::uint64_t connections_rejected = 0;  // maxclients
  std::uint64_t commands_processed = 0;
  std::uint64_t error_replies = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t slow_subscribers_closed = 0;

  // Of the last full second.
  std::uint64_t commands_per_second = 0;
  std::uint64_t bytes_in_per_second = 0;
  std::uint64_t bytes_out_per_second = 0;
};

}  // namespace vedette::agent
