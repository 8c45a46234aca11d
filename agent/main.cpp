// From argv to a running agent, and the way out. Reference: sentinel-behaviour.md section 1.
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/arguments.hpp"
#include "agent/config/load.hpp"
#include "agent/http/http.hpp"
#include "agent/log.hpp"
#include "agent/process.hpp"
#include "agent/server/server.hpp"
#include "agent/shell.hpp"
#include "agent/title.hpp"

namespace vedette::agent {
namespace {

using consensus::Level;
using Action = Arguments::Action;

constexpr int failed = 1;

std::string working_directory() {
  char path[4096];
  return ::getcwd(path, sizeof path) == nullptr ? "/" : path;
}

std::string read_standard_input(Log& log) {
  log.write(Level::warning, "Reading config from stdin");
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

// The configuration, and the text of the file that it came from. nullopt: told why, exit.
struct Configuration {
  Loaded loaded;
  std::string file_text;
};
std::optional<Configuration> read_configuration(const Arguments& arguments, Log& log) {
  try {
    ConfigSources sources;
    sources.dialect = arguments.dialect;
    if (!arguments.config_file.empty()) sources.file = read_config_file(arguments.config_file);
    if (arguments.read_stdin) sources.standard_input = read_standard_input(log);
    sources.command_line = arguments.directives;

    Configuration out{load_config(sources), sources.file};
    Settings& settings = out.loaded.settings;
    settings.executable = arguments.executable;
    settings.config_file = arguments.config_file;
    settings.called_as = arguments.called_as;
    settings.called_as_redis = arguments.called_as_redis;
    // `dir` has moved us: from here on relative names mean the new directory.
    if (!settings.logfile.empty()) {
      settings.logfile = absolute_path(settings.logfile, working_directory());
    }
    if (!settings.aclfile.empty()) {
      settings.aclfile = absolute_path(settings.aclfile, working_directory());
    }
    log.set_level(settings.loglevel);
    if (settings.syslog) log.open_syslog(settings.syslog_ident, settings.syslog_facility);
    const std::string problem = log.open(settings.logfile);
    if (!problem.empty()) {
      throw ConfigError{ConfigError::Where::file, 0, {}, "Can't open the log file: " + problem};
    }
    const std::string wrong_users = settings.aclfile.empty() ? "" : load_users(settings);
    if (!wrong_users.empty()) {
      throw ConfigError{ConfigError::Where::log,
                        0,
                        {},
                        "Aborting Redis startup because of ACL errors: " + wrong_users};
    }
    return out;
  } catch (const ConfigError& error) {
    if (error.where == ConfigError::Where::log) {
      log.write(Level::warning, error.message);
    } else {
      std::fputs(error_block(error, arguments.dialect).c_str(), stderr);
    }
    return std::nullopt;
  }
}

// "" or why this configuration cannot run.
std::string objection(const Settings& settings) {
  if (settings.config_file.empty()) {
    return "Sentinel needs config file on disk to save state. Exiting...";
  }
  if (::access(settings.config_file.c_str(), W_OK) != 0) {
    return "Sentinel config file " + settings.config_file +
           " is not writable: " + std::strerror(errno) + ". Exiting...";
  }
  if (settings.tls_port != 0) {
    return "Failed to configure TLS: tls-port is set, but this version of Vedette has no TLS yet. "
           "Remove tls-port and set port.";
  }
  if (settings.tls_replication) {
    return "Failed to configure TLS: tls-replication is yes, but this version of Vedette has no "
           "TLS yet: it would send passwords in clear text to ports that expect TLS. Remove "
           "tls-replication, and let Vedette reach plain ports.";
  }
  const bool has_port = settings.port != 0 && !settings.bind.empty();
  const bool listens = has_port || !settings.unixsocket.empty();
  if (!listens) return "Configured to not listen anywhere, exiting.";
  return {};
}

void log_banner(const std::vector<std::string>& warnings, Log& log) {
  log.write(Level::warning, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
  log.write(Level::warning, "Redis version=7.0.15, bits=64, commit=00000000, modified=0, pid=" +
                                std::to_string(::getpid()) + ", just started");
  log.write(Level::warning, "Configuration loaded");
  for (const std::string& warning : warnings) log.write(Level::warning, warning);
  log.write(Level::notice, "Vedette version=" VEDETTE_VERSION);
  log.write(Level::notice, "monotonic clock: CLOCK_BOOTTIME");
}

// Everything that runs on the loop.
class Agent {
 public:
  Agent(boost::asio::io_context& io, Configuration configuration, const Supervisor& supervisor,
        Log& log)
      : io_(io),
        log_(log),
        supervisor_(supervisor),
        has_id_(configuration.loaded.has_id),
        shell_(io_, log, std::move(configuration.loaded), std::move(configuration.file_text)),
        server_(io_, shell_),
        http_(io_, shell_, server_),
        signals_(io_, SIGINT, SIGTERM) {}

  int run() {
    // The ports come first: an agent that cannot have them must not touch the file of the one that
    // has.
    if (!listen()) return failed;
    log_.write(Level::notice,
               "Running mode=sentinel, port=" + std::to_string(shell_.settings().port) + ".");
    write_pid_file();
    if (!has_id_) shell_.save_first();
    log_.write(Level::warning, "Sentinel ID is " + shell_.state().my_id.text());
    shell_.add_sink(server_.announcements());
    shell_.add_sink(http_.announcements());
    shell_.on_shut_down([this] { end(); });
    await_signal();
    shell_.start();
    supervisor_.ready();
    io_.run();
    return exit_code_;
  }
  // Of use once run() has ended.
  [[nodiscard]] bool is_resolving() const { return shell_.is_resolving(); }

 private:
  bool listen() {
    const ListenOutcome outcome = server_.listen();
    for (const std::string& warning : outcome.warnings) log_.write(Level::warning, warning);
    if (!outcome.ok()) {
      log_.write(Level::warning, outcome.error);
      return false;
    }
    const HttpOutcome http = http_.listen();
    const bool fine =
        http.status == HttpOutcome::Status::listening || http.status == HttpOutcome::Status::none;
    log_.write(fine ? Level::notice : Level::warning, http.text);
    return http.status != HttpOutcome::Status::failed;
  }

  void write_pid_file() {
    const Settings& settings = shell_.settings();
    const std::string& path = settings.pidfile;
    const bool daemon = settings.daemonize && !supervisor_.active();
    if (!path.empty() || daemon) pid_file_.write(path.empty() ? "/var/run/redis.pid" : path);
  }

  void await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      signalled(signal);
      await_signal();
    });
  }

  void signalled(int signal) {
    if (ending_ && signal == SIGINT) {
      log_.write_as("signal-handler", "You insist... exiting now.");
      exit_code_ = failed;
      io_.stop();
      return;
    }
    ending_ = true;
    const std::string name = signal == SIGINT ? "SIGINT" : "SIGTERM";
    log_.write_as("signal-handler", "Received " + name + " scheduling shutdown...");
    shell_.shut_down("User requested shutdown...");
  }

  void end() {
    supervisor_.stopping();
    if (pid_file_.remove()) log_.write(Level::notice, "Removing the pid file.");
    http_.stop();
    server_.stop();
    log_.write(Level::warning, "Sentinel is now ready to exit, bye bye...");
    io_.stop();
  }

  boost::asio::io_context& io_;
  Log& log_;
  Supervisor supervisor_;
  const bool has_id_;
  Shell shell_;
  Server server_;
  HttpServer http_;
  boost::asio::signal_set signals_;
  PidFile pid_file_;
  bool ending_ = false;
  int exit_code_ = 0;
};

int run_agent(Configuration configuration, const Supervisor& supervisor, Log& log) {
  boost::asio::io_context io(1);
  std::optional<Agent> agent;
  agent.emplace(io, std::move(configuration), supervisor, log);
  const int exit_code = agent->run();
  const bool resolving = agent->is_resolving();
  agent.reset();  // what is being saved is saved now
  // The loop's end would wait for a name server that does not answer.
  if (resolving) std::_Exit(exit_code);
  return exit_code;
}

int run(const Arguments& arguments) {
  Log log;
  std::optional<Configuration> configuration = read_configuration(arguments, log);
  if (!configuration) return failed;
  Settings& settings = configuration->loaded.settings;
  const std::string problem = objection(settings);
  if (!problem.empty()) {
    log.write(Level::warning, problem);
    return failed;
  }
  const Supervisor supervisor(settings, log);
  if (settings.daemonize && !supervisor.active() && !become_daemon()) {
    log.write(Level::warning, std::string("Cannot go to the background, no second process: ") +
                                  std::strerror(errno));
    return failed;
  }
  show_title(settings);
  log_banner(configuration->loaded.warnings, log);
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGALRM, SIG_IGN);  // whatever sends it to a Redis means no harm
  std::signal(SIGPIPE, SIG_IGN);
  make_room_for_clients(settings, configuration->loaded.durable, log);
  try {
    return run_agent(std::move(*configuration), supervisor, log);
  } catch (const std::exception& error) {
    // The system refused a timer, a thread or memory; nothing can go on without.
    log.write(Level::warning, std::string("Fatal error, exiting: ") + error.what());
    return failed;
  }
}

}  // namespace
}  // namespace vedette::agent

int main(int argc, char** argv) {
  using namespace vedette::agent;
  prepare_title(argc, argv);
  const std::vector<std::string> words(argv, argv + argc);
  const Arguments arguments = parse_arguments(words, working_directory());
  switch (arguments.action) {
    case Action::version:
      std::puts(version_line(arguments).c_str());
      return 0;
    case Action::help:
      std::fputs(help_text(arguments).c_str(), stderr);
      return failed;
    case Action::refuse:
      std::fprintf(stderr, "%s\n", arguments.refusal.c_str());
      return failed;
    case Action::run:
      break;
  }
  return run(arguments);
}
