#include "agent/acl/users.hpp"

#include <set>

#include "proto/config_file.hpp"

namespace vedette::agent::acl {

namespace {

struct Applied {
  std::string rule;  // the one that was wrong
  std::string problem;
};

Applied apply_all(User& user, const std::vector<std::string>& rules) {
  for (const std::string& rule : rules) {
    std::string problem = user.apply(rule);
    if (!problem.empty()) return {rule, std::move(problem)};
  }
  return {};
}

}  // namespace

const User* Users::find(const std::string& name) const {
  const auto found = all_.find(name);
  return found == all_.end() ? nullptr : &found->second;
}

std::string Users::set(const std::string& name, const std::vector<std::string>& rules) {
  const Rules merged = merge_selectors(rules);
  if (!merged.error.empty()) return merged.error;
  const User* const known = find(name);
  User user = known != nullptr ? *known : User(new_users_have_all_channels);
  const Applied applied = apply_all(user, merged.words);
  if (!applied.problem.empty()) {
    return "Error in ACL SETUSER modifier '" + applied.rule + "': " + applied.problem;
  }
  all_.insert_or_assign(name, std::move(user));
  return {};
}

bool Users::remove(const std::string& name) { return all_.erase(name) > 0; }

void Users::require_password(const std::string& password) {
  User& user = all_.at(std::string(default_name));
  const std::string rule = password.empty() ? "nopass" : ">" + password;
  for (const std::string& each : {std::string("resetpass"), rule}) {
    static_cast<void>(user.apply(each));
  }
}

std::string Users::declare(const std::vector<std::string>& words) {
  const std::string& name = words.front();
  const Rules merged = merge_selectors({words.begin() + 1, words.end()});
  if (!merged.error.empty()) return merged.error;
  User user(new_users_have_all_channels);
  const Applied applied = apply_all(user, merged.words);
  if (!applied.problem.empty()) {
    return "Error in user declaration '" + name + "': " + applied.problem + " at '" + applied.rule +
           "'";
  }
  all_.insert_or_assign(name, std::move(user));
  return {};
}

std::string Users::load(std::string_view text, const std::string& path) {
  Users fresh;
  fresh.new_users_have_all_channels = new_users_have_all_channels;
  std::set<std::string> seen;
  std::string errors;
  for (const proto::ConfigLine& line : proto::parse_config(text)) {
    const std::string where = path + ":" + std::to_string(line.number);
    if (line.words.empty() && !line.unbalanced) continue;
    if (line.unbalanced) {
      errors += where + ": Unbalanced quotes. ";
    } else if (line.words.size() < 2 || line.words.front() != "user") {
      errors += where + " should start with user keyword followed by the username. ";
    } else if (!seen.insert(line.words[1]).second) {
      errors += where + ": Duplicate user '" + line.words[1] + "'. ";
    } else {
      const std::string problem = fresh.declare({line.words.begin() + 1, line.words.end()});
      if (!problem.empty()) errors += where + ": " + problem + ". ";
    }
  }
  if (errors.empty()) {
    *this = std::move(fresh);
    return {};
  }
  return errors +
         "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";
}

std::vector<std::string> Users::lines() const {
  std::vector<std::string> out;
  for (const auto& [name, user] : all_) out.push_back("user " + name + ' ' + user.text());
  return out;
}

}  // namespace vedette::agent::acl
