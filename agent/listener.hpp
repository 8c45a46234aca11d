// Listening sockets: opening one as Sentinel does, and accepting on it without spinning when the
// process has no file descriptors left. Used for RESP and for HTTP.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace vedette::agent {

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using Accepted = std::function<void(boost::asio::ip::tcp::socket)>;
  using Complained = std::function<void(const std::string&)>;  // "accept: Too many open files"

  explicit Listener(boost::asio::io_context& io) : acceptor_(io), backoff_(io) {}

  struct Failure {
    int error = 0;     // an errno; 0 = it listens
    std::string text;  // "bind: Address already in use"
  };
  // `host` is an IP literal, a host name, "*" (all of IPv4) or "::*" (all of IPv6).
  [[nodiscard]] Failure open(const std::string& host, std::uint16_t port, int backlog);

  // `accepted` is called for every connection, `complained` when accepting fails; until close().
  void start(Accepted accepted, Complained complained);
  void close();

 private:
  void accept();
  void accept_later();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer backoff_;
  Accepted accepted_;
  Complained complained_;
};

}  // namespace vedette::agent
