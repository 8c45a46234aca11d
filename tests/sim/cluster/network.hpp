// Processes and the TCP connections between them, in virtual time. What a connection carries
// arrives in order or not at all; what cannot pass a partition waits and is sent again when the
// route heals.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "consensus/random.hpp"
#include "proto/types.hpp"
#include "tests/sim/cluster/queue.hpp"

namespace vedette::sim {

enum class HostId : std::uint32_t {};
enum class ConnId : std::uint32_t {};

// Why a connection is opened: decides how a data node treats it.
enum class Purpose : std::uint8_t { command, pubsub, peer, replication, client };

class Agent;
class Redis;

// One process that listens at one address.
class Process {
 public:
  explicit Process(proto::Address address, int zone = 0)
      : address_(std::move(address)), zone_(zone) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  virtual ~Process() = default;

  // A connection was made to us; `tag` is ours to choose and comes back with every call.
  virtual std::uint64_t accepted(ConnId conn, HostId from, Purpose purpose) = 0;
  // The other side closed or reset it.
  virtual void closed(ConnId conn, std::uint64_t tag) = 0;
  // What a paused process does first when it goes on.
  virtual void resumed() {}
  virtual Redis* as_redis() { return nullptr; }
  virtual Agent* as_agent() { return nullptr; }

  [[nodiscard]] HostId host() const noexcept { return host_; }
  [[nodiscard]] const proto::Address& address() const noexcept { return address_; }
  [[nodiscard]] int zone() const noexcept { return zone_; }
  [[nodiscard]] bool alive() const noexcept { return alive_; }
  [[nodiscard]] bool paused() const noexcept { return paused_; }
  [[nodiscard]] unsigned life() const noexcept { return life_; }
  // It can act now.
  [[nodiscard]] bool holds_clients() const noexcept { return holds_clients_; }
  [[nodiscard]] bool running() const noexcept { return alive_ && !paused_; }

 private:
  friend class Network;
  HostId host_{};
  proto::Address address_;
  int zone_;
  bool alive_ = false;
  bool powered_ = true;  // false: the machine is off, nothing answers
  bool paused_ = false;  // SIGSTOP: the kernel still accepts and buffers
  bool full_ = false;    // refuses connections
  bool holds_clients_ =
      false;  // CLIENT PAUSE: reads on behind it, but for its replicas and its master
  std::deque<std::pair<ConnId, Task>> held_;
  Duration slowness_{0};  // each message waits that long in its loop
  unsigned life_ = 0;     // counts starts; what was meant for an earlier life is void
  std::deque<Task> inbox_;
};

// One direction between two processes.
struct Route {
  Duration delay{200};
  Duration jitter{0};
  unsigned loss_percent = 0;  // of messages that need sending again, 200 ms later or more
  bool blocked = false;       // nothing passes, nothing is told
  bool refused = false;       // connection attempts are refused
  bool operator==(const Route&) const = default;
};

class Network {
 public:
  Network(Queue& queue, consensus::Random random) : queue_(queue), random_(random) {}

  HostId add(Process& process);
  [[nodiscard]] Process& process(HostId host) { return *hosts_[index(host)]; }
  [[nodiscard]] std::size_t size() const noexcept { return hosts_.size(); }
  // Whoever listens there now, or nullptr.
  [[nodiscard]] Process* listener(const proto::Address& address);
  // It listens there too, from now on: a virtual address.
  void add_address(const Process& process, const proto::Address& address) {
    listeners_[address] = process.host_;
  }

  // ---- processes ----
  void start(Process& process);
  enum class End { crash, power_off };  // connections are closed by the kernel, or stay half open
  void stop(Process& process, End end);
  void pause(Process& process);
  void resume(Process& process);
  void slow_down(Process& process, Duration each_message) { process.slowness_ = each_message; }
  void fill_up(Process& process, bool full) { process.full_ = full; }
  void hold_clients(Process& process) { process.holds_clients_ = true; }
  void release_clients(Process& process);
  // It comes back under another address (only while it is stopped).
  void move(Process& process, const proto::Address& address);

  // Runs `task` as that life of the process would: behind what waits for it, or never.
  void deliver(Process& to, unsigned life, Task&& task);

  // ---- routes ----
  [[nodiscard]] const Route& route(HostId from, HostId to) const;
  void set_normal(const Route& route) { normal_ = route; }
  [[nodiscard]] const Route& normal() const noexcept { return normal_; }
  void set_route(HostId from, HostId to, const Route& route);
  [[nodiscard]] bool reachable(HostId a, HostId b) const {
    return !route(a, b).blocked && !route(b, a).blocked;
  }

  // ---- connections ----
  // `told(true)` when it is open, `told(false)` when it was refused, nothing from a black hole.
  ConnId open(Process& from, const proto::Address& to, Purpose purpose, std::uint64_t tag,
              std::function<void(bool)> told);
  // Runs `arrives` at the other end, behind everything sent before. Void if the end is gone.
  template <class Arrives>
  void send(ConnId id, const Process& from, Arrives arrives) {
    const Conn& conn = at(id);
    const Side side = side_of(conn, from.host_);
    if (!conn.open[side] || conn.lives[side] != from.life_) return;
    transmit(id, side, [this, id, side, arrives = std::move(arrives)]() mutable {
      arrive(id, other(side), std::move(arrives));
    });
  }
  // We are done with it; the other end is told behind everything sent before.
  void close(ConnId conn, const Process& by);
  // The same by RST: what is held up on the way is given up.
  void abort(ConnId conn, const Process& by);
  // Breaks it for both ends at once.
  void reset(ConnId conn);
  void reset_between(HostId a, HostId b);
  // Whoever is at the other end.
  [[nodiscard]] Process& opposite(ConnId conn, const Process& side);
  [[nodiscard]] bool is_open(ConnId conn, const Process& side) const;

 private:
  enum Side : std::uint8_t { client = 0, server = 1 };
  struct Conn {
    HostId ends[2];
    unsigned lives[2];
    std::uint64_t tags[2];
    bool open[2];
    Instant last[2];               // latest arrival planned, per sender
    std::vector<Task> waiting[2];  // held up by a partition, per sender
    Purpose purpose;
  };

  static std::size_t index(HostId host) { return static_cast<std::size_t>(host); }
  [[nodiscard]] Conn& at(ConnId conn) { return conns_[static_cast<std::size_t>(conn)]; }
  static Side side_of(const Conn& conn, HostId host) {
    return conn.ends[client] == host ? client : server;
  }
  static Side other(Side side) { return side == client ? server : client; }
  Process& end(const Conn& conn, Side side) { return process(conn.ends[side]); }
  // Sends over the route, whatever the state of the ends.
  void transmit(ConnId conn, Side from, Task&& arrives);
  void plan_arrival(Conn& conn, Side from, Instant when, Task&& arrives);
  Duration travel_time(const Route& route);
  void run_inbox(Process& process);
  void arrive(ConnId conn, Side at, Task&& task);
  void knock(ConnId conn, const std::function<void(bool)>& told);
  void answer(ConnId conn, bool accepted, const std::function<void(bool)>& told);
  void answer_itself(ConnId conn, const std::function<void(bool)>& told);
  void tell_closed(ConnId conn, Side side);
  void release(Conn& conn, Side from);

  Queue& queue_;
  consensus::Random random_;
  std::vector<Process*> hosts_;
  std::map<proto::Address, HostId> listeners_;
  Route normal_;
  std::map<std::pair<HostId, HostId>, Route> disturbed_;  // all others are normal
  std::deque<Conn> conns_;                                // never reused, so an id means one
};

}  // namespace vedette::sim
