// The settings of ours: lines that begin with `vedette`. All are listed in README.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/config/settings.hpp"

namespace vedette::agent {

// Applies one line (words[0] is `vedette`). The error text, or nullopt.
std::optional<std::string> apply_vedette(const std::vector<std::string>& words, Settings& settings);

}  // namespace vedette::agent
