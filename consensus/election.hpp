// Voting, both sides. One vote per (master name, epoch), and an end to the authority it gives.
// Rules: README.md, Votes, Saves, Authority and Epochs.
#pragma once

#include "consensus/event.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

// A leader may act this long after the sending of the oldest ask among its last majority of votes.
inline constexpr Duration authority_for = milliseconds{500};
// A voter gives no vote to another for this long after an ask that it granted or renewed. Longer
// than authority_for plus the longest assumed delay between a write and its execution (500 ms).
inline constexpr Duration hold_for_vedette = std::chrono::seconds{1};
inline constexpr Duration hold_for_legacy = std::chrono::seconds{3};
// After a start nobody gets a vote: the leader that we voted for may still be acting.
inline constexpr Duration hold_after_start = hold_for_legacy;
inline constexpr Duration longest_hold = std::chrono::seconds{5};  // counted from the vote

// ---- the voter ---------------------------------------------------------------------------------
void on_vote_asked(Turn& turn, const VoteAsked& event);
// Whether the vote given to another still binds us, or we started so recently that we might have
// forgotten one.
bool is_held(const Turn& turn, const Group& group);
// Progress of the failover that we voted for prolongs the hold.
void prolong_hold(Turn& turn, Group& group);

// ---- the candidate -----------------------------------------------------------------------------
// Whether a new epoch may be spent: enough voters answered lately and are free, and no hold runs.
bool may_stand(const Turn& turn, const Group& group);
// When the holds that we heard of are over.
Instant voters_free_at(const Turn& turn, const Group& group);
// Takes a new epoch and votes for itself; asks leave once that is on disk.
void stand(Turn& turn, Group& group);
void on_candidacy_durable(Turn& turn, GroupId group, const Vote& vote);
void on_candidacy_withdrawn(Turn& turn, GroupId group, const Vote& vote);
// A peer's reply to an ask; counts only for the attempt that asked.
void count_vote(Turn& turn, Group& group, const Peer& peer, const PeerView::Ask& ask,
                const proto::DownReply& reply);
// Gives up the candidacy; the epoch is spent.
void end_candidacy(Group& group);

bool has_won(const Group& group);
// No majority can be reached any more with the answers that came.
bool has_lost(const Group& group);
// The refusals name somebody who got all the votes that a leader needs.
bool another_has_won(const Group& group);
// End of the authority; long past if it was never had.
Instant authority_until(Instant now, const Group& group);
// Asks again in the same epoch.
void renew_authority(Turn& turn, Group& group);

// The round of a vote: the slowest voter's round trip plus a save. For pacing only.
Duration vote_round(const State& state, const Group& group);

}  // namespace vedette::consensus
