#include "agent/commands/permission.hpp"

namespace vedette::agent {

Found find_request(const proto::Request& request) noexcept {
  const CommandSpec* const spec = find_command(command_table(), request.front());
  if (spec == nullptr || spec->subcommands().empty() || request.size() == 1) {
    return {nullptr, spec};
  }
  return {spec, find_command(spec->subcommands(), request[1])};
}

acl::Denial permission_denied(const acl::User& user, const Found& found,
                              const proto::Request& request) {
  // What opens a connection is for everybody; so is the talk by which our own agents know each
  // other, which rules written for Sentinels do not name.
  const bool free =
      found.spec->has(flag_no_auth) || (found.parent != nullptr && found.parent->name == "vedette");
  if (free) return {};
  acl::Use use{{found.parent, found.spec}};
  const bool subscribes = found.spec->name == "subscribe" || found.spec->name == "psubscribe";
  if (subscribes) use.channels.assign(request.begin() + 1, request.end());
  if (found.spec->name == "publish") use.channels = {request[1]};
  use.are_patterns = found.spec->name == "psubscribe";
  return user.check(use);
}

}  // namespace vedette::agent
