// SENTINEL DEBUG and SIMULATE-FAILURE: for experiments; what they set lasts until the process ends.
// Reference: sentinel-protocol.md sections 3.17 and 3.18.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/commands/handlers.hpp"
#include "agent/commands/orders.hpp"

namespace vedette::agent::commands {

namespace {

using consensus::Timings;

struct Period {
  std::string_view name;
  consensus::milliseconds Timings::*member;
};

constexpr Period periods[] = {
    {"INFO-PERIOD", &Timings::info_period},
    {"PING-PERIOD", &Timings::ping_period},
    {"ASK-PERIOD", &Timings::ask_period},
    {"PUBLISH-PERIOD", &Timings::publish_period},
    {"DEFAULT-DOWN-AFTER", &Timings::default_down_after},
    {"DEFAULT-FAILOVER-TIMEOUT", &Timings::default_failover_timeout},
    {"TILT-TRIGGER", &Timings::tilt_trigger},
    {"TILT-PERIOD", &Timings::tilt_period},
    {"SLAVE-RECONF-TIMEOUT", &Timings::replica_reconf_timeout},
    {"MIN-LINK-RECONNECT-PERIOD", &Timings::min_link_reconnect_period},
    {"ELECTION-TIMEOUT", &Timings::election_timeout},
    {"SCRIPT-MAX-RUNTIME", &Timings::script_max_runtime},
    {"SCRIPT-RETRY-DELAY", &Timings::script_retry_delay},
};

const Period* find_period(const std::string& name) {
  for (const Period& period : periods) {
    if (is_word(name, period.name)) return &period;
  }
  return nullptr;
}

void show(Call& call) {
  proto::ReplyWriter reply = call.reply();
  reply.map(std::size(periods));
  for (const Period& period : periods) {
    reply.bulk(period.name);
    reply.bulk_number((call.state().timings.*period.member).count());
  }
}

// Takes what it can from left to right; the first mistake, or "".
std::string read(Call& call, Timings& timings) {
  for (std::size_t i = 2; i < call.size(); i += 2) {
    const std::string& name = call.words[i];
    const Period* period = find_period(name);
    if (period == nullptr || i + 1 == call.size()) {
      return "ERR Unknown option or number of arguments for SENTINEL DEBUG '" + name + "'";
    }
    const std::string& word = call.words[i + 1];
    const auto value = proto::parse_integer(word);
    if (!value || *value < 1 || *value > longest_milliseconds) {
      return "ERR Invalid argument '" + word + "' for SENTINEL DEBUG '" + name + "'";
    }
    timings.*period->member = consensus::milliseconds{*value};
  }
  return {};
}

}  // namespace

void sentinel_debug(Call& call) {
  if (call.size() == 2) return show(call);
  Timings timings = call.state().timings;
  const std::string mistake = read(call, timings);
  if (timings == call.state().timings && !mistake.empty()) return call.error(mistake);
  const Deferred deferred = call.defer();
  const auto done = [deferred, mistake](const OrderResult& result) {
    if (!mistake.empty()) return deferred.error(mistake);
    answer(deferred, result);
  };
  call.facade().submit(consensus::SetTimings{timings}, done);
}

void sentinel_simulate_failure(Call& call) {
  constexpr std::string_view election = "crash-after-election";
  constexpr std::string_view promotion = "crash-after-promotion";
  // Whatever was asked for before is over, also where this is refused.
  call.facade().simulate_failures({});
  SimulatedFailures failures;
  for (std::size_t i = 2; i < call.size(); ++i) {
    if (is_word(call.words[i], election)) {
      failures.after_election = true;
    } else if (is_word(call.words[i], promotion)) {
      failures.after_promotion = true;
    } else if (is_word(call.words[i], "help")) {
      proto::ReplyWriter reply = call.reply();
      reply.array(2);
      reply.bulk(election);
      reply.bulk(promotion);
      return;
    } else {
      return call.error("ERR Unknown failure simulation specified");
    }
  }
  call.facade().simulate_failures(failures);
  call.ok();
}

}  // namespace vedette::agent::commands
