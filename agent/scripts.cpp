#include "agent/scripts.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
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
constexpr int not_executed = 2;  // the exit code of a script that cannot be, as the original's

// In the child. Only what is safe beside threads that are gone: no memory is allocated here.
[[noreturn]] void become(char* const* words) {
  struct sigaction defaults {};
  defaults.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &defaults, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::closefrom(STDERR_FILENO + 1);
  ::execve(words[0], words, environ);
  ::_exit(not_executed);
}

// A child with our standard streams and environment and nothing else of ours: no descriptor, no
// ignored or blocked signal. -1 if there can be no process. Not posix_spawn: that waits until the
// script has been read from its disk, and the loop with it.
pid_t spawn(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  // What is sent to the child must not run our handlers there: they would tell us.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  if (child == 0) become(words.data());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return child;
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
    const pid_t child = spawn(job->argv);
    if (child < 0) {
      tell_("-script-error", consensus::Level::warning, job->argv.front() + " 99 0");
      jobs_.erase(job);
      return;
    }
    job->child = child;
    job->killed = false;
    job->started = now;
    job->at = now + timings_().script_max_runtime;
    tell_("+script-child", consensus::Level::debug, std::to_string(child));
  }

  // All that ended: the first process of a container gets the orphans of its scripts as children.
  void collect() {
    int status = 0;
    for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto job = std::find_if(jobs_.begin(), jobs_.end(),
                                    [child](const Job& each) { return each.child == child; });
      if (job != jobs_.end()) ended(job, status);
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
