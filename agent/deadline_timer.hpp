// The one timer of the core. It runs on the core's clock (suspended time counts), and what the
// network brought before it went off is handled first: a deadline is judged only when nothing that
// is already there could answer it (safety.md rule 10).
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "consensus/time.hpp"

namespace vedette::agent {

class DeadlineTimer {
 public:
  // `inputs` grows with every piece of input that was handled; `passed` is called when the deadline
  // is over and the loop has made a turn without input (or 64 turns with some).
  DeadlineTimer(boost::asio::io_context& io, std::function<std::uint64_t()> inputs,
                std::function<void()> passed);
  ~DeadlineTimer();
  DeadlineTimer(const DeadlineTimer&) = delete;
  DeadlineTimer& operator=(const DeadlineTimer&) = delete;

  // Replaces the deadline; cheap if it is the one already set. `never` stops the timer.
  void set(consensus::Instant deadline);

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace vedette::agent
