#include "agent/server/session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <string_view>
#include <utility>
#include <variant>

#include "agent/commands/clients.hpp"
#include "agent/commands/execute.hpp"

namespace vedette::agent {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// A client that sends requests and does not read the answers is not executed further above this.
constexpr std::size_t enough_unread_replies = std::size_t{64} << 20;
// What a client that has not logged in may leave unread.
constexpr std::size_t unauthenticated_output_limit = 1024;
// Buffers given to the kernel with one system call.
constexpr std::size_t chunks_per_write = 64;

}  // namespace

Session::Session(Socket socket, SessionHost& host, std::shared_ptr<Connection> client)
    : socket_(std::move(socket)),
      host_(&host),
      client_(std::move(client)),
      parser_(host.commands().facade.settings().input) {}

void Session::start() {
  client_->transport = this;
  wait_for_input();
}

void Session::wait_for_input() {
  if (ended_ || waiting_ || input_ended_) return;
  waiting_ = true;
  const auto self = shared_from_this();
  socket_.async_wait(Socket::wait_read, [self](const error_code& error) { self->readable(error); });
}

void Session::readable(const error_code& waited) {
  waiting_ = false;
  if (ended_) return;
  if (waited) return close();
  const std::span<char> scratch = host_->scratch();
  error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(scratch.data(), scratch.size()), error);
  if (error == asio::error::would_block || error == asio::error::interrupted) {
    return wait_for_input();
  }
  if (error == asio::error::eof) {
    log_client(host_->commands(), *client_, "Client closed connection");
    // Whoever closes its side after asking (`printf PING | nc`) still gets what is being written.
    input_ended_ = true;
    client_->closing = true;
    return close_if_done();
  }
  if (error) {
    log_client(host_->commands(), *client_, "Reading from client: " + error.message() + ":");
    return close();
  }

  Traffic& traffic = host_->commands().traffic;
  ++traffic.reads;
  traffic.bytes_in += size;
  client_->bytes_in += size;
  client_->active_at = host_->commands().facade.now();
  parser_.set_authenticated(client_->authenticated);
  parser_.feed(std::string_view(scratch.data(), size));
  execute_buffered();
}

bool Session::may_execute() const noexcept {
  return !ended_ && !client_->suspended && !client_->closing &&
         client_->output.pending() <= enough_unread_replies;
}

void Session::execute_buffered() {
  if (executing_) return;  // resumed by a reply that came during the call
  executing_ = true;
  bool more = true;
  while (more && may_execute()) {
    parser_.set_authenticated(client_->authenticated);
    const auto next = parser_.next();
    if (const auto* request = std::get_if<proto::Request>(&next)) {
      execute_one(*request);
    } else if (const auto* error = std::get_if<proto::ProtocolError>(&next)) {
      protocol_error(*error);
    } else {
      more = false;
    }
  }
  executing_ = false;
  if (ended_) return;
  client_->unread = parser_.buffered();
  flush();
  if (!ended_ && may_execute()) wait_for_input();
}

void Session::execute_one(const proto::Request& request) {
  if (execute(host_->commands(), *client_, request) == Verdict::hang_up) return close();
  const bool too_much =
      !client_->authenticated && client_->output.pending() > unauthenticated_output_limit;
  if (too_much) close();
}

void Session::protocol_error(const proto::ProtocolError& error) {
  if (error.message.empty()) return close();
  constexpr std::string_view prefix = "ERR Protocol error: ";
  const std::string what = error.message.substr(std::min(prefix.size(), error.message.size()));
  log_client(host_->commands(), *client_, "Protocol error (" + what + ") from client:");
  client_->muted = false;
  client_->reply().error(error.message);
  ++host_->commands().traffic.error_replies;
  client_->closing = true;
}

void Session::resume() { execute_buffered(); }

void Session::flush() {
  if (ended_ || executing_ || !writing_.empty()) return;
  if (client_->output.empty()) return close_if_done();
  writing_ = client_->output.take(chunks_per_write);
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(writing_.size());
  for (const Output::Chunk& chunk : writing_) buffers.push_back(asio::buffer(*chunk));
  const auto self = shared_from_this();
  asio::async_write(socket_, buffers, [self](const error_code& error, std::size_t bytes) {
    self->written(error, bytes);
  });
}

void Session::written(const error_code& error, std::size_t bytes) {
  const bool was_full = client_->output.pending() > enough_unread_replies;
  writing_.clear();
  client_->output.written();
  if (ended_) return;
  Traffic& traffic = host_->commands().traffic;
  ++traffic.writes;
  traffic.bytes_out += bytes;
  client_->bytes_out += bytes;
  if (error) return close();
  flush();
  if (!ended_ && was_full) execute_buffered();
}

void Session::close_if_done() {
  const bool done =
      client_->closing && !client_->suspended && client_->output.empty() && writing_.empty();
  if (done) close();
}

void Session::abort() {
  client_->output.clear();
  close();
}

void Session::close() {
  if (ended_) return;
  ended_ = true;
  client_->transport = nullptr;
  error_code ignored;
  if (client_->closing) socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
  // The server forgets us when nobody stands in our methods any more.
  const auto self = shared_from_this();
  asio::post(socket_.get_executor(), [self]() {
    if (self->host_ != nullptr) self->host_->ended(self->client_->id);
  });
}

void Session::detach() {
  // What the kernel takes without waiting still leaves.
  if (!ended_ && writing_.empty() && !client_->output.empty()) {
    error_code ignored;
    for (const Output::Chunk& chunk : client_->output.take(chunks_per_write)) {
      socket_.write_some(asio::buffer(*chunk), ignored);
      if (ignored) break;
    }
  }
  host_ = nullptr;
  close();
}

}  // namespace vedette::agent
