// An agent without sockets, disk and core: its state is filled by the test, what is asked of it is
// recorded.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/commands/execute.hpp"
#include "agent/facade.hpp"
#include "agent/server/connection.hpp"
#include "agent/server/publisher.hpp"
#include "agent/server/traffic.hpp"
#include "consensus/state.hpp"
#include "proto/resp.hpp"

namespace vedette::agent::test {

using consensus::Instant;
using consensus::milliseconds;

inline const std::string my_id = std::string(40, 'a');
inline const std::string peer_id = std::string(40, 'b');
inline const std::string other_id = std::string(40, 'c');

inline proto::RunId run_id(const std::string& text) { return *proto::RunId::parse(text); }

class FakeFacade : public Facade {
 public:
  consensus::State state_{run_id(my_id), 1};
  Instant now_{std::chrono::hours{1}};
  Settings settings_;
  std::vector<consensus::Order> orders;
  std::vector<proto::DownQuery> votes_asked;
  std::vector<proto::Hello> hellos;
  std::vector<std::string> shutdowns;
  std::map<std::string, std::string> files;  // written so far
  std::string file_error;
  std::set<std::string> unknown_hosts;
  std::vector<PendingScript> scripts;
  SimulatedFailures failures;
  OrderResult order_result;
  proto::DownReply vote;
  bool answer_later = false;
  std::vector<std::function<void()>> waiting;  // answers, while answer_later
  std::size_t pending = 0;
  std::string run_id_ = std::string(40, 'd');

  [[nodiscard]] const consensus::State& state() const override { return state_; }
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] const Settings& settings() const override { return settings_; }
  Settings& mutable_settings() override { return settings_; }
  void submit(consensus::Order order, std::function<void(OrderResult)> done) override {
    orders.push_back(std::move(order));
    const OrderResult result = order_result;
    answer([done = std::move(done), result] { done(result); });
  }
  void ask_vote(proto::DownQuery query, std::function<void(proto::DownReply)> done) override {
    votes_asked.push_back(std::move(query));
    const proto::DownReply reply = vote;
    answer([done = std::move(done), reply] { done(reply); });
  }
  [[nodiscard]] std::vector<PendingScript> pending_scripts() const override { return scripts; }
  [[nodiscard]] SimulatedFailures simulated_failures() const override { return failures; }
  void simulate_failures(SimulatedFailures wanted) override { failures = wanted; }
  void write_file(const std::string& path, std::string content,
                  std::function<void(const std::string& error)> done) override {
    if (file_error.empty()) files[path] = std::move(content);
    answer([done = std::move(done), error = file_error] { done(error); });
  }
  void resolve(const std::string& host,
               std::function<void(const std::string& error)> done) override {
    const std::string error = unknown_hosts.contains(host) ? "no such host" : "";
    answer([done = std::move(done), error] { done(error); });
  }
  void hear_hello(const proto::Hello& hello) override { hellos.push_back(hello); }
  [[nodiscard]] std::size_t pending_requests(consensus::LinkId) const override { return pending; }
  [[nodiscard]] const std::string& process_run_id() const override { return run_id_; }
  [[nodiscard]] std::chrono::seconds uptime() const override { return std::chrono::seconds{90061}; }
  void shut_down(const std::string& reason) override { shutdowns.push_back(reason); }
  void log(consensus::Level, const std::string&) override {}

  // Whatever was held back is answered now.
  void answer_all() {
    std::vector<std::function<void()>> answers;
    answers.swap(waiting);
    for (const auto& answer : answers) answer();
  }

 private:
  void answer(std::function<void()> reply) {
    if (answer_later) {
      waiting.push_back(std::move(reply));
    } else {
      reply();
    }
  }
};

class FakeTransport : public Transport {
 public:
  int flushed = 0;
  int resumed = 0;
  int aborted = 0;
  void flush() override { ++flushed; }
  void resume() override { ++resumed; }
  void abort() override { ++aborted; }
};

// An agent with one client; more can be added.
class FakeAgent {
 public:
  FakeAgent() {
    settings().config_file = "/etc/sentinel.conf";
    settings().executable = "/usr/bin/vedette";
    client = connect();
  }

  std::shared_ptr<Connection> connect() {
    auto added = clients.add();
    added->peer = "127.0.0.1:" + std::to_string(50000 + added->id);
    added->local = "127.0.0.1:26379";
    added->connected_at = facade.now_;
    added->active_at = facade.now_;
    added->transport = &transport;
    return added;
  }

  // The bytes that the client is sent in answer to a command, or that waited for it.
  std::string run(std::initializer_list<std::string> words) { return run_as(*client, words); }
  std::string run_as(Connection& who, const proto::Request& words) {
    verdict = execute(context, who, words);
    return received(who);
  }
  static std::string received(Connection& who) {
    std::string bytes;
    for (const auto& chunk : who.output.take(1000)) bytes += *chunk;
    who.output.written();
    return bytes;
  }
  proto::Value ask(std::initializer_list<std::string> words) {
    proto::ReplyParser parser;
    parser.feed(run(words));
    return parser.next().value_or(proto::Value{});
  }

  Settings& settings() { return facade.settings_; }
  consensus::State& state() { return facade.state_; }

  // A master that is up, was heard 200 ms ago and whose INFO was read 1 s ago.
  consensus::Group& add_group(const std::string& name, const std::string& host,
                              std::uint16_t port) {
    consensus::Group group;
    group.id = consensus::GroupId{++serial_};
    group.name = name;
    group.master_id = consensus::NodeId{++serial_};
    consensus::Node master = make_node(group.master_id, host, port);
    master.info.run_id = run_id(std::string(40, '1'));
    group.nodes.emplace(group.master_id, std::move(master));
    state().names[name] = group.id;
    const consensus::GroupId id = group.id;
    return state().groups.emplace(id, std::move(group)).first->second;
  }

  consensus::Node& add_replica(consensus::Group& group, const std::string& host,
                               std::uint16_t port) {
    const consensus::NodeId id{++serial_};
    consensus::Node node = make_node(id, host, port);
    node.reported_role = proto::Role::replica;
    node.info.run_id = run_id(std::string(40, '2'));
    node.info.role = proto::Role::replica;
    node.info.master = group.master().address;
    node.info.master_link_up = true;
    node.info.replica_repl_offset = 1234;
    return group.nodes.emplace(id, std::move(node)).first->second;
  }

  consensus::PeerView& add_peer(consensus::Group& group, const std::string& id,
                                const std::string& host, std::uint16_t port) {
    consensus::Peer peer{run_id(id), {host, port}, open_link(), clock(), std::nullopt};
    state().peers.emplace(peer.id, std::move(peer));
    consensus::PeerView view;
    view.last_hello = facade.now_ - milliseconds{700};
    view.answered_at = facade.now_ - milliseconds{40};
    return group.peers.emplace(run_id(id), std::move(view)).first->second;
  }

  FakeFacade facade;
  Clients clients;
  Traffic traffic;
  Publisher publisher{facade, traffic};
  acl::Log refusals;
  CommandContext context{facade, clients, publisher, traffic, refusals};
  FakeTransport transport;
  std::shared_ptr<Connection> client;
  Verdict verdict = Verdict::go_on;

 private:
  consensus::Link open_link() {
    consensus::Link link;
    link.status = consensus::Link::Status::open;
    link.id = consensus::LinkId{++serial_};
    return link;
  }
  [[nodiscard]] consensus::PingClock clock() const {
    consensus::PingClock ping;
    ping.last_sent = facade.now_ - milliseconds{201};
    ping.last_ok = facade.now_ - milliseconds{200};
    ping.last_reply = facade.now_ - milliseconds{200};
    ping.round_trip = milliseconds{1};
    return ping;
  }
  consensus::Node make_node(consensus::NodeId id, const std::string& host, std::uint16_t port) {
    consensus::Node node;
    node.id = id;
    node.address = {host, port};
    node.command = open_link();
    node.pubsub = open_link();
    node.ping = clock();
    node.info_at = facade.now_ - milliseconds{1000};
    node.reported_role_at = facade.now_ - milliseconds{5000};
    return node;
  }

  std::uint64_t serial_ = 0;
};

inline std::string error_line(const std::string& text) { return "-" + text + "\r\n"; }

// ["k1","v1",...] of a map or flat array.
inline std::vector<std::string> texts(const proto::Value& value) {
  std::vector<std::string> result;
  for (const auto& element : value.elements) result.push_back(element.text);
  return result;
}

inline std::vector<std::string> keys(const proto::Value& entry) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < entry.elements.size(); i += 2) {
    result.push_back(entry.elements[i].text);
  }
  return result;
}

// The value of one field of an entry; "<absent>" if it is not there.
inline std::string field(const proto::Value& entry, const std::string& name) {
  for (std::size_t i = 0; i + 1 < entry.elements.size(); i += 2) {
    if (entry.elements[i].text == name) return entry.elements[i + 1].text;
  }
  return "<absent>";
}

}  // namespace vedette::agent::test
