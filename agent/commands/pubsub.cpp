// Subscriptions of clients, and the hello messages that other agents send directly.
// Reference: sentinel-protocol.md sections 3.29 and 3.30.
#include <optional>
#include <set>
#include <string>

#include "agent/commands/handlers.hpp"
#include "agent/commands/words.hpp"
#include "proto/hello.hpp"

namespace vedette::agent::commands {

namespace {

// Confirmations are messages: pushes in RESP3.
void confirm(Call& call, std::string_view kind, const std::string* name) {
  proto::ReplyWriter reply = call.client.message();
  reply.push(3);
  reply.bulk(kind);
  if (name != nullptr) {
    reply.bulk(*name);
  } else {
    reply.null();
  }
  reply.integer(static_cast<std::int64_t>(call.client.subscriptions()));
}

using Change = void (Publisher::*)(Connection&, const std::string&);

void change_named(Call& call, std::string_view kind, Change change) {
  for (std::size_t i = 1; i < call.size(); ++i) {
    (call.context.publisher.*change)(call.client, call.words[i]);
    confirm(call, kind, &call.words[i]);
  }
}

void leave_all(Call& call, std::string_view kind, Change change,
               const std::set<std::string>& subscribed) {
  const std::set<std::string> names = subscribed;
  if (names.empty()) return confirm(call, kind, nullptr);
  for (const std::string& name : names) {
    (call.context.publisher.*change)(call.client, name);
    confirm(call, kind, &name);
  }
}

}  // namespace

void subscribe(Call& call) { change_named(call, "subscribe", &Publisher::subscribe); }

void psubscribe(Call& call) { change_named(call, "psubscribe", &Publisher::subscribe_pattern); }

void unsubscribe(Call& call) {
  constexpr std::string_view kind = "unsubscribe";
  if (call.size() > 1) return change_named(call, kind, &Publisher::unsubscribe);
  leave_all(call, kind, &Publisher::unsubscribe, call.client.channels);
}

void punsubscribe(Call& call) {
  constexpr std::string_view kind = "punsubscribe";
  if (call.size() > 1) return change_named(call, kind, &Publisher::unsubscribe_pattern);
  leave_all(call, kind, &Publisher::unsubscribe_pattern, call.client.patterns);
}

void publish(Call& call) {
  if (call.words[1] != proto::hello_channel) {
    return call.error("ERR Only HELLO messages are accepted by Sentinel instances.");
  }
  // What we said ourselves and heard again through a third party is no news.
  const std::optional<proto::Hello> hello = proto::parse_hello(call.words[2]);
  if (hello && hello->agent_id != call.state().my_id) call.facade().hear_hello(*hello);
  call.reply().integer(1);
}

}  // namespace vedette::agent::commands
