#include "consensus/saving.hpp"

#include <algorithm>
#include <utility>

#include "consensus/announce.hpp"
#include "consensus/election.hpp"

namespace vedette::consensus {

namespace {

constexpr Duration retry_after = std::chrono::seconds{1};

// Seen as a replica since (or forgotten by RESET): if it is a master again, somebody made it one.
bool has_returned(const Group& group, const Replaced& replaced) {
  const auto is_out = [&](const auto& each) {
    return each.second.address == replaced.address && each.second.superseded;
  };
  return std::none_of(group.nodes.begin(), group.nodes.end(), is_out);
}

DurableGroup take_group(const Group& group) {
  DurableGroup out;
  out.name = group.name;
  out.master = group.master().address;
  out.options = group.options;
  out.config_epoch = group.config_epoch;
  out.vote = group.ballot.memory;
  if (group.replaced && !has_returned(group, *group.replaced)) out.replaced = group.replaced;
  out.replid = group.replid;
  for (const auto& [id, node] : group.nodes) {
    if (id != group.master_id) out.replicas.push_back(node.address);
  }
  std::sort(out.replicas.begin(), out.replicas.end());
  if (group.forgotten.voters > group.agents()) out.voters = group.forgotten.voters;
  return out;
}

void adopt(Turn& turn, const Promises::Mark& mark) {
  turn.state.durable_epoch = std::max(turn.state.durable_epoch, mark.current_epoch);
  for (const auto& [id, vote] : mark.votes) {
    const auto group = turn.state.groups.find(id);
    if (group != turn.state.groups.end()) group->second.ballot.durable = vote;
  }
}

void adopt_marks(Turn& turn, SaveNumber number) {
  auto& promises = turn.state.promises;
  while (!promises.marks.empty() && promises.marks.front().number <= number) {
    const auto& mark = promises.marks.front();
    adopt(turn, mark);
    promises.save_time = turn.now - mark.asked_at;
    promises.marks.pop_front();
  }
}

// A disk that fails for a day must not cost memory: what failed is one mark until a save succeeds.
void fold_marks(Promises& promises, SaveNumber failed) {
  auto& marks = promises.marks;
  while (marks.size() > 1 && marks[1].number <= failed) {
    marks[1].votes.merge(marks[0].votes);  // the newer of each group stays
    marks.pop_front();
  }
}

// What was said when we were asked may have changed while the disk was busy, or we stood still.
bool still_down(const State& state, const VotePromise& vote) {
  const auto group = state.groups.find(vote.group);
  return vote.down && !state.tilt_since && group != state.groups.end() &&
         group->second.master().subjectively_down;
}

// Both memory and disk must hold the vote: while a newer one is pending the old one is not
// confirmed.
proto::DownReply vote_answer(const State& state, const VotePromise& vote) {
  const auto group = state.groups.find(vote.group);
  if (group == state.groups.end() || group->second.ballot.memory != vote.vote ||
      group->second.ballot.durable != vote.vote) {
    return proto::DownReply{still_down(state, vote), std::nullopt, proto::Epoch{}};
  }
  return proto::DownReply{still_down(state, vote), vote.vote.voted_for, vote.vote.epoch};
}

struct Keep {
  Turn& turn;
  void operator()(const VotePromise& vote) const {
    turn.emit(ReplyVote{vote.ticket, vote_answer(turn.state, vote)});
  }
  void operator()(const CandidacyPromise& candidacy) const {
    on_candidacy_durable(turn, candidacy.group, candidacy.vote);
  }
  void operator()(const NewsPromise& news) const { turn.emit(news.announce); }
  void operator()(const OrderPromise& order) const { turn.emit(order.reply); }
};

struct Withdraw {
  Turn& turn;
  void operator()(const VotePromise& vote) const {
    const bool down = still_down(turn.state, vote);
    turn.emit(ReplyVote{vote.ticket, {down, std::nullopt, proto::Epoch{}}});
  }
  void operator()(const CandidacyPromise& candidacy) const {
    on_candidacy_withdrawn(turn, candidacy.group, candidacy.vote);
  }
  void operator()(const NewsPromise&) const {}
  void operator()(const OrderPromise& order) const {
    ReplyOrder reply = order.reply;
    reply.status = OrderStatus::save_failed;
    turn.emit(reply);
  }
};

}  // namespace

Durable take_durable(const State& state) {
  Durable out{state.my_id, state.current_epoch, {}};
  for (const auto& [name, id] : state.names) {
    const Group& group = state.groups.at(id);
    out.groups.push_back(take_group(group));
    for (const auto& [peer_id, view] : group.peers) {
      out.groups.back().peers.push_back({peer_id, state.peers.at(peer_id).address});
    }
  }
  return out;
}

SaveNumber request_save(Turn& turn) {
  auto& promises = turn.state.promises;
  if (!turn.save) {
    promises.last = SaveNumber{static_cast<std::uint64_t>(promises.last) + 1};
    turn.save = promises.last;
    promises.marks.push_back({promises.last, turn.state.current_epoch, {}, turn.now});
    turn.emit(Persist{promises.last});
  }
  promises.marks.back().current_epoch = turn.state.current_epoch;
  return *turn.save;
}

SaveNumber request_vote_save(Turn& turn, const Group& group) {
  const SaveNumber number = request_save(turn);
  turn.state.promises.marks.back().votes.insert_or_assign(group.id, group.ballot.memory);
  return number;
}

void promise(Turn& turn, decltype(Promise::what) what) {
  const SaveNumber number = request_save(turn);
  turn.state.promises.waiting.push_back({number, std::move(what)});
}

void on_persisted(Turn& turn, SaveNumber number) {
  auto& promises = turn.state.promises;
  if (number > promises.last) return;
  promises.durable = std::max(promises.durable, number);
  if (promises.unsaved && number >= promises.failed) {
    promises.unsaved = false;
    promises.retry_at.reset();
    promises.error.clear();
    turn.touch(Process{});
  }
  adopt_marks(turn, number);
  while (!promises.waiting.empty() && promises.waiting.front().number <= number) {
    const Promise kept = std::move(promises.waiting.front());
    promises.waiting.pop_front();
    std::visit(Keep{turn}, kept.what);
  }
}

namespace {

// As Sentinel does: the vote counts although the disk may forget it.
void release_anyway(Turn& turn) {
  auto& promises = turn.state.promises;
  for (const Promises::Mark& mark : promises.marks) adopt(turn, mark);
  std::deque<Promise> waiting;
  waiting.swap(promises.waiting);
  for (const Promise& each : waiting) {
    if (std::holds_alternative<OrderPromise>(each.what)) {
      std::visit(Withdraw{turn}, each.what);
    } else {
      std::visit(Keep{turn}, each.what);
    }
  }
}

}  // namespace

void on_persist_failed(Turn& turn, SaveNumber number, const std::string& error) {
  auto& promises = turn.state.promises;
  if (number > promises.last || number <= promises.durable) return;
  promises.failed = std::max(promises.failed, number);
  fold_marks(promises, number);
  promises.unsaved = true;
  promises.error = error;
  promises.retry_at = turn.now + retry_after;
  turn.touch(Process{});
  if (!turn.state.policy.refuse_unsaved_votes) return release_anyway(turn);
  // Every later promise rests on the same file: none of them may leave on the strength of hope.
  std::deque<Promise> withdrawn;
  withdrawn.swap(promises.waiting);
  for (const Promise& each : withdrawn) std::visit(Withdraw{turn}, each.what);
}

void retry_save(Turn& turn) {
  auto& promises = turn.state.promises;
  if (!promises.retry_at || *promises.retry_at > turn.now) return;
  promises.retry_at.reset();
  request_save(turn);
}

Duration save_time(const State& state) { return state.promises.save_time; }

}  // namespace vedette::consensus
