// The speaking half of a conversation.
#include <algorithm>
#include <string>

#include "agent/links/conversation.hpp"
#include "proto/hello.hpp"
#include "proto/types.hpp"
#include "proto/vote.hpp"

namespace vedette::agent {

namespace {

// A server that does not read must not fill our memory; requests of a healthy one are a few hundred
// bytes.
constexpr std::size_t max_queued_bytes = std::size_t{1} << 20;

}  // namespace

void Conversation::begin() {
  Chunk& chunk = open_chunk();
  const Expected nothing{Kind::ignored};
  if (!spec_.password.empty()) {
    if (spec_.user.empty()) {
      add(chunk, nothing, "AUTH", {spec_.password});
    } else {
      add(chunk, nothing, "AUTH", {spec_.user, spec_.password});
    }
  }
  const bool pubsub = spec_.kind == consensus::LinkKind::pubsub;
  const std::string name = "sentinel-" + spec_.my_id.substr(0, 8) + (pubsub ? "-pubsub" : "-cmd");
  add(chunk, nothing, "CLIENT", {"SETNAME", name});
  if (pubsub) add(chunk, {Kind::subscription}, "SUBSCRIBE", {proto::hello_channel});
}

void Conversation::say(const consensus::SendPing& command) {
  add(open_chunk(), {Kind::ping, command.request}, "PING", {});
}

void Conversation::say(const consensus::SendInfo& command) {
  add(open_chunk(), {Kind::info, command.request}, "INFO", {});
}

void Conversation::say(const consensus::SendRole& command) {
  add(open_chunk(), {Kind::role, command.request}, "ROLE", {});
}

void Conversation::say(const consensus::Identify& command) {
  add(open_chunk(), {Kind::identify, command.request}, "VEDETTE", {"HELLO", "1", spec_.my_id});
  add(open_chunk(), {Kind::my_id, command.request}, "SENTINEL", {"MYID"});
}

void Conversation::say(const consensus::AskPeer& command) {
  Chunk& chunk = open_chunk();
  const std::string bytes = proto::encode(command.query);
  chunk.bytes += bytes;
  chunk.replies.push_back({Kind::ask, command.request});
  queued_bytes_ += bytes.size();
  check_bound();
}

void Conversation::say(const consensus::AskConfiguration& command) {
  add(open_chunk(), {Kind::configuration, command.request}, "SENTINEL", {"MASTER", command.group});
}

void Conversation::say(const consensus::PublishHello& command) {
  const std::string hello = proto::format_hello(command.hello);
  add(open_chunk(), {Kind::publish, command.request}, "PUBLISH", {proto::hello_channel, hello});
}

void Conversation::say(const consensus::KillScript&) {
  add(open_chunk(), {Kind::ignored}, "SCRIPT", {"KILL"});
}

// SLAVEOF, not REPLICAOF: it is the word that users' ACL rules and rename-command lines know.
void Conversation::say(const consensus::Promote& command) {
  Chunk& chunk = queue_.emplace_back();
  chunk.not_after = command.not_after;
  chunk.promote = command.request;
  const Expected step{Kind::step, command.request};
  const std::string hello = proto::format_hello(command.hello);
  add(chunk, step, "MULTI", {});
  add(chunk, step, "SLAVEOF", {"NO", "ONE"});
  add(chunk, step, "PUBLISH", {proto::hello_channel, hello});
  add(chunk, step, "CONFIG", {"REWRITE"});
  add(chunk, step, "CLIENT", {"KILL", "TYPE", "normal"});
  add(chunk, {Kind::promote_exec, command.request}, "EXEC", {});
  chunk.decisive = chunk.bytes.size();
  add(chunk, {Kind::promote_role, command.request}, "ROLE", {});
}

void Conversation::say(const consensus::Retract& command) {
  const auto unbegun = [&](const Chunk& chunk) {
    return chunk.not_after && chunk.promote == command.request && chunk.written == 0;
  };
  const auto found = std::find_if(queue_.begin(), queue_.end(), unbegun);
  if (found == queue_.end()) return;
  queued_bytes_ -= found->bytes.size();
  queue_.erase(found);
}

void Conversation::say(const consensus::Follow& command) {
  Chunk& chunk = open_chunk();
  const Expected step{Kind::step, command.request};
  const std::string port = std::to_string(command.master.port);
  add(chunk, step, "MULTI", {});
  add(chunk, step, "SLAVEOF", {command.master.host, port});
  add(chunk, step, "CONFIG", {"REWRITE"});
  add(chunk, step, "CLIENT", {"KILL", "TYPE", "normal"});
  add(chunk, step, "CLIENT", {"KILL", "TYPE", "pubsub"});
  add(chunk, {Kind::follow_exec, command.request}, "EXEC", {});
}

// Requests without a time limit go out together; those behind a Promote wait behind it.
Conversation::Chunk& Conversation::open_chunk() {
  if (queue_.empty() || queue_.back().not_after || queue_.back().written > 0) queue_.emplace_back();
  return queue_.back();
}

void Conversation::add(Chunk& chunk, Expected expected, std::string_view command, Words arguments) {
  const auto renamed = spec_.renamed.find(proto::to_lower(command));
  std::vector<std::string_view> words{
      renamed == spec_.renamed.end() ? command : std::string_view(renamed->second)};
  words.insert(words.end(), arguments);
  const std::string bytes = proto::encode_command(words);
  chunk.bytes += bytes;
  chunk.replies.push_back(expected);
  queued_bytes_ += bytes.size();
  check_bound();
}

void Conversation::check_bound() {
  if (queued_bytes_ <= max_queued_bytes || !broken_.empty()) return;
  broken_ =
      std::to_string(queued_bytes_) + " bytes of requests wait because the server does not read";
}

std::string_view Conversation::output(consensus::Instant now, Events& events) {
  while (!queue_.empty()) {
    Chunk& chunk = queue_.front();
    if (is_unwritten(chunk) && now > *chunk.not_after) {
      if (chunk.written > 0) {
        broken_ = "the authority to promote ended while the promotion was being written";
        return {};
      }
      events.emplace_back(consensus::PromoteWithheld{spec_.link, chunk.promote});
      queued_bytes_ -= chunk.bytes.size();
      queue_.pop_front();
      continue;
    }
    return std::string_view(chunk.bytes).substr(chunk.written);
  }
  return {};
}

void Conversation::wrote(std::size_t bytes) {
  if (bytes == 0) return;
  Chunk& chunk = queue_.front();
  // Its first replies may come before the rest is written.
  if (chunk.written == 0) {
    expected_.insert(expected_.end(), chunk.replies.begin(), chunk.replies.end());
  }
  chunk.written += bytes;
  queued_bytes_ -= bytes;
  if (chunk.written == chunk.bytes.size()) queue_.pop_front();
}

// Without its EXEC the server forgets a transaction.
std::optional<consensus::RequestId> Conversation::unwritten() const {
  const auto last = std::find_if(queue_.rbegin(), queue_.rend(), is_unwritten);
  return last == queue_.rend() ? std::nullopt : std::optional{last->promote};
}

std::size_t Conversation::pending() const noexcept {
  std::size_t count = expected_.size();
  for (const Chunk& chunk : queue_) {
    if (chunk.written == 0) count += chunk.replies.size();
  }
  return count;
}

}  // namespace vedette::agent
