// The HTTP listener: /healthz, /readyz, /metrics, /v1/masters. The only file with Boost.Beast is
// http.cpp.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "agent/facade.hpp"
#include "agent/server/server.hpp"

namespace vedette::agent {

struct HttpOutcome {
  enum class Status {
    listening,
    none,         // no address to listen on; `text` says why, worth a notice
    unavailable,  // the default address is taken: log `text` as a warning and go on
    failed        // the configured address cannot be had: log `text` as a warning and exit with 1
  };
  Status status = Status::listening;
  std::string text;  // for the log, also when listening ("HTTP on 127.0.0.1:27379")
};

class HttpServer {
 public:
  // `server` is read for its counters; both references must outlive this.
  HttpServer(boost::asio::io_context& io, Facade& facade, const Server& server);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds http_endpoint(facade.settings(), environment) and accepts from then on. Call once.
  [[nodiscard]] HttpOutcome listen();
  void stop();

  // To be told every announcement; counts them for /metrics.
  [[nodiscard]] AnnouncementSink& announcements() noexcept;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace vedette::agent
