// Host names to addresses without ever waiting: what is known is given at once, even if it is old,
// and looked up again behind it. One dead name delays other lookups, never a link whose name was
// seen before.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

namespace vedette::agent {

class Resolver {
 public:
  // Called on the loop when a name gets its first or another address, before whoever waits for it.
  using Changed = std::function<void(const std::string& host, const std::string& address)>;
  // .. and when a lookup fails that did not fail before.
  using Failed = std::function<void(const std::string& host, const std::string& error)>;
  Resolver(boost::asio::io_context& io, Changed changed, Failed failed);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `address` is an IP literal; it is empty if the name is unknown, and `error` says why. Called
  // once, on the loop, possibly during this call; not at all if the Resolver goes first.
  using Done = std::function<void(const std::string& address, const std::string& error)>;
  void resolve(const std::string& host, Done done);

  // True if an earlier lookup ended, with an address or without; what is old is looked up again
  // behind it.
  [[nodiscard]] bool was_looked_up(const std::string& host);

  // Whether a lookup runs. The io_context does not end before it has: a name server that does not
  // answer takes seconds.
  [[nodiscard]] bool is_asking() const;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace vedette::agent
