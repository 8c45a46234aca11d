// One agent: the production core (or the model of a real Sentinel) with a disk, a clock and links.
// It does what the core asks for, as the product's shell would.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "consensus/core.hpp"
#include "tests/sim/cluster/disk.hpp"
#include "tests/sim/cluster/redis.hpp"
#include "tests/sim/legacy/legacy.hpp"

namespace vedette::sim {

enum class Kind { vedette, legacy };

class Agent : public Process {
 public:
  Agent(World& world, std::string name, Kind kind, const proto::Address& address, int zone,
        consensus::Durable file);

  // ---- what an experiment may turn ----
  Disk disk;
  Duration write_delay{0};  // between the decision to promote and its write
  Duration clock_ahead{0};  // CLOCK_BOOTTIME against everybody else's; never goes back
  consensus::Policy policy;
  consensus::Timings timings;  // from its next start
  bool is_heard = true;        // false: servers take its hellos, and nobody gets them

  // ---- life ----
  void boot();
  void crash(Network::End end);

  // Hands it an event now, whatever state it is in but dead.
  void feed(const consensus::Event& event);
  void order(const consensus::Order& order,
             std::function<void(const consensus::ReplyOrder&)> done = {});
  void ask_vote(const proto::DownQuery& query, std::function<void(const proto::DownReply&)> done);
  void hear(ConnId conn, const proto::Hello& hello);

  // ---- for readers ----
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const proto::RunId& id() const noexcept { return disk.file().my_id; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] Instant clock() const;
  [[nodiscard]] const consensus::Core* core() const noexcept { return core_.get(); }
  [[nodiscard]] const Legacy* legacy() const noexcept { return legacy_.get(); }
  // The address that it publishes for a master; nullopt if it does not know the name or is down.
  [[nodiscard]] std::optional<proto::Address> master_of(const std::string& group) const;
  // As SENTINEL MASTER tells it.
  [[nodiscard]] std::optional<proto::Configuration> configuration_of(
      const std::string& group) const;
  [[nodiscard]] std::size_t unanswered_orders() const noexcept { return orders_.size(); }

  // ---- the network ----
  std::uint64_t accepted(ConnId, HostId, Purpose) override { return 0; }
  void closed(ConnId conn, std::uint64_t tag) override;
  void resumed() override { feed(consensus::Tick{}); }
  Agent* as_agent() override { return this; }

 private:
  struct Execute;
  friend struct Execute;

  void plan_tick();
  SharedHello on_the_wire(const proto::Hello& hello);
  void save();
  void saved(consensus::SaveNumber number);
  consensus::Ticket next_ticket() { return consensus::Ticket{++tickets_}; }
  [[nodiscard]] consensus::SaveNumber save_number() const;

  World& world_;
  std::string name_;
  Kind kind_;
  std::unique_ptr<consensus::Core> core_;
  std::unique_ptr<Legacy> legacy_;
  Instant tick_at_ = consensus::never;
  bool tick_waits_ = false;
  std::unordered_map<std::uint64_t, ConnId> links_;
  std::map<std::uint64_t, consensus::RequestId> unwritten_;  // promotions, by link
  std::map<consensus::Ticket, std::function<void(const proto::DownReply&)>> votes_;
  std::map<consensus::Ticket, std::function<void(const consensus::ReplyOrder&)>> orders_;
  std::uint64_t tickets_ = 0;
  SharedHello last_hello_;     // as it was read from its text
  consensus::Commands spare_;  // empty: the room of the last step, for the next
};

}  // namespace vedette::sim
