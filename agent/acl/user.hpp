// One user: whether and how he may log in, and what he may do then.
// Reference: sentinel-protocol.md section 3.28.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/acl/permissions.hpp"

namespace vedette::agent::acl {

// 64 lower-case hex digits of SHA-256.
[[nodiscard]] std::string hash_of(std::string_view password);

class User {
 public:
  // Off, without passwords and permissions.
  explicit User(bool all_channels = false);
  // On, needs no password, may do everything: `default`, unless something else is said.
  [[nodiscard]] static User unrestricted();

  // Takes one rule of ACL SETUSER. "" when it was taken, else what is wrong with it.
  [[nodiscard]] std::string apply(std::string_view rule);

  [[nodiscard]] bool may_log_in(std::string_view password) const;
  [[nodiscard]] bool is_enabled() const noexcept { return enabled_; }
  // Whoever connects is this user without a password.
  [[nodiscard]] bool is_open() const noexcept { return enabled_ && no_password_; }
  [[nodiscard]] bool needs_no_password() const noexcept { return no_password_; }

  // One of his sets of permissions must allow all of it; else what the best of them denies.
  [[nodiscard]] Denial check(const Use& use) const;

  [[nodiscard]] bool may_use_channel(std::string_view channel, bool is_pattern) const;

  // "on", "nopass" ...
  [[nodiscard]] std::vector<std::string_view> flags() const;
  [[nodiscard]] const std::vector<std::string>& passwords() const noexcept { return passwords_; }
  [[nodiscard]] const Permissions& permissions() const noexcept { return permissions_; }
  [[nodiscard]] const std::vector<Permissions>& selectors() const noexcept { return selectors_; }
  // All rules, as ACL LIST shows them behind the name.
  [[nodiscard]] std::string text() const;

  bool operator==(const User&) const = default;

 private:
  enum class Sanitize { unsaid, yes, no };  // has no meaning without RESTORE, but is kept

  [[nodiscard]] bool has_password(const std::string& hash) const;
  [[nodiscard]] std::string apply_password(std::string_view rule);
  [[nodiscard]] std::string apply_selector(std::string_view rule);

  bool all_channels_;  // what a user begins with
  bool enabled_ = false;
  bool no_password_ = false;
  Sanitize sanitize_ = Sanitize::unsaid;
  std::vector<std::string> passwords_;  // hashes
  Permissions permissions_;
  std::vector<Permissions> selectors_;
};

// "(+ping ~a*)" may have come as several words: puts them together again. An error that names the
// word at which an unclosed one begins.
struct Rules {
  std::vector<std::string> words;
  std::string error;
};
[[nodiscard]] Rules merge_selectors(const std::vector<std::string>& words);

}  // namespace vedette::agent::acl
