#include "tests/consensus/stage.hpp"

#include <algorithm>

#include "tests/consensus/cast.hpp"

namespace vedette::consensus::scenario {

namespace {

// Long enough for everybody to be known and for what binds an agent after its start to be over,
// and not a multiple of the longer periods.
constexpr Duration warm_up = std::chrono::seconds{5};

proto::Role first_role(const std::string& node) {
  return node == "master" || node == "other" ? proto::Role::master : proto::Role::replica;
}

}  // namespace

std::vector<std::string> Stage::perform(const std::string& line) {
  Words words(line);
  const std::string verb = words.next();
  answers_.clear();
  block_ = now_;
  if (verb == "start") {
    start(words.next());
  } else if (!core_) {
    setting_.read(verb, words);
  } else if (verb == "at") {
    advance_to(zero_ + parse_duration(words.next()));
  } else if (verb == "stall") {  // time passes, but we do not notice
    block_ = now_ = zero_ + parse_duration(words.next());
  } else if (verb == "mute" || verb == "unmute") {  // what led here is told elsewhere
    shown_ = verb == "unmute";
  } else if (verb == ">") {
    event(words.next(), words);
  } else {
    throw ScriptError("no such line after the start");
  }
  words.finish();
  return answers_;
}

void Stage::start(const std::string& how) {
  if (core_) throw ScriptError("started already");
  const bool steady = how == "steady";
  if (!steady && how != "fresh") throw ScriptError("start fresh, or start steady");
  const Durable file = setting_.file();
  if (steady) {
    shown_ = false;
    now_ = zero_ - warm_up;
    for (const DurableGroup& group : file.groups) {
      manners_[name_of(group.master)] = Manner::prompt;
      for (const auto& replica : group.replicas) manners_[name_of(replica)] = Manner::prompt;
      for (const auto& peer : group.peers) manners_[name_of(peer.id)] = Manner::prompt;
    }
  }
  core_.emplace(file, Announced{"", 26379}, Timings{}, 1, now_, setting_.policy());
  feed(Tick{});
  advance_to(zero_);
  shown_ = true;
}

void Stage::advance_to(Instant when) {
  if (when < now_) throw ScriptError("time does not go back");
  block_ = when;
  while (core_->deadline() <= when) {
    now_ = std::max(now_, core_->deadline());
    feed(Tick{});
  }
  now_ = when;
}

void Stage::feed(const Event& event) {
  due_.push_back(event);
  while (!due_.empty()) {
    const Event next = due_.front();
    due_.pop_front();
    Commands commands;
    core_->step(now_, next, commands);
    for (const Command& command : commands) take(command);
  }
}

void Stage::tell(const Command& command) {
  const std::string text = to_text(command, handles_, now_);
  if (!shown_ || setting_.hides(text.substr(0, text.find(' ')))) return;
  const auto at = std::chrono::duration_cast<milliseconds>(now_ - zero_).count();
  answers_.push_back(now_ == block_ ? text : std::to_string(at) + "ms: " + text);
}

// ---- names and handles -------------------------------------------------------------------------

struct Stage::NoteHandles {
  Stage& stage;
  void operator()(const Connect& c) const {
    const std::string who = name_of(c.address);
    const std::string kind = word_for(c.kind);
    stage.handles_.links[c.link] = who;
    stage.handles_.kinds[c.link] = kind;
    stage.newest_[{who, kind}] = c.link;
    stage.connecting_.insert(c.link);
  }
  void operator()(const Disconnect& c) const { stage.forget_link(c.link); }
  void operator()(const SendPing& c) const { stage.asked(c.link, "ping", c.request); }
  void operator()(const SendInfo& c) const { stage.asked(c.link, "info", c.request); }
  void operator()(const SendRole& c) const { stage.asked(c.link, "role", c.request); }
  void operator()(const Identify& c) const { stage.asked(c.link, "identify", c.request); }
  void operator()(const AskPeer& c) const { stage.asked(c.link, "ask", c.request); }
  void operator()(const AskConfiguration& c) const {
    stage.asked(c.link, "configuration", c.request);
  }
  void operator()(const PublishHello& c) const { stage.asked(c.link, "hello", c.request); }
  void operator()(const Promote& c) const { stage.asked(c.link, "promote", c.request); }
  void operator()(const Follow& c) const { stage.asked(c.link, "follow", c.request); }
  template <class C>
  void operator()(const C&) const {}
};

// What a prompt party answers by itself. Decisions about roles, votes and promotions are for the
// script.
struct Stage::AnswerPromptly {
  Stage& stage;
  [[nodiscard]] bool is_prompt(LinkId link) const {
    return stage.manner_of(stage.handles_.links.at(link)) == Manner::prompt;
  }
  template <class C>
  bool take_question(const C& c, const char* what) const {
    if (!is_prompt(c.link)) return false;
    stage.question(stage.handles_.links.at(c.link), what);
    return true;
  }
  void operator()(const Connect& c) const {
    const Manner manner = stage.manner_of(stage.handles_.links.at(c.link));
    if (manner == Manner::silent) return;
    stage.connecting_.erase(c.link);
    if (manner == Manner::prompt) {
      stage.due_.push_back(LinkUp{c.link, "10.0.1.1"});
    } else {
      stage.due_.push_back(LinkDown{c.link, "refused"});
    }
  }
  void operator()(const SendPing& c) const {
    if (take_question(c, "ping")) stage.due_.push_back(Ponged{c.link, c.request});
  }
  void operator()(const SendInfo& c) const {
    if (!take_question(c, "info")) return;
    const std::string& who = stage.handles_.links.at(c.link);
    stage.due_.push_back(InfoRead{c.link, c.request, stage.info_of(who)});
  }
  void operator()(const Identify& c) const {
    if (!take_question(c, "identify")) return;
    const std::string& who = stage.handles_.links.at(c.link);
    const bool legacy = stage.setting_.is_legacy(who);
    stage.due_.push_back(PeerIdentified{c.link, c.request, !legacy, id_of(who)});
  }
  void operator()(const PublishHello& c) const {
    if (!take_question(c, "hello")) return;
    stage.due_.push_back(Acknowledged{c.link, c.request});
    const auto pubsub = stage.newest_.find({stage.handles_.links.at(c.link), "pubsub"});
    if (pubsub != stage.newest_.end()) stage.due_.push_back(HelloHeard{pubsub->second, c.hello});
  }
  void operator()(const Persist& c) const {
    if (stage.saves_) stage.due_.push_back(Persisted{c.number});
  }
  template <class C>
  void operator()(const C&) const {}
};

void Stage::take(const Command& command) {
  // A connection has a name only from here on, and a closed one has none after it.
  const bool closes = std::holds_alternative<Disconnect>(command);
  if (closes) tell(command);
  std::visit(NoteHandles{*this}, command);
  if (!closes) tell(command);
  std::visit(AnswerPromptly{*this}, command);
}

void Stage::asked(LinkId link, const std::string& what, RequestId request) {
  open_[{handles_.links.at(link), what}].push_back({link, request});
}

// The newest one; what was asked before it stays open.
Stage::Question Stage::question(const std::string& who, const std::string& what) {
  auto& waiting = open_[{who, what}];
  if (waiting.empty()) throw ScriptError("nothing of that kind is unanswered: " + what);
  const Question newest = waiting.back();
  waiting.pop_back();
  return newest;
}

void Stage::forget_link(LinkId link) {
  connecting_.erase(link);
  for (auto& [key, waiting] : open_) {
    std::erase_if(waiting, [&](const Question& each) { return each.link == link; });
  }
}

LinkId Stage::link_of(const std::string& who, const std::string& kind) const {
  const auto found = newest_.find({who, kind});
  if (found == newest_.end()) throw ScriptError("no such link: " + who + " " + kind);
  return found->second;
}

Stage::Manner Stage::manner_of(const std::string& who) const {
  const auto found = manners_.find(who);
  return found == manners_.end() ? Manner::silent : found->second;
}

InfoLines& Stage::info_lines(const std::string& node) {
  const auto [found, fresh] = infos_.try_emplace(node);
  if (fresh) found->second = setting_.usual_info(node, first_role(node));
  return found->second;
}

proto::InfoSnapshot Stage::info_of(const std::string& node) {
  std::string text;
  for (const auto& [key, value] : info_lines(node)) text.append(key + ":" + value + "\r\n");
  return proto::parse_info(text);
}

}  // namespace vedette::consensus::scenario
