#include "tests/consensus/wording.hpp"

#include <string_view>

#include "tests/consensus/cast.hpp"

namespace vedette::consensus::scenario {

namespace {

std::string_view word_for(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::verbose:
      return "verbose";
    case Level::notice:
      return "notice";
    case Level::warning:
      return "warning";
  }
  return "?";
}

// The words that Sentinel answers with, where it has some.
std::string_view word_for(OrderStatus status) {
  switch (status) {
    case OrderStatus::ok:
      return "ok";
    case OrderStatus::save_failed:
      return "save-failed";
    case OrderStatus::no_such_master:
      return "no-such-master";
    case OrderStatus::duplicate_master:
      return "duplicate-master";
    case OrderStatus::failover_in_progress:
      return "INPROG";
    case OrderStatus::no_good_replica:
      return "NOGOODSLAVE";
  }
  return "?";
}

std::string epoch_text(proto::Epoch epoch) { return std::to_string(number(epoch)); }

std::string text_of(const proto::Hello& hello) {
  return "epoch=" + epoch_text(hello.current_epoch) + " master=" + name_of(hello.master) +
         " config-epoch=" + epoch_text(hello.config_epoch);
}

struct Text {
  const Handles& handles;
  Instant now;

  [[nodiscard]] const std::string& who(LinkId link) const { return handles.links.at(link); }
  // "master command", "peer1"
  [[nodiscard]] std::string link(LinkId id) const {
    const std::string& kind = handles.kinds.at(id);
    return kind == "peer" ? who(id) : who(id) + " " + kind;
  }

  std::string operator()(const Connect& c) const { return "connect " + link(c.link); }
  std::string operator()(const Disconnect& c) const { return "disconnect " + link(c.link); }
  std::string operator()(const SendPing& c) const { return "ping " + who(c.link); }
  std::string operator()(const SendInfo& c) const { return "info " + who(c.link); }
  std::string operator()(const SendRole& c) const { return "role " + who(c.link); }
  std::string operator()(const Identify& c) const { return "identify " + who(c.link); }
  std::string operator()(const AskPeer& c) const {
    const auto& candidate = c.query.candidate;
    return "ask " + who(c.link) + " about " + name_of(c.query.master) +
           " epoch=" + epoch_text(c.query.epoch) +
           " candidate=" + (candidate ? name_of(*candidate) : "*");
  }
  std::string operator()(const AskConfiguration& c) const { return "configuration " + who(c.link); }
  std::string operator()(const PublishHello& c) const {
    return "hello " + who(c.link) + " " + text_of(c.hello);
  }
  std::string operator()(const Promote& c) const {
    const auto left = std::chrono::duration_cast<milliseconds>(c.not_after - now).count();
    const std::string limit = c.not_after == never ? "never" : "+" + std::to_string(left) + "ms";
    return "promote " + who(c.link) + " " + text_of(c.hello) + " not-after=" + limit;
  }
  std::string operator()(const Follow& c) const {
    return "follow " + who(c.link) + " " + name_of(c.master);
  }
  std::string operator()(const Retract& c) const { return "retract " + who(c.link); }
  std::string operator()(const KillScript& c) const { return "kill-script " + who(c.link); }
  std::string operator()(const Persist&) const { return "persist"; }
  std::string operator()(const ReplyVote& c) const {
    const auto& vote = c.reply.voted_for;
    return "reply-vote " + handles.questions.at(c.ticket) + (c.reply.down ? " down" : " up") +
           " vote=" + (vote ? name_of(*vote) : "*") + " epoch=" + epoch_text(c.reply.epoch);
  }
  std::string operator()(const ReplyOrder& c) const {
    const std::string count = c.count == 0 ? "" : " count=" + std::to_string(c.count);
    return "reply-order " + handles.questions.at(c.ticket) + " " + std::string(word_for(c.status)) +
           count;
  }
  std::string operator()(const Announce& c) const {
    return std::string(word_for(c.level)) + " " + std::string(c.event) + " " +
           with_names(c.payload);
  }
  std::string operator()(const Note& c) const {
    return "log " + std::string(word_for(c.level)) + " " + with_names(c.text);
  }
  std::string operator()(const RunReconfigScript& c) const {
    return "reconfig-script " + c.group + (c.leader ? " leader " : " observer ") + name_of(c.from) +
           " " + name_of(c.to);
  }
};

}  // namespace

std::string word_for(LinkKind kind) {
  if (kind == LinkKind::peer) return "peer";
  return kind == LinkKind::command ? "command" : "pubsub";
}

std::string to_text(const Command& command, const Handles& handles, Instant now) {
  return std::visit(Text{handles, now}, command);
}

}  // namespace vedette::consensus::scenario
