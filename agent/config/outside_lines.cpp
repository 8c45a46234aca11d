#include "agent/config/outside_lines.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "agent/config/generic_lines.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

std::string outside_key(const std::vector<std::string>& words) {
  const std::string name = proto::to_lower(words.front());
  std::string key = "=" + name;
  // One line for each class of clients; one for each setting of ours, and each master of `voters`.
  std::size_t more = 0;
  if (name == "client-output-buffer-limit") more = 1;
  if (name == "vedette") more = words.size() > 2 ? words.size() - 2 : 0;
  for (std::size_t i = 1; i <= more && i < words.size(); ++i) key += '\n' + words[i];
  return key;
}

void remember_outside(std::vector<std::string> words, Settings& settings) {
  std::string& name = words.front();
  name = proto::to_lower(name);
  if (name != "vedette" && !is_setting(name)) return;
  if (name == "dir") {
    // The next start may begin elsewhere.
    std::error_code ignored;
    const auto now = std::filesystem::current_path(ignored);
    if (!now.empty()) words.back() = now.string();
  }
  settings.from_outside[outside_key(words)] = std::move(words);
}

}  // namespace vedette::agent
