#include "tests/sim/cluster/network.hpp"

#include <cassert>

namespace vedette::sim {

namespace {
constexpr Duration retransmission{200'000};
constexpr Duration resend = 1s;  // to a machine that is off
}  // namespace

HostId Network::add(Process& process) {
  process.host_ = HostId{static_cast<std::uint32_t>(hosts_.size())};
  hosts_.push_back(&process);
  listeners_[process.address_] = process.host_;
  return process.host_;
}

Process* Network::listener(const proto::Address& address) {
  const auto found = listeners_.find(address);
  return found == listeners_.end() ? nullptr : hosts_[index(found->second)];
}

// ---- processes ---------------------------------------------------------------------------------

void Network::start(Process& process) {
  assert(!process.alive_);
  process.alive_ = process.powered_ = true;
  ++process.life_;
  listeners_[process.address_] = process.host_;
}

void Network::stop(Process& process, End how) {
  process.alive_ = process.paused_ = false;
  process.inbox_.clear();
  process.held_.clear();
  process.holds_clients_ = false;
  if (how == End::power_off) {
    process.powered_ = false;
    return;
  }
  for (std::size_t i = 0; i < conns_.size(); ++i) {
    Conn& conn = conns_[i];
    for (const Side side : {client, server}) {
      if (!conn.open[side] || conn.ends[side] != process.host_) continue;
      // Unread input makes the kernel reset the connection, and what was not sent yet is lost.
      if (random_.next() % 2 == 0) conn.waiting[side].clear();
      close(ConnId{static_cast<std::uint32_t>(i)}, process);
    }
  }
}

void Network::pause(Process& process) { process.paused_ = true; }

void Network::resume(Process& process) {
  if (!process.paused_) return;
  process.paused_ = false;
  run_inbox(process);
  if (process.running()) process.resumed();
}

void Network::move(Process& process, const proto::Address& address) {
  assert(!process.alive_);
  const auto old = listeners_.find(process.address_);
  if (old != listeners_.end() && old->second == process.host_) listeners_.erase(old);
  process.address_ = address;
}

void Network::deliver(Process& to, unsigned life, Task&& task) {
  if (!to.alive_ || to.life_ != life) return;
  if (to.paused_ || to.slowness_ > Duration{0} || !to.inbox_.empty()) {
    to.inbox_.push_back(std::move(task));
    if (!to.paused_ && to.inbox_.size() == 1) run_inbox(to);
    return;
  }
  task();
}

// At once after a pause; one message at a time while the loop is slow.
void Network::run_inbox(Process& process) {
  const unsigned life = process.life_;
  while (process.running() && process.life_ == life && !process.inbox_.empty()) {
    if (process.slowness_ > Duration{0}) {
      queue_.after(process.slowness_, [this, &process, life] {
        if (!process.running() || process.life_ != life || process.inbox_.empty()) return;
        Task task = std::move(process.inbox_.front());
        process.inbox_.pop_front();
        task();
        run_inbox(process);
      });
      return;
    }
    Task task = std::move(process.inbox_.front());
    process.inbox_.pop_front();
    task();
  }
}

void Network::release_clients(Process& process) {
  process.holds_clients_ = false;
  std::deque<std::pair<ConnId, Task>> held;
  held.swap(process.held_);
  for (auto& [conn, task] : held) arrive(conn, server, std::move(task));
}

// ---- routes ------------------------------------------------------------------------------------

const Route& Network::route(HostId from, HostId to) const {
  if (disturbed_.empty()) return normal_;
  const auto found = disturbed_.find({from, to});
  return found == disturbed_.end() ? normal_ : found->second;
}

void Network::set_route(HostId from, HostId to, const Route& route) {
  const bool was_blocked = this->route(from, to).blocked;
  if (route == normal_) {
    disturbed_.erase({from, to});
  } else {
    disturbed_[{from, to}] = route;
  }
  if (!was_blocked || route.blocked) return;
  for (Conn& conn : conns_) {
    if (conn.ends[client] == from && conn.ends[server] == to) release(conn, client);
    if (conn.ends[server] == from && conn.ends[client] == to) release(conn, server);
  }
}

// Each connection sends again when its own timer says so: what healed arrives in another order.
void Network::release(Conn& conn, Side from) {
  if (conn.waiting[from].empty()) return;
  const bool soon = random_.next() % 2 == 0;
  const Duration wait = random_.between(Duration{0}, soon ? Duration{1000} : 4 * retransmission);
  std::vector<Task> waiting;
  waiting.swap(conn.waiting[from]);
  for (Task& task : waiting) plan_arrival(conn, from, queue_.now() + wait, std::move(task));
}

Duration Network::travel_time(const Route& route) {
  Duration time = route.delay;
  if (route.jitter > Duration{0}) time += random_.between(Duration{0}, route.jitter);
  Duration again = retransmission;
  while (route.loss_percent > 0 && random_.next() % 100 < route.loss_percent && again < 4s) {
    time += again;
    again *= 2;
  }
  return time;
}

// ---- connections -------------------------------------------------------------------------------

void Network::plan_arrival(Conn& conn, Side from, Instant when, Task&& arrives) {
  conn.last[from] = std::max(conn.last[from], when);
  queue_.at(conn.last[from], std::move(arrives));
}

void Network::transmit(ConnId id, Side from, Task&& arrives) {
  Conn& conn = at(id);
  const Route& way = route(conn.ends[from], conn.ends[other(from)]);
  if (way.blocked) {
    conn.waiting[from].push_back(std::move(arrives));
  } else {
    plan_arrival(conn, from, queue_.now() + travel_time(way), std::move(arrives));
  }
}

ConnId Network::open(Process& from, const proto::Address& to, Purpose purpose, std::uint64_t tag,
                     std::function<void(bool)> told) {
  const ConnId id{static_cast<std::uint32_t>(conns_.size())};
  Process* const target = listener(to);
  const HostId server_host = target == nullptr ? from.host_ : target->host_;
  conns_.push_back(
      Conn{{from.host_, server_host}, {from.life_, 0}, {tag, 0}, {true, false}, {}, {}, purpose});
  if (target == nullptr) return id;  // nobody has that address: nothing comes back
  if (target == &from) {             // a replica of itself gets nowhere
    queue_.after(normal_.delay, [this, id, told] { answer_itself(id, told); });
    return id;
  }
  transmit(id, client, [this, id, told = std::move(told)] { knock(id, told); });
  return id;
}

void Network::knock(ConnId id, const std::function<void(bool)>& told) {
  Conn& conn = at(id);
  Process& target = end(conn, server);
  if (!conn.open[client]) return;
  if (!target.powered_) {  // nobody acknowledges: it is sent again
    queue_.after(resend, [this, id, told = told] { knock(id, told); });
    return;
  }
  if (!target.alive_ || route(conn.ends[client], conn.ends[server]).refused) {
    return answer(id, false, told);
  }
  conn.open[server] = true;
  conn.lives[server] = target.life_;
  answer(id, true, told);
  if (target.full_) return close(id, target);
  deliver(target, target.life_, [this, id, &target] {
    Conn& made = at(id);
    if (made.open[server]) {
      made.tags[server] = target.accepted(id, made.ends[client], made.purpose);
    }
  });
}

void Network::answer(ConnId id, bool accepted, const std::function<void(bool)>& told) {
  transmit(id, server, [this, id, accepted, told = told] {
    Conn& conn = at(id);
    if (!conn.open[client]) return;
    if (!accepted) conn.open[client] = false;
    deliver(end(conn, client), conn.lives[client], [told, accepted] { told(accepted); });
  });
}

void Network::answer_itself(ConnId id, const std::function<void(bool)>& told) {
  Conn& conn = at(id);
  if (!std::exchange(conn.open[client], false)) return;
  deliver(end(conn, client), conn.lives[client], [told] { told(false); });
}

void Network::arrive(ConnId id, Side side, Task&& task) {
  const Conn& conn = at(id);
  Process& target = end(conn, side);
  if (!target.powered_) {
    if (!conn.open[other(side)]) return;
    return queue_.after(resend, [this, id, side, task = std::move(task)]() mutable {
      arrive(id, side, std::move(task));
    });
  }
  if (conn.open[side] && target.alive_ && target.life_ == conn.lives[side]) {
    const bool waits =
        target.holds_clients_ && side == server && conn.purpose != Purpose::replication;
    if (waits) {
      target.held_.emplace_back(id, std::move(task));
    } else {
      deliver(target, conn.lives[side], std::move(task));
    }
  } else {
    transmit(id, side, [this, id, side] { tell_closed(id, other(side)); });  // RST
  }
}

void Network::close(ConnId id, const Process& by) {
  Conn& conn = at(id);
  const Side side = side_of(conn, by.host_);
  if (!conn.open[side]) return;
  conn.open[side] = false;
  transmit(id, side, [this, id, side] { tell_closed(id, other(side)); });
}

void Network::abort(ConnId id, const Process& by) {
  Conn& conn = at(id);
  const Side side = side_of(conn, by.host_);
  if (!route(conn.ends[side], conn.ends[other(side)]).blocked) return close(id, by);
  conn.waiting[side].clear();
  conn.open[side] = false;  // nor does the other end hear of it until it says something
}

void Network::tell_closed(ConnId id, Side side) {
  Conn& conn = at(id);
  if (!conn.open[side]) return;
  Process& told = end(conn, side);
  if (!told.powered_) return;
  conn.open[side] = false;
  const std::uint64_t tag = conn.tags[side];
  deliver(told, conn.lives[side], [&told, id, tag] { told.closed(id, tag); });
}

void Network::reset(ConnId id) {
  tell_closed(id, client);
  tell_closed(id, server);
}

void Network::reset_between(HostId a, HostId b) {
  const std::size_t present = conns_.size();  // whoever is hit may connect again at once
  for (std::size_t i = 0; i < present; ++i) {
    const Conn& conn = conns_[i];
    const bool between = (conn.ends[client] == a && conn.ends[server] == b) ||
                         (conn.ends[client] == b && conn.ends[server] == a);
    if (between) reset(ConnId{static_cast<std::uint32_t>(i)});
  }
}

Process& Network::opposite(ConnId id, const Process& side) {
  const Conn& conn = at(id);
  return end(conn, other(side_of(conn, side.host_)));
}

bool Network::is_open(ConnId id, const Process& side) const {
  const Conn& conn = conns_[static_cast<std::size_t>(id)];
  const Side at = side_of(conn, side.host_);
  return conn.open[at] && conn.lives[at] == side.life_;
}

}  // namespace vedette::sim
