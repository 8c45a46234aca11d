#include "consensus/election.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "consensus/adoption.hpp"
#include "consensus/announce.hpp"
#include "consensus/discovery.hpp"
#include "consensus/epochs.hpp"
#include "consensus/failover.hpp"
#include "consensus/hellos.hpp"
#include "consensus/hosts.hpp"
#include "consensus/monitoring.hpp"
#include "consensus/opinions.hpp"
#include "consensus/quorum.hpp"
#include "consensus/saving.hpp"

namespace vedette::consensus {

namespace {

constexpr std::uint64_t largest_step = 64;
constexpr Duration voter_freshness = std::chrono::seconds{1};

// An ask names a master by its address alone, which may have two names: the candidate means either.
std::vector<Group*> find_by_address(State& state, const proto::Address& address) {
  std::vector<Group*> found;
  for (auto& [id, group] : state.groups) {
    if (same_place(state, group.master().address, address)) found.push_back(&group);
  }
  return found;
}

// Someone asks about an address that we have moved from: tell everyone where the master is now.
void correct_asker(Turn& turn, const proto::Address& address) {
  for (auto& [id, group] : turn.state.groups) {
    if (find_node(group, known_as(turn.state, group, address)) == nullptr) continue;
    if (group.moved_hello_at + hello_retry_period > turn.now) return;
    group.moved_hello_at = turn.now;
    publish_everywhere(turn, group);
    return;
  }
}

// Unknown until it said so.
std::optional<bool> speaks_vedette(const State& state, const proto::RunId& agent) {
  const auto peer = state.peers.find(agent);
  return peer == state.peers.end() ? std::nullopt : peer->second.speaks_vedette;
}

// The end of a hold that starts now.
Instant hold_end(const Turn& turn, const proto::RunId& leader) {
  const bool ours = speaks_vedette(turn.state, leader).value_or(false);
  return turn.now + (ours ? hold_for_vedette : hold_for_legacy);
}

void hold(Turn& turn, Group& group) {
  const auto& voted_for = group.ballot.memory.voted_for;
  if (!voted_for || *voted_for == turn.state.my_id) return;
  const Instant longest = group.ballot.held_since + longest_hold;
  group.ballot.held_until = std::min(hold_end(turn, *voted_for), longest);
}

// A renewal without a whole hold behind it would be authority over nobody. Real Sentinels draw none
// from it, so they are answered as they expect.
bool may_renew(const Turn& turn, const Group& group, const proto::RunId& leader) {
  if (speaks_vedette(turn.state, leader) == false) return true;
  return hold_end(turn, leader) <= group.ballot.held_since + longest_hold;
}

// A leader keeps its own vote as long as something that it wrote may still execute.
Instant own_hold_end(Instant now, const Group& group) {
  const Attempt& attempt = *group.attempt;
  if (attempt.by_force || attempt.phase == Phase::wait_start) return Instant{};
  const Instant written = attempt.promote_sent_at.value_or(Instant{});
  const Duration rest = hold_for_vedette - authority_for;
  return std::max(written + hold_for_vedette, authority_until(now, group) + rest);
}

// What we are doing ourselves, and what we might have forgotten at the start, binds towards
// everyone.
bool is_held_by_ourselves(const Turn& turn, const Group& group) {
  if (!turn.state.policy.limit_authority) return false;
  if (group.attempt && turn.now < own_hold_end(turn.now, group)) return true;
  return turn.now < turn.state.started + hold_after_start;
}

// A hold keeps the vote from others; who has it already may have it for its next epoch too.
bool is_held_against(const Turn& turn, const Group& group, const proto::RunId& candidate) {
  const bool has_it = group.ballot.memory.voted_for == candidate;
  return has_it ? is_held_by_ourselves(turn, group) : is_held(turn, group);
}

bool may_grant(const Turn& turn, const Group& group, const proto::DownQuery& query) {
  return query.epoch > group.ballot.memory.epoch &&
         query.epoch > newest_config_epoch(turn, group) &&
         query.epoch > turn.state.unvotable_epoch && is_near(turn.state, query.epoch) &&
         *query.candidate != turn.state.my_id && !is_held_against(turn, group, *query.candidate);
}

proto::DownReply recorded(const Group& group, bool down) {
  const Ballot& ballot = group.ballot;
  const bool settled = ballot.memory == ballot.durable;
  if (!settled) return {down, std::nullopt, proto::Epoch{}};
  return {down, ballot.durable.voted_for, ballot.durable.epoch};
}

// Records the vote in memory and has it saved; nothing of it is visible before that is done.
void cast(Turn& turn, Group& group, const Vote& vote) {
  raise_epoch(turn, group, vote.epoch);
  group.ballot.memory = vote;
  group.ballot.held_since = turn.now;
  group.ballot.held_until.reset();
  request_vote_save(turn, group);
  const std::string news = vote.voted_for->text() + " " + std::to_string(number(vote.epoch));
  promise(turn, NewsPromise{make_announce(events::vote_for_leader, group.name, news)});
}

void grant(Turn& turn, const std::vector<Group*>& groups, const VoteAsked& event, bool down) {
  const Vote vote{event.query.epoch, event.query.candidate};
  for (Group* const group : groups) {
    if (group->attempt) abort_attempt(turn, *group, &events::abort_not_elected);
    cast(turn, *group, vote);
    hold(turn, *group);
    turn.touch(*group);
  }
  promise(turn, VotePromise{groups.front()->id, vote, down, event.ticket});
}

// The same candidate asks again in the epoch that it got: a renewal, and no write if it is on disk.
bool renew(Turn& turn, Group& group, const VoteAsked& event, bool down) {
  const Vote asked{event.query.epoch, event.query.candidate};
  if (group.ballot.memory != asked || *asked.voted_for == turn.state.my_id) return false;
  if (turn.state.policy.limit_authority && !may_renew(turn, group, *asked.voted_for)) {
    turn.emit(ReplyVote{event.ticket, {down, std::nullopt, proto::Epoch{}}});
    return true;
  }
  hold(turn, group);
  if (group.ballot.durable == asked) {
    turn.emit(ReplyVote{event.ticket, {down, asked.voted_for, asked.epoch}});
  } else {
    request_vote_save(turn, group);
    promise(turn, VotePromise{group.id, asked, down, event.ticket});
  }
  turn.touch(group);
  return true;
}

// Whom our hold turns away asks the others too, and binds those who are free.
void note_rival(const Turn& turn, Group& group, const proto::RunId& candidate) {
  const bool takes_votes = speaks_vedette(turn.state, candidate).value_or(false);
  if (takes_votes && is_held_against(turn, group, candidate)) group.ballot.rival_at = turn.now;
}

Instant rivals_voters_free_at(const Group& group) {
  return group.ballot.rival_at + hold_for_vedette;
}

// A legacy voter whose answer is older than our epoch hides a global epoch above it: step further
// next time.
void note_refusal(Turn& turn, Group& group, const proto::RunId& peer,
                  const proto::DownReply& reply) {
  Attempt& attempt = *group.attempt;
  attempt.refused.insert(peer);
  attempt.confirmed.erase(peer);
  attempt.higher_vote = std::max(attempt.higher_vote, reply.epoch);
  const bool hides_epoch =
      reply.epoch < attempt.epoch && !speaks_vedette(turn.state, peer).value_or(false);
  if (hides_epoch && !attempt.epoch_was_hidden) {
    attempt.epoch_was_hidden = true;
    group.epoch_step = std::min(group.epoch_step * 2, largest_step);
  }
}

// Until when the peer's vote for a third one binds it, as far as we heard; a candidate that voted
// for itself and real Sentinels are bound to nobody.
Instant bound_until(const Turn& turn, const proto::RunId& id, const PeerView& view) {
  const bool binds = view.voted_leader && *view.voted_leader != turn.state.my_id &&
                     *view.voted_leader != id && speaks_vedette(turn.state, id).value_or(false);
  return binds ? view.voted_leader_at + hold_for_vedette : Instant{};
}

// The voters from whom a vote can be had now, ourselves included.
std::size_t count_answering(const Turn& turn, const Group& group) {
  std::size_t count = 1;
  for (const auto& [id, view] : group.peers) {
    const Peer& peer = turn.state.peers.at(id);
    if (bound_until(turn, id, view) > turn.now) continue;
    const bool asked =
        view.answered_at != Instant{} && view.answered_at + voter_freshness >= turn.now;
    if (peer.link.is_open() && (asked || answered_within(peer.ping, turn.now, voter_freshness))) {
      ++count;
    }
  }
  return count;
}

// Above every vote that we gave or heard of: a voter would refuse anything else.
proto::Epoch candidate_epoch(const State& state, const Group& group) {
  proto::Epoch base =
      std::max({state.current_epoch, group.ballot.memory.epoch, group.config_epoch});
  for (const auto& [id, view] : group.peers) {
    if (is_near(state, view.voted_leader_epoch)) base = std::max(base, view.voted_leader_epoch);
    const proto::Epoch published = view.published ? view.published->config_epoch : base;
    if (is_near(state, published)) base = std::max(base, published);
  }
  return next(base, group.epoch_step);
}

// Sendings of the newest ask that each known voter confirmed, newest first.
std::vector<Instant> confirmed_asks(const Group& group) {
  std::vector<Instant> sent;
  for (const auto& [id, at] : group.attempt->confirmed) {
    if (group.peers.contains(id)) sent.push_back(at);
  }
  std::sort(sent.rbegin(), sent.rend());
  return sent;
}

}  // namespace

bool is_held(const Turn& turn, const Group& group) {
  if (!turn.state.policy.limit_authority) return false;
  if (is_held_by_ourselves(turn, group)) return true;
  return group.ballot.held_until && turn.now < *group.ballot.held_until;
}

void prolong_hold(Turn& turn, Group& group) {
  if (group.ballot.held_until && turn.now < *group.ballot.held_until) hold(turn, group);
}

void on_vote_asked(Turn& turn, const VoteAsked& event) {
  const std::vector<Group*> groups = find_by_address(turn.state, event.query.master);
  if (groups.empty()) {
    correct_asker(turn, event.query.master);
    turn.emit(ReplyVote{event.ticket, {}});
    return;
  }
  Group& group = *groups.front();
  const bool down = group.master().subjectively_down && !turn.state.tilt_since;
  // Whoever asks sees the master down: a good moment to ask back (a hint, no opinion).
  ask_dissenters(turn, group);
  if (!event.query.candidate) {
    turn.emit(ReplyVote{event.ticket, {down, std::nullopt, proto::Epoch{}}});
    return;
  }
  if (renew(turn, group, event, down)) return;
  const auto is_free = [&](const Group* each) { return may_grant(turn, *each, event.query); };
  if (std::all_of(groups.begin(), groups.end(), is_free)) {
    grant(turn, groups, event, down);
    return;
  }
  note_rival(turn, group, *event.query.candidate);
  turn.emit(ReplyVote{event.ticket, recorded(group, down)});
}

Instant voters_free_at(const Turn& turn, const Group& group) {
  Instant free = std::max(turn.now, rivals_voters_free_at(group));
  for (const auto& [id, view] : group.peers) free = std::max(free, bound_until(turn, id, view));
  return free;
}

bool may_stand(const Turn& turn, const Group& group) {
  const State& state = turn.state;
  const bool disk_refuses = state.promises.unsaved && state.policy.refuse_unsaved_votes;
  if (disk_refuses || is_held(turn, group)) return false;
  if (turn.now < rivals_voters_free_at(group)) return false;
  if (candidate_epoch(state, group) > proto::max_epoch) return false;
  return count_answering(turn, group) >= votes_needed(group.voters(), group.options.quorum);
}

void stand(Turn& turn, Group& group) {
  Attempt& attempt = *group.attempt;
  attempt.epoch = candidate_epoch(turn.state, group);
  attempt.epoch_was_hidden = false;
  const Vote vote{attempt.epoch, turn.state.my_id};
  raise_epoch(turn, group, attempt.epoch);
  if (!attempt.settles) {
    promise(turn, NewsPromise{make_announce(events::try_failover, group.name,
                                            describe(turn.state, group))});
  }
  cast(turn, group, vote);
  group.ballot.candidacy = true;
  promise(turn, CandidacyPromise{group.id, vote});
}

void on_candidacy_durable(Turn& turn, GroupId id, const Vote& vote) {
  const auto found = turn.state.groups.find(id);
  if (found == turn.state.groups.end()) return;
  Group& group = found->second;
  const bool alive = group.attempt && group.attempt->epoch == vote.epoch &&
                     group.ballot.candidacy && group.ballot.memory == vote;
  if (!alive) return;
  group.attempt->durable = true;
  group.attempt->phase_since = turn.now;
  ask_for_votes(turn, group);
  turn.touch(group);
}

void on_candidacy_withdrawn(Turn& turn, GroupId id, const Vote& vote) {
  const auto found = turn.state.groups.find(id);
  if (found == turn.state.groups.end()) return;
  Group& group = found->second;
  if (!group.attempt || group.attempt->epoch != vote.epoch) return;
  note(turn, Level::warning,
       "Candidacy for " + group.name +
           " withdrawn: the vote could not be saved: " + turn.state.promises.error);
  abort_attempt(turn, group, nullptr);
}

void end_candidacy(Group& group) { group.ballot.candidacy = false; }

void count_vote(Turn& turn, Group& group, const Peer& peer, const PeerView::Ask& ask,
                const proto::DownReply& reply) {
  if (!group.attempt || !group.attempt->durable || !ask.query.candidate) return;
  Attempt& attempt = *group.attempt;
  const bool about_it = attempt.settles || ask.query.master == attempt.address;
  if (ask.query.epoch != attempt.epoch) return;
  if (!about_it) {  // we have moved since; a newer vote counts all the same
    attempt.higher_vote = std::max(attempt.higher_vote, reply.epoch);
  } else if (reply.voted_for == turn.state.my_id && reply.epoch == attempt.epoch) {
    Instant& sent = attempt.confirmed[peer.id];
    sent = std::max(sent, ask.sent_at);
    attempt.refused.erase(peer.id);
  } else {
    note_refusal(turn, group, peer.id, reply);
  }
  turn.touch(group);
}

bool has_won(const Group& group) {
  const Attempt& attempt = *group.attempt;
  if (!attempt.durable || !group.ballot.candidacy) return false;
  return confirmed_asks(group).size() + 1 >= votes_needed(group.voters(), group.options.quorum);
}

bool has_lost(const Group& group) {
  const Attempt& attempt = *group.attempt;
  if (attempt.higher_vote > attempt.epoch) return true;
  return group.voters() - std::min(group.voters(), attempt.refused.size()) <
         votes_needed(group.voters(), group.options.quorum);
}

bool another_has_won(const Group& group) {
  std::map<proto::RunId, std::size_t> votes;
  for (const auto& [id, view] : group.peers) {
    const bool counts = view.voted_leader && view.voted_leader_epoch >= group.attempt->epoch;
    if (counts && group.attempt->refused.contains(id)) ++votes[*view.voted_leader];
  }
  const std::size_t needed = votes_needed(group.voters(), group.options.quorum);
  return std::any_of(votes.begin(), votes.end(),
                     [&](const auto& entry) { return entry.second >= needed; });
}

Instant authority_until(Instant now, const Group& group) {
  const std::size_t others = majority(group.voters()) - 1;
  const bool own_vote = group.ballot.candidacy && group.ballot.memory == group.ballot.durable;
  const std::vector<Instant> sent = confirmed_asks(group);
  if (!own_vote || sent.size() < others) return Instant{};
  if (others == 0) return now + authority_for;
  return sent[others - 1] + authority_for;
}

void renew_authority(Turn& turn, Group& group) {
  group.attempt->refused.clear();
  ask_for_votes(turn, group);
}

Duration vote_round(const State& state, const Group& group) {
  Duration slowest{0};
  for (const auto& [id, view] : group.peers) {
    slowest = std::max(slowest, state.peers.at(id).ping.round_trip);
  }
  return slowest + save_time(state);
}

}  // namespace vedette::consensus
