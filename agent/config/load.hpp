// From configuration text to settings. Reference: sentinel-behaviour.md 1.2, 1.3 and 2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/settings.hpp"
#include "consensus/durable.hpp"
#include "consensus/options.hpp"

namespace vedette::agent {

struct Loaded {
  Settings settings;
  consensus::Durable durable;
  bool has_id = false;                // false: durable.my_id was made up and is not in any file yet
  std::vector<std::string> warnings;  // for the log, once there is one
};

// Why the configuration cannot be used. Thrown by load_config.
struct ConfigError {
  enum class Where {
    line,  // a line of the text: the block on standard error names it
    file,  // the block without a line
    log    // a file that cannot be opened: a line of the log
  };
  Where where = Where::line;
  std::size_t line = 0;
  std::string text;  // of the line
  std::string message;
};

// The text on standard error, as the original prints it. For Where::line and Where::file.
std::string error_block(const ConfigError& error, Dialect dialect);

// The three sources, in the order in which they count. Line numbers in errors count over all of
// them.
struct ConfigSources {
  std::string file;
  std::string standard_input;
  std::string command_line;
  Dialect dialect = Dialect::redis;
};

// Plain directives act in order, `dir` at once (chdir); sentinel lines follow in three passes.
Loaded load_config(const ConfigSources& sources);

// The text of a file; throws ConfigError{log} in the words of the original.
std::string read_config_file(const std::string& path);

// Reads settings.aclfile into settings.users. "" or the error; nothing has changed then.
std::string load_users(Settings& settings);

// How others reach us, from announce-ip, announce-port and the ports.
consensus::Announced announced(const Settings& settings);

}  // namespace vedette::agent
