// Notification and client-reconfiguration scripts of the users, run beside the loop.
// Reference: sentinel-protocol.md section 7.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/facade.hpp"
#include "consensus/command.hpp"
#include "consensus/options.hpp"

namespace vedette::agent {

// At most 16 run at once and 256 wait (the oldest waiting one is dropped). Exit code 0 ends a
// script, 1 or a signal repeats it (10 starts, the pause doubles), anything else is an error. Too
// long a run is killed. No other part of the process may have children: all that end are reaped.
class Scripts {
 public:
  // Script events carry no instance: -script-error, -script-timeout, and for the log +script-child.
  using Tell =
      std::function<void(std::string_view event, consensus::Level level, std::string payload)>;
  using ReadTimings = std::function<consensus::Timings()>;

  Scripts(boost::asio::io_context& io, Tell tell, ReadTimings timings);
  ~Scripts();  // leaves running scripts alone
  Scripts(const Scripts&) = delete;
  Scripts& operator=(const Scripts&) = delete;

  // argv[0] is the path.
  void run(std::vector<std::string> argv);

  [[nodiscard]] std::size_t running() const noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept;
  [[nodiscard]] std::vector<PendingScript> pending() const;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace vedette::agent
