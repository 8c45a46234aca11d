#include "agent/commands/renamed.hpp"

#include "agent/commands/words.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

std::optional<std::string> meant_by(const Settings& settings, std::string_view called) {
  const auto& renamed = settings.renamed_commands;
  const std::string_view first = called.substr(0, called.find('|'));
  const std::string rest(called.substr(first.size()));
  for (const auto& [name, now] : renamed) {
    if (now.empty()) continue;
    if (proto::equals_ignoring_case(now, called)) return name;
    if (proto::equals_ignoring_case(now, first)) return name + rest;
  }
  if (renamed.contains(proto::to_lower(first))) return std::nullopt;
  return std::string(called);
}

bool is_callable(const Settings& settings, std::string_view name) {
  const auto found = settings.renamed_commands.find(std::string(name));
  return found == settings.renamed_commands.end() || !found->second.empty();
}

}  // namespace vedette::agent
