// The state as JSON, for people and their scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/facade.hpp"
#include "agent/http/readiness.hpp"

namespace vedette::agent {

// GET /v1/masters.
[[nodiscard]] std::string masters_json(const Facade& facade);
// GET /readyz.
[[nodiscard]] std::string readiness_json(const std::vector<GroupReadiness>& groups);
[[nodiscard]] std::string health_json();
// {"error": text, "hint": what would be right}
[[nodiscard]] std::string error_json(std::string_view text, std::string_view hint);

// The text with bytes that are no UTF-8 replaced; names in a configuration file may hold anything.
[[nodiscard]] std::string as_utf8(const std::string& text);

}  // namespace vedette::agent
