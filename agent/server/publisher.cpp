#include "agent/server/publisher.hpp"

#include <array>
#include <memory>
#include <vector>

#include "proto/glob.hpp"

namespace vedette::agent {

namespace {

// One message, encoded at most once per protocol version.
class Message {
 public:
  Message(std::string_view channel, std::string_view payload, const std::string* pattern)
      : channel_(channel), payload_(payload), pattern_(pattern) {}

  const Output::Chunk& encoded(proto::RespVersion version) {
    Output::Chunk& chunk = chunks_[version == proto::RespVersion::v3 ? 1 : 0];
    if (!chunk) chunk = encode(version);
    return chunk;
  }

 private:
  [[nodiscard]] Output::Chunk encode(proto::RespVersion version) const {
    auto bytes = std::make_shared<std::string>();
    proto::ReplyWriter out(*bytes, version);
    out.push(pattern_ == nullptr ? 3 : 4);
    out.bulk(pattern_ == nullptr ? "message" : "pmessage");
    if (pattern_ != nullptr) out.bulk(*pattern_);
    out.bulk(channel_);
    out.bulk(payload_);
    return bytes;
  }

  std::string_view channel_;
  std::string_view payload_;
  const std::string* pattern_;
  std::array<Output::Chunk, 2> chunks_;
};

}  // namespace

void Publisher::subscribe(Connection& client, const std::string& channel) {
  client.channels.insert(channel);
  channels_[channel].emplace(client.id, &client);
}

void Publisher::subscribe_pattern(Connection& client, const std::string& pattern) {
  client.patterns.insert(pattern);
  patterns_[pattern].emplace(client.id, &client);
}

void Publisher::unsubscribe(Connection& client, const std::string& channel) {
  remove(channels_, channel, client);
  client.channels.erase(channel);
}

void Publisher::unsubscribe_pattern(Connection& client, const std::string& pattern) {
  remove(patterns_, pattern, client);
  client.patterns.erase(pattern);
}

void Publisher::drop(Connection& client) {
  for (const std::string& channel : client.channels) remove(channels_, channel, client);
  for (const std::string& pattern : client.patterns) remove(patterns_, pattern, client);
  client.channels.clear();
  client.patterns.clear();
}

void Publisher::remove(Index& index, const std::string& key, const Connection& client) {
  const auto entry = index.find(key);
  if (entry == index.end()) return;
  entry->second.erase(client.id);
  if (entry->second.empty()) index.erase(entry);
}

void Publisher::announced(const consensus::Announce& announce) {
  if (announce.level < consensus::Level::verbose) return;
  publish(announce.event, announce.payload);
}

void Publisher::publish(std::string_view channel, std::string_view payload) {
  // Sending may end connections, which changes the index: so first all of them are collected.
  std::map<std::uint64_t, Connection*> reached;
  const auto deliver = [&reached](const Subscribers& subscribers, Message& message) {
    for (const auto& [id, client] : subscribers) {
      client->output.share(message.encoded(client->version));
      reached.emplace(id, client);
    }
  };
  if (const auto entry = channels_.find(channel); entry != channels_.end()) {
    Message message(channel, payload, nullptr);
    deliver(entry->second, message);
  }
  for (const auto& [pattern, subscribers] : patterns_) {
    if (!proto::glob_match(pattern, channel)) continue;
    Message message(channel, payload, &pattern);
    deliver(subscribers, message);
  }

  std::vector<std::shared_ptr<Connection>> alive;
  for (const auto& [id, client] : reached) alive.push_back(client->shared_from_this());
  for (const auto& client : alive) {
    if (client->transport == nullptr) continue;
    client->transport->flush();
    if (client->transport == nullptr || !is_too_slow(*client)) continue;
    ++traffic_.slow_subscribers_closed;
    client->transport->abort();
  }
}

bool Publisher::is_too_slow(Connection& client) const {
  const Settings& settings = facade_.settings();
  const OutputLimit& limit =
      client.subscriptions() > 0 ? settings.pubsub_output : settings.normal_output;
  const std::size_t pending = client.output.pending();
  if (limit.hard > 0 && pending > limit.hard) return true;
  if (limit.soft == 0 || pending <= limit.soft) {
    client.crowded_since.reset();
    return false;
  }
  if (!client.crowded_since) client.crowded_since = facade_.now();
  return facade_.now() - *client.crowded_since > limit.patience;
}

}  // namespace vedette::agent
