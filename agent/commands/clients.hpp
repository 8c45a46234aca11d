// What several commands do with connections.
#pragma once

#include <string>
#include <string_view>

#include "agent/commands/call.hpp"

namespace vedette::agent {

// The line of CLIENT LIST, with its newline.
[[nodiscard]] std::string describe_client(const Connection& client, const Facade& facade);

// A line of level verbose about the client, if that level is logged.
void log_client(const CommandContext& context, const Connection& client, std::string_view what);

// For ACL LOG: what the client, as that user, was refused.
void note_refusal(CommandContext& context, const Connection& client, acl::Refused::What what,
                  std::string object, const std::string& user);

// Who closes himself still gets his answer; everybody else is gone at once.
void close_client(const Call& call, Connection& victim);

}  // namespace vedette::agent
