// What operators and strangers do at bad moments.
#include <algorithm>

#include "tests/sim/play/faults.hpp"

namespace vedette::sim {

void Faults::operate(const Action& action) {
  Agent& it = agent(action.a);
  const Shard& group = shard(action.b);
  if (!it.running()) return;
  say(action, it.name() + " " + group.name);
  switch (action.what) {
    case What::fail_over:
      return it.order(consensus::FailOver{group.name});
    case What::reset_masters:
      return it.order(consensus::ResetGroups{"*"});
    case What::storm_of_resets:
      return storm(it, world_.now() + action.lasts);
    case What::set_option:
      return it.order(change_of(action, group));
    case What::remove_and_monitor: {
      const std::optional<proto::Address> known = it.master_of(group.name);
      if (!known) return;
      it.order(consensus::RemoveGroup{group.name});
      return it.order(consensus::MonitorGroup{group.name, *known, group.options});
    }
    case What::forge_hello:
      return forge_hello(action, group);
    default:
      return ask_by_hand(action, it, group);
  }
}

void Faults::storm(Agent& it, Instant until) {
  if (ended_ || world_.now() > until || !it.running()) return;
  note_trouble();
  it.order(consensus::ResetGroups{"*"});
  world_.queue().after(2s, [this, &it, until] { storm(it, until); });
}

consensus::SetOptions Faults::change_of(const Action& action, const Shard& group) const {
  consensus::SetOptions set{group.name, group.options, {}, false, true};
  switch (action.value) {
    case 0:
      set.options.failover_timeout *= 2;
      break;
    case 1:
      set.options.parallel_syncs = 3;
      break;
    case 2:
      set.options.down_after *= 2;
      break;
    default:
      set.reconnect = true;
  }
  return set;
}

constexpr std::int64_t late_ask = 4;

void Faults::ask_by_hand(const Action& action, Agent& it, const Shard& group) {
  const std::optional<proto::Address> master = it.master_of(group.name);
  if (!master || it.core() == nullptr) return;
  const consensus::State& state = it.core()->state();
  // The last kind comes late: a configuration of that epoch is there already.
  const bool late = action.value == late_ask;
  const auto step = late ? 0 : static_cast<std::uint64_t>(action.value);
  const auto from = late ? state.find(group.name)->config_epoch : state.current_epoch;
  proto::DownQuery query{*master, proto::Epoch{proto::number(from) + step}, {}};
  if (action.value > 0) query.candidate = proto::RunId::parse(world_.make_id());
  it.ask_vote(query, [](const proto::DownReply&) {});
}

// Somebody nobody knows, with an absurd epoch, with a new master, or in a known agent's place; a
// known agent, as if it had moved, or where it is with an absurd epoch or a master of its choice.
void Faults::forge_hello(const Action& action, const Shard& group) {
  constexpr std::uint64_t absurd = std::uint64_t{1} << 40;
  Redis& through = node(action.a);
  Agent& it = agent(action.a);
  const std::optional<proto::Address> master = it.master_of(group.name);
  if (!through.running() || !master) return;
  proto::Hello hello{
      forger, *proto::RunId::parse(world_.make_id()), proto::Epoch{absurd}, group.name, *master,
      {}};
  if (action.value == 1) {
    hello.current_epoch = hello.config_epoch = proto::Epoch{1000};
    hello.master = through.address();
  } else if (action.value == 2) {
    hello.agent_id = agent(action.b).id();
    hello.current_epoch = {};
  } else if (action.value == 3) {
    hello.agent = agent(action.b).address();
    hello.current_epoch = {};
  } else if (action.value == absurd_word) {
    hello.agent = agent(action.b).address();
    hello.agent_id = agent(action.b).id();
  } else if (action.value == false_master || action.value == foreign_master) {
    const bool foreign = action.value == foreign_master;
    const Redis& other = foreign ? *world_.nodes().back() : node(action.b);
    const std::optional<proto::Configuration> held = it.configuration_of(group.name);
    // Real Sentinels follow anybody, and whoever says that it is a master of ours may be taken.
    const bool ours = std::count(group.nodes.begin(), group.nodes.end(), &other) > 0;
    if (!held || plan_.legacy > 0 || (ours && other.role() == proto::Role::master)) return;
    hello.agent = agent(action.a + 1).address();
    hello.agent_id = agent(action.a + 1).id();
    hello.master = other.address();
    hello.config_epoch = proto::next(held->config_epoch);
    hello.current_epoch = {};
  }
  through.publish(hello);
}

}  // namespace vedette::sim
