#include "agent/commands/renamed.hpp"

#include <algorithm>

#include "agent/commands/words.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

std::optional<std::string> meant_by(const Settings& settings, std::string_view called) {
  const auto& renamed = settings.renamed_commands;
  const std::string_view first = called.substr(0, called.find('|'));
  const std::string rest(called.substr(first.size()));
  const auto names_it = [&](const auto& entry) {
    return !entry.second.empty() && proto::equals_ignoring_case(entry.second, first);
  };
  const auto found = std::find_if(renamed.begin(), renamed.end(), names_it);
  if (found != renamed.end()) return found->first + rest;
  if (renamed.contains(proto::to_lower(first))) return std::nullopt;
  return std::string(called);
}

bool is_callable(const Settings& settings, std::string_view name) {
  const auto found = settings.renamed_commands.find(std::string(name));
  return found == settings.renamed_commands.end() || !found->second.empty();
}

}  // namespace vedette::agent
