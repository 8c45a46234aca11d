// PING, ROLE, SHUTDOWN, the HELP of every container, and what our own agents ask one another.
#include <string>
#include <vector>

#include "agent/commands/handlers.hpp"
#include "agent/commands/table.hpp"
#include "agent/commands/words.hpp"

namespace vedette::agent::commands {

void ping(Call& call) {
  if (call.size() > 2) return call.error(wrong_arity("ping"));
  proto::ReplyWriter reply = call.reply();
  if (call.client.in_subscriber_mode()) {
    reply.array(2);
    reply.bulk("pong");
    reply.bulk(call.size() == 2 ? call.words[1] : std::string());
  } else if (call.size() == 2) {
    reply.bulk(call.words[1]);
  } else {
    reply.simple("PONG");
  }
}

void role(Call& call) {
  proto::ReplyWriter reply = call.reply();
  const auto& names = call.state().names;
  reply.array(2);
  reply.bulk("sentinel");
  reply.array(names.size());
  for (const auto& [name, id] : names) reply.bulk(name);
}

void shutdown(Call& call) {
  bool save = false;
  bool no_save = false;
  bool at_once = false;  // NOW or FORCE
  bool abort = false;
  for (std::size_t i = 1; i < call.size(); ++i) {
    const std::string& word = call.words[i];
    if (is_word(word, "save")) {
      save = true;
    } else if (is_word(word, "nosave")) {
      no_save = true;
    } else if (is_word(word, "now") || is_word(word, "force")) {
      at_once = true;
    } else if (is_word(word, "abort")) {
      abort = true;
    } else {
      return call.error(error_syntax);
    }
  }
  if ((save && no_save) || (abort && (save || no_save || at_once))) return call.error(error_syntax);
  if (abort) return call.error("ERR No shutdown in progress.");
  // The answer to SHUTDOWN is that the connection ends.
  call.client.closing = true;
  call.facade().shut_down("User requested shutdown...");
}

void help(Call& call) {
  const CommandSpec* parent = find_command(command_table(), call.words.front());
  if (parent == nullptr) return;
  const std::string name = to_upper(parent->name);
  const Dialect dialect = call.facade().settings().dialect;
  std::vector<std::string> lines;
  lines.push_back(name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  const auto describe = [&lines](const CommandSpec& spec) {
    std::string usage = to_upper(spec.name);
    if (!spec.usage.empty()) usage += ' ';
    usage += spec.usage;
    lines.push_back(std::move(usage));
    lines.push_back("    " + std::string(spec.summary));
  };
  for (const CommandSpec& spec : parent->subcommands()) {
    if (is_listed(spec, dialect) && spec.name != "help") describe(spec);
  }
  lines.emplace_back("HELP");
  lines.emplace_back("    Prints this help.");

  proto::ReplyWriter reply = call.reply();
  reply.array(lines.size());
  for (const std::string& line : lines) reply.simple(line);
}

void vedette_hello(Call& call) {
  proto::ReplyWriter reply = call.reply();
  reply.array(3);
  reply.bulk("vedette");
  reply.bulk("1");
  reply.bulk(call.state().my_id.text());
}

}  // namespace vedette::agent::commands
