// Which command a request means, and whether a user may send it.
#pragma once

#include "agent/acl/user.hpp"
#include "agent/commands/table.hpp"
#include "proto/resp.hpp"

namespace vedette::agent {

struct Found {
  const CommandSpec* parent = nullptr;  // of a subcommand
  const CommandSpec* spec = nullptr;    // nullptr: there is no such command or subcommand
};

[[nodiscard]] Found find_request(const proto::Request& request) noexcept;

// The arity was checked. Views in the answer point into the request.
[[nodiscard]] acl::Denial permission_denied(const acl::User& user, const Found& found,
                                            const proto::Request& request);

}  // namespace vedette::agent
