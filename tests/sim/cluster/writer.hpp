// A client that knows nothing of us: asks any agent for the master, writes numbered records there,
// and remembers which were acknowledged.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/cluster/world.hpp"

namespace vedette::sim {

class Writer : public Process {
 public:
  Writer(World& world, const Shard& shard, const proto::Address& address, Duration every);

  void start();
  void stop() { stopped_ = true; }
  [[nodiscard]] const std::vector<Record>& acknowledged() const noexcept { return acknowledged_; }
  // How many of them that node does not have.
  [[nodiscard]] std::size_t missing_on(const Redis& node) const;

  std::uint64_t accepted(ConnId, HostId, Purpose) override { return 0; }
  void closed(ConnId conn, std::uint64_t tag) override;

 private:
  void turn();
  void connect();
  void write();
  void give_up();

  World& world_;
  const Shard& shard_;
  Duration every_;
  bool stopped_ = false;
  std::optional<ConnId> conn_;
  bool ready_ = false;  // the node at the other end said that it is a master
  std::optional<Record> under_way_;
  Instant sent_at_{};
  Record last_ = 0;
  std::vector<Record> acknowledged_;
};

}  // namespace vedette::sim
