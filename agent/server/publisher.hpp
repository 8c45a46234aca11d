// Pub/Sub: who subscribed to what, and handing every announcement to them. A message is encoded
// once per protocol version and pattern; a subscriber that does not read is closed, never waited
// for. Reference: sentinel-protocol.md sections 3.29 and 1.5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "agent/facade.hpp"
#include "agent/server/connection.hpp"
#include "agent/server/traffic.hpp"

namespace vedette::agent {

class Publisher : public AnnouncementSink {
 public:
  Publisher(const Facade& facade, Traffic& traffic) : facade_(facade), traffic_(traffic) {}

  void subscribe(Connection& client, const std::string& channel);
  void subscribe_pattern(Connection& client, const std::string& pattern);
  void unsubscribe(Connection& client, const std::string& channel);
  void unsubscribe_pattern(Connection& client, const std::string& pattern);
  void drop(Connection& client);  // all its subscriptions

  void announced(const consensus::Announce& announce) override;
  void publish(std::string_view channel, std::string_view payload);

  // True when the client, a subscriber or not, read too slowly for too long; to be asked now and
  // then.
  [[nodiscard]] bool is_too_slow(Connection& client) const;

  [[nodiscard]] std::size_t channel_count() const noexcept { return channels_.size(); }
  [[nodiscard]] std::size_t pattern_count() const noexcept { return patterns_.size(); }

 private:
  using Subscribers = std::map<std::uint64_t, Connection*>;  // by client id
  using Index = std::map<std::string, Subscribers, std::less<>>;

  static void remove(Index& index, const std::string& key, const Connection& client);

  const Facade& facade_;
  Traffic& traffic_;
  Index channels_;
  Index patterns_;
};

}  // namespace vedette::agent
