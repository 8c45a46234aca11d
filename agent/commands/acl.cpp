// Users: what they may do, and what was refused to them.
// Reference: sentinel-protocol.md section 3.28.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/commands/clients.hpp"
#include "agent/commands/handlers.hpp"
#include "agent/commands/permission.hpp"
#include "agent/commands/renamed.hpp"
#include "agent/commands/table.hpp"
#include "agent/commands/words.hpp"
#include "agent/config/load.hpp"
#include "agent/random_id.hpp"

namespace vedette::agent::commands {

namespace {

constexpr std::string_view no_acl_file =
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users "
    "via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
    "configuration file set) in order to store users in the Redis configuration.";

acl::Users& users_of(Call& call) { return call.facade().mutable_settings().users; }

std::string wrong_use(std::string_view subcommand) {
  return "ERR unknown subcommand or wrong number of arguments for '" + std::string(subcommand) +
         "'. Try ACL HELP.";
}

bool still_allowed(const acl::User& user, const Connection& client) {
  const auto permitted = [&](const std::set<std::string>& names, bool are_patterns) {
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return user.may_use_channel(name, are_patterns);
    });
  };
  return permitted(client.channels, false) && permitted(client.patterns, true);
}

// Whoever is logged in as somebody who is gone, or listens to what he may not hear any more.
void close_the_unwelcome(Call& call) {
  std::vector<std::shared_ptr<Connection>> victims;
  for (const auto& [id, client] : call.context.clients.all) {
    const acl::User* const user = users_of(call).find(client->user);
    if (user == nullptr || !still_allowed(*user, *client)) victims.push_back(client);
  }
  for (const auto& victim : victims) close_client(call, *victim);
}

void write_words(proto::ReplyWriter& reply, const std::vector<std::string>& words) {
  reply.array(words.size());
  for (const std::string& word : words) reply.bulk(word);
}

void write_permissions(proto::ReplyWriter& reply, const acl::Permissions& permissions) {
  reply.bulk("commands");
  reply.bulk(permissions.commands());
  reply.bulk("keys");
  reply.bulk(permissions.keys());
  reply.bulk("channels");
  reply.bulk(permissions.channels());
}

void list_category(Call& call, std::string_view category) {
  std::vector<std::string> names;
  const Dialect dialect = call.facade().settings().dialect;
  const auto take = [&](const CommandRef& command) {
    const CommandSpec& spec = *command.spec;
    const bool counts = is_listed(spec, dialect) && acl::is_in_category(spec, category);
    if (counts) names.push_back(full_name(command));
  };
  for (const CommandSpec& spec : command_table()) {
    take({nullptr, &spec});
    for (const CommandSpec& sub : spec.subcommands()) take({&spec, &sub});
  }
  proto::ReplyWriter reply = call.reply();
  write_words(reply, names);
}

void write_refusal(proto::ReplyWriter& reply, const acl::Log::Entry& entry,
                   consensus::Instant now) {
  static constexpr std::string_view reasons[] = {"command", "channel", "auth"};
  const auto pair = [&](std::string_view name, std::string_view value) {
    reply.bulk(name);
    reply.bulk(value);
  };
  reply.map(7);
  reply.bulk("count");
  reply.integer(static_cast<std::int64_t>(entry.count));
  pair("reason", reasons[static_cast<std::size_t>(entry.refused.what)]);
  pair("context", "toplevel");
  pair("object", entry.refused.object);
  pair("username", entry.refused.user);
  reply.bulk("age-seconds");
  reply.real(std::chrono::duration<double>(now - entry.at).count());
  pair("client-info", entry.refused.client);
}

}  // namespace

void acl_cat(Call& call) {
  if (call.size() > 3) return call.error(wrong_use(call.words[1]));
  if (call.size() == 2) {
    proto::ReplyWriter reply = call.reply();
    return write_words(reply, {acl::categories().begin(), acl::categories().end()});
  }
  const std::string category = proto::to_lower(call.words[2]);
  if (acl::is_category(category)) return list_category(call, category);
  call.error("ERR Unknown category '" + std::string(quoted_part(call.words[2])) + "'");
}

void acl_deluser(Call& call) {
  std::int64_t removed = 0;
  for (std::size_t i = 2; i < call.size(); ++i) {
    if (call.words[i] == acl::Users::default_name) {
      return call.error("ERR The 'default' user cannot be removed");
    }
  }
  for (std::size_t i = 2; i < call.size(); ++i) {
    if (users_of(call).remove(call.words[i])) ++removed;
  }
  close_the_unwelcome(call);
  call.reply().integer(removed);
}

void acl_dryrun(Call& call) {
  const acl::User* const user = users_of(call).find(call.words[2]);
  if (user == nullptr) {
    return call.error("ERR User '" + std::string(quoted_part(call.words[2])) + "' not found");
  }
  proto::Request request(call.words.begin() + 3, call.words.end());
  const auto meant = meant_by(call.context.facade.settings(), request.front());
  const std::string called = std::exchange(request.front(), meant.value_or(""));
  const CommandRef found = find_request(request);
  if (found.spec == nullptr) {
    return call.error("ERR Command '" + std::string(quoted_part(called)) + "' not found");
  }
  const std::string name = full_name(found);
  if (!found.spec->takes(request.size())) return call.error(wrong_arity(name));
  const acl::Denial denial = permission_denied(*user, found, request);
  switch (denial.of) {
    case acl::Denial::Of::nothing:
      return call.ok();
    case acl::Denial::Of::command:
      return call.reply().bulk("This user has no permissions to run the '" + name + "' command");
    case acl::Denial::Of::channel:
      return call.reply().bulk("This user has no permissions to access the '" +
                               std::string(denial.channel) + "' channel");
  }
}

void acl_genpass(Call& call) {
  constexpr std::int64_t most = 4096;
  std::int64_t bits = 256;
  if (call.size() > 3) return call.error(wrong_use(call.words[1]));
  if (call.size() == 3) {
    const auto wanted = proto::parse_integer(call.words[2]);
    if (!wanted) return call.error(error_not_integer);
    bits = *wanted;
  }
  if (bits <= 0 || bits > most) {
    return call.error(
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive "
        "number up to 4096");
  }
  call.reply().bulk(random_hex(static_cast<std::size_t>((bits + 3) / 4)));
}

void acl_getuser(Call& call) {
  const acl::User* const user = users_of(call).find(call.words[2]);
  proto::ReplyWriter reply = call.reply();
  if (user == nullptr) return reply.null();
  const auto flags = user->flags();
  reply.map(6);
  reply.bulk("flags");
  reply.set(flags.size());
  for (const std::string_view flag : flags) reply.bulk(flag);
  reply.bulk("passwords");
  write_words(reply, user->passwords());
  write_permissions(reply, user->permissions());
  reply.bulk("selectors");
  reply.array(user->selectors().size());
  for (const acl::Permissions& selector : user->selectors()) {
    reply.map(3);
    write_permissions(reply, selector);
  }
}

void acl_list(Call& call) {
  proto::ReplyWriter reply = call.reply();
  write_words(reply, users_of(call).lines());
}

void acl_load(Call& call) {
  const std::string& path = call.facade().settings().aclfile;
  if (path.empty()) return call.error(no_acl_file);
  const std::string problem = load_users(call.facade().mutable_settings());
  if (!problem.empty()) return call.error("ERR " + problem);
  close_the_unwelcome(call);
  call.ok();
}

void acl_log(Call& call) {
  acl::Log& log = call.context.refusals;
  std::int64_t most = 10;
  if (call.size() > 3) return call.error(wrong_use(call.words[1]));
  if (call.size() == 3) {
    if (is_word(call.words[2], "reset")) {
      log.clear();
      return call.ok();
    }
    const auto wanted = proto::parse_integer(call.words[2]);
    if (!wanted) return call.error(error_not_integer);
    most = std::max<std::int64_t>(*wanted, 0);
  }
  const std::size_t count = std::min(log.entries().size(), static_cast<std::size_t>(most));
  proto::ReplyWriter reply = call.reply();
  reply.array(count);
  for (std::size_t i = 0; i < count; ++i) {
    write_refusal(reply, log.entries()[i], call.facade().now());
  }
}

void acl_save(Call& call) {
  const Settings& settings = call.facade().settings();
  if (settings.aclfile.empty()) return call.error(no_acl_file);
  std::string text;
  for (const std::string& line : settings.users.lines()) text += line + '\n';
  const Deferred deferred = call.defer();
  Facade& facade = call.facade();
  const auto saved = [deferred, &facade, path = settings.aclfile](const std::string& problem) {
    if (problem.empty()) return deferred.ok();
    facade.log(consensus::Level::warning, "Cannot save the users to " + path + ": " + problem);
    deferred.error(
        "ERR There was an error trying to save the ACLs. Please check the server logs "
        "for more information");
  };
  facade.write_file(settings.aclfile, text, saved);
}

// Sentinels of that dialect could not start from a file that names such a command.
bool is_foreign_rule(std::string_view rule, Dialect dialect) {
  if (rule.starts_with('(')) rule.remove_prefix(1);
  if (rule.ends_with(')')) rule.remove_suffix(1);
  if (!rule.starts_with('+') && !rule.starts_with('-')) return false;
  rule.remove_prefix(1);
  const std::size_t bar = std::min(rule.find('|'), rule.size());
  const CommandSpec* spec = find_command(command_table(), rule.substr(0, bar));
  const bool is_parent = spec != nullptr && bar < rule.size();
  if (is_parent && is_listed(*spec, dialect)) {
    spec = find_command(spec->subcommands(), rule.substr(bar + 1));
  }
  return spec != nullptr && !is_listed(*spec, dialect);
}

void acl_setuser(Call& call) {
  const std::string& name = call.words[2];
  if (acl::has_blank(name)) {
    return call.error("ERR Usernames can't contain spaces or null characters");
  }
  for (std::size_t i = 3; i < call.size(); ++i) {
    if (!is_foreign_rule(call.words[i], call.facade().settings().dialect)) continue;
    return call.error("ERR Error in ACL SETUSER modifier '" + call.words[i] +
                      "': Unknown command or category name in ACL");
  }
  const std::string problem = users_of(call).set(name, {call.words.begin() + 3, call.words.end()});
  if (!problem.empty()) return call.error("ERR " + problem);
  close_the_unwelcome(call);
  call.ok();
}

void acl_users(Call& call) {
  std::vector<std::string> names;
  for (const auto& [name, user] : users_of(call).all()) names.push_back(name);
  proto::ReplyWriter reply = call.reply();
  write_words(reply, names);
}

void acl_whoami(Call& call) { call.reply().bulk(call.client.user); }

}  // namespace vedette::agent::commands
