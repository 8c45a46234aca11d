// One core on a stage: the script plays the time, the disk and everybody else.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "consensus/core.hpp"
#include "tests/consensus/script.hpp"
#include "tests/consensus/setting.hpp"
#include "tests/consensus/wording.hpp"

namespace vedette::consensus::scenario {

class Stage {
 public:
  // Performs one line and returns what the core commanded, one text each.
  std::vector<std::string> perform(const std::string& line);

 private:
  // Something asked on a link and not answered yet.
  struct Question {
    LinkId link;
    RequestId request;
  };
  // What somebody does when no line speaks for him.
  enum class Manner {
    silent,   // nothing
    prompt,   // accepts connections; answers PING, INFO, hellos and who he is at once
    refusing  // refuses connections
  };
  using Key = std::pair<std::string, std::string>;  // who, and what or which link

  // ---- the core (stage.cpp)
  void start(const std::string& how);
  void advance_to(Instant when);
  void feed(const Event& event);
  void take(const Command& command);
  void tell(const Command& command);

  // ---- names and handles (stage.cpp)
  struct NoteHandles;
  struct AnswerPromptly;
  void asked(LinkId link, const std::string& what, RequestId request);
  Question question(const std::string& who, const std::string& what);
  void forget_link(LinkId link);
  [[nodiscard]] LinkId link_of(const std::string& who, const std::string& kind) const;
  [[nodiscard]] Manner manner_of(const std::string& who) const;
  [[nodiscard]] proto::InfoSnapshot info_of(const std::string& node);
  InfoLines& info_lines(const std::string& node);

  // ---- events (stage_events.cpp); each returns whether the verb is one of its own
  void event(const std::string& verb, Words& words);
  bool event_of_behaviour(const std::string& verb, Words& words);
  bool event_of_links(const std::string& verb, Words& words);
  bool event_of_replies(const std::string& verb, Words& words);
  bool event_of_agents(const std::string& verb, Words& words);
  void lose_links(const std::string& who);
  void wake(const std::string& who);
  void say_info(Words& words);
  void say_role(Words& words);
  void say_promoted(Words& words);
  void say_opinion(Words& words);
  void ask_for_vote(Words& words);
  void say_hello(Words& words);
  void order(Words& words);
  [[nodiscard]] Order order_of(const std::string& verb, Words& words) const;

  Setting setting_;
  std::optional<Core> core_;
  Instant zero_{std::chrono::seconds{1000}};  // the script's 0ms
  Instant now_{zero_};
  Instant block_{zero_};  // the instant of the line being performed
  bool saves_ = true;     // each save succeeds at once
  bool shown_ = true;
  std::deque<Event> due_;  // what happens at once, after what came before
  std::vector<std::string> answers_;

  Handles handles_;
  std::map<Key, LinkId> newest_;
  std::set<LinkId> connecting_;
  std::map<Key, std::vector<Question>> open_;
  std::map<std::string, Manner> manners_;
  std::map<std::string, InfoLines> infos_;
  std::uint64_t tickets_ = 0;
};

}  // namespace vedette::consensus::scenario
