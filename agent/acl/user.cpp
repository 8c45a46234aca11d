#include "agent/acl/user.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "agent/hex.hpp"
#include "proto/config_file.hpp"
#include "proto/types.hpp"

namespace vedette::agent::acl {

namespace {

constexpr std::string_view bad_syntax = "Syntax error";
constexpr std::string_view bad_hash =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters";
constexpr std::string_view no_such_password =
    "The password you are trying to remove from the user does not exist";

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string hash_of(std::string_view password) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  ::SHA256(reinterpret_cast<const unsigned char*>(password.data()), password.size(), digest.data());
  return to_hex(digest);
}

User::User(bool all_channels) : all_channels_(all_channels) {
  if (all_channels) permissions_.allow_all_channels();
}

User User::unrestricted() {
  User user;
  for (const std::string_view rule : {"on", "nopass", "~*", "&*", "+@all"}) {
    static_cast<void>(user.apply(rule));
  }
  return user;
}

std::string User::apply(std::string_view rule) {
  const std::string word = proto::to_lower(rule);
  if (word == "on") {
    enabled_ = true;
  } else if (word == "off") {
    enabled_ = false;
  } else if (word == "nopass") {
    no_password_ = true;
    passwords_.clear();
  } else if (word == "resetpass") {
    no_password_ = false;
    passwords_.clear();
  } else if (word == "sanitize-payload") {
    sanitize_ = Sanitize::yes;
  } else if (word == "skip-sanitize-payload") {
    sanitize_ = Sanitize::no;
  } else if (word == "clearselectors") {
    selectors_.clear();
  } else if (word == "reset") {
    *this = User(all_channels_);
    sanitize_ = Sanitize::yes;
  } else if (!rule.empty() && std::string_view("><#!").find(rule.front()) != std::string::npos) {
    return apply_password(rule);
  } else if (rule.starts_with('(')) {
    return apply_selector(rule);
  } else {
    return std::string(permissions_.apply(rule));
  }
  return {};
}

std::string User::apply_password(std::string_view rule) {
  const char kind = rule.front();
  const std::string_view value = rule.substr(1);
  const bool hashed = kind == '#' || kind == '!';
  if (hashed && !is_hash(value)) return std::string(bad_hash);
  const std::string hash = hashed ? std::string(value) : hash_of(value);
  if (kind == '<' || kind == '!') {
    return std::erase(passwords_, hash) == 0 ? std::string(no_such_password) : std::string{};
  }
  if (!has_password(hash)) passwords_.push_back(hash);
  no_password_ = false;
  return {};
}

std::string User::apply_selector(std::string_view rule) {
  if (!rule.ends_with(')')) return std::string(bad_syntax);
  const auto words = proto::split_words(rule.substr(1, rule.size() - 2));
  if (!words) return std::string(bad_syntax);
  Permissions selector;
  if (all_channels_) selector.allow_all_channels();
  for (const std::string& word : *words) {
    const std::string_view problem = selector.apply(word);
    if (!problem.empty()) return std::string(problem);
  }
  selectors_.push_back(std::move(selector));
  return {};
}

bool User::has_password(const std::string& hash) const {
  return std::find(passwords_.begin(), passwords_.end(), hash) != passwords_.end();
}

bool User::may_log_in(std::string_view password) const {
  return enabled_ && (no_password_ || has_password(hash_of(password)));
}

Denial User::check(const Use& use) const {
  Denial denial = permissions_.check(use);
  for (const Permissions& selector : selectors_) {
    if (denial.of == Denial::Of::nothing) break;
    const Denial other = selector.check(use);
    if (other.of != Denial::Of::command) denial = other;
  }
  return denial;
}

bool User::may_use_channel(std::string_view channel, bool is_pattern) const {
  return permissions_.may_use(channel, is_pattern) ||
         std::any_of(selectors_.begin(), selectors_.end(),
                     [&](const Permissions& each) { return each.may_use(channel, is_pattern); });
}

std::vector<std::string_view> User::flags() const {
  std::vector<std::string_view> out{enabled_ ? "on" : "off"};
  if (no_password_) out.emplace_back("nopass");
  if (sanitize_ == Sanitize::yes) out.emplace_back("sanitize-payload");
  if (sanitize_ == Sanitize::no) out.emplace_back("skip-sanitize-payload");
  return out;
}

std::string User::text() const {
  std::string out;
  for (const std::string_view flag : flags()) out += std::string(flag) + ' ';
  for (const std::string& hash : passwords_) out += '#' + hash + ' ';
  out += permissions_.text();
  for (const Permissions& selector : selectors_) out += " (" + selector.text() + ')';
  return out;
}

Rules merge_selectors(const std::vector<std::string>& words) {
  Rules rules;
  bool open = false;
  for (const std::string& word : words) {
    if (open) {
      rules.words.back() += ' ' + word;
    } else {
      rules.words.push_back(word);
      open = word.starts_with('(');
    }
    if (open && word.ends_with(')')) open = false;
  }
  if (open) {
    rules.error = "Unmatched parenthesis in acl selector starting at '" +
                  rules.words.back().substr(0, rules.words.back().find(' ')) + "'.";
  }
  return rules;
}

}  // namespace vedette::agent::acl
