// The core's hands: carries out its commands and brings it what happened. All on one thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/config/load.hpp"
#include "agent/config/store.hpp"
#include "agent/deadline_timer.hpp"
#include "agent/facade.hpp"
#include "agent/links/host_names.hpp"
#include "agent/links/links.hpp"
#include "agent/links/resolver.hpp"
#include "agent/log.hpp"
#include "agent/scripts.hpp"
#include "consensus/core.hpp"

namespace vedette::agent {

class Shell final : public Facade {
 public:
  // `file_text` is the configuration file as it was read.
  Shell(boost::asio::io_context& io, Log& log, Loaded loaded, std::string file_text);
  ~Shell() override;
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  // Writes the file before anything is served. A failure is logged and retried once the loop runs.
  void save_first();
  [[nodiscard]] bool is_resolving() const { return resolver_.is_asking(); }
  // The first step of the core; the loop must run from now on.
  void start();
  void add_sink(AnnouncementSink& sink) { sinks_.push_back(&sink); }
  // Called once, on the loop, when the process is to end.
  void on_shut_down(std::function<void()> end) { end_ = std::move(end); }

  [[nodiscard]] const consensus::State& state() const override { return core_.state(); }
  [[nodiscard]] consensus::Instant now() const override;
  [[nodiscard]] const Settings& settings() const override { return settings_; }
  Settings& mutable_settings() override { return settings_; }
  void submit(consensus::Order order, std::function<void(OrderResult)> done) override;
  void ask_vote(proto::DownQuery query, std::function<void(proto::DownReply)> done) override;
  void resolve(const std::string& host,
               std::function<void(const std::string& error)> done) override;
  void hear_hello(const proto::Hello& hello) override;
  [[nodiscard]] std::size_t pending_requests(consensus::LinkId link) const override;
  [[nodiscard]] std::size_t running_scripts() const override { return scripts_.running(); }
  [[nodiscard]] std::size_t queued_scripts() const override { return scripts_.waiting(); }
  [[nodiscard]] std::vector<PendingScript> pending_scripts() const override {
    return scripts_.pending();
  }
  [[nodiscard]] SimulatedFailures simulated_failures() const override {
    return simulated_failures_;
  }
  void simulate_failures(SimulatedFailures failures) override { simulated_failures_ = failures; }
  [[nodiscard]] const std::string& process_run_id() const override { return process_run_id_; }
  [[nodiscard]] std::chrono::seconds uptime() const override;
  void write_file(const std::string& path, std::string content,
                  std::function<void(const std::string& error)> done) override;
  void shut_down(const std::string& reason) override;
  void log(consensus::Level level, const std::string& text) override;

 private:
  // An event that arises while another is being handled waits for its turn: steps never nest.
  void deliver(consensus::Event event);
  // From the network: what it names is looked up first.
  void hear(consensus::Event event);
  void pump();
  void step(const consensus::Event& event);

  void execute(const consensus::Connect& command);
  void execute(const consensus::Disconnect& command) { links_.disconnect(command.link); }
  void execute(const consensus::Persist& command) { store_.persist(command.number); }
  void execute(const consensus::ReplyVote& command);
  void execute(const consensus::ReplyOrder& command);
  void execute(const consensus::Announce& command);
  void log_failed(const consensus::LinkDown& down);
  void changed_by(const consensus::Order& order);
  void crash_if_asked_to(const consensus::Announce& command);
  void execute(const consensus::Note& command) { log_.write(command.level, command.text); }
  void execute(const consensus::RunReconfigScript& command);
  template <typename Request>
  void execute(const Request& request) {
    links_.say(request);
  }

  [[nodiscard]] Store::Snapshot snapshot() const;  // what the file is to hold
  void saved(consensus::SaveNumber number, const SaveResult& result);
  void log_save(const SaveResult& result);
  void tell_of_script(std::string_view event, consensus::Level level, std::string payload);
  consensus::Ticket next_ticket() { return consensus::Ticket{++tickets_}; }

  boost::asio::io_context& io_;
  Log& log_;
  Settings settings_;
  const consensus::Instant started_;
  const std::string process_run_id_;
  consensus::Core core_;
  Resolver resolver_;
  HostNames host_names_;
  Links links_;
  Store store_;
  Scripts scripts_;
  DeadlineTimer timer_;

  std::deque<consensus::Event> events_;
  consensus::Commands commands_;
  bool pumping_ = false;
  bool ending_ = false;
  bool first_save_failed_ = false;
  bool told_of_overwriting_ = false;
  bool told_of_refusals_ = false;  // since the last save that succeeded
  SimulatedFailures simulated_failures_;

  std::uint64_t tickets_ = 0;
  std::map<consensus::Ticket, std::function<void(OrderResult)>> orders_;
  std::map<consensus::Ticket, std::function<void(proto::DownReply)>> votes_;
  std::vector<AnnouncementSink*> sinks_;
  std::function<void()> end_;
};

}  // namespace vedette::agent
