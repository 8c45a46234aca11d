// Listening sockets, TCP and Unix: opening one as Sentinel does, and accepting on it without
// spinning when the process has no file descriptors left. Used for RESP and for HTTP.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace vedette::agent {

struct ListenFailure {
  int error = 0;     // an errno; 0 = it listens
  std::string text;  // "bind: Address already in use"
};

template <typename Protocol>
class Acceptor : public std::enable_shared_from_this<Acceptor<Protocol>> {
 public:
  using Socket = typename Protocol::socket;
  using Accepted = std::function<void(Socket)>;
  using Complained = std::function<void(const std::string&)>;  // "accept: Too many open files"

  // `accepted` is called for every connection, `complained` when accepting fails; until close().
  void start(Accepted accepted, Complained complained);
  void close();

 protected:
  explicit Acceptor(boost::asio::io_context& io) : acceptor_(io), backoff_(io) {}
  [[nodiscard]] boost::asio::io_context& io();
  // Binds the open acceptor and listens; closes it if it cannot.
  [[nodiscard]] ListenFailure listen(const typename Protocol::endpoint& endpoint, int backlog);

  typename Protocol::acceptor acceptor_;

 private:
  void accept();
  void accept_later();

  boost::asio::steady_timer backoff_;
  Accepted accepted_;
  Complained complained_;
};

class TcpListener : public Acceptor<boost::asio::ip::tcp> {
 public:
  explicit TcpListener(boost::asio::io_context& io) : Acceptor(io) {}
  // `host` is an IP literal, a host name, "*" (all of IPv4) or "::*" (all of IPv6).
  [[nodiscard]] ListenFailure open(const std::string& host, std::uint16_t port, int backlog);
};

class UnixListener : public Acceptor<boost::asio::local::stream_protocol> {
 public:
  explicit UnixListener(boost::asio::io_context& io) : Acceptor(io) {}
  // Whatever was left at `path` gives way. `permissions`: mode bits, 0 = by the umask.
  [[nodiscard]] ListenFailure open(const std::string& path, unsigned permissions, int backlog);
};

}  // namespace vedette::agent
