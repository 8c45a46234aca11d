#include "agent/http/http.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <set>
#include <utility>

#include "agent/http/endpoint.hpp"
#include "agent/http/json_view.hpp"
#include "agent/http/routes.hpp"
#include "agent/server/listener.hpp"

namespace vedette::agent {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t most_connections = 128;
constexpr std::uint32_t header_limit = 16 * 1024;
constexpr std::uint64_t body_limit = 1024;      // nothing here takes a body
constexpr std::chrono::seconds first_time{10};  // of the first request, waiting for it included
constexpr std::chrono::seconds read_time{60};   // of each other one
constexpr std::chrono::seconds write_time{30};  // of one answer

using Response = http::response<http::string_body>;

Response to_response(HttpAnswer answer, bool head_only, unsigned version, bool keep_alive) {
  Response response;
  response.version(version);
  response.result(answer.status);
  response.set(http::field::server, "vedette/" VEDETTE_VERSION);
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
  response.keep_alive(keep_alive);
  response.content_length(answer.body.size());
  if (!head_only) response.body() = std::move(answer.body);
  return response;
}

// The answer to what could not be read as a request.
HttpAnswer complaint(const error_code& error) {
  HttpAnswer answer;
  answer.status = 400;
  std::string_view hint = "send a plain HTTP/1.1 request";
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    answer.status = 431;
    hint = "requests here need few and short headers";
  } else if (error == http::error::body_limit) {
    answer.status = 413;
    hint = "nothing here takes a body: use GET or HEAD";
  }
  answer.body = error_json("the request cannot be served: " + error.message(), hint);
  return answer;
}

// Worth an answer, as opposed to a connection that is gone.
bool is_bad_request(const error_code& error) {
  static const auto& category = make_error_code(http::error::end_of_stream).category();
  return error.category() == category && error != http::error::end_of_stream &&
         error != http::error::partial_message;
}

class HttpSession;

class HttpHost {
 public:
  virtual ~HttpHost() = default;
  virtual HttpAnswer answer(std::string_view method, std::string_view target) = 0;
  virtual void ended(HttpSession* session) = 0;
};

// One connection: request after request, each within its time.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  // Who comes first is the first to go when there is no room. Nobody goes while being answered.
  struct Waiting {
    bool answered_before;
    std::chrono::steady_clock::time_point since;
    auto operator<=>(const Waiting&) const = default;
  };

  HttpSession(tcp::socket socket, std::weak_ptr<HttpHost> host)
      : stream_(std::move(socket)), host_(std::move(host)) {}

  void read();
  void close();
  [[nodiscard]] const std::optional<Waiting>& waiting() const noexcept { return waiting_; }

 private:
  void requested(const error_code& error);
  void answer_request();
  void respond(Response response);
  void responded(const error_code& error);
  void end();

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{header_limit + 2 * body_limit};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<Response> response_;
  std::optional<Waiting> waiting_;
  bool answered_ = false;
  std::weak_ptr<HttpHost> host_;
};

void HttpSession::read() {
  parser_.emplace();
  parser_->header_limit(header_limit);
  parser_->body_limit(body_limit);
  waiting_ = Waiting{answered_, std::chrono::steady_clock::now()};
  stream_.expires_after(answered_ ? read_time : first_time);
  const auto self = shared_from_this();
  http::async_read(stream_, buffer_, *parser_,
                   [self](const error_code& error, std::size_t) { self->requested(error); });
}

void HttpSession::requested(const error_code& error) {
  if (!error) return answer_request();
  if (!is_bad_request(error)) return end();
  constexpr unsigned http_1_1 = 11;
  respond(to_response(complaint(error), false, http_1_1, false));
}

void HttpSession::answer_request() {
  const auto host = host_.lock();
  if (!host) return end();
  const auto& request = parser_->get();
  const auto method = request.method_string();
  const auto target = request.target();
  HttpAnswer answer = host->answer({method.data(), method.size()}, {target.data(), target.size()});
  const bool head_only = request.method() == http::verb::head;
  respond(to_response(std::move(answer), head_only, request.version(), request.keep_alive()));
}

void HttpSession::respond(Response response) {
  waiting_.reset();
  answered_ = true;
  response_.emplace(std::move(response));
  stream_.expires_after(write_time);
  const auto self = shared_from_this();
  http::async_write(stream_, *response_,
                    [self](const error_code& error, std::size_t) { self->responded(error); });
}

void HttpSession::responded(const error_code& error) {
  const bool go_on = !error && response_->keep_alive();
  response_.reset();
  if (go_on) return read();
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  end();
}

void HttpSession::end() {
  if (const auto host = host_.lock()) host->ended(this);
}

void HttpSession::close() { stream_.close(); }

HttpEnvironment read_environment() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::optional<std::string>() : std::string(value);
  };
  return {variable("VEDETTE_HTTP_BIND"), variable("VEDETTE_HTTP_PORT")};
}

}  // namespace

class HttpServer::Implementation : public HttpHost,
                                   public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(asio::io_context& io, Facade& facade, const Server& server)
      : facade_(facade), server_(server), listener_(std::make_shared<TcpListener>(io)) {}

  HttpOutcome listen();
  void stop();

  HttpAnswer answer(std::string_view method, std::string_view target) override {
    const HttpSources sources{facade_, server_.traffic(), events_, server_.connected_clients()};
    return answer_http(sources, method, target);
  }
  void ended(HttpSession* session) override { sessions_.erase(session->shared_from_this()); }
  EventCounts& events() noexcept { return events_; }

 private:
  void start();
  void accepted(tcp::socket socket);
  void make_room();

  Facade& facade_;
  const Server& server_;
  EventCounts events_;
  std::shared_ptr<TcpListener> listener_;
  std::set<std::shared_ptr<HttpSession>> sessions_;
};

HttpOutcome HttpServer::Implementation::listen() {
  using Status = HttpOutcome::Status;
  constexpr int backlog = 128;
  const HttpEndpoint endpoint = http_endpoint(facade_.settings(), read_environment());
  if (endpoint.port == 0) return {Status::none, "No HTTP: there is no port for it"};
  const std::string address = proto::to_string({endpoint.host, endpoint.port});
  const ListenFailure failure = listener_->open(endpoint.host, endpoint.port, backlog);
  if (failure.error == 0) {
    start();
    return {Status::listening, "HTTP on " + address};
  }
  const std::string reason = "Could not listen for HTTP on " + address + ": " + failure.text;
  if (endpoint.configured) {
    return {Status::failed, reason + ". Change `vedette http-bind` or `vedette http-port`."};
  }
  return {Status::unavailable, reason +
                                   ". Going on without HTTP; `vedette http-port` would choose "
                                   "another port."};
}

void HttpServer::Implementation::start() {
  const std::weak_ptr<Implementation> weak = weak_from_this();
  listener_->start(
      [weak](tcp::socket socket) {
        if (const auto self = weak.lock()) self->accepted(std::move(socket));
      },
      [](const std::string&) {});  // the RESP listener tells of the same shortage
}

void HttpServer::Implementation::accepted(tcp::socket socket) {
  if (sessions_.size() >= most_connections) make_room();
  if (sessions_.size() >= most_connections) return;  // closes it
  const auto session =
      std::make_shared<HttpSession>(std::move(socket), std::weak_ptr<HttpHost>(weak_from_this()));
  sessions_.insert(session);
  session->read();
}

// Those who only hold their connection open keep nobody from /healthz.
void HttpServer::Implementation::make_room() {
  auto oldest = sessions_.end();
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    if (!(*it)->waiting()) continue;
    if (oldest == sessions_.end() || (*it)->waiting() < (*oldest)->waiting()) oldest = it;
  }
  if (oldest == sessions_.end()) return;
  (*oldest)->close();
  sessions_.erase(oldest);
}

void HttpServer::Implementation::stop() {
  listener_->close();
  for (const auto& session : sessions_) session->close();
  sessions_.clear();
}

HttpServer::HttpServer(asio::io_context& io, Facade& facade, const Server& server)
    : implementation_(std::make_shared<Implementation>(io, facade, server)) {}

HttpServer::~HttpServer() { implementation_->stop(); }

HttpOutcome HttpServer::listen() { return implementation_->listen(); }

void HttpServer::stop() { implementation_->stop(); }

AnnouncementSink& HttpServer::announcements() noexcept { return implementation_->events(); }

}  // namespace vedette::agent
