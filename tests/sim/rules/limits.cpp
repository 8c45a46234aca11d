#include "tests/sim/rules/limits.hpp"

#include <algorithm>

#include "tests/sim/play/faults.hpp"

namespace vedette::sim {

Limits limits_of(const Plan& plan) {
  Limits out;
  out.legacy = plan.legacy > 0;
  out.forgotten_peers = !plan.introduced;
  const auto absurd =
      std::count_if(plan.actions.begin(), plan.actions.end(), [](const Action& action) {
        return action.what == What::forge_hello && action.value == absurd_word;
      });
  out.torn_epochs = absurd > (plan.agents == 2 ? 0 : 1);
  out.single_word = out.legacy || !plan.introduced || plan.agents == 1 || out.torn_epochs;
  for (const Action& action : plan.actions) {
    const std::string_view limit = limit_of(action.what);
    out.restored_disk |= limit == "restored disk";
    out.stopped_clock |= limit == "stopped clock";
    out.forgotten_peers |= limit == "forgotten peers";
    out.forgotten_nodes |= limit == "forgotten nodes";
    out.single_word |= limit != "" && limit != "stopped clock";
    out.changed_hands |= action.what == What::move_node || action.what == What::swap_nodes ||
                         action.what == What::move_agent;
    out.two_names |= out.legacy && action.what == What::forge_hello;
  }
  out.moved = out.changed_hands || plan.aliased > 0;
  out.two_names |= out.moved;
  return out;
}

}  // namespace vedette::sim
