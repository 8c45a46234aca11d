#include "agent/config/render.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

#include "agent/config/outside_lines.hpp"
#include "agent/config/readable.hpp"
#include "proto/config_file.hpp"
#include "proto/types.hpp"

namespace vedette::agent {

namespace {

using proto::ConfigLine;
using proto::OwnedLine;

constexpr std::string_view comment_mark = "# vedette:";
constexpr char gap = '\n';  // between the parts of a key: no word of a line holds it unescaped

std::string key_from(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (const std::string_view part : parts) {
    key += part;
    key += gap;
  }
  return key;
}

std::optional<std::string> comment_key(const std::string& text) {
  if (!text.starts_with(comment_mark)) return std::nullopt;
  const auto words = proto::split_words(std::string_view(text).substr(comment_mark.size()));
  if (!words || words->size() < 2) return std::nullopt;
  const std::string& what = words->front();
  const bool ours = what == "vote" || what == "replaced" || what == "replid" || what == "voters";
  if (!ours) return std::nullopt;
  return key_from({comment_mark, what, (*words)[1]});
}

// Which state or setting an old line holds: per master, and per replica or peer where there are
// many.
std::optional<std::string> key_of(const ConfigLine& line) {
  if (line.words.empty()) return comment_key(line.text);
  if (line.words.size() > 1 && proto::equals_ignoring_case(line.words[0], "user")) {
    return key_from({"user", line.words[1]});
  }
  if (line.words.size() < 3) return std::nullopt;
  if (!proto::equals_ignoring_case(line.words[0], "sentinel")) return std::nullopt;
  const auto& words = line.words;
  const std::string what = proto::to_lower(words[1]);
  for (const std::string_view single :
       {"myid", "current-epoch", "announce-ip", "announce-port", "deny-scripts-reconfig",
        "resolve-hostnames", "announce-hostnames", "sentinel-user", "sentinel-pass"}) {
    if (what == single) return key_from({what});
  }
  const std::string& name = words[2];
  for (const std::string_view per_group :
       {"monitor", "down-after-milliseconds", "failover-timeout", "parallel-syncs",
        "notification-script", "client-reconfig-script", "auth-pass", "auth-user", "config-epoch",
        "leader-epoch", "master-reboot-down-after-period"}) {
    if (what == per_group) return key_from({what, name});
  }
  if (what == "primary-reboot-down-after-period") {
    return key_from({"master-reboot-down-after-period", name});
  }
  if (words.size() >= 5 && (what == "known-replica" || what == "known-slave")) {
    return key_from({"known-replica", name, words[3], words[4]});
  }
  if (what == "known-sentinel") {
    return key_from({what, name, words.size() == 6 ? words[5] : std::string{}});
  }
  if (words.size() >= 4 && what == "rename-command") {
    return key_from({what, name, proto::to_lower(words[3])});
  }
  return std::nullopt;
}

class Renderer {
 public:
  Renderer(std::string_view old_text, const Settings& settings) {
    for (const auto& [key, words] : settings.from_outside) outside_.insert(key);
    for (ConfigLine& line : proto::parse_config(old_text)) {
      if (auto found = key(line)) old_.emplace(std::move(*found), std::move(line));
    }
  }

  // What the command line set is ours to keep, too.
  [[nodiscard]] std::optional<std::string> key(const ConfigLine& line) const {
    if (!line.words.empty()) {
      std::string outside = outside_key(line.words);
      if (outside_.contains(outside)) return outside;
    }
    return key_of(line);
  }

  std::vector<OwnedLine> lines(const consensus::Durable& durable, const Settings& s) {
    for (const auto& [key, words] : s.from_outside) put_outside(key, words);
    put({"myid"}, {"myid", durable.my_id.text()});
    flag("deny-scripts-reconfig", s.deny_scripts_reconfig, true);
    flag("resolve-hostnames", s.resolve_hostnames, false);
    flag("announce-hostnames", s.announce_hostnames, false);
    static const GroupSettings none;
    for (const consensus::DurableGroup& group : durable.groups) {
      const auto found = s.groups.find(group.name);
      settings_of(group, found == s.groups.end() ? none : found->second);
      state_of(group);
    }
    put({"current-epoch"}, {"current-epoch", text(durable.current_epoch)});
    optional_text({"announce-ip"}, {"announce-ip"}, s.announce_ip);
    const bool port_stood_there = old_.contains(key_from({"announce-port"}));
    if (s.announce_port != 0 || port_stood_there) {
      put({"announce-port"}, {"announce-port", std::to_string(s.announce_port)});
    }
    optional_text({"sentinel-user"}, {"sentinel-user"}, s.sentinel_user);
    optional_text({"sentinel-pass"}, {"sentinel-pass"}, s.sentinel_pass);
    users(s);
    return std::move(wanted_);
  }

 private:
  using Parts = std::initializer_list<std::string_view>;

  static std::string text(proto::Epoch epoch) { return std::to_string(proto::number(epoch)); }

  // Whether the old line reads as the new one does; the directive, and what stands behind
  // "sentinel", are of any case.
  static bool means(const ConfigLine& old, const std::string& line) {
    std::vector<std::string> words = old.words;
    words[0] = proto::to_lower(words[0]);
    if (words[0] == "sentinel") words[1] = proto::to_lower(words[1]);
    return words == proto::split_words(line);
  }

  // A `sentinel` line. One that says the same already is left as the user spelled it.
  void put(Parts key_parts, Parts words) {
    std::string line = "sentinel";
    for (const std::string_view word : words) line += ' ' + proto::quote_word(word);
    std::string key = key_from(key_parts);
    const auto old = old_.find(key);
    if (old != old_.end() && means(old->second, line)) {
      line = old->second.text;
    }
    wanted_.push_back({std::move(key), std::move(line)});
  }

  void put_outside(const std::string& key, const std::vector<std::string>& words) {
    std::string line = words.front();
    for (std::size_t i = 1; i < words.size(); ++i) line += ' ' + proto::quote_word(words[i]);
    const auto old = old_.find(key);
    if (old != old_.end() && means(old->second, line)) line = old->second.text;
    wanted_.push_back({key, std::move(line)});
  }

  // Users stand in the file unless they are in one of their own, or requirepass says it all.
  void users(const Settings& s) {
    acl::Users plain;
    plain.require_password(s.requirepass);
    const bool stood_there = std::any_of(old_.begin(), old_.end(), [](const auto& entry) {
      return entry.first.starts_with(key_from({"user"}));
    });
    if (!s.aclfile.empty() || (s.users.all() == plain.all() && !stood_there)) return;
    for (const auto& [name, user] : s.users.all()) {
      std::string line = "user " + proto::quote_word(name);
      std::istringstream rules(user.text());
      for (std::string rule; rules >> rule;) line += ' ' + proto::quote_word(rule);
      std::string key = key_from({"user", name});
      const auto old = old_.find(key);
      const bool same = old != old_.end() && old->second.words == proto::split_words(line);
      wanted_.push_back({std::move(key), same ? old->second.text : std::move(line)});
    }
  }

  void comment(std::string_view what, const std::string& name, Parts words) {
    std::string line =
        std::string(comment_mark) + std::string(what) + ' ' + proto::quote_word(name);
    for (const std::string_view word : words) line += ' ' + proto::quote_word(word);
    wanted_.push_back({key_from({comment_mark, what, name}), std::move(line)});
  }

  void flag(std::string_view name, bool value, bool normal) {
    if (value == normal && !old_.contains(key_from({name}))) return;
    put({name}, {name, value ? "yes" : "no"});
  }

  void optional_text(Parts key, Parts words, const std::string& value) {
    if (value.empty()) return;
    std::vector<std::string_view> all(words);
    all.push_back(value);
    // Two or three words: the directive, perhaps a master, the value.
    if (all.size() == 2) put(key, {all[0], all[1]});
    if (all.size() == 3) put(key, {all[0], all[1], all[2]});
  }

  void number(std::string_view what, const std::string& name, std::int64_t value,
              std::int64_t normal) {
    if (value == normal && !old_.contains(key_from({what, name}))) return;
    put({what, name}, {what, name, std::to_string(value)});
  }

  void settings_of(const consensus::DurableGroup& group, const GroupSettings& s) {
    const std::string& name = group.name;
    const consensus::GroupOptions normal;
    const consensus::GroupOptions& o = group.options;
    put({"monitor", name}, {"monitor", name, group.master.host, std::to_string(group.master.port),
                            std::to_string(o.quorum)});
    number("down-after-milliseconds", name, o.down_after.count(), normal.down_after.count());
    number("failover-timeout", name, o.failover_timeout.count(), normal.failover_timeout.count());
    number("parallel-syncs", name, o.parallel_syncs, normal.parallel_syncs);
    for (const auto& [what, value] :
         {std::pair{"notification-script", &s.notification_script},
          std::pair{"client-reconfig-script", &s.client_reconfig_script},
          std::pair{"auth-pass", &s.auth_pass}, std::pair{"auth-user", &s.auth_user}}) {
      optional_text({what, name}, {what, name}, *value);
    }
    number("master-reboot-down-after-period", name, o.master_reboot_down_after.count(), 0);
    for (const auto& [command, replacement] : s.renamed_commands) {
      put({"rename-command", name, command},
          {"rename-command", name, renamed_spelling(name, command), replacement});
    }
  }

  // Settings keep the command in lower case; the line keeps the user's capitals.
  std::string renamed_spelling(const std::string& name, const std::string& command) const {
    const auto old = old_.find(key_from({"rename-command", name, command}));
    return old == old_.end() ? command : old->second.words[3];
  }

  void state_of(const consensus::DurableGroup& group) {
    const std::string& name = group.name;
    put({"config-epoch", name}, {"config-epoch", name, text(group.config_epoch)});
    put({"leader-epoch", name}, {"leader-epoch", name, text(group.vote.epoch)});
    if (group.vote.voted_for) {
      comment("vote", name, {text(group.vote.epoch), group.vote.voted_for->text()});
    }
    if (group.replaced) {
      const auto& [address, run_id] = *group.replaced;
      const std::string port = std::to_string(address.port);
      if (run_id) {
        comment("replaced", name, {address.host, port, run_id->text()});
      } else {
        comment("replaced", name, {address.host, port});
      }
    }
    if (!group.replid.empty()) comment("replid", name, {group.replid});
    if (group.voters > 0) comment("voters", name, {std::to_string(group.voters)});
    for (const proto::Address& replica : group.replicas) {
      const std::string port = std::to_string(replica.port);
      put({"known-replica", name, replica.host, port}, {"known-replica", name, replica.host, port});
    }
    for (const consensus::DurablePeer& peer : group.peers) {
      put({"known-sentinel", name, peer.id.text()},
          {"known-sentinel", name, peer.address.host, std::to_string(peer.address.port),
           peer.id.text()});
    }
  }

  std::set<std::string> outside_;          // keys
  std::map<std::string, ConfigLine> old_;  // the first line of each key
  std::vector<OwnedLine> wanted_;
};

}  // namespace

std::string render_config(std::string_view old_text, const consensus::Durable& durable,
                          const Settings& settings) {
  Renderer renderer(old_text, settings);
  const auto wanted = renderer.lines(durable, settings);
  return proto::rewrite_config(
      old_text, wanted, [&](const ConfigLine& line) { return renderer.key(line); },
      Readable(settings.dialect));
}

std::string with_settings_of(std::string_view loaded, std::string present) {
  std::set<std::string> there{"sentinel", "user", "vedette"};  // not for us to put back here
  for (const ConfigLine& line : proto::parse_config(present)) {
    if (!line.words.empty()) there.insert(proto::to_lower(line.words.front()));
  }
  for (const ConfigLine& line : proto::parse_config(loaded)) {
    if (line.words.empty() || there.contains(proto::to_lower(line.words.front()))) continue;
    if (!present.empty() && !present.ends_with('\n')) present += '\n';
    present += line.text + '\n';
  }
  return present;
}

}  // namespace vedette::agent
