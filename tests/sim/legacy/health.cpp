// Periodic requests, and who counts as down (sections 4 and 5.2), peers' opinions (5.5), TILT.
#include <algorithm>

#include "tests/sim/legacy/turn.hpp"

namespace vedette::sim {

namespace {

constexpr Duration watchful_info_period = std::chrono::seconds{1};
constexpr std::size_t most_unanswered = 100;  // per sharer of the link

std::size_t sharers(const LegacyState& state, const LegacyRef& ref) {
  if (ref.peer == nullptr) return 1;
  std::size_t count = 0;
  for (const auto& [name, group] : state.groups) count += group.peers.contains(ref.peer->id);
  return count;
}

// A second for a replica while its master is being failed over, or while the replica itself has
// lost its master; ten seconds otherwise (section 4).
bool info_due(const LegacyTurn& turn, const LegacyRef& ref) {
  if (ref.node == nullptr) return false;
  if (!ref.node->info_at) return true;
  const bool watchful = ref.kind == LegacyKind::replica &&
                        (ref.group.objectively_down || ref.group.phase != consensus::Phase::idle ||
                         ref.node->master_link_down_for > milliseconds{0});
  const Duration period = watchful ? watchful_info_period : turn.state.timings.info_period;
  return turn.now - *ref.node->info_at > period;
}

void publish(LegacyTurn& turn, const LegacyRef& ref) {
  LegacyConnection& connection = ref.link.command;
  const auto request = new_request(turn, connection, LegacyRequest::Kind::hello, ref.group);
  const LegacyState& state = turn.state;
  const bool announced = !state.announced.host.empty() || !connection.up;
  const std::string& host = announced ? state.announced.host : connection.local_host;
  proto::Hello hello{{host, state.announced.port}, state.my_id,
                     state.current_epoch,          ref.group.name,
                     ref.group.published(),        ref.group.config_epoch};
  submit(turn, connection, consensus::PublishHello{*connection.id, request, std::move(hello)});
}

// Links older than 15 s that are silent are closed and opened again (section 4): the command link
// when its PING and everything else stayed unanswered for half of down-after, the pub/sub link
// after three periods of hellos.
void close_half_open(LegacyTurn& turn, const LegacyRef& ref) {
  const consensus::Timings& timings = turn.state.timings;
  LegacyLink& link = ref.link;
  const Duration half = Duration{ref.group.options.down_after} / 2;
  const Duration young = timings.min_link_reconnect_period;
  const bool silent = link.command.id && turn.now - link.command.since > young &&
                      link.unanswered_since && turn.now - *link.unanswered_since > half &&
                      turn.now - link.last_pong > half;
  if (silent) close_connection(turn, link.command);
  const bool deaf = link.pubsub.id && turn.now - link.pubsub.since > young &&
                    turn.now - link.pubsub_heard > 3 * timings.publish_period;
  if (deaf) close_connection(turn, link.pubsub);
}

bool seems_down(const LegacyTurn& turn, const LegacyRef& ref, Duration silence) {
  const consensus::GroupOptions& options = ref.group.options;
  if (silence > options.down_after) return true;
  if (ref.kind != LegacyKind::master) return false;
  const LegacyNode& node = *ref.node;
  const bool demoted =
      node.reported_role == proto::Role::replica &&
      turn.now - node.reported_role_at > options.down_after + 2 * turn.state.timings.info_period;
  const bool rebooted =
      node.rebooted_at && turn.now - *node.rebooted_at > options.master_reboot_down_after;
  return demoted || rebooted;
}

}  // namespace

// Nothing while a connection is missing. INFO and hello are repeated on every tick until answered,
// up to the cap on what is under way, at which even PING stops (sections 4 and 7.2, item 4).
void send_periodic(LegacyTurn& turn, const LegacyRef& ref) {
  if (is_disconnected(ref.link, ref.kind)) return;
  LegacyLink& link = ref.link;
  LegacyConnection& connection = link.command;
  const bool many = connection.unanswered.size() >= most_unanswered;
  if (many && connection.unanswered.size() >= most_unanswered * sharers(turn.state, ref)) return;
  const consensus::Timings& timings = turn.state.timings;
  const Duration ping_period = std::min(timings.ping_period, ref.group.options.down_after);
  if (info_due(turn, ref)) {
    const auto request = new_request(turn, connection, LegacyRequest::Kind::info, ref.group);
    submit(turn, connection, consensus::SendInfo{*connection.id, request});
  }
  if (turn.now - link.last_pong > ping_period && turn.now - link.last_ping > ping_period / 2) {
    const auto request = new_request(turn, connection, LegacyRequest::Kind::ping, ref.group);
    submit(turn, connection, consensus::SendPing{*connection.id, request});
    link.last_ping = turn.now;
    if (!link.unanswered_since) link.unanswered_since = turn.now;
  }
  if (turn.now - ref.instance.hello_at > timings.publish_period) publish(turn, ref);
}

// The clock runs from the oldest unanswered PING; without one and without a connection from the
// last valid pong (section 5.2).
void check_subjectively_down(LegacyTurn& turn, const LegacyRef& ref) {
  const LegacyLink& link = ref.link;
  Duration silence{0};
  if (link.unanswered_since) {
    silence = turn.now - *link.unanswered_since;
  } else if (is_disconnected(link, ref.kind)) {
    silence = turn.now - link.last_available;
  }
  close_half_open(turn, ref);
  const bool down = seems_down(turn, ref, silence);
  LegacyInstance& instance = ref.instance;
  if (down == instance.subjectively_down) return;
  instance.subjectively_down = down;
  if (down) {
    instance.subjectively_down_since = turn.now;
  } else {
    instance.script_killed = false;
  }
  const auto event = down ? consensus::events::down : consensus::events::up;
  turn.announce(event, ref.group, describe(ref));
}

// Section 5.5.
void check_objectively_down(LegacyTurn& turn, LegacyGroup& group) {
  unsigned votes = 0;
  if (group.master.subjectively_down) {
    votes = 1;
    for (const auto& [id, peer] : group.peers) votes += peer.says_down ? 1 : 0;
  }
  const bool down = group.master.subjectively_down && votes >= group.options.quorum;
  if (down == group.objectively_down) return;
  group.objectively_down = down;
  if (!down) {
    turn.announce(consensus::events::objectively_up, group, describe(group));
    return;
  }
  group.objectively_down_since = turn.now;
  turn.announce(consensus::events::objectively_down, group,
                describe(group) + " #quorum " + std::to_string(votes) + "/" +
                    std::to_string(group.options.quorum));
}

// Every second since the last answer, on every tick until it comes; with our id once a failover of
// ours runs. Opinions and votes that were not renewed for 5 s end here (sections 4 and 5.5). The
// question names the global epoch, not that of the failover (7.1, item 3).
void ask_peers(LegacyTurn& turn, LegacyGroup& group, bool forced) {
  const consensus::Timings& timings = turn.state.timings;
  for (auto& [id, peer] : group.peers) {
    const Duration age = turn.now - peer.answered_at;
    if (age > 5 * timings.ask_period) {
      peer.says_down = false;
      peer.voted_for.reset();
    }
    if (!group.master.subjectively_down) continue;
    LegacyLink& link = turn.state.peer_links.at(id);
    if (is_disconnected(link, LegacyKind::peer)) continue;
    if (!forced && age < timings.ask_period) continue;
    const auto request = new_request(turn, link.command, LegacyRequest::Kind::ask, group);
    proto::DownQuery query{group.master.address, turn.state.current_epoch, {}};
    if (group.phase != consensus::Phase::idle) query.candidate = turn.state.my_id;
    submit(turn, link.command, consensus::AskPeer{*link.command.id, request, std::move(query)});
  }
}

// Two ticks more than 2 s apart stop everything but the measuring for 30 s, counted from the last
// such gap (section 4 and 7.2, item 2).
void watch_tilt(LegacyTurn& turn) {
  LegacyState& state = turn.state;
  const Duration gap = turn.now - state.last_tick;
  state.last_tick = turn.now;
  if (gap <= state.timings.tilt_trigger) return;
  state.tilt = true;
  state.tilt_since = turn.now;
  turn.announce(consensus::events::tilt, "#tilt mode entered");
}

bool in_tilt(LegacyTurn& turn) {
  LegacyState& state = turn.state;
  if (!state.tilt) return false;
  if (turn.now - state.tilt_since < state.timings.tilt_period) return true;
  state.tilt = false;
  turn.announce(consensus::events::tilt_end, "#tilt mode exited");
  return false;
}

}  // namespace vedette::sim
