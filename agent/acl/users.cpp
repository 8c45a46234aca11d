#include "agent/acl/users.hpp"

#include <algorithm>
#include <set>

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

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = line.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

// Each blank is a border and quotes are letters: the file has its own grammar. Whatever is written
// into it can be read again, for no name or rule holds a blank.
std::vector<std::string> split_at_blanks(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
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
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string> words = split_at_blanks(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (words.empty()) continue;
    const std::string where = path + ":" + std::to_string(number);
    if (words.size() < 2 || words.front() != "user") {
      errors += where + " should start with user keyword followed by the username. ";
    } else if (has_blank(words[1])) {
      errors += "'" + where + ": username '" + words[1] + "' contains invalid characters. ";
    } else if (!seen.insert(words[1]).second) {
      errors += "WARNING: Duplicate user '" + words[1] + "' found on line " +
                std::to_string(number) + ". ";
    } else {
      errors += fresh.take_line(words, where + ": ");
    }
  }
  if (errors.empty()) {
    *this = std::move(fresh);
    return {};
  }
  return errors +
         "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";
}

std::string Users::take_line(const std::vector<std::string>& words, const std::string& where) {
  const Rules merged = merge_selectors({words.begin() + 2, words.end()});
  if (!merged.error.empty()) return where + merged.error + ' ';
  User user(new_users_have_all_channels);
  std::string errors;
  bool told = false;  // of what is not about a name, the first mistake of a line
  for (const std::string& rule : merged.words) {
    const std::string problem = user.apply(rule);
    if (problem.empty()) continue;
    const bool names_rule = problem == unknown_name;
    if (!names_rule && told) continue;
    told = told || !names_rule;
    errors += where;
    if (names_rule) errors += "Error in applying operation '" + rule + "': ";
    errors += problem + ". ";
  }
  all_.insert_or_assign(words[1], std::move(user));
  return errors;
}

std::vector<std::string> Users::lines() const {
  std::vector<std::string> out;
  for (const auto& [name, user] : all_) out.push_back("user " + name + ' ' + user.text());
  return out;
}

}  // namespace vedette::agent::acl
