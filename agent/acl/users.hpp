// All users, by name. There always is `default`, the one that whoever connects begins as.
// Reference: sentinel-protocol.md section 3.28, sentinel-behaviour.md section 2.3.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/acl/user.hpp"

namespace vedette::agent::acl {

class Users {
 public:
  static constexpr std::string_view default_name = "default";

  // What a user that is not `default` begins with (acl-pubsub-default).
  bool new_users_have_all_channels = false;

  [[nodiscard]] const std::map<std::string, User>& all() const noexcept { return all_; }
  [[nodiscard]] const User* find(const std::string& name) const;
  [[nodiscard]] const User& default_user() const { return all_.at(std::string(default_name)); }

  // Creates the user, or changes him: all rules or none. "" or the error, which names the rule.
  [[nodiscard]] std::string set(const std::string& name, const std::vector<std::string>& rules);
  // False if there is none.
  bool remove(const std::string& name);
  // `requirepass`: the one password of `default`; "" = none is needed.
  void require_password(const std::string& password);

  // The words of a `user` line behind `user`. "" or the error.
  [[nodiscard]] std::string declare(const std::vector<std::string>& words);

  // The text of an ACL file. All of it is taken, or nothing and the errors are returned.
  [[nodiscard]] std::string load(std::string_view text, const std::string& path);
  // "user default on nopass ~* &* +@all", in the order of the names.
  [[nodiscard]] std::vector<std::string> lines() const;

  bool operator==(const Users&) const = default;

 private:
  // A line of an ACL file: all that is wrong with it, each sentence behind `where`.
  [[nodiscard]] std::string take_line(const std::vector<std::string>& words,
                                      const std::string& where);

  std::map<std::string, User> all_{{std::string(default_name), User::unrestricted()}};
};

}  // namespace vedette::agent::acl
