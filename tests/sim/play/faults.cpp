#include "tests/sim/play/faults.hpp"

#include <algorithm>
#include <iterator>

namespace vedette::sim {

// ---- when --------------------------------------------------------------------------------------

void Faults::schedule() {
  for (const Action& action : plan_.actions) {
    world_.queue().after(action.at, [this, action] {
      if (!ended_) run(action);
    });
  }
}

void Faults::apply(const Action& action) {
  Action lasting = action;
  lasting.lasts = Duration{-1};
  run(lasting);
}

void Faults::run(const Action& action) {
  note_trouble();
  ++blows_;
  Undo undo;
  if (action.what <= What::move_agent) {
    undo = on_agent(action);
  } else if (action.what <= What::swap_nodes) {
    undo = on_node(action);
  } else if (action.what <= What::reset) {
    undo = on_routes(action);
  } else if (action.what == What::ambush) {
    armed_.push_back(action);
  } else if (action.what == What::relieve) {
    if (!in_force_.empty()) end(in_force_.begin()->first);
  } else {
    operate(action);
  }
  if (!undo) return;
  const std::uint64_t key = ++keys_;
  in_force_[key] = std::move(undo);
  if (action.lasts >= Duration{0}) {
    world_.queue().after(action.lasts, [this, key] { end(key); });
  }
}

void Faults::end(std::uint64_t key) {
  const auto found = in_force_.find(key);
  if (found == in_force_.end()) return;
  const Undo undo = std::move(found->second);
  in_force_.erase(found);
  undo();
  note_trouble();
}

void Faults::end_all() {
  ended_ = true;
  armed_.clear();
  while (!in_force_.empty()) end(in_force_.begin()->first);
}

Instant Faults::last_trouble() const { return in_force_.empty() ? last_trouble_ : world_.now(); }

void Faults::say(const Action& action, const std::string& whom) {
  if (!world_.story().records()) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(action.lasts).count();
  world_.story().tell(world_.now(), "FAULT",
                      std::string(name_of(action.what)) + " " + whom + " for " +
                          std::to_string(ms) + " ms, value " + std::to_string(action.value));
}

// ---- agents ------------------------------------------------------------------------------------

Faults::Undo Faults::on_agent(const Action& action) {
  Agent& it = agent(action.a);
  Network& network = world_.network();
  switch (action.what) {
    case What::pause_agent:
    case What::stop_clock: {
      if (!it.running()) return {};
      say(action, it.name());
      network.pause(it);
      const Instant since = world_.now();
      const bool stops = action.what == What::stop_clock;
      return [this, &it, &network, since, stops, life = it.life()] {
        if (!it.alive() || it.life() != life) return;
        if (stops) it.clock_ahead -= world_.now() - since;
        network.resume(it);
      };
    }
    case What::pause_others:
      return pause_others(action, it);
    case What::slow_agent:
      say(action, it.name());
      network.slow_down(it, Duration{action.value});
      return [&it, &network] { network.slow_down(it, Duration{0}); };
    case What::delay_writes:
      say(action, it.name());
      it.write_delay = Duration{action.value};
      return [&it] { it.write_delay = Duration{0}; };
    case What::fail_disk:
    case What::fail_disk_late:
    case What::slow_disk:
      return on_disk(action, it);
    default:
      return stop_agent(action, it);
  }
}

Faults::Undo Faults::pause_others(const Action& action, const Agent& spared) {
  std::vector<Undo> undos;
  for (std::uint32_t i = 0; i < world_.agents().size(); ++i) {
    if (&agent(i) == &spared) continue;
    Action pause = action;
    pause.what = What::pause_agent;
    pause.a = i;
    if (Undo undo = on_agent(pause)) undos.push_back(std::move(undo));
  }
  return [undos] {
    for (const Undo& undo : undos) undo();
  };
}

Faults::Undo Faults::on_disk(const Action& action, Agent& it) {
  say(action, it.name());
  if (action.what == What::slow_disk) {
    it.disk.save_time = Duration{action.value};
    return [&it] { it.disk.save_time = Duration{3'000}; };
  }
  bool& fails = action.what == What::fail_disk ? it.disk.fails : it.disk.fails_late;
  fails = true;
  return [&fails] { fails = false; };
}

Faults::Undo Faults::stop_agent(const Action& action, Agent& it) {
  if (!it.alive()) return {};
  say(action, it.name());
  it.crash(action.what == What::power_off_agent ? Network::End::power_off : Network::End::crash);
  if (action.what == What::restore_disk) it.disk.restore_old(world_.random());
  if (action.what == What::move_agent) {
    world_.network().move(it, fresh_address(it.address()));
  }
  return [this, &it] {
    if (it.alive()) return;
    world_.tell(it, it.name() + " starts again");
    it.boot();
  };
}

proto::Address Faults::fresh_address(const proto::Address& old) {
  const unsigned number = ++addresses_;
  return {"10.9." + std::to_string(number / 200) + "." + std::to_string(number % 200 + 1),
          old.port};
}

// ---- data nodes --------------------------------------------------------------------------------

Faults::Undo Faults::on_node(const Action& action) {
  Redis& it = node(action.a);
  const std::string whom = proto::to_string(it.address());
  switch (action.what) {
    case What::crash_node:
    case What::power_off_node:
    case What::move_node: {
      if (!it.alive()) return {};
      say(action, whom);
      const bool off = action.what == What::power_off_node;
      const Undo undo = stop_node(it, off ? Network::End::power_off : Network::End::crash);
      if (action.what == What::crash_node && action.value == 3) it.forget_master();
      if (action.what == What::move_node) world_.network().move(it, fresh_address(it.address()));
      return undo;
    }
    case What::swap_nodes:
      say(action, whom + " and " + proto::to_string(node(action.b).address()));
      return swap(it, node(action.b));
    case What::pause_node:
      if (!it.running()) return {};
      say(action, whom);
      world_.network().pause(it);
      return [this, &it] {
        world_.tell(it, "goes on");
        world_.network().resume(it);
      };
    case What::flap_node: {
      say(action, whom);
      const auto goes_on = std::make_shared<bool>(true);
      flap(it, Duration{action.value}, goes_on);
      return [goes_on] { *goes_on = false; };
    }
    case What::set_priority: {
      static constexpr int priorities[] = {0, 1, 200};
      say(action, whom);
      it.priority = priorities[action.value % 3];
      return [&it] { it.priority = 100; };
    }
    default:
      say(action, whom);
      return on_answers(action, it);
  }
}

Faults::Undo Faults::stop_node(Redis& it, Network::End how) {
  it.crash(how);
  return [this, &it] {
    if (it.alive()) return;
    world_.tell(it, "starts again");
    it.boot();
  };
}

// It is away for `period`, back for as long, and so on.
void Faults::flap(Redis& it, Duration period, const std::shared_ptr<bool>& goes_on) {
  if (!*goes_on) return;
  run({{}, What::crash_node, number_of(it), 0, period, 0});
  world_.queue().after(2 * period, [this, &it, period, goes_on] { flap(it, period, goes_on); });
}

Faults::Undo Faults::swap(Redis& a, Redis& b) {
  if (&a == &b || !a.alive() || !b.alive()) return {};
  const Undo start_a = stop_node(a, Network::End::crash);
  const Undo start_b = stop_node(b, Network::End::crash);
  const proto::Address old_a = a.address();
  const proto::Address old_b = b.address();
  world_.network().move(a, old_b);
  world_.network().move(b, old_a);
  return [start_a, start_b] {
    start_a();
    start_b();
  };
}

Faults::Undo Faults::on_answers(const Action& action, Redis& it) {
  Network& network = world_.network();
  switch (action.what) {
    case What::load_node:
      it.loading = true;
      return [&it] { it.loading = false; };
    case What::busy_node:
      it.busy = true;
      return [&it] { it.busy = false; };
    case What::refuse_password:
      it.refuses_password = true;
      return [&it] { it.refuses_password = false; };
    case What::refuse_role:
      it.refuses_role = true;
      return [&it, before = plan_.refuses_role] { it.refuses_role = before; };
    case What::pause_clients:
      network.hold_clients(it);
      return [&it, &network] { network.release_clients(it); };
    case What::fill_node:
      network.fill_up(it, true);
      return [&it, &network] { network.fill_up(it, false); };
    default:
      network.slow_down(it, Duration{action.value});
      return [&it, &network] { network.slow_down(it, Duration{0}); };
  }
}

// ---- routes ------------------------------------------------------------------------------------

Faults::Undo Faults::set_routes(const std::vector<std::pair<HostId, HostId>>& pairs,
                                const Route& route) {
  Network& network = world_.network();
  for (const auto& [from, to] : pairs) network.set_route(from, to, route);
  return [&network, pairs] {
    for (const auto& [from, to] : pairs) network.set_route(from, to, network.normal());
  };
}

Faults::Undo Faults::on_routes(const Action& action) {
  Network& network = world_.network();
  const HostId a = any_host(action.a);
  const HostId b = any_host(action.b);
  Route route = network.normal();
  std::vector<std::pair<HostId, HostId>> pairs{{a, b}};
  if (action.what != What::cut_one_way) pairs.emplace_back(b, a);
  say(action, proto::to_string(network.process(a).address()) + " " +
                  proto::to_string(network.process(b).address()));
  switch (action.what) {
    case What::reset:
      network.reset_between(a, b);
      return {};
    case What::isolate:
    case What::cut_zone: {
      pairs.clear();
      const int zone = network.process(a).zone();
      const auto inside = [&](HostId host) {
        return action.what == What::isolate ? host == a : network.process(host).zone() == zone;
      };
      for (std::uint32_t x = 0; x < network.size(); ++x) {
        for (std::uint32_t y = 0; y < network.size(); ++y) {
          if (inside(HostId{x}) != inside(HostId{y})) pairs.emplace_back(HostId{x}, HostId{y});
        }
      }
      route.blocked = true;
      break;
    }
    case What::refuse:
      route.refused = true;
      break;
    case What::slow_route:
      route.delay = Duration{action.value};
      break;
    case What::lose_packets:
      route.loss_percent = static_cast<unsigned>(action.value);
      break;
    default:
      route.blocked = true;
  }
  return set_routes(pairs, route);
}

// ---- numbers -----------------------------------------------------------------------------------

std::uint32_t Faults::number_of(const Agent& it) const {
  std::uint32_t number = 0;
  while (world_.agents()[number].get() != &it) ++number;
  return number;
}

std::uint32_t Faults::number_of(const Redis& it) const {
  std::uint32_t number = 0;
  while (world_.nodes()[number].get() != &it) ++number;
  return number;
}

std::uint32_t Faults::number_of_shard(const std::string& name) const {
  std::uint32_t number = 0;
  while (world_.shards()[number]->name != name) ++number;
  return number;
}

}  // namespace vedette::sim
