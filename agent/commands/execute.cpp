#include "agent/commands/execute.hpp"

#include <optional>
#include <string>
#include <string_view>

#include "agent/commands/clients.hpp"
#include "agent/commands/permission.hpp"
#include "agent/commands/renamed.hpp"
#include "agent/commands/table.hpp"
#include "agent/commands/words.hpp"

namespace vedette::agent {

namespace {

// A browser, or a page that makes one talk to us.
bool looks_like_http(const proto::Request& request) noexcept {
  return is_word(request.front(), "post") || is_word(request.front(), "host:");
}

// Once a minute: whoever keeps trying must not fill the log.
void warn_of_http(CommandContext& context) {
  auto& warned_at = context.clients.warned_of_http_at;
  const consensus::Instant now = context.facade.now();
  if (warned_at && *warned_at + std::chrono::minutes{1} > now) return;
  warned_at = now;
  context.facade.log(consensus::Level::warning,
                     "Possible SECURITY ATTACK detected: a client spoke HTTP (POST or Host:), as a "
                     "browser does when a foreign page makes it talk to this port. Its connection "
                     "was closed.");
}

std::string unknown_command(const proto::Request& request) {
  constexpr std::size_t room = 128;
  std::string arguments;
  for (std::size_t i = 1; i < request.size() && arguments.size() < room; ++i) {
    const std::string_view part = quoted_part(request[i], room - arguments.size());
    arguments += '\'';
    arguments += part;
    arguments += "' ";
  }
  return "ERR unknown command '" + std::string(quoted_part(request.front())) +
         "', with args beginning with: " + arguments;
}

std::string unknown_subcommand(const CommandSpec& parent, const std::string& typed) {
  return "ERR unknown subcommand '" + std::string(quoted_part(typed)) + "'. Try " +
         to_upper(parent.name) + " HELP.";
}

std::string only_in_subscriber_mode(const std::string& name) {
  return "ERR Can't execute '" + name +
         "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
         "context";
}

// CLIENT REPLY SKIP silences one command, OFF all of them.
void begin_reply(Connection& client) {
  client.muted = client.reply_mode != ReplyMode::on;
  if (client.reply_mode == ReplyMode::skip_next) client.reply_mode = ReplyMode::on;
}

std::string not_permitted(const Facade& facade, const std::string& user, const acl::Denial& denial,
                          const std::string& name) {
  const bool redis = facade.settings().dialect == Dialect::redis;
  if (denial.of == acl::Denial::Of::channel) {
    return redis ? "NOPERM this user has no permissions to access one of the channels used as "
                   "arguments"
                 : "NOPERM No permissions to access a channel";
  }
  const std::string who = redis ? "this user" : "User " + user;
  return "NOPERM " + who + " has no permissions to run the '" + name + "' command";
}

// "" or why the user may not; it is remembered for ACL LOG.
std::string refuse_by_user(CommandContext& context, const Connection& client,
                           const CommandRef& command, const std::string& name,
                           const proto::Request& request) {
  const acl::User* const user = context.facade.settings().users.find(client.user);
  if (user == nullptr) return {};  // who has not logged in may do what needs no login
  const acl::Denial denial = permission_denied(*user, command, request);
  if (denial.of == acl::Denial::Of::nothing) return {};
  // Drivers try on every connection what newer servers have: no reason to fill the log of refusals.
  if (!is_listed(*command.spec, context.facade.settings().dialect)) {
    return command.parent != nullptr ? unknown_subcommand(*command.parent, request[1])
                                     : unknown_command(request);
  }
  using What = acl::Refused::What;
  const bool channel = denial.of == acl::Denial::Of::channel;
  note_refusal(context, client, channel ? What::channel : What::command,
               channel ? std::string(denial.channel) : name, client.user);
  return not_permitted(context.facade, client.user, denial, name);
}

// Since it connected, the user `default` may have lost his password.
void admit_if_open(const CommandContext& context, Connection& client) {
  if (client.authenticated || !context.facade.settings().users.default_user().is_open()) return;
  client.authenticated = true;
  client.user = "default";
}

// Every check between finding the command and running it. "" = none objects.
std::string refuse(CommandContext& context, const Connection& client, const CommandRef& command,
                   const std::string& name, const proto::Request& request) {
  const CommandSpec& spec = *command.spec;
  if (!spec.takes(request.size())) return wrong_arity(name);
  if (!client.authenticated && !spec.has(flag_no_auth)) return "NOAUTH Authentication required.";
  std::string refusal = refuse_by_user(context, client, command, name, request);
  if (!refusal.empty()) return refusal;
  if (client.in_subscriber_mode() && !spec.has(flag_subscriber)) {
    return only_in_subscriber_mode(name);
  }
  return {};
}

}  // namespace

Verdict execute(CommandContext& context, Connection& client, const proto::Request& typed) {
  if (looks_like_http(typed)) {
    warn_of_http(context);
    return Verdict::hang_up;
  }
  begin_reply(client);

  const auto fail = [&](std::string_view text) {
    ++context.traffic.error_replies;
    client.reply().error(text);
    return Verdict::go_on;
  };

  const std::optional<std::string> meant = meant_by(context.facade.settings(), typed.front());
  if (!meant) return fail(unknown_command(typed));
  proto::Request request = typed;
  request.front() = *meant;
  const CommandRef found = find_request(request);
  if (found.spec == nullptr && found.parent == nullptr) return fail(unknown_command(typed));
  if (found.spec == nullptr) return fail(unknown_subcommand(*found.parent, request[1]));

  Call call{context, client, request, *found.spec, full_name(found)};
  client.last_command = call.full_name;
  admit_if_open(context, client);
  const std::string refusal = refuse(context, client, found, call.full_name, request);
  if (!refusal.empty()) return fail(refusal);
  ++context.traffic.commands_processed;
  ++client.commands;
  found.spec->handler(call);
  return Verdict::go_on;
}

}  // namespace vedette::agent
