// SENTINEL SET: options of one master, taken from left to right. What came before a mistake stays
// in force, is announced and saved; the one reply names the mistake. Reference:
// sentinel-protocol.md section 3.13.
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/commands/handlers.hpp"
#include "agent/commands/orders.hpp"

namespace vedette::agent::commands {

namespace {

// What the options read so far amount to. Nothing of it is in force before submit().
struct Changes {
  consensus::GroupOptions options;
  GroupSettings settings;
  std::vector<std::string> applied;
  bool reconnect = false;
};

struct Option {
  const std::string& name;  // as typed
  const std::string& value;
  const std::string& second;  // of rename-command
  const Settings& process;
};

// An option's reader returns the error, or "" when it took the value.
using Reader = std::string (*)(const Option&, Changes&);

std::string invalid(const Option& option, const std::string& value) {
  return "ERR Invalid argument '" + value + "' for SENTINEL SET '" + option.name + "'";
}

std::optional<std::int64_t> read_number(const std::string& word, std::int64_t least,
                                        std::int64_t most) {
  const auto number = proto::parse_integer(word);
  return number && *number >= least && *number <= most ? number : std::nullopt;
}

template <std::int64_t least>
std::string read_duration(const Option& option, consensus::milliseconds& target) {
  const auto number = read_number(option.value, least, longest_milliseconds);
  if (!number) return invalid(option, option.value);
  target = consensus::milliseconds{*number};
  return {};
}

std::string read_down_after(const Option& option, Changes& changes) {
  return read_duration<1>(option, changes.options.down_after);
}
std::string read_failover_timeout(const Option& option, Changes& changes) {
  return read_duration<1>(option, changes.options.failover_timeout);
}
std::string read_reboot_period(const Option& option, Changes& changes) {
  return read_duration<0>(option, changes.options.master_reboot_down_after);
}

std::string read_parallel_syncs(const Option& option, Changes& changes) {
  const auto number = read_number(option.value, 1, std::numeric_limits<int>::max());
  if (!number) return invalid(option, option.value);
  changes.options.parallel_syncs = static_cast<int>(*number);
  return {};
}

std::string read_quorum(const Option& option, Changes& changes) {
  const auto number = read_number(option.value, 1, std::numeric_limits<std::int32_t>::max());
  if (!number) return invalid(option, option.value);
  changes.options.quorum = static_cast<unsigned>(*number);
  return {};
}

std::string read_script(const Option& option, std::string_view what, std::string& target) {
  if (option.process.deny_scripts_reconfig) {
    return "ERR Reconfiguration of scripts path is denied for security reasons. Check the "
           "deny-scripts-reconfig configuration directive in your Sentinel configuration";
  }
  if (!option.value.empty() && access(option.value.c_str(), X_OK) != 0) {
    return "ERR " + std::string(what) + " script seems non existing or non executable";
  }
  target = option.value;
  return {};
}

std::string read_notification_script(const Option& option, Changes& changes) {
  return read_script(option, "Notification", changes.settings.notification_script);
}
std::string read_reconfig_script(const Option& option, Changes& changes) {
  return read_script(option, "Client reconfiguration", changes.settings.client_reconfig_script);
}

std::string read_auth_pass(const Option& option, Changes& changes) {
  changes.settings.auth_pass = option.value;
  changes.reconnect = true;
  return {};
}
std::string read_auth_user(const Option& option, Changes& changes) {
  changes.settings.auth_user = option.value;
  changes.reconnect = true;
  return {};
}

std::string read_rename(const Option& option, Changes& changes) {
  if (option.value.empty() || option.second.empty()) return invalid(option, "");
  const std::string command = proto::to_lower(option.value);
  changes.settings.renamed_commands.erase(command);
  if (!proto::equals_ignoring_case(option.value, option.second)) {
    changes.settings.renamed_commands.emplace(command, option.second);
  }
  return {};
}

struct OptionSpec {
  std::string_view name;
  std::size_t values;
  Reader read;
  bool secret = false;
};

constexpr OptionSpec option_specs[] = {
    {"down-after-milliseconds", 1, read_down_after},
    {"failover-timeout", 1, read_failover_timeout},
    {"parallel-syncs", 1, read_parallel_syncs},
    {"quorum", 1, read_quorum},
    {"notification-script", 1, read_notification_script},
    {"client-reconfig-script", 1, read_reconfig_script},
    {"auth-pass", 1, read_auth_pass, true},
    {"auth-user", 1, read_auth_user},
    {"rename-command", 2, read_rename},
    {"master-reboot-down-after-period", 1, read_reboot_period},
    {"primary-reboot-down-after-period", 1, read_reboot_period},
};

const OptionSpec* find_option(const std::string& name) {
  for (const OptionSpec& spec : option_specs) {
    if (is_word(name, spec.name)) return &spec;
  }
  return nullptr;
}

// Reads words from the fourth on; returns the first mistake, or "".
std::string read_all(Call& call, Changes& changes) {
  std::size_t at = 3;
  while (at < call.size()) {
    const std::string& name = call.words[at];
    const OptionSpec* spec = find_option(name);
    if (spec == nullptr || call.size() - at - 1 < spec->values) {
      return "ERR Unknown option or number of arguments for SENTINEL SET '" + name + "'";
    }
    const std::string& value = call.words[at + 1];
    const std::string& second = call.words[at + spec->values];
    const Option option{name, value, second, call.facade().settings()};
    std::string problem = spec->read(option, changes);
    if (!problem.empty()) return problem;
    std::string applied = name + ' ' + (spec->secret ? "******" : value);
    if (spec->values == 2) applied += ' ' + second;
    changes.applied.push_back(std::move(applied));
    at += 1 + spec->values;
  }
  return {};
}

GroupSettings settings_of(const Settings& settings, const std::string& name) {
  const auto found = settings.groups.find(name);
  return found == settings.groups.end() ? GroupSettings{} : found->second;
}

}  // namespace

void sentinel_set(Call& call) {
  if (refuse_control_characters(call, "SET")) return;
  const std::string& name = call.words[2];
  const consensus::Group* group = call.state().find(name);
  if (group == nullptr) return call.error(error_no_such_master);

  const GroupSettings before = settings_of(call.facade().settings(), name);
  Changes changes{group->options, before, {}, false};
  const std::string mistake = read_all(call, changes);
  if (changes.applied.empty()) return call.error(mistake);

  const bool new_credentials = changes.settings.auth_user != before.auth_user ||
                               changes.settings.auth_pass != before.auth_pass;
  consensus::SetOptions order;
  order.name = name;
  order.options = changes.options;
  order.applied = std::move(changes.applied);
  order.reconnect = changes.reconnect && new_credentials;
  // The operator of Kubernetes sets the same values every 30 s: that costs no write.
  order.save = changes.options != group->options || changes.settings != before;
  call.facade().mutable_settings().groups[name] = std::move(changes.settings);

  const Deferred deferred = call.defer();
  const auto done = [deferred, mistake](const OrderResult& result) {
    if (!mistake.empty()) return deferred.error(mistake);
    answer(deferred, result);
  };
  call.facade().submit(std::move(order), done);
}

}  // namespace vedette::agent::commands
