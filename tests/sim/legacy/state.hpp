// What the model of an unmodified redis-sentinel knows: plain data for its rules and for whoever
// checks invariants. Section numbers in all legacy files are those of sentinel-behaviour.md unless
// another page is named.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consensus/command.hpp"
#include "consensus/event.hpp"
#include "consensus/options.hpp"
#include "consensus/random.hpp"
#include "consensus/state.hpp"
#include "consensus/time.hpp"
#include "proto/types.hpp"

namespace vedette::sim {

using consensus::Duration;
using consensus::Instant;
using consensus::milliseconds;

// Stands for the time stamp 0 of Sentinel: before everything, and safe to subtract from.
inline constexpr Instant long_ago{Duration{-1'000'000'000'000'000}};

// ---- links (section 5.1) -----------------------------------------------------------------------
struct LegacyRequest {
  enum class Kind { ping, info, hello, ask, follow };
  consensus::RequestId id{};
  Kind kind{};
  consensus::GroupId group{};  // on whose behalf: a peer's link is shared
};

struct LegacyConnection {
  std::optional<consensus::LinkId> id;  // unset: there is none
  bool up = false;                      // LinkUp came; until then what is sent waits
  Instant since{};                      // of the attempt
  std::string local_host;
  std::vector<LegacyRequest> unanswered;
  consensus::Commands waiting;
};

struct LegacyLink {
  LegacyConnection command;
  LegacyConnection pubsub;                    // never opened to a peer
  Instant last_attempt = long_ago;            // grid of the reconnects, survives a switch
  Instant last_available{};                   // last valid pong
  Instant last_pong{};                        // last reply to a PING
  Instant last_ping = long_ago;               // last PING sent
  std::optional<Instant> unanswered_since{};  // sending of the oldest unanswered PING
  Instant pubsub_heard{};
};

// ---- instances ---------------------------------------------------------------------------------
enum class LegacyKind { master, replica, peer };

struct LegacyInstance {
  proto::Address address;
  bool subjectively_down = false;
  Instant subjectively_down_since = long_ago;  // kept after the state was left
  bool script_killed = false;
  Instant hello_at{};  // last acknowledged hello, or creation
};

// The master, or a replica.
struct LegacyNode : LegacyInstance {
  LegacyLink link;
  std::optional<Instant> info_at;
  std::optional<proto::RunId> run_id;
  proto::Role reported_role = proto::Role::master;
  Instant reported_role_at{};
  std::optional<Instant> rebooted_at;
  milliseconds master_link_down_for{0};
  proto::Address following;  // host "" until INFO told
  Instant following_since{};
  bool master_link_up = false;
  int priority = 100;
  std::int64_t offset = 0;
  consensus::Resync resync = consensus::Resync::none;
  Instant resync_since{};
};

struct LegacyPeer : LegacyInstance {
  explicit LegacyPeer(const proto::RunId& run_id) : id(run_id) {}
  proto::RunId id;
  Instant answered_at{};  // last reply to an ask, or creation
  bool says_down = false;
  std::optional<proto::RunId> voted_for;
  proto::Epoch voted_epoch{};
};

// ---- a monitored master ------------------------------------------------------------------------
struct LegacyGroup {
  consensus::GroupId id{};
  std::string name;
  consensus::GroupOptions options;
  LegacyNode master;  // at the address it had before, as long as a failover of our own runs
  std::map<proto::Address, LegacyNode> replicas;
  std::map<proto::RunId, LegacyPeer> peers;
  proto::Epoch config_epoch{};

  bool objectively_down = false;
  Instant objectively_down_since = long_ago;

  // The recorded vote; `leader` is not in the file.
  std::optional<proto::RunId> leader;
  proto::Epoch leader_epoch{};

  consensus::Phase phase = consensus::Phase::idle;
  Instant phase_since{};
  bool forced = false;
  proto::Epoch failover_epoch{};
  Instant failover_start = long_ago;  // of the last attempt, own or voted for
  Instant delay_noted_for = long_ago;
  std::optional<proto::Address> promoted;  // the replica that was chosen

  [[nodiscard]] std::size_t voters() const { return peers.size() + 1; }
  // What hello, the file and clients get: from reconf_slaves on the promoted replica (section 5.7).
  [[nodiscard]] const proto::Address& published() const {
    const bool moved =
        phase == consensus::Phase::reconfigure_replicas || phase == consensus::Phase::update_config;
    return moved && promoted ? *promoted : master.address;
  }
};

// Whose a connection is.
struct LegacyOwner {
  consensus::LinkKind kind{};
  consensus::GroupId group{};  // of a data node
  bool is_master = false;
  proto::Address address;            // of a replica
  std::optional<proto::RunId> peer;  // of a peer
};

struct LegacyState {
  LegacyState(const proto::RunId& id, std::uint64_t seed) : my_id(id), random(seed) {}

  proto::RunId my_id;
  consensus::Announced announced;
  consensus::Timings timings;
  proto::Epoch current_epoch{};  // one for all masters
  std::map<std::string, LegacyGroup> groups;
  std::map<proto::RunId, LegacyLink> peer_links;  // shared by all groups
  std::map<consensus::LinkId, LegacyOwner> owners;

  bool tilt = false;
  Instant tilt_since{};
  Instant last_tick{};
  Instant next_tick{};
  std::uint64_t saves = 0;
  std::uint64_t serial = 0;
  consensus::Random random;
};

}  // namespace vedette::sim
