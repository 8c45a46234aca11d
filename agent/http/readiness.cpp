#include "agent/http/readiness.hpp"

#include "consensus/health.hpp"

namespace vedette::agent {

namespace {

std::string reason_of(const consensus::Group& group) {
  const consensus::Node& master = group.master();
  if (!master.info_at && !master.subjectively_down) {
    return "the master at " + to_string(master.address) +
           " has not answered INFO yet and is not known to be down";
  }
  const consensus::Usable usable = consensus::count_usable(group);
  return "fewer than " + std::to_string(usable.majority) + " of " + std::to_string(usable.voters) +
         " agents (this one included) answered lately";
}

}  // namespace

std::vector<GroupReadiness> readiness(const consensus::State& state, consensus::Instant now) {
  std::vector<GroupReadiness> all;
  for (const auto& [name, id] : state.names) {
    const consensus::Group& group = state.groups.at(id);
    const bool ready = consensus::is_ready(state, group, now);
    all.push_back({name, ready, ready ? std::string() : reason_of(group)});
  }
  return all;
}

}  // namespace vedette::agent
