// SENTINEL commands that change what is monitored or start something.
// Reference: sentinel-protocol.md sections 3.7, 3.8, 3.10 to 3.12.
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

constexpr std::string_view error_bad_host = "ERR Invalid IP address or hostname specified";
constexpr std::string_view host_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

// Whether a name resolves is found out when everything else is right.
bool is_acceptable_host(const std::string& host, const Settings& settings) {
  if (proto::is_ip_literal(host)) return true;
  return settings.resolve_hostnames && !host.empty() && host.size() <= 255 &&
         host.find_first_not_of(host_characters) == std::string::npos;
}

// A name is a field of the comma-separated hello and a word of the configuration file.
std::string problem_with_name(const std::string& name) {
  if (!name.empty() && name.find_first_of(", ") == std::string::npos) return {};
  return "ERR Invalid master name '" + std::string(quoted_part(name)) +
         "': it must not be empty and must not hold blanks or commas";
}

struct MonitorWords {
  std::int64_t quorum = 0;
  std::int64_t port = 0;
  std::string error;
};

// The checks in Sentinel's order: MONITOR name ip port quorum.
MonitorWords read_monitor(Call& call) {
  MonitorWords words;
  const auto quorum = proto::parse_integer(call.words[5]);
  const auto port = proto::parse_integer(call.words[4]);
  if (!quorum) {
    words.error = "ERR Invalid quorum";
  } else if (!port) {
    words.error = "ERR Invalid port";
  } else if (*quorum <= 0) {
    words.error = "ERR Quorum must be 1 or greater.";
  } else if (*quorum > std::numeric_limits<std::int32_t>::max()) {
    words.error = "ERR Invalid quorum";
  } else if (!is_acceptable_host(call.words[3], call.facade().settings())) {
    words.error = error_bad_host;
  } else if (*port < 0 || *port > 65535) {
    words.error = "ERR Invalid port number.";
  } else {
    words.error = problem_with_name(call.words[2]);
  }
  if (words.error.empty() && call.state().find(call.words[2]) != nullptr) {
    words.error = error_of(consensus::OrderStatus::duplicate_master);
  }
  if (words.error.empty()) {
    words.quorum = *quorum;
    words.port = *port;
  }
  return words;
}

}  // namespace

void sentinel_monitor(Call& call) {
  if (refuse_control_characters(call, "MONITOR")) return;
  const MonitorWords words = read_monitor(call);
  if (!words.error.empty()) return call.error(words.error);

  consensus::MonitorGroup order;
  order.name = call.words[2];
  order.address = {proto::canonical_host(call.words[3]), static_cast<std::uint16_t>(words.port)};
  order.options.quorum = static_cast<unsigned>(words.quorum);
  order.options.down_after = call.state().timings.default_down_after;
  order.options.failover_timeout = call.state().timings.default_failover_timeout;
  const auto& voters = call.facade().settings().voters;
  if (voters.contains(order.name)) order.options.voters = voters.at(order.name);
  const Deferred deferred = call.defer();
  Facade& facade = call.facade();
  facade.resolve(order.address.host, [deferred, &facade, order](const std::string& error) {
    if (!error.empty()) return deferred.error(error_bad_host);
    // Passwords and scripts of an earlier master of that name are not meant for this one.
    if (facade.state().find(order.name) == nullptr) {
      facade.mutable_settings().groups[order.name] = {};
    }
    facade.submit(order, [deferred](const OrderResult& result) { answer(deferred, result); });
  });
}

void sentinel_remove(Call& call) {
  const std::string& name = call.words[2];
  if (call.state().find(name) == nullptr) return call.error(error_no_such_master);
  const Deferred deferred = call.defer();
  Facade& facade = call.facade();
  facade.submit(consensus::RemoveGroup{name}, [deferred, &facade, name](OrderResult result) {
    // It may have been monitored again while the disk was at work.
    if (facade.state().find(name) == nullptr) facade.mutable_settings().groups.erase(name);
    answer(deferred, result);
  });
}

void sentinel_reset(Call& call) {
  const Deferred deferred = call.defer();
  const auto done = [deferred](const OrderResult& result) {
    deferred.finish([&result](proto::ReplyWriter& reply) { reply.integer(result.count); });
  };
  call.facade().submit(consensus::ResetGroups{call.words[2]}, done);
}

void sentinel_failover(Call& call) {
  if (call.state().find(call.words[2]) == nullptr) return call.error(error_no_such_master);
  submit(call, consensus::FailOver{call.words[2]});
}

void sentinel_flushconfig(Call& call) { submit(call, consensus::FlushConfig{}); }

}  // namespace vedette::agent::commands
