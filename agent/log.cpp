#include "agent/log.hpp"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <mutex>

#include "proto/types.hpp"

namespace vedette::agent {

namespace {

using consensus::Level;

// spdlog has no "notice" and no "verbose"; its order is all that matters here.
spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::trace;
    case Level::verbose:
      return spdlog::level::debug;
    case Level::notice:
      return spdlog::level::info;
    case Level::warning:
      break;
  }
  return spdlog::level::warn;
}

int priority_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return LOG_DEBUG;
    case spdlog::level::debug:
      return LOG_INFO;
    case spdlog::level::info:
      return LOG_NOTICE;
    default:
      return LOG_WARNING;
  }
}

class LevelMark final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    switch (message.level) {
      case spdlog::level::trace:
        out.push_back('.');
        break;
      case spdlog::level::debug:
        out.push_back('-');
        break;
      case spdlog::level::info:
        out.push_back('*');
        break;
      default:
        out.push_back('#');
    }
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelMark>();
  }
};

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

// One write a line, so lines of several writers do not mix.
class LogSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ~LogSink() override { close_file(); }

  std::string open(const std::string& file) {
    const std::lock_guard lock(mutex_);
    close_file();
    file_ = file;
    if (file_.empty() || reopen()) return {};
    std::string problem = std::strerror(errno);
    file_.clear();
    return problem;
  }

  void open_syslog(const std::string& ident, int facility) {
    const std::lock_guard lock(mutex_);
    ident_ = ident;  // openlog() keeps the pointer
    ::openlog(ident_.c_str(), LOG_PID | LOG_NDELAY | LOG_NOWAIT, facility);
    to_syslog_ = true;
  }

  void write_line(std::string_view line) {
    const std::lock_guard lock(mutex_);
    put(line);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    put({line.data(), line.size()});
    if (!to_syslog_) return;
    const auto& text = message.payload;
    ::syslog(priority_of(message.level), "%.*s", static_cast<int>(text.size()), text.data());
  }
  void flush_() override {}

 private:
  bool reopen() {
    descriptor_ = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    return descriptor_ >= 0;
  }
  void close_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  // Whether the name still leads to the file that we hold open.
  bool still_there() const {
    struct stat by_name {};
    struct stat held {};
    return descriptor_ >= 0 && ::stat(file_.c_str(), &by_name) == 0 &&
           ::fstat(descriptor_, &held) == 0 && by_name.st_ino == held.st_ino &&
           by_name.st_dev == held.st_dev;
  }
  void put(std::string_view line) {
    if (file_.empty()) return write_all(STDOUT_FILENO, line);
    if (!still_there()) {
      close_file();
      if (!reopen()) return;
    }
    write_all(descriptor_, line);
  }

  std::string file_;
  int descriptor_ = -1;
  std::string ident_;
  bool to_syslog_ = false;
};

Log::Log() : sink_(std::make_shared<LogSink>()) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<LevelMark>('*').set_pattern("%P:X %d %b %Y %H:%M:%S.%e %* %v");
  sink_->set_formatter(std::move(formatter));
  logger_ = std::make_shared<spdlog::logger>("vedette", sink_);
  set_level(Level::notice);
}

Log::~Log() = default;

std::string Log::open(const std::string& file) { return sink_->open(file); }

void Log::set_level(std::optional<Level> least) {
  logger_->set_level(least ? to_spdlog(*least) : spdlog::level::off);
}

void Log::open_syslog(const std::string& ident, int facility) {
  sink_->open_syslog(ident, facility);
}

void Log::write(Level level, std::string_view text) {
  const spdlog::string_view_t plain(text.data(), text.size());
  if (!proto::has_control_characters(text)) {
    logger_->log(to_spdlog(level), plain);
    return;
  }
  // What others sent must not forge lines.
  std::string clean(text);
  for (char& c : clean) {
    if (proto::has_control_characters({&c, 1})) c = ' ';
  }
  logger_->log(to_spdlog(level), spdlog::string_view_t(clean));
}

void Log::write_as(std::string_view who, std::string_view text) {
  std::string line = std::to_string(::getpid());
  line += ':';
  line += who;
  line += " (" + std::to_string(std::time(nullptr)) + ") ";
  line += text;
  line += '\n';
  sink_->write_line(line);
}

}  // namespace vedette::agent
