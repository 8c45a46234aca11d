#include "tests/sim/cluster/writer.hpp"

#include <algorithm>

namespace vedette::sim {

namespace {
constexpr Duration patience = 500ms;  // for a connection and for a reply
}

Writer::Writer(World& world, const Shard& shard, const proto::Address& address, Duration every)
    : Process(address), world_(world), shard_(shard), every_(every) {
  world.network().add(*this);
}

void Writer::start() {
  world_.network().start(*this);
  turn();
}

void Writer::turn() {
  if (stopped_) return;
  world_.queue().after(every_, [this] { turn(); });
  const bool waits = (conn_ && !ready_) || under_way_;
  if (waits && world_.now() - sent_at_ > patience) give_up();
  if (!conn_) {
    connect();
  } else if (ready_ && !under_way_) {
    write();
  }
}

void Writer::give_up() {
  if (conn_) world_.network().close(*conn_, *this);
  conn_.reset();
  under_way_.reset();
  ready_ = false;
}

void Writer::closed(ConnId conn, std::uint64_t) {
  if (conn_ != conn) return;
  conn_.reset();
  under_way_.reset();
  ready_ = false;
}

// Any agent that it reaches tells the address; then the node must say that it is a master.
void Writer::connect() {
  std::vector<const Agent*> there;
  for (const auto& agent : world_.agents()) {
    const bool answers = agent->running() && world_.network().reachable(host(), agent->host());
    if (answers) there.push_back(agent.get());
  }
  if (there.empty()) return;
  const Agent* const told = there[world_.random().next() % there.size()];
  const std::optional<proto::Address> master = told->master_of(shard_.name);
  if (!master) return;
  sent_at_ = world_.now();
  conn_ = world_.network().open(*this, *master, Purpose::client, 0, [this](bool open) {
    if (!open) return give_up();
    if (!conn_) return;
    const ConnId conn = *conn_;
    Network& network = world_.network();
    Redis* const node = network.opposite(conn, *this).as_redis();
    if (node == nullptr) return give_up();
    network.send(conn, *this, [this, &network, node, conn] {
      const bool master_there = node->role() == proto::Role::master;
      network.send(conn, *node, [this, master_there] {
        if (master_there) {
          ready_ = true;
        } else {
          give_up();
        }
      });
    });
  });
}

void Writer::write() {
  const ConnId conn = *conn_;
  Network& network = world_.network();
  Redis* const node = network.opposite(conn, *this).as_redis();
  const Record record = ++last_;
  under_way_ = record;
  sent_at_ = world_.now();
  network.send(conn, *this, [this, &network, node, conn, record] {
    const bool taken = node->write(record);
    network.send(conn, *node, [this, taken, record] {
      if (under_way_ != record) return;
      under_way_.reset();
      if (taken) {
        acknowledged_.push_back(record);
      } else {
        give_up();
      }
    });
  });
}

std::size_t Writer::missing_on(const Redis& node) const {
  std::vector<Record> there;
  for (const Redis::Entry& entry : node.data()) there.push_back(entry.record);
  std::sort(there.begin(), there.end());
  return static_cast<std::size_t>(std::count_if(
      acknowledged_.begin(), acknowledged_.end(),
      [&](Record record) { return !std::binary_search(there.begin(), there.end(), record); }));
}

}  // namespace vedette::sim
