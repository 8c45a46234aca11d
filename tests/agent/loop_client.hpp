// A client on a real socket that shares its thread with the server: while it waits it turns the
// event loop.
#pragma once

#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace vedette::agent::test {

// Ports below the ephemeral range, different for test programs that run at the same time.
inline std::uint16_t next_port() {
  static auto port = static_cast<std::uint16_t>(15000 + (getpid() * 37) % 15000);
  return ++port;
}

class LoopClient {
 public:
  LoopClient(boost::asio::io_context& io, std::uint16_t port, const char* source = "127.0.0.1")
      : io_(io), socket_(io) {
    using boost::asio::ip::make_address;
    using boost::asio::ip::tcp;
    socket_.open(tcp::v4());
    socket_.bind({make_address(source), 0});
    socket_.connect({make_address("127.0.0.1"), port});
    socket_.non_blocking(true);
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      boost::system::error_code error;
      const std::size_t sent = socket_.write_some(boost::asio::buffer(bytes), error);
      bytes.remove_prefix(sent);
      if (error && error != boost::asio::error::would_block) return;
      turn();
    }
  }

  // What arrived until there are that many bytes, or the server closed, or 5 s passed.
  std::string receive(std::size_t wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (received_.size() < wanted && !closed_ && std::chrono::steady_clock::now() < deadline) {
      turn();
      read();
    }
    return std::exchange(received_, {});
  }
  std::string receive_like(std::string_view expected) { return receive(expected.size()); }
  std::string receive_all() { return receive(std::size_t{1} << 40); }
  // Nothing came although the loop turned for a while.
  std::string receive_nothing() {
    for (int i = 0; i < 20; ++i) turn();
    read();
    return std::exchange(received_, {});
  }

  void finish_sending() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  void turn() { io_.run_for(std::chrono::milliseconds{2}); }
  void read() {
    boost::system::error_code error;
    std::array<char, 65536> buffer{};
    while (!error) {
      const std::size_t size = socket_.read_some(boost::asio::buffer(buffer), error);
      received_.append(buffer.data(), size);
    }
    closed_ = closed_ || error != boost::asio::error::would_block;
  }

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::socket socket_;
  std::string received_;
  bool closed_ = false;
};

}  // namespace vedette::agent::test
