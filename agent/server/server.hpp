// The port that clients, operators and other agents talk to: listeners, the accept loop, and who
// may stay connected. What a connection says is session.hpp's, what it means is commands/'s.
// Reference: sentinel-protocol.md section 1.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "agent/facade.hpp"
#include "agent/server/traffic.hpp"

namespace vedette::agent {

// What became of Server::listen(). Every warning is to be logged at level warning whether or not it
// worked.
struct ListenOutcome {
  std::vector<std::string> warnings;
  std::string error;  // "" = listening; otherwise the last line to log before exit code 1
  [[nodiscard]] bool ok() const noexcept { return error.empty(); }
};

class Server {
 public:
  Server(boost::asio::io_context& io, Facade& facade);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds every address of settings().bind on settings().port and accepts from then on. Call once.
  [[nodiscard]] ListenOutcome listen();

  // Closes listeners and connections; pending replies are written as far as the sockets take them
  // at once.
  void stop();

  // To be told every announcement; publishes it to the subscribers.
  [[nodiscard]] AnnouncementSink& announcements() noexcept;
  [[nodiscard]] const Traffic& traffic() const noexcept;
  [[nodiscard]] std::size_t connected_clients() const noexcept;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace vedette::agent
