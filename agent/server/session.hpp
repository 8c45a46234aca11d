// One connection's socket: bytes in, requests executed one after the other, bytes out. It waits for
// the socket to be readable before it takes memory for what it reads, so an idle client costs next
// to nothing.
#pragma once

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "agent/commands/call.hpp"
#include "agent/server/connection.hpp"
#include "proto/resp.hpp"

namespace vedette::agent {

// What all sessions of a server share.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  [[nodiscard]] virtual CommandContext& commands() = 0;
  // For one read; its content is used up before anyone else reads.
  [[nodiscard]] virtual std::span<char> scratch() = 0;
  // The socket is closed. Called once, never from inside a call of the session's own methods.
  virtual void ended(std::uint64_t client) = 0;
};

class Session : public Transport, public std::enable_shared_from_this<Session> {
 public:
  // TCP or Unix.
  using Socket = boost::asio::generic::stream_protocol::socket;

  Session(Socket socket, SessionHost& host, std::shared_ptr<Connection> client);

  void start();

  void flush() override;
  void resume() override;
  void abort() override;

  // The server goes away: nothing of it may be used any more.
  void detach();

  [[nodiscard]] Connection& client() noexcept { return *client_; }

 private:
  void wait_for_input();
  void readable(const boost::system::error_code& error);
  void execute_buffered();
  void execute_one(const proto::Request& request);
  void protocol_error(const proto::ProtocolError& error);
  void written(const boost::system::error_code& error, std::size_t bytes);
  void close_if_done();
  void close();
  [[nodiscard]] bool may_execute() const noexcept;

  Socket socket_;
  SessionHost* host_;
  std::shared_ptr<Connection> client_;
  proto::RequestParser parser_;
  std::vector<Output::Chunk> writing_;
  bool executing_ = false;
  bool waiting_ = false;  // for input
  bool ended_ = false;
  bool input_ended_ = false;
};

}  // namespace vedette::agent
