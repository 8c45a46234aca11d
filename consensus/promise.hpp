// Promises wait, facts do not (README.md, Saves). A promise is an output that may leave only when
// the state behind it is on disk: a vote, an own candidacy, the news of an epoch. Answers to
// operators wait too.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "consensus/command.hpp"
#include "consensus/durable.hpp"
#include "consensus/ids.hpp"
#include "consensus/time.hpp"

namespace vedette::consensus {

// A vote to be told to whoever asked.
struct VotePromise {
  GroupId group;
  Vote vote;
  bool down;
  Ticket ticket;
};
// Our own candidacy: asks for votes may leave.
struct CandidacyPromise {
  GroupId group;
  Vote vote;
};
struct NewsPromise {
  Announce announce;
};
struct OrderPromise {
  ReplyOrder reply;
};

struct Promise {
  SaveNumber number;
  std::variant<VotePromise, CandidacyPromise, NewsPromise, OrderPromise> what;
};

struct Promises {
  SaveNumber last{0};     // newest number handed out
  SaveNumber durable{0};  // all up to here are on disk
  SaveNumber failed{0};   // newest number that failed
  bool unsaved = false;   // the last save failed and none succeeded since
  std::optional<Instant> retry_at;
  std::string error;  // of the last failed save
  std::deque<Promise> waiting;
  // Values of the votes and the epoch as of each unsaved number, to know what became durable.
  struct Mark {
    SaveNumber number;
    proto::Epoch current_epoch;
    std::map<GroupId, Vote> votes;  // the groups whose vote changed with this number
    Instant asked_at;
  };
  std::deque<Mark> marks;
  Duration save_time{0};  // of the last completed save
};

}  // namespace vedette::consensus
