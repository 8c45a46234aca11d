// The listening half of a conversation.
#include <array>
#include <string>
#include <utility>

#include "agent/links/conversation.hpp"
#include "proto/configuration.hpp"
#include "proto/hello.hpp"
#include "proto/info.hpp"
#include "proto/vote.hpp"

namespace vedette::agent {

namespace {

using consensus::Event;
using proto::Value;

// "OK" replies and errors alike: the text, for messages about what we did not expect.
std::string summary(const Value& reply) {
  if (!reply.text.empty()) return reply.text.substr(0, 200);
  return reply.is_aggregate() ? "an array of " + std::to_string(reply.elements.size())
                              : std::string("an empty reply");
}

bool is_word(const Value& reply, std::string_view word) {
  return reply.is_text() && reply.text == word;
}

}  // namespace

void Conversation::hear(std::string_view bytes, Events& events) {
  parser_.feed(bytes);
  while (broken_.empty()) {
    const auto reply = parser_.next();
    if (!reply) break;
    if (spec_.kind == consensus::LinkKind::pubsub && expected_.empty()) {
      hear_message(*reply, events);
      continue;
    }
    if (expected_.empty()) {
      broken_ = "a reply to no request: " + summary(*reply);
      break;
    }
    const Expected expected = expected_.front();
    expected_.pop_front();
    answer(expected, *reply, events);
  }
  if (broken_.empty() && !parser_.error().empty()) broken_ = parser_.error();
}

void Conversation::hear_message(const Value& message, Events& events) {
  const auto& parts = message.elements;
  if (parts.size() != 3 || !is_word(parts[0], "message")) return;
  if (!is_word(parts[1], proto::hello_channel) || !parts[2].is_text()) return;
  auto hello = proto::parse_hello(parts[2].text);
  // Anyone who may PUBLISH there can write anything: what is malformed is nobody's.
  if (hello) events.emplace_back(consensus::HelloHeard{spec_.link, std::move(*hello)});
}

void Conversation::fail(const Expected& expected, std::string_view what, const Value& reply,
                        Events& events) {
  events.emplace_back(consensus::RequestFailed{spec_.link, expected.request,
                                               std::string(what) + ": " + summary(reply)});
}

void Conversation::answer(const Expected& expected, const Value& reply, Events& events) {
  const consensus::LinkId link = spec_.link;
  const consensus::RequestId request = expected.request;
  switch (expected.kind) {
    case Kind::ignored:
      return;
    case Kind::subscription:
      if (reply.is_error()) broken_ = "SUBSCRIBE was refused: " + summary(reply);
      return;
    case Kind::ping:
      return answer_ping(expected, reply, events);
    case Kind::info:
      if (!reply.is_text()) return fail(expected, "INFO", reply, events);
      events.emplace_back(consensus::InfoRead{link, request, proto::parse_info(reply.text),
                                              std::make_shared<const std::string>(reply.text)});
      return;
    case Kind::role: {
      auto role = proto::parse_role(reply);
      if (!role) return fail(expected, "ROLE", reply, events);
      events.emplace_back(consensus::RoleRead{link, request, std::move(*role)});
      return;
    }
    case Kind::identify: {
      is_vedette_ = reply.is_aggregate() && !reply.elements.empty() &&
                    is_word(reply.elements.front(), "vedette");
      return;
    }
    case Kind::my_id: {
      const auto id = reply.is_text() ? proto::RunId::parse_lenient(reply.text) : std::nullopt;
      events.emplace_back(consensus::PeerIdentified{link, request, is_vedette_, id});
      return;
    }
    case Kind::ask: {
      auto opinion = proto::parse_down_reply(reply);
      if (!opinion) return fail(expected, "is-master-down-by-addr", reply, events);
      events.emplace_back(consensus::PeerAnswered{link, request, std::move(*opinion)});
      return;
    }
    case Kind::configuration: {
      auto configuration = proto::parse_master_reply(reply);
      if (!configuration) return fail(expected, "SENTINEL MASTER", reply, events);
      events.emplace_back(consensus::ConfigurationTold{link, request, std::move(*configuration)});
      return;
    }
    case Kind::publish:
      if (reply.is_error()) return fail(expected, "PUBLISH", reply, events);
      events.emplace_back(consensus::Acknowledged{link, request});
      return;
    case Kind::step:
      if (reply.is_error() && step_error_.empty()) step_error_ = summary(reply);
      return;
    case Kind::promote_exec:
    case Kind::follow_exec:
      return answer_exec(expected, reply, events);
    case Kind::promote_role:
      events.emplace_back(
          consensus::PromoteAnswered{link, request, executed_, proto::parse_role(reply)});
      // The hello has gone out in the transaction; now the subscribers may be sent away.
      if (executed_) add(open_chunk(), {Kind::ignored}, "CLIENT", {"KILL", "TYPE", "pubsub"});
      return;
  }
}

// LOADING and MASTERDOWN come from servers that are alive; anything else but PONG does not count.
void Conversation::answer_ping(const Expected& expected, const Value& reply, Events& events) {
  const std::string_view text = reply.text;
  consensus::Ponged ponged{spec_.link, expected.request};
  if (text.starts_with("LOADING") || text.starts_with("MASTERDOWN")) {
    ponged.loading = true;
  } else if (text.starts_with("BUSY")) {
    ponged.kind = consensus::Pong::busy;
  } else if (!text.starts_with("PONG")) {
    ponged.kind = consensus::Pong::refused;
  }
  events.emplace_back(ponged);
}

// EXEC answers an array; its first element is the SLAVEOF, the only one that matters: CONFIG
// REWRITE fails on every server without a file, and that must not count as a failed promotion.
void Conversation::answer_exec(const Expected& expected, const Value& reply, Events& events) {
  const bool ran = reply.type == Value::Type::array && !reply.elements.empty();
  const Value& verdict = ran ? reply.elements.front() : reply;
  executed_ = ran && !verdict.is_error();
  const std::string why = step_error_.empty() ? summary(verdict) : step_error_;
  step_error_.clear();
  if (expected.kind == Kind::promote_exec) return;
  if (executed_) {
    events.emplace_back(consensus::Acknowledged{spec_.link, expected.request});
  } else {
    events.emplace_back(consensus::RequestFailed{spec_.link, expected.request,
                                                 "The transaction with SLAVEOF failed: " + why});
  }
}

}  // namespace vedette::agent
