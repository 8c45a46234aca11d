// COMMAND: the command table as clients and redis-cli ask for it. What we have beyond Redis 7.0.15
// stays out. Reference: sentinel-protocol.md section 3.27.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/acl/permissions.hpp"
#include "agent/commands/handlers.hpp"
#include "agent/commands/renamed.hpp"
#include "agent/commands/table.hpp"
#include "agent/commands/words.hpp"
#include "proto/glob.hpp"

namespace vedette::agent::commands {

namespace {

constexpr std::pair<Flag, std::string_view> flag_words[] = {
    {flag_admin, "admin"},     {flag_pubsub, "pubsub"},     {flag_noscript, "noscript"},
    {flag_loading, "loading"}, {flag_stale, "stale"},       {flag_fast, "fast"},
    {flag_no_auth, "no_auth"}, {flag_no_multi, "no_multi"}, {flag_allow_busy, "allow_busy"},
};

// Hints for clients and proxies, as Redis gives them.
std::span<const std::string_view> tips_of(std::string_view name) {
  static constexpr std::string_view unordered[] = {"nondeterministic_output_order"};
  static constexpr std::string_view varying[] = {"nondeterministic_output"};
  static constexpr std::string_view ping[] = {"request_policy:all_shards",
                                              "response_policy:all_succeeded"};
  static constexpr std::string_view info[] = {
      "nondeterministic_output", "request_policy:all_shards", "response_policy:special"};
  if (name == "ping") return ping;
  if (name == "info") return info;
  if (name == "client|list" || name == "client|info") return varying;
  if (name == "command" || name == "command|docs" || name == "command|list" ||
      name == "command|info") {
    return unordered;
  }
  return {};
}

Dialect dialect_of(const Call& call) { return call.context.facade.settings().dialect; }

std::vector<CommandRef> visible(std::span<const CommandSpec> commands, const CommandSpec* parent,
                                Dialect dialect) {
  std::vector<CommandRef> entries;
  for (const CommandSpec& spec : commands) {
    if (is_listed(spec, dialect)) entries.push_back({parent, &spec});
  }
  return entries;
}

std::vector<CommandRef> all_commands(const Call& call) {
  const Settings& settings = call.context.facade.settings();
  std::vector<CommandRef> entries = visible(command_table(), nullptr, settings.dialect);
  std::erase_if(entries,
                [&](const CommandRef& entry) { return !is_callable(settings, entry.spec->name); });
  return entries;
}

std::vector<CommandRef> children(const CommandRef& entry, Dialect dialect) {
  return visible(entry.spec->subcommands(), entry.spec, dialect);
}

// One that is hidden is none.
CommandRef find(const Call& call, std::string_view called) {
  const Settings& settings = call.context.facade.settings();
  const std::optional<std::string> meant = meant_by(settings, called);
  CommandRef command = meant ? find_by_full_name(*meant) : CommandRef{};
  if (command.spec != nullptr && !is_listed(*command.spec, settings.dialect)) {
    command.spec = nullptr;
  }
  return command;
}

std::vector<std::string_view> flags_of(const CommandSpec& spec) {
  std::vector<std::string_view> words;
  for (const auto& [flag, word] : flag_words) {
    if (spec.has(flag)) words.push_back(word);
  }
  return words;
}

std::vector<std::string_view> categories_of(const CommandSpec& spec) {
  std::vector<std::string_view> words;
  for (const std::string_view category : acl::categories()) {
    if (acl::is_in_category(spec, category)) words.push_back(category);
  }
  return words;
}

void write_info(proto::ReplyWriter& reply, const CommandRef& entry, Dialect dialect) {
  const auto flags = flags_of(*entry.spec);
  const auto categories = categories_of(*entry.spec);
  reply.array(10);
  reply.bulk(full_name(entry));
  const bool other_arity = dialect == Dialect::valkey && entry.spec->valkey_arity != 0;
  reply.integer(other_arity ? entry.spec->valkey_arity : entry.spec->arity);
  reply.set(flags.size());
  for (const std::string_view flag : flags) reply.simple(flag);
  for (int key = 0; key < 3; ++key) reply.integer(0);  // first, last, step: nothing has keys
  reply.set(categories.size());
  for (const std::string_view category : categories) reply.simple("@" + std::string(category));
  const auto tips = tips_of(full_name(entry));
  reply.set(tips.size());
  for (const std::string_view tip : tips) reply.bulk(tip);
  reply.set(0);  // key specifications
  const auto subcommands = children(entry, dialect);
  if (subcommands.empty()) return reply.set(0);
  reply.array(subcommands.size());
  for (const CommandRef& subcommand : subcommands) write_info(reply, subcommand, dialect);
}

void write_docs(proto::ReplyWriter& reply, const CommandRef& entry, Dialect dialect) {
  const auto subcommands = children(entry, dialect);
  reply.bulk(full_name(entry));
  reply.map(subcommands.empty() ? 3 : 4);
  reply.bulk("summary");
  reply.bulk(entry.spec->summary);
  reply.bulk("since");
  reply.bulk("1.0.0");
  reply.bulk("group");
  reply.bulk((entry.spec->categories & category_pubsub) != 0 ? "pubsub" : "server");
  if (subcommands.empty()) return;
  reply.bulk("subcommands");
  reply.map(subcommands.size());
  for (const CommandRef& subcommand : subcommands) write_docs(reply, subcommand, dialect);
}

// FILTERBY of COMMAND LIST; by default everything passes.
struct ListFilter {
  std::string category;  // in lower case
  std::string_view pattern;
  bool modules_only = false;  // there are no modules

  [[nodiscard]] bool passes(const CommandRef& entry) const {
    if (modules_only) return false;
    if (!category.empty() && !acl::is_in_category(*entry.spec, category)) return false;
    return pattern.empty() || proto::glob_match(pattern, full_name(entry), proto::CaseRule::ignore);
  }
};

void write_list(Call& call, const ListFilter& filter) {
  std::vector<std::string> names;
  for (const CommandRef& entry : all_commands(call)) {
    if (filter.passes(entry)) names.push_back(full_name(entry));
    for (const CommandRef& subcommand : children(entry, dialect_of(call))) {
      if (filter.passes(subcommand)) names.push_back(full_name(subcommand));
    }
  }
  proto::ReplyWriter reply = call.reply();
  reply.array(names.size());
  for (const std::string& name : names) reply.bulk(name);
}

void write_all(Call& call) {
  proto::ReplyWriter reply = call.reply();
  const auto entries = all_commands(call);
  reply.array(entries.size());
  for (const CommandRef& entry : entries) write_info(reply, entry, dialect_of(call));
}

}  // namespace

void command(Call& call) { write_all(call); }

void command_count(Call& call) {
  call.reply().integer(static_cast<std::int64_t>(all_commands(call).size()));
}

void command_info(Call& call) {
  if (call.size() == 2) return write_all(call);
  proto::ReplyWriter reply = call.reply();
  reply.array(call.size() - 2);
  for (std::size_t i = 2; i < call.size(); ++i) {
    const CommandRef entry = find(call, call.words[i]);
    if (entry.spec == nullptr) {
      reply.null();
    } else {
      write_info(reply, entry, dialect_of(call));
    }
  }
}

void command_docs(Call& call) {
  std::vector<CommandRef> entries;
  if (call.size() == 2) entries = all_commands(call);
  for (std::size_t i = 2; i < call.size(); ++i) {
    const CommandRef entry = find(call, call.words[i]);
    if (entry.spec != nullptr) entries.push_back(entry);
  }
  proto::ReplyWriter reply = call.reply();
  reply.map(entries.size());
  for (const CommandRef& entry : entries) write_docs(reply, entry, dialect_of(call));
}

void command_list(Call& call) {
  ListFilter filter;
  if (call.size() == 5 && is_word(call.words[2], "filterby")) {
    const std::string& kind = call.words[3];
    if (is_word(kind, "module")) {
      filter.modules_only = true;
    } else if (is_word(kind, "aclcat")) {
      filter.category = proto::to_lower(call.words[4]);
    } else if (is_word(kind, "pattern")) {
      filter.pattern = call.words[4];
    } else {
      return call.error(error_syntax);
    }
  } else if (call.size() != 2) {
    return call.error(error_syntax);
  }
  write_list(call, filter);
}

void command_getkeys(Call& call) {
  const bool known = find(call, call.words[2]).spec != nullptr;
  call.error(known ? "ERR The command has no key arguments" : "ERR Invalid command specified");
}

}  // namespace vedette::agent::commands
