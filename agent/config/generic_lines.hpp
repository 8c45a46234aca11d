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

// Whether the directive of this name (lower case) sets anything here.
bool is_setting(std::string_view name);

}  // namespace vedette::agent
