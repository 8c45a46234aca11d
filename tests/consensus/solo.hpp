// One core on a table: time, the disk and everybody else are played by the test.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "consensus/core.hpp"

namespace vedette::consensus::testing {

using namespace std::chrono_literals;

inline proto::RunId id_of(char digit) { return *proto::RunId::parse(std::string(40, digit)); }

class Solo {
 public:
  explicit Solo(const Durable& durable, const Policy& policy = {})
      : core(durable, {"10.0.1.1", 26379}, {}, 1, Instant{1000s}, policy) {
    feed(Tick{});
  }

  // A master with two replicas, three voters with us, quorum 2.
  static Durable usual() {
    DurableGroup group;
    group.name = "m";
    group.master = {"10.0.0.1", 6379};
    group.options.down_after = 1000ms;
    group.options.failover_timeout = 10s;
    group.replicas = {{"10.0.0.2", 6379}, {"10.0.0.3", 6379}};
    group.peers = {{id_of('b'), {"10.0.1.2", 26379}}, {id_of('c'), {"10.0.1.3", 26379}}};
    return Durable{id_of('a'), {}, {group}};
  }

  void feed(const Event& event) {
    Commands commands;
    core.step(now, event, commands);
    for (Command& command : commands) take(std::move(command));
    if (!unsaved || !saves) return;
    unsaved = false;
    feed(Persisted{core.save_number()});
  }
  void pass(Duration duration) {
    const Instant end = now + duration;
    while (core.deadline() <= end) {
      now = std::max(now, core.deadline());
      feed(Tick{});
    }
    now = end;
  }
  void fail_save() {
    unsaved = false;
    feed(PersistFailed{core.save_number(), "No space left on device"});
  }
  void finish_save() {
    unsaved = false;
    feed(Persisted{core.save_number()});
  }

  // Asks for an opinion or a vote; nullopt while the answer is held back.
  std::optional<proto::DownReply> ask(proto::Epoch epoch, std::optional<proto::RunId> candidate,
                                      const proto::Address& master = {"10.0.0.1", 6379}) {
    const Ticket ticket{++tickets};
    feed(VoteAsked{ticket, {master, epoch, std::move(candidate)}});
    return answer(ticket);
  }
  std::optional<proto::DownReply> answer(Ticket ticket) const {
    for (const Command& each : log) {
      const auto* reply = std::get_if<ReplyVote>(&each);
      if (reply != nullptr && reply->ticket == ticket) return reply->reply;
    }
    return std::nullopt;
  }
  std::optional<proto::DownReply> last_answer() const { return answer(Ticket{tickets}); }

  void hello(char peer, proto::Epoch current, proto::Epoch config,
             const proto::Address& master = {"10.0.0.1", 6379}) {
    const std::string host = std::string("10.0.1.") + static_cast<char>(peer - 'b' + '2');
    published[host] = {master, config};
    feed(HelloHeard{std::nullopt, {{host, 26379}, id_of(peer), current, "m", master, config}});
  }
  // A newer configuration of another master, and its proof.
  void move(char peer, proto::Epoch current, proto::Epoch config, const proto::Address& master) {
    hello(peer, current, config, master);
    const SendRole question = sent<SendRole>().back();
    feed(RoleRead{question.link, question.request, {proto::Role::master, 0, {}, {}}});
  }
  ReplyOrder order(const Order& what) {
    const Ticket ticket{++tickets};
    feed(Ordered{ticket, what});
    for (const Command& each : log) {
      const auto* reply = std::get_if<ReplyOrder>(&each);
      if (reply != nullptr && reply->ticket == ticket) return *reply;
    }
    return {ticket, OrderStatus::save_failed, -1};
  }

  template <class C>
  std::vector<C> sent() const {
    std::vector<C> out;
    for (const Command& each : log) {
      if (const auto* command = std::get_if<C>(&each)) out.push_back(*command);
    }
    return out;
  }
  int count(const std::string& event) const {
    int times = 0;
    for (const Announce& each : sent<Announce>()) times += each.event == event ? 1 : 0;
    return times;
  }
  // Who is at the other end of a link.
  std::string host_of(LinkId link) const {
    const auto found = hosts.find(link);
    return found == hosts.end() ? "" : found->second;
  }
  const Group& group() const { return *core.state().find("m"); }

  Instant now{1000s};
  Core core;
  Commands log;
  bool saves = true;                    // each save succeeds at once
  bool unsaved = false;                 // a save is wanted
  bool peers_speak = true;              // Identify is answered with yes
  bool connects = true;                 // every Connect succeeds at once
  std::set<std::string> silent;         // hosts that answer no PING
  std::map<LinkId, std::string> hosts;  // at the other ends of all links so far
  // Of each peer's host, by its last hello; repeated when asked, unless it moves the master.
  std::map<std::string, proto::Configuration> published;
  std::uint64_t tickets = 0;

 private:
  // Every data node that is not silent is what it was in the beginning.
  void send_info(const SendInfo& command) {
    const std::string host = host_of(command.link);
    if (silent.contains(host)) return;
    proto::InfoSnapshot info;
    info.role = host == "10.0.0.1" ? proto::Role::master : proto::Role::replica;
    if (info.role == proto::Role::replica) info.master = {"10.0.0.1", 6379};
    info.master_link_up = true;
    info.run_id = id_of(host.back());
    feed(InfoRead{command.link, command.request, info});
  }
  void take(Command command) {
    log.push_back(command);
    if (std::holds_alternative<Persist>(command)) unsaved = true;
    if (const auto* c = std::get_if<Connect>(&command)) hosts[c->link] = c->address.host;
    if (!connects) return;
    if (const auto* c = std::get_if<Connect>(&command)) feed(LinkUp{c->link, "10.0.1.1"});
    if (const auto* c = std::get_if<Identify>(&command)) {
      // 10.0.1.2 is b, 10.0.1.3 is c, and so on.
      const char digit = static_cast<char>(host_of(c->link).back() - '2' + 'b');
      feed(PeerIdentified{c->link, c->request, peers_speak, id_of(digit)});
    }
    if (const auto* c = std::get_if<AskConfiguration>(&command)) {
      const proto::Configuration& held = published[host_of(c->link)];
      const bool stays = held.master == group().master().address;
      if (stays) feed(ConfigurationTold{c->link, c->request, held});
    }
    if (const auto* c = std::get_if<SendInfo>(&command)) send_info(*c);
    const auto* ping = std::get_if<SendPing>(&command);
    if (ping == nullptr || silent.contains(host_of(ping->link))) return;
    feed(Ponged{ping->link, ping->request});
  }
};

}  // namespace vedette::consensus::testing
