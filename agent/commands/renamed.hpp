// What a command is called here: the `rename-command` lines of the configuration file.
// Reference: sentinel-protocol.md section 15.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/config/settings.hpp"

namespace vedette::agent {

// The command that is called so, "ping" or "command|list"; nullopt: it has another name now, or
// none. What is no command at all is returned as it is.
[[nodiscard]] std::optional<std::string> meant_by(const Settings& settings,
                                                  std::string_view called);
// Whether it can be called at all. `name`: its own, in lower case.
[[nodiscard]] bool is_callable(const Settings& settings, std::string_view name);

}  // namespace vedette::agent
