// A data node as agents, replicas and clients can tell: roles, replication histories and offsets,
// the replication link with its one-second cron, and every state in which it answers otherwise.
// Facts: what redis 7.0 does; a record is 100 bytes of replication stream.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/event.hpp"
#include "proto/hello.hpp"
#include "proto/info.hpp"
#include "tests/sim/cluster/network.hpp"

namespace vedette::sim {

class World;

using Record = std::uint32_t;   // written by one client, once
using Position = std::int64_t;  // replication offset
using SharedHello = std::shared_ptr<const proto::Hello>;

class Redis : public Process {
 public:
  Redis(World& world, const proto::Address& address, int zone);

  // ---- what an experiment may turn ----
  int priority = 100;
  bool announced = true;   // replica-announced
  bool keeps_data = true;  // persistence: a crash forgets nothing, else everything
  bool loading = false;
  bool busy = false;  // runs an endless script until SCRIPT KILL
  bool refuses_password = false;
  bool refuses_role = false;   // its ACL has no +role
  Duration sync_time{50'000};  // of a full resynchronisation

  // ---- life ----
  // As its configuration file says.
  void boot();
  void crash(Network::End end);
  // Before the first boot: follows `master` and has its history.
  void begin_as_replica_of(const Redis& master);
  // Its configuration file is lost, or never held whom it follows: it will start as a master.
  void forget_master() { file_.reset(); }

  // ---- requests of agents; each is one message or one transaction ----
  [[nodiscard]] consensus::Pong ping(bool* is_loading) const;
  // "" or the error that every command gets now.
  [[nodiscard]] std::string refusal(bool allowed_while_loading) const;
  [[nodiscard]] std::shared_ptr<const proto::InfoSnapshot> info();
  [[nodiscard]] proto::RoleSnapshot role_reply() const;
  // nullopt master: REPLICAOF NO ONE. With CONFIG REWRITE and the kills of one agent transaction;
  // `own` is the connection that stays.
  void replicate(const std::optional<proto::Address>& master, ConnId own, bool kill_pubsub);
  // The same by an operator's hand: nobody is killed.
  void replicate_by_hand(const std::optional<proto::Address>& master);
  void kill_clients(Purpose purpose, std::optional<ConnId> spare);
  void publish(const SharedHello& hello);
  void publish(const proto::Hello& hello) { publish(std::make_shared<const proto::Hello>(hello)); }
  void kill_script();

  // ---- clients ----
  // False: refused (replica, loading, busy).
  bool write(Record record);

  // ---- for readers ----
  [[nodiscard]] proto::Role role() const noexcept { return role_; }
  [[nodiscard]] const proto::Address& following() const noexcept { return following_; }
  // Every record that it holds, oldest first, each with the offset behind it.
  struct Entry {
    Position end;
    Record record;
  };
  [[nodiscard]] const std::vector<Entry>& data() const noexcept { return data_; }
  [[nodiscard]] const std::string& run_id() const noexcept { return run_id_; }
  [[nodiscard]] const std::string& replid() const noexcept { return replid_; }
  [[nodiscard]] const std::string& replid2() const noexcept { return replid2_; }
  [[nodiscard]] Position offset() const noexcept { return offset_; }
  [[nodiscard]] bool in_sync() const noexcept { return link_ == Link::connected; }
  [[nodiscard]] bool answers() const noexcept {
    return running() && !busy && !refuses_password && !holds_clients();
  }
  // When it took its present role.
  [[nodiscard]] Instant master_since() const noexcept { return role_since_; }
  // The last instant at which it was a master, if it ever was.
  [[nodiscard]] std::optional<Instant> last_master() const;
  [[nodiscard]] std::string info_text() const;

  // ---- the network ----
  std::uint64_t accepted(ConnId conn, HostId from, Purpose purpose) override;
  void closed(ConnId conn, std::uint64_t tag) override;
  Redis* as_redis() override { return this; }

 private:
  enum class Link { none, connect, connecting, sync, connected };
  struct Replica {
    ConnId conn;
    Redis* node;
    bool online;
  };
  struct Subscriber {
    ConnId conn;
    HostId agent;
  };
  // What a replica asks to continue from, and what it gets.
  struct Offer {
    std::string replid;
    Position offset;
  };
  struct Stream {  // one piece of the replication stream
    Position bytes = 0;
    std::optional<Record> record;
    SharedHello hello;
  };

  bool turn_to(const std::optional<proto::Address>& master);
  void go_on_with(const std::optional<proto::Address>& master);
  void start_cron();
  void cron();
  void connect_to_master();
  void master_reached(bool open);
  void drop_master_link();
  void on_offer(ConnId conn, Redis& replica, const Offer& offer);
  [[nodiscard]] bool can_continue(const Offer& offer) const;
  void send_missing(const Replica& replica, Position from);
  void plan_full_sync(ConnId conn, Duration delay);
  void send_everything(ConnId conn);
  void synced(ConnId conn, const std::string& replid);
  void write_stream(const Stream& piece);
  void apply(ConnId conn, const Stream& piece);
  void drop_replicas();
  void tell_subscribers(const SharedHello& hello);
  Replica* replica_on(ConnId conn);
  void changed() { info_.reset(); }

  World& world_;
  proto::Role role_ = proto::Role::master;
  Instant role_since_{};
  std::optional<Instant> was_master_until_;
  proto::Address following_;
  std::optional<proto::Address> file_;  // replicaof in its configuration file
  std::string run_id_;
  std::string replid_;
  std::string replid2_;
  Position second_offset_ = -1;
  Position offset_ = 0;
  std::vector<Entry> data_;
  Link link_ = Link::none;
  Instant link_down_since_{};
  Instant heard_master_at_{};
  int crons_ = 0;
  std::optional<ConnId> master_conn_;
  std::vector<Replica> replicas_;
  std::vector<Subscriber> subscribers_;
  std::vector<ConnId> normal_;                       // commands of agents and clients
  std::shared_ptr<const proto::InfoSnapshot> info_;  // of the present state, when asked for
};

}  // namespace vedette::sim
