// CLIENT: what a connection is called and how it is answered. Much of it exists for data stores and
// is only accepted here, because client libraries send it to whatever they are connected to.
// Reference: sentinel-protocol.md section 3.26.
#include <cstdint>
#include <string>

#include "agent/commands/handlers.hpp"
#include "agent/commands/words.hpp"

namespace vedette::agent::commands {

namespace {

std::string too_many_words(const std::string& subcommand) {
  return "ERR unknown subcommand or wrong number of arguments for '" + subcommand +
         "'. Try CLIENT HELP.";
}

bool is_on_or_off(const std::string& word) { return is_word(word, "on") || is_word(word, "off"); }

}  // namespace

void client_id(Call& call) { call.reply().integer(static_cast<std::int64_t>(call.client.id)); }

void client_getname(Call& call) {
  if (call.client.name.empty()) return call.reply().null();
  call.reply().bulk(call.client.name);
}

void client_setname(Call& call) {
  if (!is_plain_name(call.words[2])) return call.error(error_client_name);
  call.client.name = call.words[2];
  call.ok();
}

void client_setinfo(Call& call) {
  const std::string& option = call.words[2];
  const std::string& value = call.words[3];
  const bool is_name = is_word(option, "lib-name");
  if (!is_name && !is_word(option, "lib-ver")) {
    return call.error("ERR Unrecognized option '" + std::string(quoted_part(option)) + "'");
  }
  if (!is_plain_name(value)) {
    return call.error("ERR " + std::string(is_name ? "lib-name" : "lib-ver") +
                      " cannot contain spaces, newlines or special characters.");
  }
  (is_name ? call.client.library_name : call.client.library_version) = value;
  call.ok();
}

void client_reply(Call& call) {
  const std::string& mode = call.words[2];
  Connection& client = call.client;
  if (is_word(mode, "on")) {
    client.reply_mode = ReplyMode::on;
    client.muted = false;
    call.ok();
  } else if (is_word(mode, "off")) {
    client.reply_mode = ReplyMode::off;
    client.muted = true;
  } else if (is_word(mode, "skip")) {
    if (client.reply_mode == ReplyMode::on) client.reply_mode = ReplyMode::skip_next;
    client.muted = true;
  } else {
    call.error(error_syntax);
  }
}

void client_pause(Call& call) {
  if (call.size() > 4) return call.error(too_many_words("PAUSE"));
  const bool mode_is_known =
      call.size() == 3 || is_word(call.words[3], "write") || is_word(call.words[3], "all");
  if (!mode_is_known) return call.error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  const auto timeout = proto::parse_integer(call.words[2]);
  if (!timeout) return call.error("ERR timeout is not an integer or out of range");
  if (*timeout < 0) return call.error("ERR timeout is negative");
  call.ok();
}

void client_unpause(Call& call) { call.ok(); }

void client_unblock(Call& call) {
  if (call.size() > 4) return call.error(too_many_words("UNBLOCK"));
  const bool reason_is_known =
      call.size() == 3 || is_word(call.words[3], "timeout") || is_word(call.words[3], "error");
  if (!reason_is_known) {
    return call.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  if (!proto::parse_integer(call.words[2])) return call.error(error_not_integer);
  call.reply().integer(0);
}

void client_switch(Call& call) {
  if (!is_on_or_off(call.words[2])) return call.error(error_syntax);
  call.ok();
}

void client_getredir(Call& call) { call.reply().integer(-1); }

void client_tracking(Call& call) {
  if (!is_on_or_off(call.words[2])) return call.error(error_syntax);
  call.ok();
}

void client_caching(Call& call) {
  call.error("ERR CLIENT CACHING needs tracking with OPTIN or OPTOUT, and there is none here");
}

void client_trackinginfo(Call& call) {
  proto::ReplyWriter reply = call.reply();
  reply.map(3);
  reply.bulk("flags");
  reply.set(1);
  reply.bulk("off");
  reply.bulk("redirect");
  reply.integer(-1);
  reply.bulk("prefixes");
  reply.array(0);
}

}  // namespace vedette::agent::commands
