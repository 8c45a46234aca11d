// What a connection says about itself: protocol version, password, end.
// Reference: sentinel-protocol.md sections 3.24 and 3.25.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/commands/clients.hpp"
#include "agent/commands/handlers.hpp"
#include "agent/commands/words.hpp"

namespace vedette::agent::commands {

namespace {

bool log_in(Call& call, const std::string& name, std::string_view password) {
  const acl::User* const user = call.facade().settings().users.find(name);
  if (user != nullptr && user->may_log_in(password)) {
    call.client.authenticated = true;
    call.client.user = name;
    return true;
  }
  note_refusal(call.context, call.client, acl::Refused::What::login, call.words.front(), name);
  return false;
}

struct HelloOptions {
  std::optional<proto::RespVersion> version;
  std::optional<std::string> user;
  std::string password;
  std::optional<std::string> name;
  std::string error;
};

// "" or what is wrong. Whoever logs in wrongly learns nothing else.
std::string log_in(Call& call, const HelloOptions& options) {
  if (!options.user || log_in(call, *options.user, options.password)) return {};
  return std::string(error_wrong_password);
}

// Redis 7.0 does what an option says before it looks at the next; later ones read all of them
// first.
HelloOptions read_hello(Call& call) {
  const proto::Request& words = call.words;
  const bool at_once = call.facade().settings().dialect == Dialect::redis;
  HelloOptions options;
  if (words.size() > 1) {
    const auto number = proto::parse_integer(words[1]);
    if (!number) {
      options.error = "ERR Protocol version is not an integer or out of range";
      return options;
    }
    if (*number != 2 && *number != 3) {
      options.error = "NOPROTO unsupported protocol version";
      return options;
    }
    options.version = *number == 3 ? proto::RespVersion::v3 : proto::RespVersion::v2;
  }
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t left = words.size() - 1 - i;
    if (is_word(words[i], "auth") && left >= 2) {
      options.user = words[i + 1];
      options.password = words[i + 2];
      i += 2;
      if (at_once) options.error = log_in(call, options);
      if (at_once) options.user.reset();
      if (!options.error.empty()) return options;
    } else if (is_word(words[i], "setname") && left >= 1) {
      options.name = words[i + 1];
      i += 1;
      if (!is_plain_name(*options.name)) {
        options.error = error_client_name;
        return options;
      }
      if (at_once) call.client.name = *options.name;
    } else {
      options.error =
          "ERR Syntax error in HELLO option '" + std::string(quoted_part(words[i])) + "'";
      return options;
    }
  }
  return options;
}

}  // namespace

void hello(Call& call) {
  HelloOptions options = read_hello(call);
  if (options.error.empty()) options.error = log_in(call, options);
  if (!options.error.empty()) return call.error(options.error);
  if (!call.client.authenticated) {
    return call.error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
        "protocol version at the same time");
  }
  if (options.name) call.client.name = *options.name;
  if (options.version) call.client.version = *options.version;

  const Settings& settings = call.facade().settings();
  DialectFacts facts = facts_of(settings.dialect);
  if (settings.says_redis) facts = {"redis", facts.redis_version, facts.redis_version};
  proto::ReplyWriter reply = call.reply();
  reply.map(6);
  reply.bulk("server");
  reply.bulk(facts.name);
  reply.bulk("version");
  reply.bulk(facts.version);
  reply.bulk("proto");
  reply.integer(static_cast<std::int64_t>(call.client.version));
  reply.bulk("id");
  reply.integer(static_cast<std::int64_t>(call.client.id));
  reply.bulk("mode");
  reply.bulk("sentinel");
  reply.bulk("modules");
  reply.array(0);
}

void auth(Call& call) {
  if (call.size() > 3) return call.error(error_syntax);
  if (call.size() == 2) {
    if (call.facade().settings().users.default_user().needs_no_password()) {
      return call.error(
          "ERR AUTH <password> called without any password configured for the default user. Are "
          "you sure your configuration is correct?");
    }
    if (!log_in(call, "default", call.words[1])) return call.error(error_wrong_password);
    return call.ok();
  }
  if (!log_in(call, call.words[1], call.words[2])) return call.error(error_wrong_password);
  call.ok();
}

void quit(Call& call) {
  call.ok();
  call.client.closing = true;
}

void reset(Call& call) {
  Connection& client = call.client;
  call.context.publisher.drop(client);
  client.version = proto::RespVersion::v2;
  client.name.clear();
  client.reply_mode = ReplyMode::on;
  client.muted = false;
  client.user = "default";
  client.authenticated = call.facade().settings().users.default_user().is_open();
  call.reply().simple("RESET");
}

}  // namespace vedette::agent::commands
