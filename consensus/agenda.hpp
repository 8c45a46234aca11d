// When the core wants to be called again, per subject. A subject has one next deadline; what is due
// then is decided by looking at it, so there is no kind of timer to keep in step with the state.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "consensus/ids.hpp"
#include "consensus/time.hpp"
#include "proto/types.hpp"

namespace vedette::consensus {

struct NodeRef {
  GroupId group;
  NodeId node;
  auto operator<=>(const NodeRef&) const = default;
};
// The process itself: retries of failed saves, the end of tilt.
struct Process {
  auto operator<=>(const Process&) const = default;
};
using Subject =
    std::variant<Process, GroupId, NodeRef, proto::RunId>;  // ... a group, a node, a peer

class Agenda {
 public:
  // Replaces the subject's deadline; `never` takes it off.
  void set(const Subject& subject, Instant when) {
    const auto it = when_.find(subject);
    if (it != when_.end() && it->second == when) return;  // as it mostly is
    forget(subject);
    if (when == never) return;
    when_.emplace(subject, when);
    queue_.emplace(when, subject);
  }
  void forget(const Subject& subject) {
    const auto it = when_.find(subject);
    if (it == when_.end()) return;
    queue_.erase({it->second, subject});
    when_.erase(it);
  }
  // The earliest deadline, or `never`.
  [[nodiscard]] Instant next() const noexcept {
    return queue_.empty() ? never : queue_.begin()->first;
  }

  // Takes off and returns the subjects due at `now`, earliest first.
  std::vector<Subject> take_due(Instant now) {
    std::vector<Subject> due;
    while (!queue_.empty() && queue_.begin()->first <= now) {
      due.push_back(queue_.begin()->second);
      forget(due.back());
    }
    return due;
  }

 private:
  std::map<Subject, Instant> when_;
  std::set<std::pair<Instant, Subject>> queue_;
};

}  // namespace vedette::consensus
