// All outgoing connections: one reader coroutine each, no timer, no buffer while nothing is said.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>

#include "agent/links/conversation.hpp"
#include "agent/links/resolver.hpp"
#include "consensus/event.hpp"
#include "consensus/ids.hpp"
#include "consensus/time.hpp"

namespace vedette::agent {

class Link;

class Links {
 public:
  using Emit =
      std::function<void(consensus::Event)>;  // never called during connect, disconnect, say

  // The clock is read immediately before every write.
  Links(boost::asio::io_context& io, Resolver& resolver, Emit emit,
        std::function<consensus::Instant()> clock);
  ~Links();
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  // Begins the attempt: LinkUp or LinkDown follows.
  void connect(LinkSpec spec);
  // Quietly; unknown ids are ignored.
  void disconnect(consensus::LinkId link);

  // Queues a request. It leaves at the next flush(); a link that is gone swallows it.
  template <typename Request>
  void say(const Request& request) {
    if (Conversation* const conversation = to_speak(request.link)) conversation->say(request);
  }
  // Unknown ids are ignored.
  void rename(consensus::LinkId link, const RenamedCommands& renamed);
  // Writes all that was queued, as far as the sockets take it.
  void flush();

  [[nodiscard]] std::size_t pending(consensus::LinkId link) const;
  [[nodiscard]] std::size_t count() const noexcept { return links_.size(); }
  // Grows with every piece of input: tells whether a turn of the loop brought any.
  [[nodiscard]] std::uint64_t inputs() const noexcept;

 private:
  friend class Link;
  struct Shared;
  Conversation* to_speak(consensus::LinkId link);
  void forget(consensus::LinkId link);

  std::unique_ptr<Shared> shared_;
  std::map<consensus::LinkId, std::shared_ptr<Link>> links_;
  std::vector<std::shared_ptr<Link>> to_flush_;
};

}  // namespace vedette::agent
