// The one place where commands are listed.
// Reference: sentinel-protocol.md section 2.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "agent/commands/call.hpp"
#include "agent/commands/command_ref.hpp"
#include "agent/dialect.hpp"

namespace vedette::agent {

// Command flags, in the order in which COMMAND reports them, then ours.
enum Flag : unsigned {
  flag_admin = 1U << 0,
  flag_pubsub = 1U << 1,
  flag_noscript = 1U << 2,
  flag_loading = 1U << 3,
  flag_stale = 1U << 4,
  flag_fast = 1U << 5,
  flag_no_auth = 1U << 6,
  flag_no_multi = 1U << 7,
  flag_allow_busy = 1U << 8,
  // Executable, but Redis 7.0.15 has no such command: absent from COMMAND and from HELP.
  flag_hidden = 1U << 16,
  // Allowed to a RESP2 connection that has subscriptions.
  flag_subscriber = 1U << 17,
  // Of the hidden ones: listed in the dialect of Valkey.
  flag_valkey = 1U << 18
};

// ACL categories. @fast and @slow follow from flag_fast.
enum Category : unsigned {
  category_admin = 1U << 0,
  category_connection = 1U << 1,
  category_dangerous = 1U << 2,
  category_pubsub = 1U << 3
};

using Handler = void (*)(Call& call);

struct CommandSpec {
  std::string_view name;  // lower case
  int arity;              // words including the command's names; negative: at least that many
  unsigned flags;
  unsigned categories;
  Handler handler;         // of a container: for the bare command
  std::string_view usage;  // the arguments, as HELP shows them
  std::string_view summary;
  const CommandSpec* first_subcommand = nullptr;
  std::size_t subcommand_count = 0;
  // 0: as in Redis.
  int valkey_arity = 0;
  std::string_view alias_of = {};  // in the same container; what denies that one denies this, too

  [[nodiscard]] std::span<const CommandSpec> subcommands() const noexcept {
    return {first_subcommand, subcommand_count};
  }
  [[nodiscard]] bool has(Flag flag) const noexcept { return (flags & flag) != 0; }
  [[nodiscard]] bool takes(std::size_t words) const noexcept {
    const auto minimum = static_cast<std::size_t>(arity < 0 ? -arity : arity);
    return arity < 0 ? words >= minimum : words == minimum;
  }
};

// Whether COMMAND and HELP tell of it.
[[nodiscard]] inline bool is_listed(const CommandSpec& spec, Dialect dialect) noexcept {
  return !spec.has(flag_hidden) || (dialect == Dialect::valkey && spec.has(flag_valkey));
}

[[nodiscard]] std::span<const CommandSpec> command_table() noexcept;

// Case-insensitive; nullptr if there is none.
[[nodiscard]] const CommandSpec* find_command(std::span<const CommandSpec> commands,
                                              std::string_view name) noexcept;

}  // namespace vedette::agent
