// The directives that are not `sentinel` lines. Reference: sentinel-behaviour.md 2.3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/settings.hpp"

namespace vedette::agent {

// Applies one directive (words[0] is its name, in any case). The error text, or nullopt. A
// directive that has no meaning here but belongs in redis.conf is taken with a warning, or silently
// where Sentinel itself writes it into every file.
std::optional<std::string> apply_generic(const std::vector<std::string>& words, Settings& settings,
                                         std::vector<std::string>& warnings);

// Whether the name (lower case) is a directive of Redis 7.0 or of a later Redis or Valkey.
bool is_redis_directive(std::string_view name);

// The answer to a yes/no value, or nullopt.
std::optional<bool> parse_yes_no(std::string_view word);

}  // namespace vedette::agent
