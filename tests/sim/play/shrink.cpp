#include "tests/sim/play/shrink.hpp"

#include <algorithm>

#include "tests/sim/play/play.hpp"

namespace vedette::sim {

namespace {

class Shrinking {
 public:
  Shrinking(Plan plan, const std::string& invariant, unsigned runs)
      : best_(std::move(plan)), invariant_(invariant), runs_(runs) {}

  Plan run() {
    bool smaller = true;
    while (smaller && runs_ > 0) {
      smaller = drop_actions();
      smaller |= simplify_cluster();
      smaller |= shorten_actions();
    }
    return best_;
  }

 private:
  bool keep_if_failing(const Plan& candidate) {
    if (runs_ == 0 || candidate == best_) return false;
    --runs_;
    if (play(candidate).invariant != invariant_) return false;
    best_ = candidate;
    return true;
  }

  // Halves first, then ever smaller pieces, down to single actions.
  bool drop_actions() {
    bool smaller = false;
    for (std::size_t piece = std::max<std::size_t>(best_.actions.size() / 2, 1); piece > 0;
         piece /= 2) {
      for (std::size_t at = 0; at < best_.actions.size();) {
        Plan candidate = best_;
        const auto first = candidate.actions.begin() + static_cast<std::ptrdiff_t>(at);
        const auto rest = candidate.actions.size() - at;
        candidate.actions.erase(first, first + static_cast<std::ptrdiff_t>(std::min(piece, rest)));
        if (keep_if_failing(candidate)) {
          smaller = true;
        } else {
          at += piece;
        }
      }
    }
    return smaller;
  }

  bool simplify_cluster() {
    bool smaller = false;
    const auto attempt = [&](auto change) {
      Plan candidate = best_;
      change(candidate);
      smaller |= keep_if_failing(candidate);
    };
    attempt([](Plan& plan) { plan.masters = 1; });
    attempt([](Plan& plan) { plan.writers = false; });
    attempt([](Plan& plan) { plan.legacy = 0; });
    attempt([](Plan& plan) { plan.introduced = true; });
    attempt([](Plan& plan) { plan.misnamed = 0; });
    attempt([](Plan& plan) { plan.keeps_data = true; });
    attempt([](Plan& plan) { plan.replicas = std::min(plan.replicas, 2u); });
    attempt([](Plan& plan) { plan.agents = std::min(plan.agents, 3u); });
    attempt([](Plan& plan) { plan.parallel_syncs = 1; });
    return smaller;
  }

  bool shorten_actions() {
    bool smaller = false;
    for (std::size_t i = 0; i < best_.actions.size(); ++i) {
      Plan candidate = best_;
      if (candidate.actions[i].lasts < 2ms) continue;
      candidate.actions[i].lasts /= 2;
      smaller |= keep_if_failing(candidate);
    }
    return smaller;
  }

  Plan best_;
  const std::string& invariant_;
  unsigned runs_;
};

}  // namespace

Plan shrink(const Plan& plan, const std::string& invariant, unsigned runs) {
  return Shrinking(plan, invariant, runs).run();
}

}  // namespace vedette::sim
