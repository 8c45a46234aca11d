#include "agent/readings.hpp"

namespace vedette::agent {

namespace {

using consensus::Group;
using consensus::Node;
using consensus::Peer;
using consensus::PeerView;
using consensus::Phase;
using consensus::Resync;

void add(std::string& flags, bool present, std::string_view word) {
  if (!present) return;
  if (!flags.empty()) flags += ',';
  flags += word;
}

}  // namespace

bool reports_master_down(const Group& group, const PeerView& view, consensus::Instant now) {
  return view.opinion && view.opinion->down && view.opinion->address == group.master().address &&
         view.opinion->config_epoch == group.config_epoch &&
         now - view.opinion->asked_at <= opinion_lifetime;
}

std::string node_flags(const Group& group, const Node& node) {
  const bool is_master = node.id == group.master_id;
  const bool attempting = is_master && group.failover() != nullptr;
  const bool resyncing = !is_master && group.reconfiguration.has_value();
  std::string flags;
  add(flags, node.subjectively_down, "s_down");
  add(flags, is_master && group.objectively_down, "o_down");
  add(flags, true, is_master ? "master" : "slave");
  add(flags, node.disconnected(), "disconnected");
  add(flags, attempting, "failover_in_progress");
  add(flags, !is_master && group.attempt && group.attempt->target == node.id, "promoted");
  add(flags, resyncing && node.resync == Resync::sent, "reconf_sent");
  add(flags, resyncing && node.resync == Resync::in_progress, "reconf_inprog");
  add(flags, resyncing && node.resync == Resync::done, "reconf_done");
  add(flags, attempting && group.attempt->forced, "force_failover");
  add(flags, node.script_killed, "script_kill_sent");
  add(flags, is_master && node.rebooted_at.has_value(), "master_reboot");
  return flags;
}

std::string peer_flags(const Group& group, const Peer& peer, const PeerView& view,
                       consensus::Instant now) {
  std::string flags;
  add(flags, view.subjectively_down, "s_down");
  add(flags, true, "sentinel");
  add(flags, !peer.link.is_open(), "disconnected");
  add(flags, reports_master_down(group, view, now), "master_down");
  return flags;
}

std::string_view phase_word(Phase phase) noexcept {
  switch (phase) {
    case Phase::idle:
      return "none";
    case Phase::wait_start:
      return "wait_start";
    case Phase::select_replica:
      return "select_slave";
    case Phase::send_promote:
      return "send_slaveof_noone";
    case Phase::wait_promotion:
      return "wait_promotion";
    case Phase::reconfigure_replicas:
      return "reconf_slaves";
    case Phase::update_config:
      return "update_config";
  }
  return "none";
}

std::string quorum_text(const consensus::Usable& usable) {
  const std::string count = std::to_string(usable.usable) + " usable Sentinels. ";
  if (usable.quorum_ok && usable.majority_ok) {
    return "OK " + count + "Quorum and failover authorization can be reached";
  }
  std::string reasons;
  if (!usable.quorum_ok) {
    reasons = "Not enough available Sentinels to reach the specified quorum for this master";
  }
  if (!usable.majority_ok) {
    if (!reasons.empty()) reasons += ". ";
    reasons += "Not enough available Sentinels to reach the majority and authorize a failover";
  }
  return "NOQUORUM " + count + reasons;
}

}  // namespace vedette::agent
