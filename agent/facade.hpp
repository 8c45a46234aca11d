// What a connection or an HTTP request may see of the running agent and ask of it. One thread: all
// calls are made on the event loop, and every callback comes on it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "agent/config/settings.hpp"
#include "consensus/command.hpp"
#include "consensus/event.hpp"
#include "consensus/state.hpp"
#include "consensus/time.hpp"
#include "proto/hello.hpp"
#include "proto/vote.hpp"

namespace vedette::agent {

struct OrderResult {
  consensus::OrderStatus status = consensus::OrderStatus::ok;
  std::int64_t count = 0;
};

// A notification or reconfiguration script that runs, or waits to be started.
struct PendingScript {
  std::vector<std::string> argv;
  int pid = 0;                        // 0: it waits
  std::chrono::milliseconds time{0};  // since it was started, or until it will be
  unsigned starts = 0;
};

// SENTINEL SIMULATE-FAILURE: the process ends with exit code 99 at these moments.
struct SimulatedFailures {
  bool after_election = false;
  bool after_promotion = false;
  // As INFO shows them.
  [[nodiscard]] int flags() const noexcept {
    return (after_election ? 1 : 0) + (after_promotion ? 2 : 0);
  }
};

class Facade {
 public:
  virtual ~Facade() = default;

  // Read only. Everything shown of votes and epochs must be the durable value (ballot.durable,
  // durable_epoch).
  [[nodiscard]] virtual const consensus::State& state() const = 0;
  [[nodiscard]] virtual consensus::Instant now() const = 0;
  [[nodiscard]] virtual const Settings& settings() const = 0;

  // Settings that commands change at run time (SENTINEL SET auth-pass, CONFIG SET). The caller
  // submits the order that makes the core save and reconnect.
  virtual Settings& mutable_settings() = 0;

  // The answer may come during the call or, when it waits for the disk, later; exactly once.
  virtual void submit(consensus::Order order, std::function<void(OrderResult)> done) = 0;
  virtual void ask_vote(proto::DownQuery query, std::function<void(proto::DownReply)> done) = 0;
  // Looks a host name up; `done` gets "" or why it has no address, possibly during the call.
  virtual void resolve(const std::string& host,
                       std::function<void(const std::string& error)> done) = 0;
  virtual void hear_hello(const proto::Hello& hello) = 0;

  // Replaces the content of a file, off the loop. `done` gets "" or the errno text.
  virtual void write_file(const std::string& path, std::string content,
                          std::function<void(const std::string& error)> done) = 0;

  // Requests sent on a link and not answered yet; 0 for unknown links.
  [[nodiscard]] virtual std::size_t pending_requests(consensus::LinkId link) const = 0;

  // The run id shown by INFO: new at every start.
  [[nodiscard]] virtual const std::string& process_run_id() const = 0;
  [[nodiscard]] virtual std::chrono::seconds uptime() const = 0;

  // Notification and reconfiguration scripts: started and not ended, and waiting to be started.
  [[nodiscard]] virtual std::size_t running_scripts() const { return 0; }
  [[nodiscard]] virtual std::size_t queued_scripts() const { return 0; }

  [[nodiscard]] virtual std::vector<PendingScript> pending_scripts() const { return {}; }

  [[nodiscard]] virtual SimulatedFailures simulated_failures() const = 0;
  virtual void simulate_failures(SimulatedFailures failures) = 0;

  // Ends the process gracefully with exit code 0 (SHUTDOWN, SIGTERM).
  virtual void shut_down(const std::string& reason) = 0;

  virtual void log(consensus::Level level, const std::string& text) = 0;
};

// Who wants to hear every announcement that is published (verbose and above): the Pub/Sub
// publisher, metrics.
class AnnouncementSink {
 public:
  virtual ~AnnouncementSink() = default;
  virtual void announced(const consensus::Announce& announce) = 0;
};

}  // namespace vedette::agent
