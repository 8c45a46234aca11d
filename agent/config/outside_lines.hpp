// What the command line and standard input set is saved, as Sentinel saves it: the file alone then
// leads to the same agent.
#pragma once

#include <string>
#include <vector>

#include "agent/config/settings.hpp"

namespace vedette::agent {

// Which setting a line makes: one such line stands in the file.
std::string outside_key(const std::vector<std::string>& words);

// Remembers a directive that was applied and does not stand in a file.
void remember_outside(std::vector<std::string> words, Settings& settings);

}  // namespace vedette::agent
