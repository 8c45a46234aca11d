// A small world for the core: virtual time, agents with disks, data nodes with replication, a
// network. It runs the production core and answers its commands as real servers would.
// Deterministic per seed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consensus/core.hpp"

namespace vedette::consensus::testing {

using namespace std::chrono_literals;

inline constexpr Duration hop = 200us;  // one way

// A redis-server as far as agents can tell.
struct Server {
  proto::Address address;
  std::string run_id;
  proto::Role role = proto::Role::master;
  proto::Address following;
  std::string replid;
  std::string replid2;
  std::int64_t offset = 1000;
  int priority = 100;
  bool alive = true;
  bool paused = false;
  bool loading = false;
  int promotions = 0;
};

struct Heard {
  Instant at;
  std::string agent;
  std::string event;
  std::string payload;
};

// What a real Sentinel does with votes: it looks at its global epoch, and names only what it voted.
struct Sentinel {
  proto::Epoch current_epoch{};
  proto::Epoch config_epoch{};
  proto::Address master;
  Vote vote;
  bool quiet = false;  // its hellos do not come through
};

// One agent: the core, its disk, and how it is doing.
struct Agent {
  std::string name;
  proto::RunId id;
  proto::Address address;
  Durable disk;
  Durable confirmed;  // what the core knows to be on disk
  std::unique_ptr<Core> core{};
  std::optional<Sentinel> sentinel{};  // instead of a core
  bool alive = true;
  bool stopped = false;  // SIGSTOP
  std::vector<Event> inbox{};
  bool disk_fails = false;
  bool disk_fails_late = false;  // after the new file is in place
  Duration write_delay{0};       // between the decision to promote and its write
  Duration save_time = 3ms;
  std::optional<Instant> save_ends{};
  int life = 0;  // bumped by each restart; events of an earlier life are void
  Instant tick_at = never;
  std::map<Ticket, std::function<void(const proto::DownReply&)>> votes{};
  std::map<Ticket, std::function<void(const ReplyOrder&)>> orders{};
};

class World {
 public:
  explicit World(std::uint64_t seed = 1);

  // `replicas` servers follow one master; every agent monitors it as "mymaster".
  void build(int agents, int replicas, const GroupOptions& options);
  Server& add_server(const std::string& host, const std::string& master_host);
  Agent& add_agent(const GroupOptions& options, const std::string& group,
                   const proto::Address& master);
  Agent& add_sentinel(const proto::Address& master);

  void run_for(Duration duration);
  // Runs until the condition holds; false when `limit` passed first.
  bool run_until(const std::function<bool()>& condition, Duration limit);

  void kill(Server& server);
  void start(Server& server);  // as a master with its old data, as after a crash
  void pause(Server& server);
  void resume(Server& server);
  void kill(Agent& agent);
  void start(Agent& agent);  // from its disk
  void stop(Agent& agent);
  void go_on(Agent& agent);  // queued input first, then what is due
  // Cuts or heals everything between two hosts.
  void cut(const std::string& a, const std::string& b);
  void heal(const std::string& a, const std::string& b);

  ReplyOrder order(Agent& agent, const Order& what);
  proto::DownReply ask_vote(Agent& agent, const proto::DownQuery& query);
  // Hands an event to the agent now.
  void feed(Agent& agent, const Event& event);

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] int count(const std::string& event, const std::string& agent = "") const;
  [[nodiscard]] std::vector<std::string> payloads(const std::string& event) const;
  [[nodiscard]] bool all_agree_on(const proto::Address& master,
                                  const std::string& group = "mymaster");
  [[nodiscard]] std::string story() const;
  Agent& agent(std::size_t index) { return *agents_.at(index); }
  Server& server(const std::string& host) { return *servers_.at(host); }
  [[nodiscard]] const std::vector<std::unique_ptr<Agent>>& agents() const { return agents_; }
  [[nodiscard]] const std::map<std::string, std::unique_ptr<Server>>& servers() const {
    return servers_;
  }
  [[nodiscard]] bool reachable(const std::string& a, const std::string& b) const;
  // Called after each step with what the core wants, and when a Promote is written.
  std::function<void(const Agent&, const Commands&)> on_step;
  std::function<void(const Agent&, const Promote&)> on_promote;
  std::vector<Heard> heard;
  std::vector<Promote> promotes;  // every Promote that was written

 private:
  struct Wire {
    std::string agent_host;
    LinkKind kind;
    proto::Address target;
    bool open = false;
  };
  void at(Instant when, std::function<void()> what);
  void later(Agent& agent, Duration delay, const Event& event);
  void execute(Agent& agent, const Commands& commands);
  void schedule_tick(Agent& agent);
  void save(Agent& agent);
  void drop_wires(const proto::Address& target, std::optional<LinkKind> kind, const Agent* except);
  void on_server(Agent& agent, LinkId link, const std::function<void(Server&)>& what);
  void deliver_hello(const Server& through, const proto::Hello& hello);
  void promote(Agent& agent, const Promote& command);
  void sentinel_step(Agent& agent, const Event& event);
  void sentinel_publish(Agent& agent);
  std::string info_text(const Server& server) const;
  Agent* agent_at(const proto::Address& address);

  struct Do;
  friend struct Do;

  Instant now_{std::chrono::seconds{1000}};
  Random random_;
  std::uint64_t order_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> queue_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::map<std::string, std::unique_ptr<Server>> servers_;
  std::map<std::pair<const Agent*, LinkId>, Wire> wires_;
  std::map<std::string, std::vector<std::function<void()>>> stalled_;  // waiting in paused servers
  std::set<std::pair<std::string, std::string>> cuts_;
  std::uint64_t tickets_ = 0;
};

}  // namespace vedette::consensus::testing
