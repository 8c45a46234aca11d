// Any event at any time: nothing breaks, and what may never go back does not.
#include <gtest/gtest.h>

#include "tests/sim/legacy/solo.hpp"

namespace vedette::sim::testing {
namespace {

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed), legacy_(file(), {"", 26379}, seed, now_) {}

  std::set<Phase> phases;  // that were seen

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      now_ += Duration{static_cast<std::int64_t>(pick(100'000))};
      step(event());
      if (now_ >= legacy_.deadline()) step(Tick{});
      EXPECT_GT(legacy_.deadline(), now_ - 1s);
    }
  }

 private:
  static Durable file() {
    Durable file = LegacySolo::usual();
    file.groups.push_back(LegacySolo::group("n", 4));
    return file;
  }
  std::uint64_t pick(std::uint64_t count) { return random_.next() % count; }
  bool chance() { return pick(2) == 0; }
  proto::Address address() { return node_at(static_cast<int>(1 + pick(9))); }
  proto::RunId id() { return id_of(static_cast<char>('a' + pick(6))); }
  LinkId link() { return LinkId{pick(legacy_.state().serial + 2)}; }
  // Mostly one that waits for an answer.
  LegacyRequest request(LinkId& on) {
    for (const auto& [name, group] : legacy_.state().groups) {
      if (chance()) continue;
      const LegacyLink& from = chance() ? group.master.link : group.replicas.begin()->second.link;
      if (group.replicas.empty() || !from.command.id || from.command.unanswered.empty()) continue;
      on = *from.command.id;
      return from.command.unanswered[pick(from.command.unanswered.size())];
    }
    on = link();
    return LegacyRequest{RequestId{pick(legacy_.state().serial + 2)}, {}, {}};
  }
  proto::Hello hello() {
    const proto::Epoch current{pick(40)};
    const proto::Epoch config{pick(40)};
    const proto::Address agent = peer_at(static_cast<char>('a' + pick(6)));
    const proto::Address master = address();
    const proto::RunId sender = id();
    return {agent, sender, current, chance() ? "m" : "n", master, config};
  }
  proto::InfoSnapshot info() {
    proto::InfoSnapshot info;
    info.role = chance() ? proto::Role::master : proto::Role::replica;
    if (chance()) info.run_id = id();
    if (chance()) info.replicas.push_back(address());
    if (chance()) info.master = address();
    info.master_link_up = chance();
    return info;
  }
  Event answer() {
    LinkId on{};
    const LegacyRequest open = request(on);
    const std::uint64_t kind = pick(6);
    if (kind == 0) return Ponged{on, open.id, Pong::valid, chance()};
    if (kind == 1) return Ponged{on, open.id, Pong::busy, false};
    if (kind == 2) return Acknowledged{on, open.id};
    if (kind == 3) return RequestFailed{on, open.id, "ERR"};
    if (kind == 4) return PeerAnswered{on, open.id, opinion()};
    return InfoRead{on, open.id, info()};
  }
  proto::DownReply opinion() {
    proto::DownReply reply;
    reply.down = chance();
    reply.voted_for = id();
    reply.epoch = proto::Epoch{pick(40)};
    return reply;
  }
  proto::DownQuery query() {
    proto::DownQuery query;
    query.master = address();
    query.epoch = proto::Epoch{pick(40)};
    query.candidate = id();
    return query;
  }
  Order order() {
    const std::string name = chance() ? "m" : "n";
    const std::uint64_t kind = pick(6);
    if (kind == 0) return FailOver{name};
    if (kind == 1) return ResetGroups{chance() ? "*" : "m"};
    if (kind == 2) return RemoveGroup{name};
    if (kind == 3) return SetOptions{name, GroupOptions{1, 500ms, 2s}, {"x y"}, chance(), true};
    if (kind == 4) return SetAnnounced{{"10.0.1.1", 26379}, true};
    return MonitorGroup{name, address(), GroupOptions{1, 500ms, 2s}};
  }
  Event event() {
    const std::uint64_t kind = pick(40);
    if (kind < 20) return answer();
    if (kind < 28) return LinkUp{link(), "10.0.1.1"};
    if (kind < 30) return LinkDown{link(), "closed"};
    if (kind < 33) return HelloHeard{std::nullopt, hello()};
    if (kind < 35) return HelloHeard{link(), hello()};
    if (kind < 38) return VoteAsked{Ticket{1}, query()};
    if (kind < 39) return Ordered{Ticket{1}, order()};
    return PersistFailed{SaveNumber{1}, "No space left"};
  }
  void step(const Event& what) {
    const proto::Epoch epoch = legacy_.state().current_epoch;
    Commands out;
    legacy_.step(now_, what, out);
    EXPECT_GE(legacy_.state().current_epoch, epoch);
    const Durable file = legacy_.durable();
    EXPECT_EQ(file.groups.size(), legacy_.state().groups.size());
    for (const auto& [name, group] : legacy_.state().groups) phases.insert(group.phase);
  }

  Random random_;
  Instant now_{1000s};
  Legacy legacy_;
};

TEST(LegacyTotal, AnyEventAtAnyTime) {
  std::set<Phase> phases;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Chaos chaos(seed);
    chaos.run(1500);
    phases.merge(chaos.phases);
  }
  EXPECT_GE(phases.size(), 6u);  // the seventh begins and ends within a tick
}

}  // namespace
}  // namespace vedette::sim::testing
