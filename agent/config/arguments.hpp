// What argv means. Reference: sentinel-behaviour.md 1.1.
#pragma once

#include <string>
#include <vector>

#include "agent/config/settings.hpp"

namespace vedette::agent {

struct Arguments {
  enum class Action { run, version, help, refuse };
  Action action = Action::run;
  std::string refusal;           // of `refuse`: why we do not run
  std::string called_as;         // argv[0] as it was typed
  bool called_as_redis = false;  // redis-* or valkey-*
  Dialect dialect = Dialect::redis;
  std::string executable;   // absolute
  std::string config_file;  // absolute; "" if none was named
  bool read_stdin = false;
  std::string directives;  // the options as lines of a configuration file
};

// `directory` is the working directory, for making paths absolute.
Arguments parse_arguments(const std::vector<std::string>& argv, const std::string& directory);

std::string version_line(const Arguments& arguments);
std::string help_text(const Arguments& arguments);

// `path` in `directory` unless it is absolute; leading "../" are folded.
std::string absolute_path(std::string path, const std::string& directory);

}  // namespace vedette::agent
