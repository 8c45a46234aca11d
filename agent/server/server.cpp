#include "agent/server/server.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "agent/server/listener.hpp"
#include "agent/server/publisher.hpp"
#include "agent/server/session.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

namespace asio = boost::asio;
using asio::ip::tcp;
using local = asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds sweep_period{1};
constexpr std::chrono::seconds complaint_period{10};  // about accept(), in the log

// The code DENIED is what clients look at; the rest is for people.
constexpr std::string_view denied =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for the default user. In this mode only connections from the loopback interface are "
    "accepted. To let others in, set `requirepass`, or `protected-mode no` if the network around "
    "this agent is trusted, in the configuration file and restart it.\r\n";
constexpr std::string_view too_many = "-ERR max number of clients reached\r\n";

std::string text_of(const tcp::endpoint& endpoint) {
  return proto::to_string({endpoint.address().to_string(), endpoint.port()});
}

// Exactly these two, as Redis has it: a socket bound to 127.0.0.2 is a stranger.
bool is_loopback(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return host == "127.0.0.1" || host == "::1";
}

// An address family that this kernel lacks is no reason not to serve the others.
bool is_unsupported(int error) {
  return error == ENOPROTOOPT || error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT ||
         error == EPFNOSUPPORT || error == EAFNOSUPPORT;
}

void keep_alive(tcp::socket& socket, unsigned seconds) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  if (seconds == 0) return;
  const int idle = static_cast<int>(seconds);
  const int interval = idle >= 3 ? idle / 3 : 1;
  const int probes = 3;
  const int socket_number = socket.native_handle();
  socket.set_option(tcp::socket::keep_alive(true), ignored);
  setsockopt(socket_number, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(socket_number, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(socket_number, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

}  // namespace

class Server::Implementation : public SessionHost,
                               public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(asio::io_context& io, Facade& facade)
      : io_(io),
        facade_(facade),
        publisher_(facade, traffic_),
        refusals_(facade.settings().acllog_max_len),
        context_{facade, clients_, publisher_, traffic_, refusals_},
        sweep_timer_(io) {}

  ListenOutcome listen();
  void stop();

  CommandContext& commands() override { return context_; }
  std::span<char> scratch() override { return scratch_; }
  void ended(std::uint64_t client) override;

  Publisher& publisher() noexcept { return publisher_; }
  const Traffic& traffic() const noexcept { return traffic_; }
  std::size_t client_count() const noexcept { return clients_.all.size(); }

 private:
  bool open_ports(ListenOutcome& outcome);
  bool open(const std::string& address, ListenOutcome& outcome);
  bool open_unix_socket(ListenOutcome& outcome);
  void start();
  void accepted(tcp::socket socket);
  void accepted(local::socket socket);
  [[nodiscard]] bool is_full(Session::Socket& socket);
  void begin(Session::Socket socket, const std::function<void(Connection&)>& describe);
  void turn_away(Session::Socket& socket, std::string_view why);
  void complain(const std::string& text);
  void sweep_later();
  void sweep();
  void count_second();

  asio::io_context& io_;
  Facade& facade_;
  Traffic traffic_;
  Traffic last_second_;
  Clients clients_;
  Publisher publisher_;
  acl::Log refusals_;
  CommandContext context_;
  std::vector<std::shared_ptr<TcpListener>> listeners_;
  std::shared_ptr<UnixListener> unix_listener_;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;
  asio::steady_timer sweep_timer_;
  std::optional<consensus::Instant> complained_at_;
  std::array<char, 65536> scratch_{};
};

ListenOutcome Server::Implementation::listen() {
  ListenOutcome outcome;
  if (open_ports(outcome) && open_unix_socket(outcome)) {
    start();
  } else {
    stop();
  }
  return outcome;
}

bool Server::Implementation::open_ports(ListenOutcome& outcome) {
  const Settings& settings = facade_.settings();
  if (settings.port == 0 || settings.bind.empty()) {
    outcome.warnings.push_back(
        "Warning: there is no TCP port: no other agent can ask this one, yet all count it among "
        "the voters. "
        "Set `port`, or use this agent for queries only and fix the number with `vedette voters`.");
    return true;
  }
  bool good = true;
  for (const std::string& address : settings.bind) good = good && open(address, outcome);
  if (good && !listeners_.empty()) return true;
  outcome.error = "Failed listening on port " + std::to_string(settings.port) + " (TCP), aborting.";
  return false;
}

bool Server::Implementation::open_unix_socket(ListenOutcome& outcome) {
  const Settings& settings = facade_.settings();
  if (settings.unixsocket.empty()) return true;
  auto listener = std::make_shared<UnixListener>(io_);
  const ListenFailure failure =
      listener->open(settings.unixsocket, settings.unixsocket_permissions, settings.tcp_backlog);
  if (failure.error == 0) {
    unix_listener_ = std::move(listener);
    return true;
  }
  outcome.error = "Failed opening Unix socket: " + failure.text;
  return false;
}

// False when the address is needed and cannot be had.
bool Server::Implementation::open(const std::string& address, ListenOutcome& outcome) {
  const Settings& settings = facade_.settings();
  const bool may_fail = address.starts_with('-');
  const std::string host = may_fail ? address.substr(1) : address;
  auto listener = std::make_shared<TcpListener>(io_);
  const ListenFailure failure = listener->open(host, settings.port, settings.tcp_backlog);
  if (failure.error == 0) {
    listeners_.push_back(std::move(listener));
    return true;
  }
  outcome.warnings.push_back("Warning: Could not create server TCP listening socket " + host + ':' +
                             std::to_string(settings.port) + ": " + failure.text);
  return is_unsupported(failure.error) || (may_fail && failure.error == EADDRNOTAVAIL);
}

void Server::Implementation::start() {
  const std::weak_ptr<Implementation> weak = weak_from_this();
  const auto welcome = [weak](auto socket) {
    if (const auto self = weak.lock()) self->accepted(std::move(socket));
  };
  const auto complain = [weak](const std::string& text) {
    if (const auto self = weak.lock()) self->complain(text);
  };
  for (const auto& listener : listeners_) listener->start(welcome, complain);
  if (unix_listener_) unix_listener_->start(welcome, complain);
  sweep_later();
}

void Server::Implementation::stop() {
  for (const auto& listener : listeners_) listener->close();
  listeners_.clear();
  if (unix_listener_) {
    unix_listener_->close();
    unix_listener_.reset();
    facade_.log(consensus::Level::notice, "Removing the unix socket file.");
    ::unlink(facade_.settings().unixsocket.c_str());
  }
  sweep_timer_.cancel();
  for (const auto& [id, session] : sessions_) {
    publisher_.drop(session->client());
    session->detach();
  }
  sessions_.clear();
  clients_.all.clear();
}

void Server::Implementation::accepted(tcp::socket socket) {
  const Settings& settings = facade_.settings();
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return;  // gone again
  const tcp::endpoint own = socket.local_endpoint(error);
  keep_alive(socket, settings.tcp_keepalive_seconds);
  Session::Socket any(std::move(socket));
  if (is_full(any)) return;
  if (settings.protected_mode && settings.users.default_user().needs_no_password() &&
      !is_loopback(peer)) {
    ++traffic_.connections_rejected;
    return turn_away(any, denied);
  }
  begin(std::move(any), [&](Connection& client) {
    client.peer = text_of(peer);
    client.local = text_of(own);
    facade_.log(consensus::Level::verbose, "Accepted " + client.peer);
  });
}

void Server::Implementation::accepted(local::socket socket) {
  Session::Socket any(std::move(socket));
  if (is_full(any)) return;
  begin(std::move(any), [&](Connection& client) {
    client.peer = client.local = facade_.settings().unixsocket + ":0";
    client.over_unix_socket = true;
    facade_.log(consensus::Level::verbose,
                "Accepted connection to " + facade_.settings().unixsocket);
  });
}

bool Server::Implementation::is_full(Session::Socket& socket) {
  if (clients_.all.size() < facade_.settings().maxclients) return false;
  ++traffic_.connections_rejected;
  turn_away(socket, too_many);
  return true;
}

void Server::Implementation::begin(Session::Socket socket,
                                   const std::function<void(Connection&)>& describe) {
  ++traffic_.connections_received;
  error_code ignored;
  socket.non_blocking(true, ignored);
  const auto client = clients_.add();
  describe(*client);
  client->descriptor = socket.native_handle();
  client->connected_at = facade_.now();
  client->active_at = client->connected_at;
  client->authenticated = facade_.settings().users.default_user().is_open();
  const auto session = std::make_shared<Session>(std::move(socket), *this, client);
  sessions_.emplace(client->id, session);
  session->start();
}

void Server::Implementation::turn_away(Session::Socket& socket, std::string_view why) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(why), ignored);
}

void Server::Implementation::complain(const std::string& text) {
  const consensus::Instant now = facade_.now();
  if (complained_at_ && now - *complained_at_ < complaint_period) return;
  complained_at_ = now;
  facade_.log(consensus::Level::warning, "Error accepting a client connection: " + text);
}

void Server::Implementation::ended(std::uint64_t client) {
  const auto session = sessions_.find(client);
  if (session == sessions_.end()) return;
  publisher_.drop(session->second->client());
  clients_.remove(client);
  sessions_.erase(session);
}

void Server::Implementation::sweep_later() {
  const std::weak_ptr<Implementation> weak = weak_from_this();
  sweep_timer_.expires_after(sweep_period);
  sweep_timer_.async_wait([weak](const error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->sweep();
    self->sweep_later();
  });
}

// Once a second: who was silent or slow for too long.
void Server::Implementation::sweep() {
  count_second();
  const std::chrono::seconds timeout{facade_.settings().timeout_seconds};
  const consensus::Instant now = facade_.now();
  for (const auto& [id, session] : sessions_) {
    Connection& client = session->client();
    const bool waits = client.suspended || client.subscriptions() > 0;
    const bool idle = timeout.count() > 0 && !waits && now - client.active_at > timeout;
    if (idle) {
      facade_.log(consensus::Level::verbose, "Closing idle client");
      session->abort();
    } else if (publisher_.is_too_slow(client)) {
      ++traffic_.slow_subscribers_closed;
      session->abort();
    }
  }
}

void Server::Implementation::count_second() {
  traffic_.commands_per_second = traffic_.commands_processed - last_second_.commands_processed;
  traffic_.bytes_in_per_second = traffic_.bytes_in - last_second_.bytes_in;
  traffic_.bytes_out_per_second = traffic_.bytes_out - last_second_.bytes_out;
  last_second_ = traffic_;
}

Server::Server(asio::io_context& io, Facade& facade)
    : implementation_(std::make_shared<Implementation>(io, facade)) {}

Server::~Server() { implementation_->stop(); }

ListenOutcome Server::listen() { return implementation_->listen(); }

void Server::stop() { implementation_->stop(); }

AnnouncementSink& Server::announcements() noexcept { return implementation_->publisher(); }

const Traffic& Server::traffic() const noexcept { return implementation_->traffic(); }

std::size_t Server::connected_clients() const noexcept { return implementation_->client_count(); }

}  // namespace vedette::agent
