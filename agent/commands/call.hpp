// One command being executed: what its handler may read and do.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "agent/acl/log.hpp"
#include "agent/facade.hpp"
#include "agent/server/connection.hpp"
#include "agent/server/publisher.hpp"
#include "agent/server/traffic.hpp"
#include "proto/resp.hpp"

namespace vedette::agent {

struct CommandSpec;

// What commands act on; the same for all connections.
struct CommandContext {
  Facade& facade;
  Clients& clients;
  Publisher& publisher;
  Traffic& traffic;
  acl::Log& refusals;
};

// The promise of an answer that comes later, for instance when the disk is done. Until finish() the
// connection executes nothing further, so answers stay in order.
class Deferred {
 public:
  Deferred(Connection& client, Traffic& traffic)
      : client_(client.weak_from_this()), traffic_(&traffic) {
    client.suspended = true;
  }

  // `write` takes a proto::ReplyWriter&. Nothing happens if the client has gone.
  template <typename Write>
  void finish(Write&& write) const {
    const auto client = client_.lock();
    if (!client || !client->suspended) return;
    proto::ReplyWriter reply = client->reply();
    std::forward<Write>(write)(reply);
    end(*client);
  }
  void error(std::string_view text) const {
    ++traffic_->error_replies;
    finish([text](proto::ReplyWriter& reply) { reply.error(text); });
  }
  void ok() const {
    finish([](proto::ReplyWriter& reply) { reply.simple("OK"); });
  }

 private:
  static void end(Connection& client) {
    client.suspended = false;
    if (client.transport == nullptr) return;
    client.transport->flush();
    if (client.transport != nullptr) client.transport->resume();
  }

  std::weak_ptr<Connection> client_;
  Traffic* traffic_;
};

struct Call {
  CommandContext& context;
  Connection& client;
  const proto::Request& words;  // as typed, command name first
  const CommandSpec& spec;
  std::string full_name;  // "sentinel|master"

  [[nodiscard]] Facade& facade() const { return context.facade; }
  [[nodiscard]] const consensus::State& state() const { return context.facade.state(); }
  [[nodiscard]] std::size_t size() const noexcept { return words.size(); }
  [[nodiscard]] proto::ReplyWriter reply() const { return client.reply(); }
  [[nodiscard]] Deferred defer() const { return {client, context.traffic}; }

  void ok() const { reply().simple("OK"); }
  void error(std::string_view text) const {
    ++context.traffic.error_replies;
    reply().error(text);
  }
};

}  // namespace vedette::agent
