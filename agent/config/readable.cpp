#include "agent/config/readable.hpp"

#include "agent/config/generic_lines.hpp"
#include "agent/config/sentinel_lines.hpp"
#include "agent/config/vedette_lines.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

bool Readable::operator()(const proto::ConfigLine& line) {
  if (line.unbalanced) return false;
  if (line.words.empty()) return true;
  const std::string name = proto::to_lower(line.words.front());
  if (name == "sentinel") {
    return line.words.size() == 1 ||
           SentinelLines::is_well_formed({line.words.begin() + 1, line.words.end()});
  }
  if (name == "vedette") return !apply_vedette(line.words, seen_);
  // Applied, `dir` would move the process; what it names is for the next start to find.
  if (name == "dir" || name == "include") return line.words.size() == 2;
  if (name == "user") return line.words.size() >= 2;
  std::vector<std::string> warnings;
  return !apply_generic(line.words, seen_, warnings);
}

}  // namespace vedette::agent
