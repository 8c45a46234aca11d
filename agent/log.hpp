// The log, in the line format of Sentinel: `<pid>:X <DD Mon YYYY HH:MM:SS.mmm> <mark> <text>`,
// local time, mark = . debug, - verbose, * notice, # warning. Reference: sentinel-behaviour.md 1.5.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "consensus/command.hpp"

namespace spdlog {
class logger;
}

namespace vedette::agent {

class LogSink;

// Every call may come from any thread. A line that cannot be written is lost; nothing here ever
// fails.
class Log {
 public:
  Log();  // standard output, notice and above
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // From now on to `file` ("" = standard output). The file is followed when it is renamed or
  // removed: the next line makes a new one, as Debian's logrotate expects. "" on success, else the
  // errno text.
  [[nodiscard]] std::string open(const std::string& file);
  void set_level(std::optional<consensus::Level> least);  // none: nothing at all
  // From now on also to the system's log. `ident` names us there; `facility` as of syslog(3).
  void open_syslog(const std::string& ident, int facility);

  void write(consensus::Level level, std::string_view text);
  // A line in another frame, as the signal handler of Sentinel writes it: `<pid>:<who> (<unix
  // time>) <text>`.
  void write_as(std::string_view who, std::string_view text);

 private:
  std::shared_ptr<LogSink> sink_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace vedette::agent
