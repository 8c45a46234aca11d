// What a data node answers, and its clients.
#include "tests/sim/cluster/redis.hpp"

#include <algorithm>

#include "tests/sim/cluster/world.hpp"

namespace vedette::sim {

namespace {
constexpr Position record_bytes = 100;
constexpr Position hello_bytes = 200;
}  // namespace

Redis::Redis(World& world, const proto::Address& address, int zone)
    : Process(address, zone), world_(world), replid_(world.make_id()) {}

void Redis::begin_as_replica_of(const Redis& master) {
  file_ = master.address();
  replid_ = master.replid_;
  offset_ = master.offset_;
}

void Redis::boot() {
  world_.network().start(*this);
  run_id_ = world_.make_id();
  const proto::Role before = role_;
  role_ = file_ ? proto::Role::replica : proto::Role::master;
  if (role_ != before) role_since_ = world_.now();
  following_ = file_.value_or(proto::Address{});
  link_ = file_ ? Link::connect : Link::none;
  link_down_since_ = world_.now();
  changed();
  start_cron();
  if (file_) connect_to_master();
}

std::optional<Instant> Redis::last_master() const {
  if (alive() && role_ == proto::Role::master) return world_.now();
  return was_master_until_;
}

void Redis::crash(Network::End end) {
  was_master_until_ = last_master();
  world_.network().stop(*this, end);
  // A master begins a history of its own, as the continuation of the one in its file.
  const bool goes_on = keeps_data && role_ == proto::Role::master;
  replid2_ = goes_on ? replid_ : std::string{};
  second_offset_ = goes_on ? offset_ + 1 : -1;
  if (!keeps_data || role_ == proto::Role::master) replid_ = world_.make_id();
  if (!keeps_data) {
    data_.clear();
    offset_ = 0;
  }
  link_ = Link::none;
  busy = false;
  master_conn_.reset();
  replicas_.clear();
  subscribers_.clear();
  normal_.clear();
  changed();
}

// ---- requests of agents ------------------------------------------------------------------------

std::string Redis::refusal(bool allowed_while_loading) const {
  if (refuses_password) return "NOAUTH Authentication required.";
  if (busy) return "BUSY Redis is busy running a script.";
  if (loading && !allowed_while_loading) return "LOADING Redis is loading the dataset in memory";
  return {};
}

consensus::Pong Redis::ping(bool* is_loading) const {
  *is_loading = loading && !refuses_password && !busy;
  if (refuses_password) return consensus::Pong::refused;
  return busy ? consensus::Pong::busy : consensus::Pong::valid;
}

std::string Redis::info_text() const {
  std::string out = "redis_version:7.0.15\r\nrun_id:" + run_id_ + "\r\n";
  const bool master = role_ == proto::Role::master;
  if (loading) out += "loading:1\r\n";
  out += master ? "role:master\r\n" : "role:slave\r\n";
  if (!master) {
    out += "master_host:" + following_.host + "\r\nmaster_port:" + std::to_string(following_.port) +
           "\r\n";
    out += in_sync() ? "master_link_status:up\r\n" : "master_link_status:down\r\n";
    out += link_ == Link::sync ? "master_sync_in_progress:1\r\n" : "master_sync_in_progress:0\r\n";
    out += "slave_repl_offset:" + std::to_string(offset_) + "\r\n";
    if (!in_sync()) {
      const auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(world_.now() - link_down_since_);
      out += "master_link_down_since_seconds:" + std::to_string(seconds.count()) + "\r\n";
    }
    out += "slave_priority:" + std::to_string(priority) +
           "\r\nreplica_announced:" + (announced ? "1\r\n" : "0\r\n");
  }
  int number = 0;
  for (const Replica& replica : replicas_) {
    if (!replica.node->announced) continue;
    out += "slave" + std::to_string(number++) + ":ip=" + replica.node->address().host +
           ",port=" + std::to_string(replica.node->address().port) +
           (replica.online ? ",state=online" : ",state=wait_bgsave") + ",offset=0,lag=0\r\n";
  }
  out += "master_replid:" + replid_ +
         "\r\nmaster_replid2:" + (replid2_.empty() ? std::string(40, '0') : replid2_) +
         "\r\nmaster_repl_offset:" + std::to_string(offset_) +
         "\r\nsecond_repl_offset:" + std::to_string(second_offset_) + "\r\n";
  return out;
}

std::shared_ptr<const proto::InfoSnapshot> Redis::info() {
  const bool changes_with_time = role_ == proto::Role::replica && !in_sync();
  if (!info_ || changes_with_time || info_->loading != loading || info_->priority != priority) {
    info_ = std::make_shared<const proto::InfoSnapshot>(proto::parse_info(info_text()));
  }
  return info_;
}

proto::RoleSnapshot Redis::role_reply() const {
  static constexpr const char* words[] = {"connect", "connect", "connecting", "sync", "connected"};
  proto::RoleSnapshot out;
  out.role = role_;
  out.offset = offset_;
  if (role_ == proto::Role::replica) {
    out.master = following_;
    out.link_state = words[static_cast<std::size_t>(link_)];
  }
  return out;
}

void Redis::kill_script() { busy = false; }

void Redis::kill_clients(Purpose purpose, std::optional<ConnId> spare) {
  std::vector<ConnId> dead;
  if (purpose == Purpose::pubsub) {
    for (const Subscriber& each : subscribers_) dead.push_back(each.conn);
    subscribers_.clear();
  } else {
    for (const ConnId conn : normal_) {
      if (spare != conn) dead.push_back(conn);
    }
    normal_.clear();
    if (spare) normal_.push_back(*spare);
  }
  for (const ConnId conn : dead) world_.network().close(conn, *this);
}

// ---- publishing --------------------------------------------------------------------------------

void Redis::publish(const SharedHello& hello) {
  tell_subscribers(hello);
  if (role_ == proto::Role::master) write_stream({hello_bytes, std::nullopt, hello});
}

void Redis::tell_subscribers(const SharedHello& hello) {
  for (const Subscriber& each : subscribers_) {
    world_.network().send(each.conn, *this, [this, each, hello = hello] {
      world_.hello_arrives(each.agent, each.conn, *hello);
    });
  }
}

// ---- clients -----------------------------------------------------------------------------------

bool Redis::write(Record record) {
  if (role_ != proto::Role::master || !refusal(false).empty()) return false;
  write_stream({record_bytes, record, nullptr});
  return true;
}

// ---- connections -------------------------------------------------------------------------------

std::uint64_t Redis::accepted(ConnId conn, HostId from, Purpose purpose) {
  if (purpose == Purpose::pubsub) {
    subscribers_.push_back({conn, from});
  } else if (purpose != Purpose::replication) {
    normal_.push_back(conn);
  }
  return 0;
}

void Redis::closed(ConnId conn, std::uint64_t) {
  if (master_conn_ == conn) {
    master_conn_.reset();
    const bool was_in_sync = in_sync();
    drop_master_link();
    if (was_in_sync) connect_to_master();  // at once; the cron tries again each second
    return;
  }
  if (std::erase_if(replicas_, [&](const Replica& each) { return each.conn == conn; }) > 0) {
    changed();
    return;
  }
  std::erase(normal_, conn);
  std::erase_if(subscribers_, [&](const Subscriber& each) { return each.conn == conn; });
}

}  // namespace vedette::sim
