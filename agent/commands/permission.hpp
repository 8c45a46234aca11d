// Which command a request means, and whether a user may send it.
#pragma once

#include "agent/acl/user.hpp"
#include "agent/commands/table.hpp"
#include "proto/resp.hpp"

namespace vedette::agent {

[[nodiscard]] CommandRef find_request(const proto::Request& request) noexcept;

// The arity was checked. Views in the answer point into the request.
[[nodiscard]] acl::Denial permission_denied(const acl::User& user, const CommandRef& command,
                                            const proto::Request& request);

}  // namespace vedette::agent
