#include "tests/consensus/setting.hpp"

#include "consensus/quorum.hpp"
#include "tests/consensus/cast.hpp"

namespace vedette::consensus::scenario {

namespace {

const std::string history(40, '9');

}  // namespace

void set_option(GroupOptions& options, const std::string& option, const std::string& value) {
  const auto ms = [&] { return std::chrono::duration_cast<milliseconds>(parse_duration(value)); };
  if (option == "quorum") {
    options.quorum = static_cast<unsigned>(parse_number(value));
  } else if (option == "parallel-syncs") {
    options.parallel_syncs = static_cast<int>(parse_number(value));
  } else if (option == "down-after") {
    options.down_after = ms();
  } else if (option == "failover-timeout") {
    options.failover_timeout = ms();
  } else if (option == "master-reboot-down-after") {
    options.master_reboot_down_after = ms();
  } else {
    throw ScriptError("no such option: " + option);
  }
}

void Setting::read(const std::string& verb, Words& words) {
  if (verb == "hide") {
    while (!words.empty()) hidden_.insert(words.next());
  } else if (verb == "legacy") {
    while (!words.empty()) legacy_.insert(words.next());
  } else if (verb == "set") {
    while (!words.empty()) {
      const std::string option = words.next();
      set(option, words.next());
    }
  } else if (verb == "two-groups") {
    two_groups_ = true;
  } else {
    throw ScriptError("no such line");
  }
}

void Setting::set(const std::string& option, const std::string& value) {
  if (option == "replicas") {
    replicas_ = parse_number(value);
  } else if (option == "peers") {
    peers_ = parse_number(value);
  } else if (option == "epoch") {
    epoch_ = parse_number(value);
  } else if (option == "quorum") {
    quorum_ = parse_number(value);
  } else if (option == "master-port") {
    master_port_ = static_cast<unsigned short>(parse_number(value));
  } else {
    set_option(options_, option, value);
  }
}

GroupOptions Setting::options() const {
  GroupOptions out = options_;
  out.quorum = static_cast<unsigned>(quorum_ == 0 ? majority(peers_ + 1) : quorum_);
  return out;
}

DurableGroup Setting::group(const std::string& name, const std::string& master) const {
  DurableGroup out;
  out.name = name;
  out.master = *address_of(master);
  out.master.port = master_port_;
  out.options = options();
  out.config_epoch = proto::Epoch{epoch_};
  out.vote.epoch = proto::Epoch{epoch_};
  for (std::uint64_t i = 1; i <= peers_; ++i) {
    const std::string peer = "peer" + std::to_string(i);
    out.peers.push_back({*id_of(peer), *address_of(peer)});
  }
  return out;
}

Durable Setting::file() const {
  Durable out{*id_of("me"), proto::Epoch{epoch_}, {group("mymaster", "master")}};
  for (std::uint64_t i = 1; i <= replicas_; ++i) {
    out.groups.front().replicas.push_back(*address_of("replica" + std::to_string(i)));
  }
  if (two_groups_) out.groups.push_back(group("othermaster", "other"));
  return out;
}

InfoLines Setting::usual_info(const std::string& node, proto::Role role) const {
  const proto::Address address = *address_of(node);
  // .11 ends as .1 does, and one id is one server.
  const char digit = node == "other" ? 'b' : address.host.back();
  InfoLines out{{"run_id", std::string(40, digit)},
                {"role", std::string(proto::to_wire(role))},
                {"master_replid", node == "other" ? std::string(40, '8') : history},
                {"master_repl_offset", "100"}};
  if (role == proto::Role::replica) {
    out["master_host"] = "10.0.0.1";
    out["master_port"] = "6379";
    out["master_link_status"] = "up";
    out["slave_repl_offset"] = "100";
    out["slave_priority"] = "100";
  }
  if (node != "master") return out;
  for (std::uint64_t i = 1; i <= replicas_; ++i) {
    const proto::Address replica = *address_of("replica" + std::to_string(i));
    out["slave" + std::to_string(i - 1)] =
        "ip=" + replica.host + ",port=" + std::to_string(replica.port) + ",state=online";
  }
  return out;
}

}  // namespace vedette::consensus::scenario
