// Epochs and votes (section 5.5; sentinel-protocol.md, section 10).
#include <algorithm>

#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

namespace {

// By address, not by name: two names with one address are both the first of them, and who knows
// the master under another address gets no answer about it (section 7.1, item 13).
LegacyGroup* find_by_address(LegacyState& state, const proto::Address& address) {
  for (auto& [name, group] : state.groups) {
    const proto::Address& own = group.master.address;
    const bool same =
        own.port == address.port && proto::equals_ignoring_case(own.host, address.host);
    if (same) return &group;
  }
  return nullptr;
}

}  // namespace

void raise_epoch(LegacyTurn& turn, proto::Epoch epoch) {
  if (epoch <= turn.state.current_epoch) return;
  turn.state.current_epoch = epoch;
  turn.persist();
  turn.announce(consensus::events::new_epoch, std::to_string(number(epoch)));
}

// Regardless of whether the master is down here, of TILT and of who asks. A vote is refused when
// the epoch is below the global one, which any other master may have raised (section 7.1, item 3).
// It is given also when it cannot be saved (7.1, item 12). Who votes for another will not try to
// lead for twice failover-timeout.
void vote(LegacyTurn& turn, LegacyGroup& group, proto::Epoch epoch, const proto::RunId& candidate) {
  LegacyState& state = turn.state;
  raise_epoch(turn, epoch);
  if (group.leader_epoch >= epoch || state.current_epoch > epoch) return;
  group.leader = candidate;
  group.leader_epoch = state.current_epoch;
  turn.persist();
  turn.announce(consensus::events::vote_for_leader, group,
                candidate.text() + " " + std::to_string(number(group.leader_epoch)));
  if (candidate == state.my_id) return;
  const auto extra = static_cast<std::int64_t>(state.random.next() % 1000);
  group.failover_start = turn.now + milliseconds{extra};
}

// The winner, if there is one. Peers' votes count when they are of the *global* epoch, ours when it
// is of the failover's (7.1, item 3). Ours goes to the candidate with most votes of others, else to
// ourselves. Needed are the majority of all voters ever known, and the quorum.
std::optional<proto::RunId> count_votes(LegacyTurn& turn, LegacyGroup& group) {
  std::map<proto::RunId, std::size_t> counts;
  for (const auto& [id, peer] : group.peers) {
    if (peer.voted_for && peer.voted_epoch == turn.state.current_epoch) ++counts[*peer.voted_for];
  }
  std::optional<proto::RunId> first;
  std::size_t most = 0;
  for (const auto& [id, count] : counts) {
    if (count <= most) continue;
    most = count;
    first = id;
  }
  const proto::RunId choice = first ? *first : turn.state.my_id;
  vote(turn, group, group.failover_epoch, choice);
  if (group.leader && group.leader_epoch == group.failover_epoch) {
    const std::size_t count = ++counts[*group.leader];
    if (count > most) {
      most = count;
      first = group.leader;
    }
  }
  const std::size_t needed = std::max<std::size_t>(group.voters() / 2 + 1, group.options.quorum);
  if (most < needed) first.reset();
  return first;
}

// The reply names the recorded vote, also an older one; after a restart the epoch alone.
void answer_vote(LegacyTurn& turn, const consensus::VoteAsked& event) {
  const proto::DownQuery& query = event.query;
  proto::DownReply reply;
  LegacyGroup* group = find_by_address(turn.state, query.master);
  if (group != nullptr) {
    reply.down = !turn.state.tilt && group->master.subjectively_down;
    if (query.candidate) {
      vote(turn, *group, query.epoch, *query.candidate);
      reply.voted_for = group->leader;
      reply.epoch = group->leader_epoch;
    }
  }
  turn.emit(consensus::ReplyVote{event.ticket, std::move(reply)});
}

}  // namespace vedette::sim
