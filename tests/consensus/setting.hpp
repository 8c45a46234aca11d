// What a scenario starts from: the lines before `start`.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "consensus/core.hpp"
#include "tests/consensus/script.hpp"

namespace vedette::consensus::scenario {

using InfoLines = std::map<std::string, std::string>;  // the lines of an INFO text, by key

class Setting {
 public:
  void read(const std::string& verb, Words& words);

  [[nodiscard]] bool hides(const std::string& verb) const { return hidden_.contains(verb); }
  [[nodiscard]] bool is_legacy(const std::string& peer) const { return legacy_.contains(peer); }
  [[nodiscard]] const Policy& policy() const noexcept { return policy_; }
  // The options of the group, for orders that change one of them.
  [[nodiscard]] GroupOptions options() const;
  // The file at the start: `mymaster` with its replicas and peers, and, if wanted, `othermaster`.
  [[nodiscard]] Durable file() const;
  // What a healthy node says about itself in that role.
  [[nodiscard]] InfoLines usual_info(const std::string& node, proto::Role role) const;

 private:
  void set(const std::string& option, const std::string& value);
  [[nodiscard]] DurableGroup group(const std::string& name, const std::string& master) const;

  GroupOptions options_;
  std::uint64_t quorum_ = 0;  // 0: the majority
  std::uint64_t replicas_ = 2;
  std::uint64_t peers_ = 2;
  std::uint64_t epoch_ = 0;
  unsigned short master_port_ = 6379;
  bool two_groups_ = false;
  std::set<std::string> hidden_;
  std::set<std::string> legacy_;
  Policy policy_;
};

// One option of a group by its name in sentinel.conf.
void set_option(GroupOptions& options, const std::string& option, const std::string& value);

}  // namespace vedette::consensus::scenario
