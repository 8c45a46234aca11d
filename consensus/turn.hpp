// One step of the core: the instant, the state, and what comes out. Passed to every decision.
#pragma once

#include <optional>
#include <set>
#include <utility>

#include "consensus/command.hpp"
#include "consensus/state.hpp"
#include "consensus/time.hpp"

namespace vedette::consensus {

struct Turn {
  Instant now;
  State& state;
  Commands& out;
  std::set<Subject> touched{};       // their deadlines are set anew when the step ends
  std::optional<SaveNumber> save{};  // number of the save that this step wants

  [[nodiscard]] OwnTime own() const noexcept {
    return OwnTime{now - state.started - state.lateness};
  }
  // The real instant at which own time reaches `own`, if we are not late until then.
  [[nodiscard]] Instant wall(OwnTime own) const noexcept {
    return state.started + state.lateness + own.since_start;
  }

  void touch(const Subject& subject) { touched.insert(subject); }
  void touch(const Group& group) { touch(Subject{group.id}); }
  void touch(const Group& group, const Node& node) { touch(Subject{NodeRef{group.id, node.id}}); }
  void touch(const Peer& peer) { touch(Subject{peer.id}); }

  template <class C>
  void emit(C command) {
    out.emplace_back(std::move(command));
  }
  LinkId new_link() { return LinkId{++state.serial}; }
  RequestId new_request() { return RequestId{++state.serial}; }
};

}  // namespace vedette::consensus
