#include "agent/links/links.hpp"

#include <netinet/tcp.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace vedette::agent {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// What the links of one agent share. Read by one link at a time, as there is one thread.
struct Links::Shared {
  Links& links;
  asio::io_context& io;
  Emit emit;
  std::function<consensus::Instant()> clock;
  Resolver& resolver;
  std::uint64_t inputs = 0;
  std::array<char, 65536> input{};
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(Links::Shared& shared, LinkSpec spec)
      : shared_(shared), conversation_(std::move(spec)), socket_(shared.io) {}

  void start();
  void close();
  void flush();
  [[nodiscard]] bool closed() const { return closed_; }
  Conversation& conversation() { return conversation_; }
  bool to_be_flushed = false;

 private:
  static asio::awaitable<void> run(std::shared_ptr<Link> self, tcp::endpoint server);
  error_code open(const tcp::endpoint& server);
  void on_connected();
  bool read_some();
  void wait_for_room();
  void fail(const std::string& reason);
  void deliver(Conversation::Events& events);

  Links::Shared& shared_;
  Conversation conversation_;
  tcp::socket socket_;
  bool connected_ = false;
  bool closed_ = false;
  bool waiting_ = false;  // for room in the socket's send buffer
};

// The result always comes from the loop, never from within connect(): a core that reconnects at
// once must not call itself.
void Link::start() {
  const proto::Address& address = conversation_.spec().address;
  shared_.resolver.resolve(
      address.host, [weak = weak_from_this()](const std::string& host, const std::string& error) {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        error_code malformed;
        const auto ip = asio::ip::make_address(host, malformed);
        if (!error.empty() || malformed) {
          const std::string reason = error.empty() ? malformed.message() : error;
          asio::post(self->shared_.io, [self, reason] { self->fail(reason); });
          return;
        }
        const tcp::endpoint server(ip, self->conversation_.spec().address.port);
        asio::co_spawn(self->shared_.io, run(self, server), asio::detached);
      });
}

void Link::close() {
  closed_ = true;
  error_code ignored;
  // With a RST: an order that nobody acknowledged yet must not arrive when a partition heals, long
  // after we gave up on it.
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void Link::fail(const std::string& reason) {
  if (closed_) return;
  close();
  const consensus::LinkId id = conversation_.spec().link;
  consensus::LinkDown lost{id, reason, conversation_.unwritten()};
  shared_.links.forget(id);
  shared_.emit(std::move(lost));
}

error_code Link::open(const tcp::endpoint& server) {
  const LinkSpec& spec = conversation_.spec();
  error_code error;
  socket_.open(server.protocol(), error);
  if (error) return error;
  if (!spec.source_address.empty()) {
    const auto source = asio::ip::make_address(spec.source_address, error);
    if (!error) socket_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) socket_.bind(tcp::endpoint(source, 0), error);
    if (error) return error;
  }
  error_code ignored;  // a link without these options still works
  socket_.set_option(tcp::no_delay(true), ignored);
  if (spec.keepalive_seconds > 0) {
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);
    using Idle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
    socket_.set_option(Idle(static_cast<int>(spec.keepalive_seconds)), ignored);
  }
  return error;
}

asio::awaitable<void> Link::run(std::shared_ptr<Link> self, tcp::endpoint server) {
  error_code error = self->open(server);
  if (!error) {
    auto connecting = asio::redirect_error(asio::use_awaitable, error);
    co_await self->socket_.async_connect(server, connecting);
  }
  if (self->closed_) co_return;
  if (error) {
    self->fail(error.message());
    co_return;
  }
  self->on_connected();
  const auto readable = tcp::socket::wait_read;
  while (!self->closed_) {
    auto waiting = asio::redirect_error(asio::use_awaitable, error);
    co_await self->socket_.async_wait(readable, waiting);
    if (self->closed_) break;
    if (error) {
      self->fail(error.message());
      break;
    }
    while (self->read_some()) {
    }
  }
}

void Link::on_connected() {
  error_code error;
  socket_.non_blocking(true, error);
  const auto local = socket_.local_endpoint(error);
  if (error) return fail(error.message());
  connected_ = true;
  conversation_.begin();
  shared_.emit(consensus::LinkUp{conversation_.spec().link, local.address().to_string()});
  flush();
}

// All links read into one buffer, so an idle one costs none. True: there may be more.
bool Link::read_some() {
  error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(shared_.input), error);
  if (error == asio::error::would_block || error == asio::error::try_again) return false;
  if (error) {
    fail(error == asio::error::eof ? "closed by the server" : error.message());
    return false;
  }
  ++shared_.inputs;
  Conversation::Events events;
  conversation_.hear({shared_.input.data(), size}, events);
  deliver(events);
  if (closed_) return false;
  if (!conversation_.broken().empty()) {
    fail(conversation_.broken());
    return false;
  }
  flush();
  return !closed_ && size == shared_.input.size();
}

// An event may make the core disconnect this very link; what came behind it then is void.
void Link::deliver(Conversation::Events& events) {
  for (consensus::Event& event : events) {
    if (closed_) return;
    shared_.emit(std::move(event));
  }
}

void Link::flush() {
  while (connected_ && !closed_ && !waiting_) {
    Conversation::Events events;
    // Looked at again before every write: a Promote has its last moment here.
    const std::string_view bytes = conversation_.output(shared_.clock(), events);
    error_code error;
    std::size_t written = 0;
    if (!bytes.empty()) {
      written = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
      conversation_.wrote(written);
    }
    const bool done = bytes.empty();
    const bool full = error == asio::error::would_block || error == asio::error::try_again;
    if (full) wait_for_room();  // before the events: they may lead back here
    deliver(events);
    if (closed_ || done || full) break;
    if (error) return fail(error.message());
  }
  if (!closed_ && !conversation_.broken().empty()) fail(conversation_.broken());
}

void Link::wait_for_room() {
  waiting_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->waiting_ = false;
    if (self->closed_) return;
    if (error) return self->fail(error.message());
    self->flush();
  });
}

Links::Links(asio::io_context& io, Resolver& resolver, Emit emit,
             std::function<consensus::Instant()> clock)
    : shared_(new Shared{*this, io, std::move(emit), std::move(clock), resolver}) {}

Links::~Links() {
  for (auto& [id, link] : links_) link->close();
}

void Links::connect(LinkSpec spec) {
  const consensus::LinkId id = spec.link;
  disconnect(id);
  const auto link = std::make_shared<Link>(*shared_, std::move(spec));
  links_.emplace(id, link);
  link->start();
}

void Links::disconnect(consensus::LinkId link) {
  const auto it = links_.find(link);
  if (it == links_.end()) return;
  it->second->close();
  links_.erase(it);
}

void Links::forget(consensus::LinkId link) { links_.erase(link); }

void Links::rename(consensus::LinkId link, const RenamedCommands& renamed) {
  const auto it = links_.find(link);
  if (it != links_.end()) it->second->conversation().rename(renamed);
}

Conversation* Links::to_speak(consensus::LinkId link) {
  const auto it = links_.find(link);
  if (it == links_.end()) return nullptr;
  if (!it->second->to_be_flushed) {
    it->second->to_be_flushed = true;
    to_flush_.push_back(it->second);
  }
  return &it->second->conversation();
}

void Links::flush() {
  // Writing may lead to events and these to requests: until nothing is left.
  while (!to_flush_.empty()) {
    for (const auto& link : std::exchange(to_flush_, {})) {
      link->to_be_flushed = false;
      if (!link->closed()) link->flush();
    }
  }
}

std::size_t Links::pending(consensus::LinkId link) const {
  const auto it = links_.find(link);
  return it == links_.end() ? 0 : it->second->conversation().pending();
}

std::uint64_t Links::inputs() const noexcept { return shared_->inputs; }

}  // namespace vedette::agent
