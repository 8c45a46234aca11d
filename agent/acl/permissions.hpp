// What somebody may do: commands, keys and channels. A user has one set of these, and may have more
// ("selectors"); whatever one of them allows is allowed.
// Reference: sentinel-protocol.md sections 2 and 3.28.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/commands/command_ref.hpp"

namespace vedette::agent::acl {

inline constexpr std::string_view unknown_name = "Unknown command or category name in ACL";

// What somebody is about to do.
struct Use {
  CommandRef command;
  std::vector<std::string_view> channels{};
  bool are_patterns = false;  // to subscribe to; must be allowed word for word
};

struct Denial {
  enum class Of { nothing, command, channel };
  Of of = Of::nothing;
  std::string_view channel{};  // the first one that is not allowed
};

class Permissions {
 public:
  // Takes one rule in the words of ACL SETUSER: "+ping", "-@admin", "~key*", "resetchannels". ""
  // when it was taken, else what is wrong with it.
  [[nodiscard]] std::string_view apply(std::string_view rule);

  [[nodiscard]] Denial check(const Use& use) const;
  [[nodiscard]] bool may_use(std::string_view channel, bool is_pattern) const;

  // "-@all +ping"
  [[nodiscard]] std::string commands() const;
  [[nodiscard]] std::string keys() const;      // "~a* %R~b", "" for none
  [[nodiscard]] std::string channels() const;  // "&a*", "" for none
  // All of it, as a rule that makes the same again.
  [[nodiscard]] std::string text() const;

  void allow_all_channels();

  bool operator==(const Permissions&) const = default;

 private:
  [[nodiscard]] bool may_run(const CommandRef& command) const;
  [[nodiscard]] std::string_view apply_command(std::string_view rule);
  [[nodiscard]] std::string_view apply_key(std::string_view rule);

  std::vector<std::string> commands_{
      "-@all"};                        // in the order in which they count, the last one most
  std::vector<std::string> keys_;      // as "~a*", "%R~b"
  std::vector<std::string> channels_;  // without "&"
};

// The 21 categories that Redis 7.0.15 knows, in its order; most are empty here.
[[nodiscard]] const std::vector<std::string_view>& categories();
// No name and no rule may hold one: blank space, or a zero byte.
[[nodiscard]] bool has_blank(std::string_view text);
[[nodiscard]] bool is_category(std::string_view name);
[[nodiscard]] bool is_in_category(const CommandSpec& spec, std::string_view category);

}  // namespace vedette::agent::acl
