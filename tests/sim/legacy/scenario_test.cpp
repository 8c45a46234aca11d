// The model against the scenarios that test_legacy_model.py puts to the real redis-sentinel.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

#include "tests/sim/legacy/trio.hpp"

namespace vedette::sim::testing {
namespace {

using Lines = std::vector<std::string>;

Lines read_scenario(const std::string& name) {
  std::ifstream file(std::string(VEDETTE_TESTS_DIR) + "/sim/legacy/" + name);
  EXPECT_TRUE(file) << name;
  Lines lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  return lines;
}

// The lines that begin with that word, without it.
Lines lines_of(const Lines& lines, const std::string& word) {
  Lines out;
  for (const std::string& line : lines) {
    if (line.starts_with(word + " ")) out.push_back(line.substr(word.size() + 1));
  }
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}
std::string named(std::string text, const proto::Address& address, const std::string& name) {
  text = replaced(std::move(text), address.host + " " + std::to_string(address.port), name);
  return replaced(std::move(text), proto::to_string(address), name);
}

void sort_runs_of_replicas(Lines& lines) {
  const auto is_replica = [](const std::string& line) { return line.starts_with("+slave "); };
  for (auto at = lines.begin(); at != lines.end();) {
    const auto end = std::find_if_not(at, lines.end(), is_replica);
    std::sort(at, end);
    at = end == lines.end() ? end : end + 1;
  }
}

// ---- votes.txt ---------------------------------------------------------------------------------
TEST(LegacyScenario, Votes) {
  Durable file = LegacySolo::usual();
  file.groups[0].peers.clear();
  file.groups.push_back(LegacySolo::group("n", 4));
  file.groups[1].peers.clear();
  LegacySolo solo(file);
  std::optional<Durable> broken;  // what is on the disk since it broke
  for (const std::string& line : read_scenario("votes.txt")) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "restart") {
      solo.restart(broken.value_or(solo.legacy.durable()));
      broken.reset();
    } else if (word == "disk") {
      if (line == "disk breaks") broken = solo.legacy.durable();
    } else if (word == "again") {
      solo.order(RemoveGroup{"m"});
      solo.order(MonitorGroup{"m", node_at(1), {}});
    } else {
      std::string master;
      std::string candidate;
      std::uint64_t epoch = 0;
      words >> master >> epoch >> candidate;
      const int number_of = master == "m" ? 1 : master == "n" ? 4 : 9;
      std::optional<proto::RunId> asked_for;
      if (candidate != "*") asked_for = id_of(static_cast<char>(candidate[0] + 'd' - 'A'));
      const proto::DownReply reply = solo.ask(epoch, asked_for, node_at(number_of));
      std::string leader = "*";
      if (reply.voted_for) leader = reply.voted_for == id_of('d') ? "A" : "B";
      std::ostringstream got;
      got << "ask " << master << " " << epoch << " " << candidate << " = " << reply.down << " "
          << leader << " " << number(reply.epoch);
      EXPECT_EQ(got.str(), line);
    }
  }
}

// ---- failover.txt ------------------------------------------------------------------------------
struct Play {
  explicit Play(std::uint64_t seed) : trio(seed, options()) {
    trio.nodes[node_at(2)].info.priority = 10;
    trio.run_for(15s + 7ms * seed);
    trio.heard.clear();
    killed = trio.now;
    trio.kill(node_at(1));
    trio.run_for(9s);
  }
  static std::vector<GroupOptions> options() {
    GroupOptions leads{1, 2000ms, 10s};
    GroupOptions follows{2, 20s, 10s};
    return {leads, follows, follows};
  }
  Lines told_by(int agent) const {
    Lines lines;
    for (const LegacyTrio::Heard& each : trio.heard) {
      if (each.agent != agent) continue;
      if (agent != 0 && each.event.ends_with("role-change")) continue;
      std::string line = each.event + " " + each.payload;
      line = named(line, node_at(1), "old");
      line = named(line, node_at(2), "new");
      line = named(line, node_at(3), "other");
      line = named(line, peer_at('a'), "leader");
      lines.push_back(replaced(line, id_of('a').text(), "leader"));
    }
    sort_runs_of_replicas(lines);
    return lines;
  }
  Instant time_of(const std::string& event) const {
    for (const LegacyTrio::Heard& each : trio.heard) {
      if (each.agent == 0 && each.event == event) return each.at;
    }
    return killed;
  }
  LegacyTrio trio;
  Instant killed{};
};

TEST(LegacyScenario, Failover) {
  const Lines lines = read_scenario("failover.txt");
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Play play(seed);
    ASSERT_EQ(play.told_by(0), lines_of(lines, "leader")) << seed;
    ASSERT_EQ(play.told_by(1), lines_of(lines, "follower")) << seed;
    ASSERT_EQ(play.told_by(2), lines_of(lines, "follower")) << seed;
  }
}

// The bounds are those of the model: never left, and no wider than what it does.
struct Range {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = 0;
  void add(Duration duration) {
    const std::int64_t ms = duration / 1ms;
    least = std::min(least, ms);
    most = std::max(most, ms);
  }
  void expect(const std::string& what, std::int64_t low, std::int64_t high) const {
    EXPECT_GE(least, low) << what;
    EXPECT_LE(most, high) << what;
    EXPECT_LE(least, low + 60) << what;
    EXPECT_GE(most, high - 60) << what;
  }
};

TEST(LegacyScenario, FailoverTimes) {
  const Lines lines = lines_of(read_scenario("failover.txt"), "time");
  std::map<std::string, Range> ranges;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Play play(seed);
    for (const std::string& line : lines) {
      std::istringstream words(line);
      std::string from;
      std::string to;
      words >> from >> to;
      ranges[line].add(play.time_of(to) - play.time_of(from));
    }
  }
  for (const auto& [line, range] : ranges) {
    std::istringstream words(line);
    std::string skipped;
    std::int64_t low = 0;
    std::int64_t high = 0;
    words >> skipped >> skipped >> low >> high;
    range.expect(line, low, high);
  }
}

// ---- candidate.txt -----------------------------------------------------------------------------
struct Candidacy {
  explicit Candidacy(std::uint64_t seed) : solo(file(), seed) {
    solo.answer = [](const auto&, const auto&) {
      return std::optional{proto::DownReply{true, {}, {}}};
    };
    solo.pass(5s + 7ms * seed);
    solo.log.clear();
    solo.kill("10.0.0.1");
    EXPECT_TRUE(solo.until("+try-failover", 5s));
    const Instant first = solo.now;
    EXPECT_TRUE(solo.until("-failover-abort-not-elected", 10s));
    aborted = solo.now - first;
    EXPECT_TRUE(solo.until("+try-failover", 10s));
    again = solo.now - first;
  }
  static Durable file() {
    Durable file = LegacySolo::usual();
    file.groups[0].name = "mymaster";
    file.groups[0].options = GroupOptions{2, 1000ms, 4s};
    return file;
  }
  Lines events() const {
    Lines lines;
    for (const Announce& each : solo.sent<Announce>()) {
      std::string line = std::string(each.event) + " " + each.payload;
      line = named(line, node_at(1), "old");
      lines.push_back(replaced(line, id_of('a').text(), "self"));
    }
    return lines;
  }
  // Runs of equal questions to one peer.
  std::vector<std::pair<std::string, int>> asks(const std::string& host) const {
    std::vector<std::pair<std::string, int>> runs;
    for (const AskPeer& each : solo.sent<AskPeer>()) {
      if (solo.host_of(each.link) != host) continue;
      std::string what = std::to_string(number(each.query.epoch));
      what += each.query.candidate ? " self" : " *";
      if (runs.empty() || runs.back().first != what) runs.emplace_back(what, 0);
      ++runs.back().second;
    }
    return runs;
  }
  LegacySolo solo;
  Duration aborted{};
  Duration again{};
};

TEST(LegacyScenario, Candidate) {
  const Lines lines = read_scenario("candidate.txt");
  const Lines asks = lines_of(lines, "asks");
  Range aborted;
  Range again;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Candidacy play(seed);
    ASSERT_EQ(play.events(), lines_of(lines, "event")) << seed;
    aborted.add(play.aborted);
    again.add(play.again);
    for (const char* host : {"10.0.1.2", "10.0.1.3"}) {
      const auto runs = play.asks(host);
      ASSERT_EQ(runs.size(), asks.size()) << seed;
      for (std::size_t i = 0; i < runs.size(); ++i) {
        std::istringstream words(asks[i]);
        std::string epoch;
        std::string candidate;
        int least = 0;
        int most = 0;
        words >> epoch >> candidate >> least >> most;
        EXPECT_EQ(runs[i].first, epoch + " " + candidate);
        EXPECT_GE(runs[i].second, least) << asks[i];
        EXPECT_LE(runs[i].second, most) << asks[i];
      }
    }
  }
  const Lines times = lines_of(lines, "time");
  ASSERT_EQ(times.size(), 2u);
  aborted.expect(times[0], 4000, 5100);
  again.expect(times[1], 8000, 9100);
}

}  // namespace
}  // namespace vedette::sim::testing
