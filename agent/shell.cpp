#include "agent/shell.hpp"

#include <boost/asio/post.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "agent/clock.hpp"
#include "agent/config/addresses.hpp"
#include "agent/links/failed_connection.hpp"
#include "agent/random_id.hpp"

namespace vedette::agent {

using consensus::Level;

Shell::Shell(boost::asio::io_context& io, Log& log, Loaded loaded, std::string file_text)
    : io_(io),
      log_(log),
      settings_(std::move(loaded.settings)),
      started_(boot_now()),
      process_run_id_(make_run_id().text()),
      core_(loaded.durable, announced(settings_), {}, make_seed(), started_, settings_.policy),
      resolver_(
          io,
          [this](const std::string& host, const std::string& address) {
            deliver(consensus::HostResolved{host, address});
          },
          [this](const std::string& host, const std::string& error) {
            log_.write(Level::warning, "Failed to resolve hostname '" + host + "': " + error);
          }),
      host_names_(resolver_, [this](consensus::Event event) { deliver(std::move(event)); }),
      links_(
          io, resolver_, [this](consensus::Event event) { hear(std::move(event)); }, boot_now),
      store_(
          settings_.config_file, std::move(file_text),
          [this](std::function<void()> task) { boost::asio::post(io_, std::move(task)); },
          [this] { return snapshot(); },
          [this](consensus::SaveNumber number, const SaveResult& result) {
            saved(number, result);
          }),
      scripts_(
          io,
          [this](std::string_view event, Level level, std::string payload) {
            tell_of_script(event, level, std::move(payload));
          },
          [this] { return core_.state().timings; }),
      timer_(
          io, [this] { return links_.inputs(); }, [this] { deliver(consensus::Tick{}); }) {}

Shell::~Shell() = default;

Store::Snapshot Shell::snapshot() const {
  consensus::Durable durable = core_.durable();
  if (!settings_.resolve_hostnames) durable = by_address(std::move(durable), state().resolved);
  return {std::move(durable), settings_};
}

void Shell::save_first() {
  const SaveResult result = store_.save_now(snapshot());
  log_save(result);
  first_save_failed_ = !result.error.empty();
}

void Shell::start() {
  deliver(consensus::Tick{});
  // The core keeps trying; until then every promise of ours is withheld.
  if (first_save_failed_) submit(consensus::FlushConfig{}, [](OrderResult) {});
}

consensus::Instant Shell::now() const { return boot_now(); }

std::chrono::seconds Shell::uptime() const {
  return std::chrono::duration_cast<std::chrono::seconds>(boot_now() - started_);
}

std::size_t Shell::pending_requests(consensus::LinkId link) const { return links_.pending(link); }

void Shell::log(Level level, const std::string& text) { log_.write(level, text); }

void Shell::submit(consensus::Order order, std::function<void(OrderResult)> done) {
  const consensus::Ticket ticket = next_ticket();
  orders_.emplace(ticket, std::move(done));
  log_.set_level(
      settings_.loglevel);  // CONFIG SET loglevel changes the settings, then orders a save
  deliver(consensus::Ordered{ticket, std::move(order)});
}

void Shell::ask_vote(proto::DownQuery query, std::function<void(proto::DownReply)> done) {
  const consensus::Ticket ticket = next_ticket();
  votes_.emplace(ticket, std::move(done));
  hear(consensus::VoteAsked{ticket, std::move(query)});
}

void Shell::hear_hello(const proto::Hello& hello) {
  hear(consensus::HelloHeard{std::nullopt, hello});
}

void Shell::write_file(const std::string& path, std::string content,
                       std::function<void(const std::string& error)> done) {
  store_.replace(path, std::move(content),
                 [done = std::move(done)](const SaveResult& result) { done(result.error); });
}

void Shell::shut_down(const std::string& reason) {
  if (std::exchange(ending_, true)) return;
  log_.write(Level::warning, reason);
  // Not from within the command of a client, whose session is about to be closed.
  boost::asio::post(io_, [this] {
    if (end_) end_();
  });
}

void Shell::resolve(const std::string& host, std::function<void(const std::string& error)> done) {
  resolver_.resolve(host, [done = std::move(done)](const std::string&, const std::string& error) {
    done(error);
  });
}

void Shell::hear(consensus::Event event) {
  host_names_.bring(std::move(event), settings_.resolve_hostnames);
}

void Shell::deliver(consensus::Event event) {
  events_.push_back(std::move(event));
  if (!pumping_) pump();
}

void Shell::pump() {
  pumping_ = true;
  while (!events_.empty()) {
    const consensus::Event event = std::move(events_.front());
    events_.pop_front();
    step(event);
    // Requests of one moment leave in one write; writing may bring further events.
    if (events_.empty()) links_.flush();
  }
  pumping_ = false;
  timer_.set(core_.deadline());
}

void Shell::step(const consensus::Event& event) {
  if (const auto* const down = std::get_if<consensus::LinkDown>(&event)) log_failed(*down);
  commands_.clear();
  core_.step(boot_now(), event, commands_);
  for (const consensus::Command& command : commands_) {
    std::visit([this](const auto& what) { execute(what); }, command);
  }
  const auto* const ordered = std::get_if<consensus::Ordered>(&event);
  if (ordered != nullptr) changed_by(ordered->order);
}

void Shell::log_failed(const consensus::LinkDown& down) {
  if (settings_.loglevel != Level::debug) return;
  for (const std::string& line : failed_connection_lines(core_.state(), down)) {
    log_.write(Level::debug, line);
  }
}

void Shell::changed_by(const consensus::Order& order) {
  // Only now: the last announcement of a removed master still runs its script.
  const auto* const removal = std::get_if<consensus::RemoveGroup>(&order);
  if (removal != nullptr && core_.state().find(removal->name) == nullptr) {
    settings_.groups.erase(removal->name);
  }
  const auto* const change = std::get_if<consensus::SetOptions>(&order);
  if (change == nullptr) return;
  const consensus::Group* const group = core_.state().find(change->name);
  const auto settings = settings_.groups.find(change->name);
  if (group == nullptr || settings == settings_.groups.end()) return;
  for (const auto& [id, node] : group->nodes) {
    links_.rename(node.command.id, settings->second.renamed_commands);
    links_.rename(node.pubsub.id, settings->second.renamed_commands);
  }
}

void Shell::execute(const consensus::Connect& command) {
  LinkSpec spec;
  spec.link = command.link;
  spec.kind = command.kind;
  spec.address = command.address;
  spec.my_id = core_.state().my_id.text();
  spec.source_address = settings_.bind_source_addr;
  spec.keepalive_seconds = settings_.tcp_keepalive_seconds;
  if (command.kind == consensus::LinkKind::peer) {
    if (!settings_.sentinel_pass.empty()) {
      spec.user = settings_.sentinel_user;
      spec.password = settings_.sentinel_pass;
    } else {
      spec.password = settings_.requirepass;
    }
  } else if (const auto it = settings_.groups.find(command.group); it != settings_.groups.end()) {
    spec.user = it->second.auth_user;
    spec.password = it->second.auth_pass;
    spec.renamed = it->second.renamed_commands;
  }
  links_.connect(std::move(spec));
}

void Shell::execute(const consensus::ReplyVote& command) {
  auto waiting = votes_.extract(command.ticket);
  if (waiting) waiting.mapped()(command.reply);
}

void Shell::execute(const consensus::ReplyOrder& command) {
  auto waiting = orders_.extract(command.ticket);
  if (waiting) waiting.mapped()({command.status, command.count});
}

void Shell::execute(const consensus::Announce& command) {
  std::string line(command.event);
  if (!command.payload.empty()) line += ' ' + command.payload;
  log_.write(command.level, line);
  if (command.level == Level::debug) return;
  for (AnnouncementSink* const sink : sinks_) sink->announced(command);
  crash_if_asked_to(command);

  if (command.level != Level::warning || command.group.empty()) return;
  const auto it = settings_.groups.find(command.group);
  if (it == settings_.groups.end() || it->second.notification_script.empty()) return;
  scripts_.run({it->second.notification_script, std::string(command.event), command.payload});
}

void Shell::crash_if_asked_to(const consensus::Announce& command) {
  constexpr int simulated = 99;
  const bool now = (simulated_failures_.after_election && command.event == "+elected-leader") ||
                   (simulated_failures_.after_promotion && command.event == "+promoted-slave");
  if (!now) return;
  log_.write(Level::warning, "Simulated failure: ending after " + std::string(command.event));
  std::_Exit(simulated);
}

void Shell::execute(const consensus::RunReconfigScript& command) {
  const auto it = settings_.groups.find(command.group);
  if (it == settings_.groups.end() || it->second.client_reconfig_script.empty()) return;
  scripts_.run({it->second.client_reconfig_script, command.group,
                command.leader ? "leader" : "observer", "start", command.from.host,
                std::to_string(command.from.port), command.to.host,
                std::to_string(command.to.port)});
}

void Shell::saved(consensus::SaveNumber number, const SaveResult& result) {
  log_save(result);
  if (result.error.empty()) {
    deliver(consensus::Persisted{number});
  } else {
    deliver(consensus::PersistFailed{number, result.error});
  }
}

void Shell::log_save(const SaveResult& result) {
  if (!result.error.empty()) {
    log_.write(
        Level::warning,
        "WARNING: Sentinel was not able to save the new configuration on disk!!!: " + result.error);
    const bool news =
        settings_.policy.refuse_unsaved_votes && !std::exchange(told_of_refusals_, true);
    if (news) {
      log_.write(Level::warning,
                 "Until it can be saved this agent gives no vote and leads no failover: make " +
                     settings_.config_file +
                     " and its directory writable, with room on the disk (or set `vedette "
                     "refuse-unsaved-votes no`).");
    }
    return;
  }
  told_of_refusals_ = false;
  log_.write(Level::notice, "Sentinel new configuration saved on disk");
  if (result.in_place && !std::exchange(told_of_overwriting_, true)) {
    log_.write(
        Level::warning,
        "The configuration file cannot be replaced by renaming (is it a mount of its own, or its "
        "directory not writable?) and is overwritten in place: a power failure in that moment may "
        "damage it. Mount its directory instead of the file, and let this user write there.");
  }
}

void Shell::tell_of_script(std::string_view event, Level level, std::string payload) {
  execute(consensus::Announce{event, level, {}, std::move(payload)});
}

}  // namespace vedette::agent
