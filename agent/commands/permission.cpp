#include "agent/commands/permission.hpp"

namespace vedette::agent {

CommandRef find_request(const proto::Request& request) noexcept {
  const CommandSpec* const spec = find_command(command_table(), request.front());
  if (spec == nullptr || spec->subcommands().empty() || request.size() == 1) {
    return {nullptr, spec};
  }
  return {spec, find_command(spec->subcommands(), request[1])};
}

acl::Denial permission_denied(const acl::User& user, const CommandRef& command,
                              const proto::Request& request) {
  // What opens a connection is for everybody; so is the talk by which our own agents know each
  // other, which rules written for Sentinels do not name.
  const bool free = command.spec->has(flag_no_auth) ||
                    (command.parent != nullptr && command.parent->name == "vedette");
  if (free) return {};
  acl::Use use{command};
  const bool subscribes = command.spec->name == "subscribe" || command.spec->name == "psubscribe";
  if (subscribes) use.channels.assign(request.begin() + 1, request.end());
  if (command.spec->name == "publish") use.channels = {request[1]};
  use.are_patterns = command.spec->name == "psubscribe";
  return user.check(use);
}

}  // namespace vedette::agent
