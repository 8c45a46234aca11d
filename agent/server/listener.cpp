#include "agent/server/listener.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

namespace vedette::agent {

namespace asio = boost::asio;
using asio::ip::tcp;
using local = asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds accept_pause{100};

// Names are resolved here only: it happens once, before anything is served.
tcp::endpoint resolve(asio::io_context& io, const std::string& host, std::uint16_t port,
                      error_code& error) {
  if (host == "*") return {tcp::v4(), port};
  if (host == "::*") return {tcp::v6(), port};
  const auto address = asio::ip::make_address(host, error);
  if (!error) return {address, port};
  tcp::resolver resolver(io);
  const auto flags = tcp::resolver::passive;
  const auto found = resolver.resolve(host, std::to_string(port), flags, error);
  return error || found.empty() ? tcp::endpoint{} : found.begin()->endpoint();
}

// Notification scripts must not hold our ports and our clients' connections.
void keep_from_children(int descriptor) { fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

bool is_exhaustion(const error_code& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
         error == asio::error::no_memory || error.value() == ENFILE;
}

}  // namespace

template <typename Protocol>
asio::io_context& Acceptor<Protocol>::io() {
  return static_cast<asio::io_context&>(acceptor_.get_executor().context());
}

template <typename Protocol>
ListenFailure Acceptor<Protocol>::listen(const typename Protocol::endpoint& endpoint, int backlog) {
  error_code error;
  std::string doing = "bind";
  acceptor_.bind(endpoint, error);
  if (!error) {
    doing = "listen";
    acceptor_.listen(backlog, error);
  }
  if (!error) {
    keep_from_children(acceptor_.native_handle());
    return {};
  }
  error_code ignored;
  acceptor_.close(ignored);
  return {error.value(), doing + ": " + error.message()};
}

ListenFailure TcpListener::open(const std::string& host, std::uint16_t port, int backlog) {
  error_code error;
  const tcp::endpoint endpoint = resolve(io(), host, port, error);
  if (error) return {error.value(), error.message()};
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.protocol() == tcp::v6()) {
    acceptor_.set_option(asio::ip::v6_only(true), error);
  }
  if (!error) return listen(endpoint, backlog);
  error_code ignored;
  acceptor_.close(ignored);
  return {error.value(), "socket: " + error.message()};
}

ListenFailure UnixListener::open(const std::string& path, unsigned permissions, int backlog) {
  // One byte less than the kernel's room, which ends with a NUL.
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return {ENAMETOOLONG, "path too long"};
  error_code error;
  local::socket visitor(io());
  visitor.connect(local::endpoint(path), error);
  if (!error) return {EADDRINUSE, "bind: Address already in use"};  // somebody lives there
  error.clear();
  ::unlink(path.c_str());
  acceptor_.open(local(), error);
  if (error) return {error.value(), "socket: " + error.message()};
  ListenFailure failure = listen(local::endpoint(path), backlog);
  if (failure.error == 0 && permissions != 0) ::chmod(path.c_str(), permissions);
  return failure;
}

template <typename Protocol>
void Acceptor<Protocol>::start(Accepted accepted, Complained complained) {
  accepted_ = std::move(accepted);
  complained_ = std::move(complained);
  accept();
}

template <typename Protocol>
void Acceptor<Protocol>::close() {
  error_code ignored;
  acceptor_.close(ignored);
  backoff_.cancel();
  accepted_ = nullptr;
  complained_ = nullptr;
}

template <typename Protocol>
void Acceptor<Protocol>::accept() {
  const auto self = this->shared_from_this();
  acceptor_.async_accept([self](const error_code& error, Socket socket) {
    if (!self->accepted_) return;
    if (!error) {
      keep_from_children(socket.native_handle());
      self->accepted_(std::move(socket));
      return self->accept();
    }
    if (error == asio::error::operation_aborted) return;
    if (!is_exhaustion(error)) return self->accept();
    // The connection stays in the kernel's queue; asking again at once would only burn the
    // processor.
    self->complained_("accept: " + error.message());
    self->accept_later();
  });
}

template <typename Protocol>
void Acceptor<Protocol>::accept_later() {
  const auto self = this->shared_from_this();
  backoff_.expires_after(accept_pause);
  backoff_.async_wait([self](const error_code& error) {
    if (!error && self->accepted_) self->accept();
  });
}

template class Acceptor<tcp>;
template class Acceptor<local>;

}  // namespace vedette::agent
