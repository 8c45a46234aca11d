// Replication between data nodes.
#include <algorithm>

#include "tests/sim/cluster/redis.hpp"
#include "tests/sim/cluster/world.hpp"

namespace vedette::sim {

namespace {
constexpr Duration replication_timeout = 10s;
constexpr int crons_between_pings = 3;
constexpr Position ping_bytes = 14;
}  // namespace

void Redis::replicate(const std::optional<proto::Address>& master, ConnId own, bool kill_pubsub) {
  const bool turned = turn_to(master);
  kill_clients(Purpose::command, own);
  if (kill_pubsub) kill_clients(Purpose::pubsub, std::nullopt);
  if (turned) go_on_with(master);
}

void Redis::replicate_by_hand(const std::optional<proto::Address>& master) {
  if (turn_to(master)) go_on_with(master);
}

// False: it follows that one already.
bool Redis::turn_to(const std::optional<proto::Address>& master) {
  const bool same = master && role_ == proto::Role::replica && following_ == *master;
  file_ = master;
  if (same) return false;  // "Already connected to specified master"
  if (!master) {
    if (role_ == proto::Role::replica) {
      replid2_ = replid_;
      second_offset_ = offset_ + 1;
      replid_ = world_.make_id();
      role_ = proto::Role::master;
      role_since_ = world_.now();
    }
    following_ = {};
  } else {
    was_master_until_ = last_master();
    if (role_ == proto::Role::master) role_since_ = link_down_since_ = world_.now();
    role_ = proto::Role::replica;
    following_ = *master;
    drop_replicas();
  }
  if (master_conn_) world_.network().close(*master_conn_, *this);
  master_conn_.reset();
  drop_master_link();
  changed();
  return true;
}

void Redis::go_on_with(const std::optional<proto::Address>& master) {
  if (master) {
    connect_to_master();
  } else {
    drop_replicas();  // they come back with the old history, and continue
  }
}

void Redis::drop_master_link() {
  if (in_sync()) link_down_since_ = world_.now();
  link_ = role_ == proto::Role::replica ? Link::connect : Link::none;
  changed();
}

void Redis::start_cron() {
  const unsigned mine = life();
  world_.queue().after(world_.random().between(1ms, 1s), [this, mine] {
    if (alive() && life() == mine) cron();
  });
}

void Redis::cron() {
  const unsigned mine = life();
  world_.queue().after(1s, [this, mine] {
    if (alive() && life() == mine) cron();
  });
  if (paused()) return;
  if (role_ == proto::Role::replica) {
    const bool silent = world_.now() - heard_master_at_ > replication_timeout;
    if (link_ != Link::connect && link_ != Link::none && silent && master_conn_) {
      world_.network().close(*master_conn_, *this);
      master_conn_.reset();
      drop_master_link();
    }
    if (link_ == Link::connect) connect_to_master();
    // REPLCONF ACK: a master that started anew answers it with a reset.
    if (link_ == Link::connected && master_conn_)
      world_.network().send(*master_conn_, *this, [] {});
  } else if (++crons_ % crons_between_pings == 0 && !replicas_.empty()) {
    write_stream({ping_bytes, std::nullopt, nullptr});
  }
}

void Redis::connect_to_master() {
  if (role_ != proto::Role::replica || master_conn_) return;
  link_ = Link::connecting;
  heard_master_at_ = world_.now();
  // Told at once at the earliest a hop later, so the id is known by then.
  master_conn_ = world_.network().open(*this, following_, Purpose::replication, 0,
                                       [this](bool open) { master_reached(open); });
}

void Redis::master_reached(bool open) {
  if (!master_conn_) return;
  if (!open) {
    master_conn_.reset();
    drop_master_link();
    return;
  }
  const ConnId conn = *master_conn_;
  Redis* const master = world_.network().opposite(conn, *this).as_redis();
  if (master == nullptr) return;  // something else lives there; it does not answer PSYNC
  const Offer offer{replid_, offset_};
  world_.network().send(conn, *this,
                        [this, master, conn, offer] { master->on_offer(conn, *this, offer); });
}

bool Redis::can_continue(const Offer& offer) const {
  if (offer.replid == replid_) return offer.offset <= offset_;
  return !replid2_.empty() && offer.replid == replid2_ && offer.offset < second_offset_;
}

void Redis::on_offer(ConnId conn, Redis& replica, const Offer& offer) {
  const bool masterless = role_ == proto::Role::replica && !in_sync();
  if (masterless || !refusal(false).empty()) return world_.network().close(conn, *this);
  replicas_.push_back({conn, &replica, false});
  changed();
  if (can_continue(offer)) {
    replicas_.back().online = true;
    return send_missing(replicas_.back(), offer.offset);
  }
  world_.network().send(conn, *this, [&replica, conn] {
    if (replica.master_conn_ == conn) replica.link_ = Link::sync;
    replica.changed();
  });
  plan_full_sync(conn, replica.sync_time);
}

void Redis::plan_full_sync(ConnId conn, Duration delay) {
  const unsigned mine = life();
  world_.queue().after(delay, [this, conn, mine] {
    if (!alive() || life() != mine) return;
    if (paused()) return plan_full_sync(conn, 100ms);
    send_everything(conn);
  });
}

Redis::Replica* Redis::replica_on(ConnId conn) {
  const auto found = std::find_if(replicas_.begin(), replicas_.end(),
                                  [&](const Replica& each) { return each.conn == conn; });
  return found == replicas_.end() ? nullptr : &*found;
}

void Redis::send_missing(const Replica& replica, Position from) {
  const auto first = std::find_if(data_.begin(), data_.end(),
                                  [&](const Entry& entry) { return entry.end > from; });
  const std::vector<Entry> missing(first, data_.end());
  Redis* const node = replica.node;
  const ConnId conn = replica.conn;
  world_.network().send(conn, *this, [node, conn, missing, to = offset_, id = replid_] {
    if (node->master_conn_ != conn) return;
    node->data_.insert(node->data_.end(), missing.begin(), missing.end());
    node->offset_ = to;
    node->synced(conn, id);
  });
}

void Redis::send_everything(ConnId conn) {
  Replica* const replica = replica_on(conn);
  if (replica == nullptr) return;
  replica->online = true;
  changed();
  Redis* const node = replica->node;
  world_.network().send(conn, *this, [node, conn, all = data_, to = offset_, id = replid_] {
    if (node->master_conn_ != conn) return;
    node->data_ = all;
    node->offset_ = to;
    node->replid2_.clear();
    node->second_offset_ = -1;
    node->synced(conn, id);
  });
}

void Redis::synced(ConnId, const std::string& replid) {
  if (replid_ != replid) drop_replicas();  // theirs is another history now
  replid_ = replid;
  link_ = Link::connected;
  heard_master_at_ = world_.now();
  changed();
}

void Redis::write_stream(const Stream& piece) {
  offset_ += piece.bytes;
  if (piece.record) data_.push_back({offset_, *piece.record});
  changed();
  for (const Replica& replica : replicas_) {
    if (!replica.online) continue;
    Redis* const node = replica.node;
    const ConnId conn = replica.conn;
    world_.network().send(conn, *this, [node, conn, piece = piece] { node->apply(conn, piece); });
  }
}

void Redis::apply(ConnId conn, const Stream& piece) {
  if (master_conn_ != conn || link_ != Link::connected) return;
  heard_master_at_ = world_.now();
  if (piece.hello) tell_subscribers(piece.hello);
  write_stream(piece);
}

void Redis::drop_replicas() {
  std::vector<Replica> dropped;
  dropped.swap(replicas_);
  for (const Replica& each : dropped) world_.network().close(each.conn, *this);
  changed();
}

}  // namespace vedette::sim
