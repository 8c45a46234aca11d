#include "agent/scripts.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <list>
#include <utility>

#include "agent/clock.hpp"

namespace vedette::agent {

namespace asio = boost::asio;

namespace {

constexpr std::size_t max_running = 16;
constexpr std::size_t max_waiting = 256;
constexpr unsigned max_starts = 10;

// A child with our standard streams and environment and nothing else of ours: no descriptor, no
// ignored or blocked signal. 0 or the errno of the failure.
int spawn(const std::vector<std::string>& argv, pid_t& child) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t signals;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_init(&attributes);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigaddset(&signals, SIGPIPE);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGALRM);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int problem =
      ::posix_spawn(&child, words.front(), &actions, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return problem;
}

}  // namespace

class Scripts::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(asio::io_context& io, Tell tell, ReadTimings timings)
      : tell_(std::move(tell)), timings_(std::move(timings)), children_(io, SIGCHLD), timer_(io) {}

  void wait_for_children() {
    children_.async_wait([weak = weak_from_this()](const auto& error, int) {
      const auto self = weak.lock();
      if (!self || error) return;
      self->collect();
      self->wait_for_children();
    });
  }

  void run(std::vector<std::string> argv) {
    if (waiting() >= max_waiting) {
      const auto oldest =
          std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.child == 0; });
      jobs_.erase(oldest);
    }
    jobs_.push_back({std::move(argv)});
    start_due();
  }

  [[nodiscard]] std::size_t running() const {
    return static_cast<std::size_t>(
        std::count_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.child != 0; }));
  }
  [[nodiscard]] std::size_t waiting() const { return jobs_.size() - running(); }

  [[nodiscard]] std::vector<PendingScript> pending() const {
    const consensus::Instant now = boot_now();
    const auto whole = [](consensus::Duration duration) {
      return std::chrono::duration_cast<std::chrono::milliseconds>(
          std::max(duration, consensus::Duration{0}));
    };
    std::vector<PendingScript> out;
    for (const Job& job : jobs_) {
      const bool runs = job.child != 0;
      out.push_back(
          {job.argv, job.child, whole(runs ? now - job.started : job.at - now), job.starts});
    }
    return out;
  }

  void stop() {
    boost::system::error_code ignored;
    children_.cancel(ignored);
    timer_.cancel();
  }

 private:
  struct Job {
    std::vector<std::string> argv;
    pid_t child = 0;  // 0: not running
    bool killed = false;
    unsigned starts = 0;
    consensus::Instant started{};
    consensus::Instant at{};  // not to be started before; while running: to be killed then
  };
  using Jobs = std::list<Job>;

  void start_due() {
    const consensus::Instant now = boot_now();
    std::size_t free = max_running - std::min(running(), max_running);
    for (auto it = jobs_.begin(); it != jobs_.end() && free > 0;) {
      const auto job = it++;
      if (job->child != 0 || job->at > now) continue;
      start(job, now);
      --free;
    }
    arm();
  }

  void start(Jobs::iterator job, consensus::Instant now) {
    ++job->starts;
    pid_t child = 0;
    const int problem = spawn(job->argv, child);
    if (problem != 0) {
      // No process at all, or a path that cannot be executed; the original tells these so.
      const bool no_process = problem == EAGAIN || problem == ENOMEM;
      tell_("-script-error", consensus::Level::warning,
            job->argv.front() + (no_process ? " 99 0" : " 0 2"));
      jobs_.erase(job);
      return;
    }
    job->child = child;
    job->killed = false;
    job->started = now;
    job->at = now + timings_().script_max_runtime;
    tell_("+script-child", consensus::Level::debug, std::to_string(child));
  }

  void collect() {
    for (auto it = jobs_.begin(); it != jobs_.end();) {
      const auto job = it++;
      int status = 0;
      if (job->child == 0 || ::waitpid(job->child, &status, WNOHANG) != job->child) continue;
      ended(job, status);
    }
    start_due();
  }

  void ended(Jobs::iterator job, int status) {
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    tell_("-script-child", consensus::Level::debug,
          std::to_string(job->child) + ' ' + std::to_string(code) + ' ' + std::to_string(signal));
    job->child = 0;
    const bool again = signal != 0 || code == 1;
    if (again && job->starts < max_starts) {
      job->at = boot_now() + timings_().script_retry_delay * (1U << (job->starts - 1));
      return;
    }
    if (signal != 0 || code != 0) {
      tell_("-script-error", consensus::Level::warning,
            job->argv.front() + ' ' + std::to_string(signal) + ' ' + std::to_string(code));
    }
    jobs_.erase(job);
  }

  // One timer: the next start that had to wait, or the next script that has run too long.
  void arm() {
    consensus::Instant next = consensus::never;
    const bool full = running() >= max_running;
    for (const Job& job : jobs_) {
      if (job.child == 0 ? !full : !job.killed) next = std::min(next, job.at);
    }
    if (next == consensus::never) {
      timer_.cancel();
      return;
    }
    timer_.expires_after(next - boot_now());
    timer_.async_wait([weak = weak_from_this()](const auto& error) {
      const auto self = weak.lock();
      if (self && !error) self->act_on_time();
    });
  }

  void act_on_time() {
    const consensus::Instant now = boot_now();
    for (Job& job : jobs_) {
      if (job.child == 0 || job.killed || job.at > now) continue;
      job.killed = true;
      ::kill(job.child, SIGKILL);
      tell_("-script-timeout", consensus::Level::warning,
            job.argv.front() + ' ' + std::to_string(job.child));
    }
    start_due();
  }

  const Tell tell_;
  const ReadTimings timings_;
  asio::signal_set children_;
  asio::steady_timer timer_;
  Jobs jobs_;
};

Scripts::Scripts(asio::io_context& io, Tell tell, ReadTimings timings)
    : implementation_(std::make_shared<Implementation>(io, std::move(tell), std::move(timings))) {
  implementation_->wait_for_children();
}

Scripts::~Scripts() { implementation_->stop(); }

void Scripts::run(std::vector<std::string> argv) { implementation_->run(std::move(argv)); }

std::size_t Scripts::running() const noexcept { return implementation_->running(); }

std::size_t Scripts::waiting() const noexcept { return implementation_->waiting(); }

std::vector<PendingScript> Scripts::pending() const { return implementation_->pending(); }

}  // namespace vedette::agent
