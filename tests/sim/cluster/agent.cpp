#include "tests/sim/cluster/agent.hpp"

#include <algorithm>

#include "tests/sim/cluster/world.hpp"

namespace vedette::sim {

Agent::Agent(World& world, std::string name, Kind kind, const proto::Address& address, int zone,
             consensus::Durable file)
    : Process(address, zone),
      disk(std::move(file)),
      world_(world),
      name_(std::move(name)),
      kind_(kind) {}

void Agent::boot() {
  world_.network().start(*this);
  std::string problem;
  const consensus::Durable file = disk.read(problem);
  if (!problem.empty() && kind_ == Kind::vedette)
    world_.fail("durable format", name_ + ": " + problem);
  const consensus::Announced announced{address().host, address().port};
  const std::uint64_t seed = world_.random().next();
  tick_at_ = consensus::never;
  tick_waits_ = false;
  if (kind_ == Kind::vedette) {
    core_ = std::make_unique<consensus::Core>(file, announced, timings, seed, clock(), policy);
  } else {
    legacy_ = std::make_unique<Legacy>(file, announced, seed, clock());
  }
  const unsigned mine = life();
  world_.queue().after(1us, [this, mine] {
    if (alive() && life() == mine) feed(consensus::Tick{});
  });
}

void Agent::crash(Network::End end) {
  world_.network().stop(*this, end);
  disk.crash(world_.random());
  links_.clear();
  unwritten_.clear();
  votes_.clear();
  orders_.clear();
  core_.reset();
  legacy_.reset();
}

Instant Agent::clock() const { return world_.now() + clock_ahead; }

consensus::SaveNumber Agent::save_number() const {
  return core_ ? core_->save_number() : legacy_->save_number();
}

void Agent::plan_tick() {
  const Instant deadline = core_ ? core_->deadline() : legacy_->deadline();
  if (deadline == consensus::never || tick_waits_) return;
  const Instant due = std::max(deadline - clock_ahead, world_.now());
  if (due == tick_at_) return;
  tick_at_ = due;
  const unsigned mine = life();
  world_.queue().at(due, [this, mine, due] {
    if (!alive() || life() != mine || tick_at_ != due || paused()) return;
    tick_at_ = consensus::never;
    tick_waits_ = true;  // behind what can be read already
    world_.network().deliver(*this, mine, [this] {
      tick_waits_ = false;
      feed(consensus::Tick{});
    });
  });
}

void Agent::order(const consensus::Order& order,
                  std::function<void(const consensus::ReplyOrder&)> done) {
  const consensus::Ticket ticket = next_ticket();
  orders_[ticket] = std::move(done);
  feed(consensus::Ordered{ticket, order});
}

void Agent::ask_vote(const proto::DownQuery& query,
                     std::function<void(const proto::DownReply&)> done) {
  const consensus::Ticket ticket = next_ticket();
  votes_[ticket] = std::move(done);
  feed(consensus::VoteAsked{ticket, query});
}

void Agent::hear(ConnId conn, const proto::Hello& hello) {
  for (const auto& [link, at] : links_) {
    if (at == conn) return feed(consensus::HelloHeard{consensus::LinkId{link}, hello});
  }
}

void Agent::closed(ConnId, std::uint64_t tag) {
  links_.erase(tag);
  consensus::LinkDown lost{consensus::LinkId{tag}, "Connection reset by peer"};
  const auto unwritten = unwritten_.extract(tag);
  if (!unwritten.empty()) lost.unwritten = unwritten.mapped();
  feed(lost);
}

std::optional<proto::Address> Agent::master_of(const std::string& group) const {
  if (core_) {
    const consensus::Group* const found = core_->state().find(group);
    if (found != nullptr) return found->master().address;
  }
  if (legacy_) {
    const auto found = legacy_->state().groups.find(group);
    if (found != legacy_->state().groups.end()) return found->second.published();
  }
  return std::nullopt;
}

std::optional<proto::Configuration> Agent::configuration_of(const std::string& group) const {
  if (core_) {
    const consensus::Group* const found = core_->state().find(group);
    if (found != nullptr) return proto::Configuration{found->master().address, found->config_epoch};
  }
  if (legacy_) {
    const auto found = legacy_->state().groups.find(group);
    if (found != legacy_->state().groups.end()) {
      return proto::Configuration{found->second.master.address, found->second.config_epoch};
    }
  }
  return std::nullopt;
}

// ---- the disk ----------------------------------------------------------------------------------

void Agent::save() {
  if (disk.busy()) return;  // the one that ends looks again
  disk.begin(core_ ? core_->durable() : legacy_->durable());
  const unsigned mine = life();
  const consensus::SaveNumber number = save_number();
  // A real Sentinel saves within its loop: nothing else happens meanwhile.
  const Duration time = kind_ == Kind::legacy ? Duration{0} : disk.save_time;
  if (time == Duration{0}) return saved(number);
  world_.queue().after(time, [this, mine, number] {
    world_.network().deliver(*this, mine, [this, number] { saved(number); });
  });
}

void Agent::saved(consensus::SaveNumber number) {
  const bool done = disk.finish();
  if (kind_ == Kind::legacy) return;
  if (done) {
    feed(consensus::Persisted{number});
  } else {
    feed(consensus::PersistFailed{number, "No space left on device"});
  }
  if (core_ && save_number() > number) save();
}

}  // namespace vedette::sim
