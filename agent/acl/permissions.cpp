#include "agent/acl/permissions.hpp"

#include <algorithm>

#include "agent/commands/table.hpp"
#include "proto/glob.hpp"
#include "proto/types.hpp"

namespace vedette::agent::acl {

namespace {

constexpr std::string_view bad_syntax = "Syntax error";
constexpr std::string_view all_keys_already =
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
    "any effect. Try 'resetkeys' to start with an empty list of patterns";
constexpr std::string_view all_channels_already =
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not "
    "have any effect. Try 'resetchannels' to start with an empty list of channels";

std::string joined(const std::vector<std::string>& words, std::string_view prefix = "") {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ' ';
    out += prefix;
    out += word;
  }
  return out;
}

// Without its sign: "@all", "@admin", "sentinel", "sentinel|master".
bool covers(std::string_view name, const CommandRef& command) {
  if (name == "@all") return true;
  if (name.starts_with('@')) return is_in_category(*command.spec, name.substr(1));
  if (name == full_name(command)) return true;
  if (command.parent == nullptr) return false;
  if (name == command.parent->name) return true;
  // Rules written for Redis cannot name its Valkey aliases.
  const std::string parent(command.parent->name);
  return !command.spec->alias_of.empty() &&
         name == parent + '|' + std::string(command.spec->alias_of);
}

void add_once(std::vector<std::string>& words, std::string word) {
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
}

}  // namespace

bool has_blank(std::string_view text) {
  return text.find_first_of(std::string_view(" \t\r\n\v\f\0", 7)) != std::string_view::npos;
}

const std::vector<std::string_view>& categories() {
  static const std::vector<std::string_view> all{
      "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
      "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
      "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting"};
  return all;
}

bool is_category(std::string_view name) {
  return std::find(categories().begin(), categories().end(), name) != categories().end();
}

bool is_in_category(const CommandSpec& spec, std::string_view category) {
  const auto has = [&](Category bit) { return (spec.categories & bit) != 0; };
  if (category == "fast") return spec.has(flag_fast);
  if (category == "slow") return !spec.has(flag_fast);
  if (category == "admin") return has(category_admin);
  if (category == "connection") return has(category_connection);
  if (category == "dangerous") return has(category_dangerous);
  if (category == "pubsub") return has(category_pubsub);
  return false;
}

std::string_view Permissions::apply(std::string_view rule) {
  const std::string word = proto::to_lower(rule);
  if (word == "allcommands") return apply_command("+@all");
  if (word == "nocommands") return apply_command("-@all");
  if (rule.starts_with('+') || rule.starts_with('-')) return apply_command(word);
  if (word == "allkeys") return apply_key("~*");
  if (word == "resetkeys") {
    keys_.clear();
    return {};
  }
  if (rule.starts_with('~') || rule.starts_with('%')) return apply_key(rule);
  if (word == "allchannels" || rule == "&*") {
    allow_all_channels();
    return {};
  }
  if (word == "resetchannels") {
    channels_.clear();
    return {};
  }
  if (!rule.starts_with('&') || has_blank(rule)) return bad_syntax;
  if (channels_ == std::vector<std::string>{"*"}) return all_channels_already;
  add_once(channels_, std::string(rule.substr(1)));
  return {};
}

void Permissions::allow_all_channels() { channels_ = {"*"}; }

std::string_view Permissions::apply_command(std::string_view rule) {
  const std::string_view name = rule.substr(1);
  if (name == "@all") {
    commands_ = {std::string(rule)};
    return {};
  }
  const bool known =
      name.starts_with('@') ? is_category(name.substr(1)) : find_by_full_name(name).spec != nullptr;
  if (!known) return unknown_name;
  // What was said about it before counts no more, nor what was said about parts of it.
  std::erase_if(commands_, [&](const std::string& earlier) {
    const std::string_view about = std::string_view(earlier).substr(1);
    return about == name || (about.starts_with(name) && about.substr(name.size()).starts_with('|'));
  });
  commands_.emplace_back(rule);
  return {};
}

std::string_view Permissions::apply_key(std::string_view rule) {
  std::string text(rule);
  if (text != "~*" && keys_ == std::vector<std::string>{"~*"}) return all_keys_already;
  if (rule.starts_with('%')) {
    const std::size_t tilde = rule.find('~');
    if (tilde == std::string_view::npos) return bad_syntax;
    const std::string rights = proto::to_lower(rule.substr(1, tilde - 1));
    const bool reads = rights.find('r') != std::string::npos;
    const bool writes = rights.find('w') != std::string::npos;
    if (rights.empty() || rights.find_first_not_of("rw") != std::string::npos) return bad_syntax;
    const std::string_view prefix = reads && writes ? "" : reads ? "%R" : "%W";
    text = std::string(prefix) + std::string(rule.substr(tilde));
  }
  if (has_blank(text)) return bad_syntax;
  if (text == "~*") {
    keys_ = {text};
    return {};
  }
  add_once(keys_, text);
  return {};
}

bool Permissions::may_run(const CommandRef& command) const {
  const auto decides = std::find_if(commands_.rbegin(), commands_.rend(), [&](const auto& rule) {
    return covers(std::string_view(rule).substr(1), command);
  });
  return decides != commands_.rend() && decides->starts_with('+');
}

bool Permissions::may_use(std::string_view channel, bool is_pattern) const {
  return std::any_of(channels_.begin(), channels_.end(), [&](const std::string& allowed) {
    return allowed == "*" ||
           (is_pattern ? allowed == channel : proto::glob_match(allowed, channel));
  });
}

Denial Permissions::check(const Use& use) const {
  if (!may_run(use.command)) return {Denial::Of::command};
  const auto denied = std::find_if(use.channels.begin(), use.channels.end(), [&](auto channel) {
    return !may_use(channel, use.are_patterns);
  });
  if (denied == use.channels.end()) return {};
  return {Denial::Of::channel, *denied};
}

std::string Permissions::commands() const { return joined(commands_); }
std::string Permissions::keys() const { return joined(keys_); }
std::string Permissions::channels() const { return joined(channels_, "&"); }

std::string Permissions::text() const {
  std::string out;
  if (!keys_.empty()) out += keys() + ' ';
  if (channels_ != std::vector<std::string>{"*"}) out += "resetchannels ";
  if (!channels_.empty()) out += channels() + ' ';
  return out + commands();
}

}  // namespace vedette::agent::acl
