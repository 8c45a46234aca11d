#include "agent/config/sentinel_lines.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "agent/config/values.hpp"

namespace vedette::agent {

namespace {

// As the original reads numbers: leading digits count, junk is 0, values beyond int wrap. Files
// hold such.
int to_int(const std::string& word) {
  return static_cast<int>(std::strtoll(word.c_str(), nullptr, 10));
}

// Like numbers, but as far as SENTINEL SET takes them: what it saved must be read again.
std::int64_t to_time(const std::string& word) {
  const std::int64_t time = std::strtoll(word.c_str(), nullptr, 10);
  return std::min(time, longest_milliseconds);
}

constexpr std::string_view no_host = "Can't resolve instance hostname.";
constexpr std::string_view bad_port = "Invalid port number.";

std::optional<std::uint16_t> to_port(const std::string& word) {
  const int port = to_int(word);
  if (port < 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

enum Pass { process, masters, rest };

}  // namespace

struct SentinelLines::Directive {
  std::string_view name;
  std::size_t least;  // words, the name included
  std::size_t most;
  Pass pass;
  bool of_group;  // words[1] is the name of a master
  Problem (SentinelLines::*apply)(const Words&);
};

const std::vector<SentinelLines::Directive>& SentinelLines::directives() {
  using S = SentinelLines;
  static const std::vector<Directive> table{
      {"announce-ip", 2, 2, process, false, &S::announce},
      {"announce-port", 2, 2, process, false, &S::announce},
      {"deny-scripts-reconfig", 2, 2, process, false, &S::flag},
      {"sentinel-user", 2, 2, process, false, &S::peer_credentials},
      {"sentinel-pass", 2, 2, process, false, &S::peer_credentials},
      {"current-epoch", 2, 2, process, false, &S::current_epoch},
      {"myid", 2, 2, process, false, &S::my_id},
      {"resolve-hostnames", 2, 2, process, false, &S::flag},
      {"announce-hostnames", 2, 2, process, false, &S::flag},
      {"monitor", 5, 5, masters, false, &S::monitor},
      {"down-after-milliseconds", 3, 3, rest, true, &S::period},
      {"failover-timeout", 3, 3, rest, true, &S::period},
      {"parallel-syncs", 3, 3, rest, true, &S::parallel_syncs},
      {"notification-script", 3, 3, rest, true, &S::script},
      {"client-reconfig-script", 3, 3, rest, true, &S::script},
      {"auth-pass", 3, 3, rest, true, &S::credentials},
      {"auth-user", 3, 3, rest, true, &S::credentials},
      {"master-reboot-down-after-period", 3, 3, rest, true, &S::reboot_period},
      {"primary-reboot-down-after-period", 3, 3, rest, true, &S::reboot_period},
      {"rename-command", 4, 4, rest, true, &S::rename_command},
      {"config-epoch", 3, 3, rest, true, &S::epoch},
      {"leader-epoch", 3, 3, rest, true, &S::epoch},
      {"known-replica", 4, 4, rest, true, &S::known_replica},
      {"known-slave", 4, 4, rest, true, &S::known_replica},
      {"known-sentinel", 4, 5, rest, true, &S::known_sentinel},
  };
  return table;
}

const SentinelLines::Directive* SentinelLines::find(const Words& words) {
  const std::string name = proto::to_lower(words.front());
  const auto& table = directives();
  const auto it = std::find_if(table.begin(), table.end(), [&](const Directive& d) {
    return d.name == name && words.size() >= d.least && words.size() <= d.most;
  });
  return it == table.end() ? nullptr : &*it;
}

bool SentinelLines::is_well_formed(const Words& words) {
  return !words.empty() && find(words) != nullptr;
}

void SentinelLines::apply(const std::vector<SentinelLine>& lines) {
  for (const Pass pass : {process, masters, rest}) {
    for (const SentinelLine& line : lines) {
      const Directive* const directive = find(line.words);
      if (directive == nullptr && pass != rest) continue;
      if (directive != nullptr && directive->pass != pass) continue;
      line_in_main_file_ = line.main_file;
      Problem problem;
      if (directive == nullptr) {
        problem = "Unrecognized sentinel configuration statement.";
      } else if (directive->of_group && group(line.words[1]) == nullptr) {
        problem = "No such master with specified name.";
      } else {
        problem = (this->*directive->apply)(line.words);
      }
      if (problem) throw ConfigError{ConfigError::Where::line, line.number, line.text, *problem};
    }
  }
}

SentinelLines::Group* SentinelLines::group(const std::string& name) {
  const auto it = groups_.find(name);
  return it == groups_.end() ? nullptr : &it->second;
}

SentinelLines::Problem SentinelLines::check_host(const std::string& host) const {
  if (proto::is_ip_literal(host)) return std::nullopt;
  // With resolve-hostnames a name is looked up when a link is opened, not here.
  if (out_.settings.resolve_hostnames && !host.empty()) return std::nullopt;
  return std::string(no_host);
}

SentinelLines::Problem SentinelLines::monitor(const Words& words) {
  const int quorum = to_int(words[4]);
  if (quorum <= 0) return "Quorum must be 1 or greater.";
  const auto port = to_port(words[3]);
  if (!port) return std::string(bad_port);
  if (Problem problem = check_host(words[2])) return problem;

  Group fresh;
  fresh.main_file = line_in_main_file_;
  fresh.durable.name = words[1];
  fresh.durable.master = {proto::canonical_host(words[2]), *port};
  fresh.durable.options.quorum = static_cast<unsigned>(quorum);
  if (Group* const known = group(words[1])) {
    if (known->main_file == fresh.main_file) return "Duplicate master name.";
    // The main file was rewritten with the present state of a master that was first defined
    // elsewhere.
    out_.warnings.push_back("Master '" + words[1] +
                            "' is defined in the main configuration file and outside it; the main "
                            "file counts");
    if (fresh.main_file) *known = std::move(fresh);
    return std::nullopt;
  }
  groups_.emplace(words[1], std::move(fresh));
  out_.settings.groups[words[1]];
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::period(const Words& words) {
  const std::int64_t value = to_time(words[2]);
  if (value <= 0) return "negative or zero time parameter.";
  auto& options = group(words[1])->durable.options;
  const bool down_after = proto::equals_ignoring_case(words[0], "down-after-milliseconds");
  (down_after ? options.down_after : options.failover_timeout) = consensus::milliseconds{value};
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::reboot_period(const Words& words) {
  const std::int64_t value = to_time(words[2]);
  if (value < 0) return "negative time parameter.";
  group(words[1])->durable.options.master_reboot_down_after = consensus::milliseconds{value};
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::parallel_syncs(const Words& words) {
  group(words[1])->durable.options.parallel_syncs = to_int(words[2]);
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::script(const Words& words) {
  const bool notification = proto::equals_ignoring_case(words[0], "notification-script");
  if (::access(words[2].c_str(), X_OK) != 0) {
    return notification ? "Notification script seems non existing or non executable."
                        : "Client reconfiguration script seems non existing or non executable.";
  }
  auto& settings = out_.settings.groups[words[1]];
  (notification ? settings.notification_script : settings.client_reconfig_script) = words[2];
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::credentials(const Words& words) {
  auto& settings = out_.settings.groups[words[1]];
  const bool password = proto::equals_ignoring_case(words[0], "auth-pass");
  (password ? settings.auth_pass : settings.auth_user) = words[2];
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::rename_command(const Words& words) {
  const std::string command = proto::to_lower(words[2]);
  auto& renamed = out_.settings.groups[words[1]].renamed_commands;
  const auto [known, fresh] = renamed_by_main_file_.try_emplace({words[1], command});
  if (!fresh && known->second == line_in_main_file_) {
    return "Same command renamed multiple times with rename-command.";
  }
  // Found elsewhere first, and copied into the main file since: that one counts.
  if (fresh || line_in_main_file_) renamed[command] = words[3];
  known->second = known->second || line_in_main_file_;
  return std::nullopt;
}

proto::Epoch SentinelLines::read_epoch(const std::string& word, const std::string& what) {
  const proto::Epoch epoch{std::strtoull(word.c_str(), nullptr, 10)};
  if (epoch <= proto::max_epoch) return epoch;
  out_.warnings.push_back("Ignoring " + what + " " + word +
                          ": epochs end at 2^62, so this one was forged or damaged");
  return proto::Epoch{};
}

SentinelLines::Problem SentinelLines::epoch(const Words& words) {
  auto& durable = group(words[1])->durable;
  const proto::Epoch epoch = read_epoch(words[2], words[0] + " of " + words[1]);
  const bool config = proto::equals_ignoring_case(words[0], "config-epoch");
  auto& target = config ? durable.config_epoch : durable.vote.epoch;
  target = std::max(target, epoch);
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::current_epoch(const Words& words) {
  out_.durable.current_epoch = std::max(out_.durable.current_epoch, read_epoch(words[1], words[0]));
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::known_replica(const Words& words) {
  const auto port = to_port(words[3]);
  if (!port) return std::string(bad_port);
  if (Problem problem = check_host(words[2])) return problem;
  auto& replicas = group(words[1])->durable.replicas;
  const proto::Address address{proto::canonical_host(words[2]), *port};
  // The original cannot start from such a file, which it may have written itself.
  if (std::find(replicas.begin(), replicas.end(), address) != replicas.end()) {
    out_.warnings.push_back("Master '" + words[1] + "': replica " + to_string(address) +
                            " is listed more than once");
  } else {
    replicas.push_back(address);
  }
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::known_sentinel(const Words& words) {
  if (words.size() == 4) return std::nullopt;  // without a run id: before Redis 2.8, says nothing
  const auto port = to_port(words[3]);
  if (!port) return std::string(bad_port);
  if (Problem problem = check_host(words[2])) return problem;
  const auto id = proto::RunId::parse_lenient(words[4]);
  if (!id) {
    out_.warnings.push_back("Master '" + words[1] + "': ignoring the sentinel at " + words[2] +
                            ": its id '" + words[4] + "' is not 40 characters long");
    return std::nullopt;
  }
  auto& peers = group(words[1])->durable.peers;
  const auto known = std::find_if(peers.begin(), peers.end(),
                                  [&](const consensus::DurablePeer& p) { return p.id == *id; });
  if (known != peers.end()) {
    out_.warnings.push_back("Master '" + words[1] + "': sentinel " + id->text() +
                            " is listed more than once, the last line counts");
    known->address = {proto::canonical_host(words[2]), *port};
  } else {
    peers.push_back({*id, {proto::canonical_host(words[2]), *port}});
  }
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::my_id(const Words& words) {
  const auto id = proto::RunId::parse_lenient(words[1]);
  if (!id) return "Malformed Sentinel id in myid option.";
  out_.durable.my_id = *id;
  out_.has_id = true;
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::announce(const Words& words) {
  if (proto::equals_ignoring_case(words[0], "announce-ip")) {
    if (!words[1].empty()) out_.settings.announce_ip = words[1];
    return std::nullopt;
  }
  const auto port = to_port(words[1]);
  if (!port) {
    out_.warnings.push_back("Ignoring announce-port " + words[1] +
                            ": a port is a number from 0 (automatic) to 65535");
  }
  out_.settings.announce_port = port.value_or(0);
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::flag(const Words& words) {
  const auto value = parse_yes_no(words[1]);
  const std::string name = proto::to_lower(words[0]);
  if (name == "deny-scripts-reconfig") {
    if (!value) return "Please specify yes or no for the deny-scripts-reconfig options.";
    out_.settings.deny_scripts_reconfig = *value;
    return std::nullopt;
  }
  if (!value) return "Please specify yes or no for the " + name + " option.";
  (name == "resolve-hostnames" ? out_.settings.resolve_hostnames
                               : out_.settings.announce_hostnames) = *value;
  return std::nullopt;
}

SentinelLines::Problem SentinelLines::peer_credentials(const Words& words) {
  if (words[1].empty()) return std::nullopt;
  const bool password = proto::equals_ignoring_case(words[0], "sentinel-pass");
  (password ? out_.settings.sentinel_pass : out_.settings.sentinel_user) = words[1];
  return std::nullopt;
}

// resolve-hostnames must be known before the masters, whatever the order of the lines: hence the
// passes.
void SentinelLines::apply_comments(const std::vector<std::string>& comments) {
  for (const std::string& comment : comments) {
    constexpr std::string_view mark = "# vedette:";
    if (!comment.starts_with(mark)) continue;
    const auto words = proto::split_words(std::string_view(comment).substr(mark.size()));
    if (words && words->size() >= 3) apply_comment(*words);
  }
}

void SentinelLines::apply_comment(const Words& words) {
  Group* const known = group(words[1]);
  if (known == nullptr) return;
  auto& durable = known->durable;
  if (words[0] == "vote" && words.size() == 4) {
    const auto epoch = proto::parse_unsigned(words[2]);
    const auto id = proto::RunId::parse_lenient(words[3]);
    // Older than leader-epoch: a real Sentinel voted since and left this comment behind.
    if (!epoch || !id || proto::Epoch{*epoch} > proto::max_epoch) return;
    if (proto::Epoch{*epoch} >= durable.vote.epoch) durable.vote = {proto::Epoch{*epoch}, *id};
  } else if (words[0] == "replaced" && (words.size() == 4 || words.size() == 5)) {
    const auto port = proto::parse_unsigned(words[3]);
    if (!port || *port == 0 || *port > 65535) return;
    consensus::Replaced replaced{
        {proto::canonical_host(words[2]), static_cast<std::uint16_t>(*port)}, std::nullopt};
    if (words.size() == 5) replaced.run_id = proto::RunId::parse_lenient(words[4]);
    durable.replaced = std::move(replaced);
  } else if (words[0] == "replid" && words.size() == 3) {
    durable.replid = words[2];
  } else if (words[0] == "voters" && words.size() == 3) {
    constexpr std::uint64_t most = 1000;
    const auto voters = proto::parse_unsigned(words[2]);
    if (voters && *voters <= most) durable.voters = static_cast<std::size_t>(*voters);
  }
}

void SentinelLines::finish() {
  auto& durable = out_.durable;
  for (auto& [name, group] : groups_) {
    auto& own = group.durable;
    std::erase_if(own.peers, [&](const auto& peer) { return peer.id == durable.my_id; });
    std::erase(own.replicas, own.master);
    const auto& voters = out_.settings.voters;
    if (voters.contains(name)) own.options.voters = voters.at(name);
    durable.current_epoch = std::max({durable.current_epoch, own.config_epoch, own.vote.epoch});
    durable.groups.push_back(std::move(own));
  }
  groups_.clear();
}

}  // namespace vedette::agent
