// The lines that begin with `>`: what happens to the core.
#include <utility>

#include "tests/consensus/cast.hpp"
#include "tests/consensus/stage.hpp"

namespace vedette::consensus::scenario {

namespace {

proto::Address address_in(const std::string& text) {
  const auto address = address_of(text);
  if (!address) throw ScriptError("not an address: " + text);
  return *address;
}

proto::RunId id_in(const std::string& text) {
  const auto id = id_of(text);
  if (!id) throw ScriptError("not an agent: " + text);
  return *id;
}

proto::Epoch epoch_in(const std::optional<std::string>& text) {
  return proto::Epoch{text ? parse_number(*text) : 0};
}

// "down" or "up".
bool down_in(Words& words) {
  const std::string word = words.next();
  if (word != "down" && word != "up") throw ScriptError("down or up, not " + word);
  return word == "down";
}

}  // namespace

void Stage::event(const std::string& verb, Words& words) {
  const bool known = event_of_behaviour(verb, words) || event_of_links(verb, words) ||
                     event_of_replies(verb, words) || event_of_agents(verb, words);
  if (!known) throw ScriptError("no such event");
}

// ---- how the others, and the disk, behave from now on ------------------------------------------

bool Stage::event_of_behaviour(const std::string& verb, Words& words) {
  if (verb == "tick") {
    feed(Tick{});
  } else if (verb == "hangs") {
    manners_[words.next()] = Manner::silent;
  } else if (verb == "crashes") {
    const std::string who = words.next();
    manners_[who] = Manner::refusing;
    lose_links(who);
  } else if (verb == "answers") {
    wake(words.next());
  } else if (verb == "saves") {
    const std::string how = words.next();
    if (how != "wait" && how != "pass") throw ScriptError("saves wait, or saves pass");
    saves_ = how == "pass";
  } else if (verb == "resolved") {
    const std::string host = words.next();
    feed(HostResolved{host, words.next()});
  } else if (verb == "persisted") {
    feed(Persisted{core_->save_number()});
  } else if (verb == "persist-failed") {
    feed(PersistFailed{core_->save_number(), words.rest()});
  } else {
    return false;
  }
  return true;
}

void Stage::lose_links(const std::string& who) {
  for (const char* kind : {"command", "pubsub", "peer"}) {
    const auto found = newest_.find({who, kind});
    if (found == newest_.end()) continue;
    const LinkId link = found->second;
    forget_link(link);
    feed(LinkDown{link, "closed"});
  }
}

// Answers what was asked meanwhile, and everything from now on.
void Stage::wake(const std::string& who) {
  manners_[who] = Manner::prompt;
  const auto waiting = connecting_;
  for (const LinkId link : waiting) {
    if (handles_.links.at(link) != who) continue;
    connecting_.erase(link);
    feed(LinkUp{link, "10.0.1.1"});
  }
  auto& pings = open_[{who, "ping"}];
  if (!pings.empty()) {  // the newest answers those before it
    const Question ping = pings.back();
    pings.clear();
    feed(Ponged{ping.link, ping.request});
  }
  auto& infos = open_[{who, "info"}];
  if (infos.empty()) return;
  const Question info = infos.back();
  infos.clear();
  feed(InfoRead{info.link, info.request, info_of(who)});
}

// ---- links -------------------------------------------------------------------------------------

bool Stage::event_of_links(const std::string& verb, Words& words) {
  if (verb != "link-up" && verb != "link-down") return false;
  const std::string who = words.next();
  const LinkId link = link_of(who, words.next_or("peer"));
  if (verb == "link-up") {
    connecting_.erase(link);
    feed(LinkUp{link, "10.0.1.1"});
  } else {
    LinkDown lost{link, "closed"};
    if (words.next_or("") == "unwritten") lost.unwritten = question(who, "promote").request;
    forget_link(link);
    feed(lost);
  }
  return true;
}

// ---- replies -----------------------------------------------------------------------------------

bool Stage::event_of_replies(const std::string& verb, Words& words) {
  if (verb == "pong") {
    const auto [link, request] = question(words.next(), "ping");
    const std::string kind = words.next_or("pong");
    const Pong pong = kind == "busy" ? Pong::busy : kind == "refused" ? Pong::refused : Pong::valid;
    feed(Ponged{link, request, pong, kind == "loading"});
  } else if (verb == "info") {
    say_info(words);
  } else if (verb == "role") {
    say_role(words);
  } else if (verb == "promoted") {
    say_promoted(words);
  } else if (verb == "withheld") {
    const auto [link, request] = question(words.next(), "promote");
    feed(PromoteWithheld{link, request});
  } else if (verb == "identified") {
    const std::string who = words.next();
    const auto [link, request] = question(who, "identify");
    const bool vedette = words.next() == "vedette";
    feed(PeerIdentified{link, request, vedette, id_of(words.take("id").value_or(who))});
  } else if (verb == "configuration") {
    const auto [link, request] = question(words.next(), "configuration");
    const proto::Address master = address_in(words.take("master").value_or("master"));
    feed(ConfigurationTold{link, request, {master, epoch_in(words.take("config-epoch"))}});
  } else if (verb == "accepted") {
    const std::string who = words.next();
    const auto [link, request] = question(who, words.next());
    feed(Acknowledged{link, request});
  } else if (verb == "failed") {
    const std::string who = words.next();
    const auto [link, request] = question(who, words.next());
    feed(RequestFailed{link, request, words.rest()});
  } else {
    return false;
  }
  return true;
}

// Changes lines of what the node says, and answers an INFO that waits; else the next one says it.
// A changed role starts from what a healthy node of that role says.
void Stage::say_info(Words& words) {
  const std::string node = words.next();
  while (!words.empty()) {
    const std::string line = words.next();
    const auto colon = line.find(':');
    if (colon == std::string::npos) throw ScriptError("not a line of INFO: " + line);
    const std::string value = line.substr(colon + 1);
    InfoLines& lines = info_lines(node);
    const bool changes_role = line.starts_with("role:") && lines["role"] != value;
    if (changes_role) {
      const auto role = value == "master" ? proto::Role::master : proto::Role::replica;
      const std::string run_id = lines["run_id"];
      lines = setting_.usual_info(node, role);
      lines["run_id"] = run_id;
    }
    lines[line.substr(0, colon)] = value;
  }
  if (open_[{node, "info"}].empty()) return;
  const auto [link, request] = question(node, "info");
  feed(InfoRead{link, request, info_of(node)});
}

void Stage::say_role(Words& words) {
  const std::string node = words.next();
  const auto [link, request] = question(node, "role");
  proto::RoleSnapshot role;
  role.offset = 100;
  if (words.next() == "slave") {
    role.role = proto::Role::replica;
    role.master = address_in(words.take("of").value_or("master"));
    role.link_state = "connected";
  }
  feed(RoleRead{link, request, role});
}

void Stage::say_promoted(Words& words) {
  const auto [link, request] = question(words.next(), "promote");
  const std::string role = words.take("role").value_or("master");
  PromoteAnswered answer{link, request, words.take("executed").value_or("yes") == "yes", {}};
  if (role != "none") answer.role.emplace();
  if (role == "slave") answer.role->role = proto::Role::replica;
  feed(answer);
}

// ---- other agents and operators ----------------------------------------------------------------

bool Stage::event_of_agents(const std::string& verb, Words& words) {
  if (verb == "peer-answer") {
    say_opinion(words);
  } else if (verb == "vote-asked") {
    ask_for_vote(words);
  } else if (verb == "hello") {
    say_hello(words);
  } else if (verb == "order") {
    order(words);
  } else {
    return false;
  }
  return true;
}

void Stage::say_opinion(Words& words) {
  const auto [link, request] = question(words.next(), "ask");
  proto::DownReply reply;
  reply.down = down_in(words);
  const std::string vote = words.take("vote").value_or("*");
  if (vote != "*") reply.voted_for = id_in(vote);
  reply.epoch = epoch_in(words.take("epoch"));
  feed(PeerAnswered{link, request, reply});
}

void Stage::ask_for_vote(Words& words) {
  const std::string who = words.next();
  const Ticket ticket{++tickets_};
  handles_.questions[ticket] = who;
  proto::DownQuery query{address_in(words.take("about").value_or("master")),
                         epoch_in(words.take("epoch")), std::nullopt};
  const std::string candidate = words.take("candidate").value_or("*");
  if (candidate != "*") query.candidate = id_in(candidate);
  feed(VoteAsked{ticket, query});
}

void Stage::say_hello(Words& words) {
  const std::string who = words.next();
  proto::Hello hello{address_in(words.take("at").value_or(who)),
                     id_in(who),
                     {},
                     words.take("of").value_or("mymaster"),
                     address_in(words.take("master").value_or("master")),
                     epoch_in(words.take("config-epoch"))};
  const auto epoch = words.take("epoch");
  hello.current_epoch = epoch ? epoch_in(epoch) : hello.config_epoch;
  const auto via = words.take("via");
  std::optional<LinkId> link;
  if (via) link = link_of(*via, "pubsub");
  feed(HelloHeard{link, hello});
}

void Stage::order(Words& words) {
  const std::string verb = words.next();
  const Ticket ticket{++tickets_};
  handles_.questions[ticket] = verb;
  feed(Ordered{ticket, order_of(verb, words)});
}

Order Stage::order_of(const std::string& verb, Words& words) const {
  const std::string name = words.next();
  if (verb == "announce-hostnames") return SetAnnounced{{"", 26379, name == "yes"}};
  if (verb == "failover") return FailOver{name};
  if (verb == "reset") return ResetGroups{name};
  if (verb == "remove") return RemoveGroup{name};
  GroupOptions options = setting_.options();
  if (verb == "monitor") {
    const proto::Address address = address_in(words.next());
    set_option(options, "quorum", words.next());
    return MonitorGroup{name, address, options};
  }
  if (verb != "set") throw ScriptError("no such order: " + verb);
  const std::string option = words.next();
  const std::string value = words.next();
  set_option(options, option, value);
  return SetOptions{name, options, {option + " " + value}};
}

}  // namespace vedette::consensus::scenario
