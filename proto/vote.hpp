// SENTINEL is-master-down-by-addr: asking a peer for its opinion and for its vote.
// Reference: sentinel-protocol.md section 10.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>

#include "proto/resp.hpp"
#include "proto/types.hpp"

namespace vedette::proto {

// "Is the master at this address down for you", and, with a candidate, "do you vote for it".
struct DownQuery {
  Address master;
  Epoch epoch{};
  std::optional<RunId> candidate;
  bool operator==(const DownQuery&) const = default;
};

struct DownReply {
  bool down = false;
  std::optional<RunId> voted_for;  // nullopt is `*`
  Epoch epoch{};                   // of that vote
  bool operator==(const DownReply&) const = default;
};

// `arguments` are the four words after the subcommand. The error is the line to answer, without "-"
// and CRLF. A candidate that is not 40 hex digits, and an epoch that is negative or above
// max_epoch, are dropped: the opinion is still answered, a vote is not given (the epoch then reads
// 0).
std::variant<DownQuery, std::string> parse_down_query(std::span<const std::string> arguments);
std::string encode(const DownQuery& query);  // the RESP command, renamed nowhere

// nullopt when the reply is an error or not (integer, string, integer).
std::optional<DownReply> parse_down_reply(const Value& reply);
void write(ReplyWriter& out, const DownReply& reply);

}  // namespace vedette::proto
