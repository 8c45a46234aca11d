#include "agent/config/load.hpp"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "agent/config/arguments.hpp"
#include "agent/config/damaged_lines.hpp"
#include "agent/config/generic_lines.hpp"
#include "agent/config/outside_lines.hpp"
#include "agent/config/sentinel_lines.hpp"
#include "agent/config/vedette_lines.hpp"
#include "agent/random_id.hpp"
#include "proto/config_file.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

namespace {

using Where = ConfigError::Where;

class Loader {
 public:
  Loaded load(const ConfigSources& sources) {
    out_.settings.dialect = sources.dialect;
    std::string text = sources.file;
    // The lines behind these are not in the file that is rewritten.
    const std::size_t file_lines = proto::parse_config(text).size();
    if (!sources.standard_input.empty()) {
      if (!text.empty() && !text.ends_with('\n')) text += '\n';
      text += sources.standard_input;
    }
    if (!sources.command_line.empty()) text += '\n' + sources.command_line;
    damaged_ = is_written_by_sentinel(sources.file);
    find_dialect(text);
    read(text, file_lines, 0);

    SentinelLines sentinel(out_);
    if (damaged_) repair();
    sentinel.apply(lines_);
    sentinel.apply_comments(comments_);
    sentinel.finish();
    apply_users();
    return std::move(out_);
  }

 private:
  void read(std::string_view text, std::size_t main_lines, unsigned depth) {
    for (proto::ConfigLine& line : proto::parse_config(text)) {
      const auto refuse = [&](const std::string& message) {
        throw ConfigError{Where::line, line.number, line.text, message};
      };
      if (line.unbalanced) {
        // A Sentinel wrote it so: SentinelLines reads it again.
        if (line.number > main_lines || !damaged_ || !read_damaged(line.text)) {
          refuse("Unbalanced quotes in configuration line");
        }
        lines_.push_back({line.number, line.text, {}, true});
        continue;
      }
      if (line.text.starts_with('#')) comments_.push_back(line.text);
      if (line.words.empty()) continue;
      const std::string name = proto::to_lower(line.words.front());
      if (name == "sentinel") {
        if (line.words.size() == 1) continue;
        line.words.erase(line.words.begin());
        lines_.push_back({line.number, line.text, line.words, line.number <= main_lines});
      } else if (name == "user") {
        if (line.words.size() < 2) refuse("Bad directive or wrong number of arguments");
        line.words.erase(line.words.begin());
        const std::string problem = add_user({line.words, line.number <= main_lines});
        if (!problem.empty()) refuse(problem);
      } else if (name == "include") {
        if (line.words.size() != 2) refuse("Bad directive or wrong number of arguments");
        if (depth == max_depth) {
          refuse("Files include each other more than 16 deep: does one of them include itself?");
        }
        include(line.words[1], depth);
      } else {
        const auto problem = name == "vedette"
                                 ? apply_vedette(line.words, out_.settings)
                                 : apply_generic(line.words, out_.settings, out_.warnings);
        if (problem) refuse(*problem);
        if (depth == 0 && line.number > main_lines) {
          remember_outside(line.words, out_.settings);
        }
      }
    }
  }

  // It says which directives are known, also those above it.
  void find_dialect(std::string_view text) {
    for (const proto::ConfigLine& line : proto::parse_config(text)) {
      const bool names_it = line.words.size() == 3 &&
                            proto::equals_ignoring_case(line.words[0], "vedette") &&
                            proto::equals_ignoring_case(line.words[1], "dialect");
      if (names_it) static_cast<void>(apply_vedette(line.words, out_.settings));
    }
  }

  struct UserLine {
    std::vector<std::string> words;  // behind `user`
    bool main_file = false;
  };

  // "" or what is wrong with the line.
  std::string add_user(UserLine line) {
    const std::string& user = line.words.front();
    if (user.find(' ') != std::string::npos) {
      throw ConfigError{Where::log, 0, {}, "Spaces not allowed in ACL usernames: '" + user + "'"};
    }
    const auto known = std::find_if(users_.begin(), users_.end(), [&](const UserLine& each) {
      return each.words.front() == user;
    });
    if (known != users_.end() && known->main_file == line.main_file) {
      return "Error in user declaration '" + user +
             "': Duplicate user found. A user can only be defined once in config files";
    }
    std::string problem = acl::Users().declare(line.words);
    if (!problem.empty()) return problem;
    if (known == users_.end()) {
      users_.push_back(std::move(line));
      return {};
    }
    // The main file was rewritten with the present state of a user that was first defined
    // elsewhere.
    out_.warnings.push_back("User '" + user +
                            "' is defined in the main configuration file and outside it; the main "
                            "file counts");
    if (line.main_file) *known = std::move(line);
    return {};
  }

  void repair() {
    for (SentinelLine& line : lines_) {
      if (!line.main_file || SentinelLines::is_well_formed(line.words)) continue;
      auto words = read_damaged(line.text);
      if (!words) continue;
      line.words = std::move(*words);
      out_.warnings.push_back("Line " + std::to_string(line.number) +
                              " of the configuration file lacks the quotes that it needs, as "
                              "Sentinel writes them: read as it stands, and quoted when it is "
                              "saved");
    }
  }

  void include(const std::string& pattern, unsigned depth) {
    if (pattern.find_first_of("*?[") == std::string::npos) {
      read(read_config_file(pattern), 0, depth + 1);
      return;
    }
    glob_t found{};
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
      const std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
      ::globfree(&found);
      for (const std::string& path : paths) read(read_config_file(path), 0, depth + 1);
    }
  }

  // Behind everything else: a `user default` line counts more than requirepass.
  void apply_users() {
    Settings& settings = out_.settings;
    if (!users_.empty() && !settings.aclfile.empty()) {
      throw ConfigError{Where::log,
                        0,
                        {},
                        "Users stand in the configuration file and an aclfile is set: which of "
                        "them counts? Remove the `user` lines or the `aclfile` line. Exiting."};
    }
    for (const auto& [words, main_file] : users_) {
      static_cast<void>(settings.users.declare(words));
      if (settings.users.find(words.front())->is_enabled()) continue;
      out_.warnings.push_back("The user '" + words.front() +
                              "' is disabled (there is no 'on' among the rules): nobody can log in "
                              "under that name. Make sure that this is meant.");
    }
  }

  static constexpr unsigned max_depth = 16;
  Loaded out_{{}, {make_run_id(), {}, {}}, false, {}};
  bool damaged_ = false;  // the main file may hold lines that Sentinel wrote and cannot read
  std::vector<SentinelLine> lines_;
  std::vector<std::string> comments_;
  std::vector<UserLine> users_;
};

}  // namespace

std::string error_block(const ConfigError& error, Dialect dialect) {
  std::string out = "\n*** FATAL CONFIG FILE ERROR (";
  out += dialect == Dialect::valkey ? "Version " : "Redis ";
  out += facts_of(dialect).version;
  out += ") ***\n";
  if (error.where == Where::line) {
    out += "Reading the configuration file, at line " + std::to_string(error.line) + "\n";
    out += ">>> '" + error.text + "'\n";
  }
  return out + error.message + "\n";
}

std::string load_users(Settings& settings) {
  try {
    return settings.users.load(read_config_file(settings.aclfile), settings.aclfile);
  } catch (const ConfigError&) {
    return "Error loading ACLs, opening file '" + settings.aclfile + "': " + std::strerror(errno);
  }
}

std::string read_config_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  ssize_t got = -1;
  if (descriptor >= 0) {
    std::array<char, 16384> part{};
    while ((got = ::read(descriptor, part.data(), part.size())) > 0) {
      text.append(part.data(), static_cast<std::size_t>(got));
    }
  }
  const int problem = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (got < 0) {
    throw ConfigError{
        Where::log,
        0,
        {},
        "Fatal error, can't open config file '" + path + "': " + std::strerror(problem)};
  }
  return text;
}

Loaded load_config(const ConfigSources& sources) { return Loader{}.load(sources); }

consensus::Announced announced(const Settings& settings) {
  const std::uint16_t listening = settings.port != 0 ? settings.port : settings.tls_port;
  const std::uint16_t port = settings.announce_port != 0 ? settings.announce_port : listening;
  return {settings.announce_ip, port, settings.announce_hostnames};
}

}  // namespace vedette::agent
