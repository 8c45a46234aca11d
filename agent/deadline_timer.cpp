#include "agent/deadline_timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/clock.hpp"

namespace vedette::agent {

namespace asio = boost::asio;

class DeadlineTimer::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(asio::io_context& io, std::function<std::uint64_t()> inputs,
                 std::function<void()> passed)
      : io_(io),
        inputs_(std::move(inputs)),
        passed_(std::move(passed)),
        descriptor_(io, make_timer()) {}

  void set(consensus::Instant deadline) {
    if (deadline == deadline_) return;
    deadline_ = deadline;
    if (!settling_) arm();
  }

  void wait() {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [weak = weak_from_this()](const auto& error) {
                             const auto self = weak.lock();
                             if (!self || error) return;
                             self->went_off();
                           });
  }

  void stop() {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }

 private:
  static int make_timer() {
    const int descriptor = ::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "timerfd_create");
    return descriptor;
  }

  void arm() {
    itimerspec setting{};
    if (deadline_ != consensus::never) {
      // Rounded up by what a microsecond hides, and never 0, which would mean "off".
      const auto since = std::max(deadline_.time_since_epoch(), consensus::Duration{1});
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
      setting.it_value.tv_sec = seconds.count();
      setting.it_value.tv_nsec = std::chrono::nanoseconds(since - seconds).count();
    }
    const int result =
        ::timerfd_settime(descriptor_.native_handle(), TFD_TIMER_ABSTIME, &setting, nullptr);
    assert(result == 0);
    static_cast<void>(result);
  }

  void went_off() {
    std::uint64_t expirations = 0;
    // Nothing to read: the deadline was moved in the meantime.
    const ssize_t got = ::read(descriptor_.native_handle(), &expirations, sizeof expirations);
    if (got != sizeof expirations) return wait();
    settling_ = true;
    turns_ = 0;
    next_turn();
  }

  // The first post runs behind everything that is queued now, the second behind what one look at
  // the sockets adds to it.
  void next_turn() {
    seen_ = inputs_();
    asio::post(io_,
               [self = shared_from_this()] { asio::post(self->io_, [self] { self->turned(); }); });
  }

  void turned() {
    constexpr int max_turns = 64;
    if (inputs_() != seen_ && ++turns_ < max_turns) return next_turn();
    settling_ = false;
    if (!descriptor_.is_open()) return;
    wait();
    const bool due = deadline_ <= boot_now();
    if (due) {
      deadline_ = consensus::never;
      passed_();  // sets the next one
    } else {
      arm();
    }
  }

  asio::io_context& io_;
  const std::function<std::uint64_t()> inputs_;
  const std::function<void()> passed_;
  asio::posix::stream_descriptor descriptor_;
  consensus::Instant deadline_ = consensus::never;
  bool settling_ = false;  // went off, input is being let past
  int turns_ = 0;
  std::uint64_t seen_ = 0;
};

DeadlineTimer::DeadlineTimer(asio::io_context& io, std::function<std::uint64_t()> inputs,
                             std::function<void()> passed)
    : implementation_(std::make_shared<Implementation>(io, std::move(inputs), std::move(passed))) {
  implementation_->wait();
}

DeadlineTimer::~DeadlineTimer() { implementation_->stop(); }

void DeadlineTimer::set(consensus::Instant deadline) { implementation_->set(deadline); }

}  // namespace vedette::agent
