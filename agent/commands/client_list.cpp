// CLIENT LIST, INFO and KILL: describing connections and choosing among them.
// Reference: sentinel-protocol.md section 3.26.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/commands/clients.hpp"
#include "agent/commands/handlers.hpp"
#include "agent/commands/words.hpp"

namespace vedette::agent {

namespace {

std::int64_t seconds_since(consensus::Instant then, consensus::Instant now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
}

}  // namespace

void log_client(const CommandContext& context, const Connection& client, std::string_view what) {
  const auto& least = context.facade.settings().loglevel;
  if (!least || *least > consensus::Level::verbose) return;
  std::string line = std::string(what) + ' ' + describe_client(client, context.facade);
  line.pop_back();
  context.facade.log(consensus::Level::verbose, line);
}

void note_refusal(CommandContext& context, const Connection& client, acl::Refused::What what,
                  std::string object, const std::string& user) {
  const consensus::Instant now = context.facade.now();
  std::string line = describe_client(client, context.facade);
  line.pop_back();
  context.refusals.add({what, std::move(object), user, std::move(line)}, now);
}

std::string flags_of(const Connection& client) {
  std::string flags;
  if (client.subscriptions() > 0) flags += 'P';
  if (client.over_unix_socket) flags += 'U';
  return flags.empty() ? "N" : flags;
}

// One line. What we do not measure, because nothing here allocates that way, reads 0.
std::string describe_client(const Connection& client, const Facade& facade) {
  const consensus::Instant now = facade.now();
  const bool valkey = facade.settings().dialect == Dialect::valkey;
  std::string line;
  const auto field = [&line](std::string_view name, const std::string& value) {
    if (!line.empty()) line += ' ';
    line += name;
    line += '=';
    line += value;
  };
  const auto number = [](auto value) { return std::to_string(value); };
  const std::size_t pending = client.output.pending();
  field("id", number(client.id));
  field("addr", client.peer);
  field("laddr", client.local);
  field("fd", number(client.descriptor));
  field("name", client.name);
  field("age", number(seconds_since(client.connected_at, now)));
  field("idle", number(seconds_since(client.active_at, now)));
  field("flags", flags_of(client));
  field("db", "0");
  field("sub", number(client.channels.size()));
  field("psub", number(client.patterns.size()));
  field("ssub", "0");
  field("multi", "-1");
  if (valkey) field("watch", "0");
  field("qbuf", number(client.unread));
  for (const std::string_view name : {"qbuf-free", "argv-mem", "multi-mem", "rbs", "rbp", "obl"}) {
    field(name, "0");
  }
  field("oll", number(client.output.queue_length()));
  field("omem", number(pending));
  field("tot-mem", number(sizeof(Connection) + pending + client.unread));
  field("events", pending > 0 ? "rw" : "r");
  field("cmd", client.last_command);
  field("user", client.user);
  field("redir", "-1");
  field("resp", client.version == proto::RespVersion::v3 ? "3" : "2");
  if (valkey || !client.library_name.empty()) field("lib-name", client.library_name);
  if (valkey || !client.library_version.empty()) field("lib-ver", client.library_version);
  if (valkey) {
    field("tot-net-in", number(client.bytes_in));
    field("tot-net-out", number(client.bytes_out));
    field("tot-cmds", number(client.commands));
  }
  line += '\n';
  return line;
}

void close_client(const Call& call, Connection& victim) {
  if (&victim == &call.client) {
    victim.closing = true;  // it still gets the answer
  } else if (victim.transport != nullptr) {
    victim.transport->abort();
  }
}

namespace commands {

namespace {

enum class ClientType { normal, pubsub, other };  // other: kinds that only a data store has

std::optional<ClientType> parse_type(const std::string& word) {
  if (is_word(word, "normal")) return ClientType::normal;
  if (is_word(word, "pubsub")) return ClientType::pubsub;
  for (const std::string_view kind : {"master", "slave", "replica", "primary"}) {
    if (is_word(word, kind)) return ClientType::other;
  }
  return std::nullopt;
}

ClientType type_of(const Connection& client) {
  return client.subscriptions() > 0 ? ClientType::pubsub : ClientType::normal;
}

std::string unknown_type(const std::string& word) {
  return "ERR Unknown client type '" + std::string(quoted_part(word)) + "'";
}

// Any number may be asked for; nobody has one below 1.
std::optional<std::uint64_t> parse_id(const std::string& word) {
  const auto id = proto::parse_integer(word);
  return id ? std::optional(static_cast<std::uint64_t>(std::max<std::int64_t>(*id, 0)))
            : std::nullopt;
}

struct Filter {
  std::set<std::uint64_t> ids;
  std::optional<ClientType> type;
  std::optional<std::string> peer;
  std::optional<std::string> local;
  std::optional<std::string> user;
  bool skip_me = true;
  std::string error;

  [[nodiscard]] bool matches(const Connection& client) const {
    return (ids.empty() || ids.count(client.id) > 0) && (!type || type_of(client) == *type) &&
           (!peer || client.peer == *peer) && (!local || client.local == *local) &&
           (!user || client.user == *user);
  }
};

// One filter of CLIENT KILL; the error is in `filter`.
void read_filter(const std::string& name, const std::string& value, const acl::Users& users,
                 Filter& filter) {
  if (is_word(name, "id")) {
    const auto id = parse_id(value);
    if (!id || *id == 0) filter.error = "ERR client-id should be greater than 0";
    if (id) filter.ids = {*id};
  } else if (is_word(name, "type")) {
    filter.type = parse_type(value);
    if (!filter.type) filter.error = unknown_type(value);
  } else if (is_word(name, "addr")) {
    filter.peer = value;
  } else if (is_word(name, "laddr")) {
    filter.local = value;
  } else if (is_word(name, "user")) {
    filter.user = value;
    if (users.find(value) == nullptr) {
      filter.error = "ERR No such user '" + std::string(quoted_part(value)) + "'";
    }
  } else if (is_word(name, "skipme") && (is_word(value, "yes") || is_word(value, "no"))) {
    filter.skip_me = is_word(value, "yes");
  } else {
    filter.error = error_syntax;
  }
}

std::int64_t kill(Call& call, const Filter& filter) {
  std::vector<std::shared_ptr<Connection>> victims;
  for (const auto& [id, client] : call.context.clients.all) {
    if (client.get() == &call.client && filter.skip_me) continue;
    if (filter.matches(*client)) victims.push_back(client);
  }
  for (const auto& victim : victims) close_client(call, *victim);
  return static_cast<std::int64_t>(victims.size());
}

}  // namespace

void client_info(Call& call) { call.reply().verbatim(describe_client(call.client, call.facade())); }

void client_list(Call& call) {
  Filter filter;
  if (call.size() == 4 && is_word(call.words[2], "type")) {
    filter.type = parse_type(call.words[3]);
    if (!filter.type) return call.error(unknown_type(call.words[3]));
  } else if (call.size() > 3 && is_word(call.words[2], "id")) {
    for (std::size_t i = 3; i < call.size(); ++i) {
      const auto id = parse_id(call.words[i]);
      if (!id) return call.error("ERR Invalid client ID");
      filter.ids.insert(*id);
    }
  } else if (call.size() != 2) {
    return call.error(error_syntax);
  }
  std::string text;
  for (const auto& [id, client] : call.context.clients.all) {
    if (filter.matches(*client)) text += describe_client(*client, call.facade());
  }
  call.reply().verbatim(text);
}

void client_kill(Call& call) {
  Filter filter;
  if (call.size() == 3) {
    filter.peer = call.words[2];
    filter.skip_me = false;
    if (kill(call, filter) == 0) return call.error("ERR No such client");
    return call.ok();
  }
  if (call.size() % 2 != 0) return call.error(error_syntax);
  for (std::size_t i = 2; i < call.size(); i += 2) {
    read_filter(call.words[i], call.words[i + 1], call.facade().settings().users, filter);
    if (!filter.error.empty()) return call.error(filter.error);
  }
  call.reply().integer(kill(call, filter));
}

}  // namespace commands

}  // namespace vedette::agent
