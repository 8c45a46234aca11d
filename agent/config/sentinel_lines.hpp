// The `sentinel` lines and our comment lines: what is monitored, and what the agent must remember.
// Reference: sentinel-behaviour.md 2.2, 3.3 and 3.6.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/load.hpp"
#include "proto/config_file.hpp"

namespace vedette::agent {

// One `sentinel ...` line, kept until its pass.
struct SentinelLine {
  std::size_t number = 0;
  std::string text;
  std::vector<std::string> words;  // without "sentinel"
  bool main_file = false;          // not from an included file, standard input or the command line
};

// Applies the lines, three passes over them: the process, the masters, all else. Throws
// ConfigError.
class SentinelLines {
 public:
  explicit SentinelLines(Loaded& out) : out_(out) {}

  void apply(const std::vector<SentinelLine>& lines);
  // A known directive with as many words as it takes.
  [[nodiscard]] static bool is_well_formed(const std::vector<std::string>& words);
  // `# vedette:<what> <master> ...`; anything that does not make sense is left alone.
  void apply_comments(const std::vector<std::string>& comments);
  // Hands the groups over, ordered by name, and makes the epochs consistent.
  void finish();

 private:
  using Words = std::vector<std::string>;
  using Problem = std::optional<std::string>;
  struct Directive;
  static const std::vector<Directive>& directives();
  static const Directive* find(const Words& words);

  struct Group {
    consensus::DurableGroup durable;
    bool main_file = false;
  };
  Group* group(const std::string& name);

  Problem monitor(const Words& words);
  Problem period(const Words& words);
  Problem reboot_period(const Words& words);
  Problem parallel_syncs(const Words& words);
  Problem script(const Words& words);
  Problem credentials(const Words& words);
  Problem epoch(const Words& words);
  Problem known_replica(const Words& words);
  Problem known_sentinel(const Words& words);
  Problem rename_command(const Words& words);
  Problem my_id(const Words& words);
  Problem current_epoch(const Words& words);
  Problem announce(const Words& words);
  Problem flag(const Words& words);
  Problem peer_credentials(const Words& words);

  Problem check_host(const std::string& host) const;
  proto::Epoch read_epoch(const std::string& word, const std::string& what);
  void apply_comment(const Words& words);

  Loaded& out_;
  std::map<std::string, Group> groups_;
  std::map<std::pair<std::string, std::string>, bool> renamed_by_main_file_;
  bool line_in_main_file_ = false;  // of the line being applied
};

}  // namespace vedette::agent
