// One legacy sentinel on a table: time, data nodes and peers are played by the test.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/legacy/legacy.hpp"

namespace vedette::sim::testing {

using namespace std::chrono_literals;
using namespace consensus;

inline proto::RunId id_of(char digit) { return *proto::RunId::parse(std::string(40, digit)); }
inline proto::Address node_at(int number) { return {"10.0.0." + std::to_string(number), 6379}; }
inline proto::Address peer_at(char digit) {
  return {"10.0.1." + std::to_string(digit - 'a' + 1), 26379};
}

class LegacySolo {
 public:
  explicit LegacySolo(const Durable& file = usual(), std::uint64_t seed = 1)
      : legacy(file, {"10.0.1.1", 26379}, seed, Instant{1000s}) {
    for (int i = 2; i <= 9; ++i) nodes[node_at(i).host].role = proto::Role::replica;
    nodes[node_at(1).host].role = proto::Role::master;
    for (auto& [host, info] : nodes) {
      info.run_id = id_of(host.back());
      if (host != "10.0.0.1") info.master = node_at(1);
      info.master_link_up = true;
      info.replica_repl_offset = 100;
    }
    feed(Tick{});
  }

  static DurableGroup group(const std::string& name, int master = 1) {
    DurableGroup group;
    group.name = name;
    group.master = node_at(master);
    group.options.down_after = 1000ms;
    group.options.failover_timeout = 10s;
    group.replicas = {node_at(master + 1), node_at(master + 2)};
    group.peers = {{id_of('b'), peer_at('b')}, {id_of('c'), peer_at('c')}};
    return group;
  }
  // A master with two replicas, three voters with us, quorum 2.
  static Durable usual() { return Durable{id_of('a'), {}, {group("m")}}; }

  void feed(const Event& event) {
    Commands commands;
    legacy.step(now, event, commands);
    for (Command& command : commands) take(std::move(command));
  }
  void pass(Duration duration) {
    const Instant end = now + duration;
    while (legacy.deadline() <= end) {
      now = std::max(now, legacy.deadline());
      feed(Tick{});
    }
    now = end;
  }
  void tick() {
    now = std::max(now, legacy.deadline());
    feed(Tick{});
  }
  // Runs until the event was announced once more; false if it was not within the limit.
  bool until(const std::string& event, Duration limit) {
    const int before = count(event);
    const Instant end = now + limit;
    while (count(event) == before && legacy.deadline() <= end) tick();
    return count(event) > before;
  }

  proto::DownReply ask(std::uint64_t epoch, std::optional<proto::RunId> candidate,
                       const proto::Address& master = node_at(1)) {
    feed(VoteAsked{Ticket{++tickets}, {master, proto::Epoch{epoch}, std::move(candidate)}});
    return sent<ReplyVote>().back().reply;
  }
  void hello(char peer, std::uint64_t current, std::uint64_t config,
             const proto::Address& master = node_at(1), const std::string& name = "m") {
    const proto::Hello hello{peer_at(peer), id_of(peer), proto::Epoch{current},
                             name,          master,      proto::Epoch{config}};
    feed(HelloHeard{std::nullopt, hello});
  }
  ReplyOrder order(const Order& what) {
    feed(Ordered{Ticket{++tickets}, what});
    return sent<ReplyOrder>().back();
  }
  // The process dies of nothing and starts from that file.
  void restart(const Durable& file) {
    links.clear();
    legacy = Legacy(file, {"10.0.1.1", 26379}, 2, now);
    feed(Tick{});
  }
  // Refuses connections from now on, and closes those it has.
  void kill(const std::string& host) {
    refusing.insert(host);
    drop(host, true);
  }
  void revive(const std::string& host) { refusing.erase(host); }
  // All peers see the master down and vote for us, or for the given one.
  void agree(std::optional<proto::RunId> candidate = std::nullopt) {
    answer = [candidate](const proto::RunId&, const proto::DownQuery& query) {
      proto::DownReply reply{true, {}, {}};
      if (!query.candidate) return std::optional{reply};
      reply.voted_for = candidate ? candidate : query.candidate;
      reply.epoch = query.epoch;
      return std::optional{reply};
    };
  }

  template <class C>
  [[nodiscard]] std::vector<C> sent() const {
    std::vector<C> out;
    for (const Command& each : log) {
      if (const auto* command = std::get_if<C>(&each)) out.push_back(*command);
    }
    return out;
  }
  template <class C>
  [[nodiscard]] int sent_to(const std::string& host) const {
    int times = 0;
    for (const C& each : sent<C>()) times += host_of(each.link) == host ? 1 : 0;
    return times;
  }
  [[nodiscard]] int count(const std::string& event) const {
    int times = 0;
    for (const Announce& each : sent<Announce>()) times += each.event == event ? 1 : 0;
    return times;
  }
  // The events from the first one of that name on, without payloads.
  [[nodiscard]] std::vector<std::string> events_from(const std::string& first) const {
    std::vector<std::string> out;
    for (const Announce& each : sent<Announce>()) {
      if (!out.empty() || each.event == first) out.emplace_back(each.event);
    }
    return out;
  }
  [[nodiscard]] std::string payload(const std::string& event) const {
    std::string last;
    for (const Announce& each : sent<Announce>()) {
      if (each.event == event) last = each.payload;
    }
    return last;
  }
  [[nodiscard]] std::string host_of(LinkId link) const {
    const auto found = hosts.find(link);
    return found == hosts.end() ? "" : found->second;
  }
  [[nodiscard]] const LegacyGroup& group() const { return legacy.state().groups.at("m"); }

  Instant now{1000s};
  Legacy legacy;
  Commands log;
  std::map<std::string, proto::InfoSnapshot> nodes;
  std::set<std::string> refusing;  // answer no Connect
  std::set<std::string> silent;    // take everything, answer nothing
  std::set<std::string> no_info;   // answer no INFO
  std::set<std::string> no_hello;  // answer no PUBLISH
  std::set<std::string> stubborn;  // do not do what Follow says
  Pong pong = Pong::valid;
  std::function<std::optional<proto::DownReply>(const proto::RunId&, const proto::DownQuery&)>
      answer;                           // of the peers; none: no reply
  std::map<LinkId, std::string> hosts;  // at the other ends of all links so far
  std::map<LinkId, LinkKind> links;     // those that are open
  std::uint64_t tickets = 0;

 private:
  void drop(const std::string& host, bool all) {
    std::vector<LinkId> lost;
    for (const auto& [link, kind] : links) {
      if (hosts[link] == host && (all || kind == LinkKind::pubsub)) lost.push_back(link);
    }
    for (const LinkId link : lost) {
      links.erase(link);
      feed(LinkDown{link, "closed"});
    }
  }
  void take(Command command) {
    log.push_back(command);
    std::visit([this](const auto& each) { carry_out(each); }, command);
  }
  void carry_out(const Connect& c) {
    hosts[c.link] = c.address.host;
    if (silent.contains(c.address.host)) return;
    if (refusing.contains(c.address.host)) return feed(LinkDown{c.link, "refused"});
    links[c.link] = c.kind;
    feed(LinkUp{c.link, "10.0.1.1"});
  }
  void carry_out(const Disconnect& c) { links.erase(c.link); }
  bool answers(LinkId link) const {
    return links.contains(link) && !silent.contains(host_of(link));
  }
  void carry_out(const SendPing& c) {
    if (answers(c.link)) feed(Ponged{c.link, c.request, pong, false});
  }
  void carry_out(const SendInfo& c) {
    const std::string host = host_of(c.link);
    if (answers(c.link) && !no_info.contains(host)) {
      feed(InfoRead{c.link, c.request, nodes.at(host)});
    }
  }
  void carry_out(const PublishHello& c) {
    if (answers(c.link) && !no_hello.contains(host_of(c.link))) {
      feed(Acknowledged{c.link, c.request});
    }
  }
  void carry_out(const AskPeer& c) {
    if (!answer || !answers(c.link)) return;
    const std::string host = host_of(c.link);
    const auto peer = id_of(static_cast<char>('a' + host.back() - '1'));
    const auto reply = answer(peer, c.query);
    if (reply) feed(PeerAnswered{c.link, c.request, *reply});
  }
  // CLIENT KILL closes our pub/sub connection too.
  void carry_out(const Follow& c) {
    const std::string host = host_of(c.link);
    if (!answers(c.link) || stubborn.contains(host)) return;
    proto::InfoSnapshot& node = nodes.at(host);
    node.role = c.master.host.empty() ? proto::Role::master : proto::Role::replica;
    node.master = c.master;
    feed(Acknowledged{c.link, c.request});
    drop(host, false);
  }
  template <class C>
  void carry_out(const C&) {}
};

}  // namespace vedette::sim::testing
