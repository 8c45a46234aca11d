// When the core wants to be called again, per subject. A subject has one next deadline; what is due
// then is decided by looking at it, so there is no kind of timer to keep in step with the state.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <variant>

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
// In the order in which they are tended: what nodes and peers (by their run ids) find out is what
// the group decides on in the same step.
using Subject = std::variant<Process, NodeRef, proto::RunId, GroupId>;

class Agenda {
 public:
  // Replaces the subject's deadline; `never` takes it off.
  void set(const Subject& subject, Instant when) {
    if (when == never) return forget(subject);
    const auto [known, fresh] = when_.try_emplace(subject, when);
    if (fresh) {
      queue_.emplace(when, subject);
      return;
    }
    if (known->second == when) return;  // as it mostly is
    auto entry = queue_.extract({known->second, subject});
    known->second = entry.value().first = when;
    queue_.insert(std::move(entry));
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

  // Calls `take` with each subject due at `now`, earliest first. They stay until they are set anew.
  template <class Take>
  void for_each_due(Instant now, Take take) const {
    for (auto it = queue_.begin(); it != queue_.end() && it->first <= now; ++it) take(it->second);
  }

 private:
  std::map<Subject, Instant> when_;
  std::set<std::pair<Instant, Subject>> queue_;
};

}  // namespace vedette::consensus
