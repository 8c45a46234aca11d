#include "agent/links/resolver.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <utility>
#include <vector>

#include "agent/clock.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// How long an answer is not asked for again. Names in Kubernetes move within seconds.
constexpr consensus::Duration fresh_for = std::chrono::seconds{2};
// The same for names that others mention, who mention them all the time.
constexpr consensus::Duration mentioned_for = std::chrono::seconds{10};
// Names come from the network: whoever sends ever new ones must not fill our memory.
constexpr std::size_t most_names = 10000;

// IPv4 first, as Sentinel's lookup prefers it; two families of one name must not look like two
// nodes.
std::string choose(const tcp::resolver::results_type& results) {
  std::string any;
  for (const auto& entry : results) {
    const auto address = entry.endpoint().address();
    if (address.is_v4()) return address.to_string();
    if (any.empty()) any = address.to_string();
  }
  return any;
}

}  // namespace

class Resolver::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(asio::io_context& io, Changed changed, Failed failed)
      : resolver_(io), changed_(std::move(changed)), failed_(std::move(failed)) {}

  void resolve(const std::string& host, Done done) {
    if (is_full(host)) return done({}, "too many host names: not looking up '" + host + "'");
    Entry& entry = entries_[host];
    const bool known = !entry.address.empty();
    const std::string address = entry.address;
    if (!known) entry.waiting.push_back(std::move(done));
    if (!entry.asking && boot_now() - entry.asked_at > fresh_for) {
      ask(host, entry);
    } else if (!known && !entry.asking) {
      answer(entry);  // it failed a moment ago
    }
    if (known) done(address, {});
  }

  bool was_looked_up(const std::string& host) {
    const auto found = entries_.find(host);
    if (found == entries_.end()) return false;
    Entry& entry = found->second;
    const bool ended = !entry.address.empty() || !entry.error.empty();
    if (!entry.asking && boot_now() - entry.asked_at > mentioned_for) ask(host, entry);
    return ended;
  }

  bool is_asking() const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [](const auto& each) { return each.second.asking; });
  }

  void cancel() { resolver_.cancel(); }

 private:
  struct Entry {
    std::string address;
    std::string error;
    consensus::Instant asked_at{};
    bool asking = false;
    bool fails = false;  // the last lookup did
    std::vector<Done> waiting;
  };

  bool is_full(const std::string& host) {
    if (entries_.size() < most_names || entries_.contains(host)) return false;
    const auto useless = [](const auto& each) {
      return each.second.address.empty() && !each.second.asking;
    };
    std::erase_if(entries_, useless);
    return entries_.size() >= most_names;
  }

  void ask(const std::string& host, Entry& entry) {
    entry.asking = true;
    entry.asked_at = boot_now();
    resolver_.async_resolve(
        host, "", [weak = weak_from_this(), host](const auto& error, const auto& results) {
          const auto self = weak.lock();
          if (!self || error == asio::error::operation_aborted) return;
          self->answered(host, error ? std::string{} : choose(results), error.message());
        });
  }

  void answered(const std::string& host, std::string address, const std::string& error) {
    Entry& entry = entries_[host];
    entry.asking = false;
    entry.asked_at = boot_now();
    const bool failed = address.empty();
    // A name server that fails does not take away what was known.
    if (!address.empty() && address != entry.address) {
      entry.address = std::move(address);
      changed_(host, entry.address);
    }
    entry.error = "cannot resolve host name '" + host + "': " + error;
    if (failed && !std::exchange(entry.fails, true)) failed_(host, error);
    if (!failed) entry.fails = false;
    answer(entry);
  }

  static void answer(Entry& entry) {
    const std::string address = entry.address;
    const std::string error = address.empty() ? entry.error : std::string{};
    for (Done& done : std::exchange(entry.waiting, {})) done(address, error);
  }

  tcp::resolver resolver_;
  Changed changed_;
  Failed failed_;
  std::map<std::string, Entry> entries_;
};

Resolver::Resolver(asio::io_context& io, Changed changed, Failed failed)
    : implementation_(std::make_shared<Implementation>(io, std::move(changed), std::move(failed))) {
}

Resolver::~Resolver() { implementation_->cancel(); }

void Resolver::resolve(const std::string& host, Done done) {
  if (proto::is_ip_literal(host)) {
    done(host, {});
  } else {
    implementation_->resolve(host, std::move(done));
  }
}

bool Resolver::was_looked_up(const std::string& host) {
  return proto::is_ip_literal(host) || implementation_->was_looked_up(host);
}

bool Resolver::is_asking() const { return implementation_->is_asking(); }

}  // namespace vedette::agent
