// Directives of a data server: a file that was copied from one still loads, and is refused where
// Sentinel refuses it. They mean nothing here.
#pragma once

#include <string>
#include <vector>

#include "agent/config/values.hpp"
#include "agent/dialect.hpp"

namespace vedette::agent {

// What is wrong with it, or nullopt. The name in lower case.
Problem check_foreign(const std::string& name, const std::vector<std::string>& values,
                      Dialect dialect);

}  // namespace vedette::agent
