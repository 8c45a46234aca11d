#include "agent/commands/execute.hpp"

#include <string>
#include <string_view>

#include "agent/commands/table.hpp"
#include "agent/commands/words.hpp"

namespace vedette::agent {

namespace {

// A browser, or a page that makes one talk to us.
bool looks_like_http(const proto::Request& request) noexcept {
  return is_word(request.front(), "post") || is_word(request.front(), "host:");
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

struct Refusal {
  std::string text;  // "" = none
};

// Every check between finding the command and running it. Users and their permissions are to be
// asked here, between the password and the subscriber mode.
Refusal refuse(const Connection& client, const CommandSpec& spec, const std::string& name,
               std::size_t words) {
  if (!spec.takes(words)) return {wrong_arity(name)};
  if (!client.authenticated && !spec.has(flag_no_auth)) return {"NOAUTH Authentication required."};
  if (client.in_subscriber_mode() && !spec.has(flag_subscriber)) {
    return {only_in_subscriber_mode(name)};
  }
  return {};
}

}  // namespace

Verdict execute(CommandContext& context, Connection& client, const proto::Request& request) {
  if (looks_like_http(request)) return Verdict::hang_up;
  ++context.traffic.commands_processed;
  begin_reply(client);

  const auto fail = [&](std::string_view text) {
    ++context.traffic.error_replies;
    client.reply().error(text);
    return Verdict::go_on;
  };

  const CommandSpec* spec = find_command(command_table(), request.front());
  if (spec == nullptr) return fail(unknown_command(request));
  const CommandSpec* parent = nullptr;
  if (!spec->subcommands().empty() && request.size() > 1) {
    parent = spec;
    spec = find_command(parent->subcommands(), request[1]);
    if (spec == nullptr) return fail(unknown_subcommand(*parent, request[1]));
  }

  Call call{context, client, request, *spec, full_name(parent, *spec)};
  const Refusal refusal = refuse(client, *spec, call.full_name, request.size());
  if (!refusal.text.empty()) return fail(refusal.text);
  client.last_command = call.full_name;
  spec->handler(call);
  return Verdict::go_on;
}

}  // namespace vedette::agent
