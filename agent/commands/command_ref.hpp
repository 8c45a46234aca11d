// A command and the container that it is in. Apart from the table, which all of the commands'
// sources include, because permissions know commands too.
#pragma once

#include <string>
#include <string_view>

namespace vedette::agent {

struct CommandSpec;

struct CommandRef {
  const CommandSpec* parent = nullptr;  // nullptr for a command of its own
  const CommandSpec* spec = nullptr;    // nullptr: there is none, or no such subcommand of `parent`
};

// "sentinel|master", or "ping" when there is no parent.
[[nodiscard]] std::string full_name(const CommandRef& command);

// By its full name, of any case.
[[nodiscard]] CommandRef find_by_full_name(std::string_view name) noexcept;

}  // namespace vedette::agent
