// The hosts that others name are looked up before the core hears of them: it must know which of
// its nodes is meant.
#pragma once

#include <functional>

#include "agent/links/resolver.hpp"
#include "consensus/event.hpp"

namespace vedette::agent {

class HostNames {
 public:
  using Deliver = std::function<void(consensus::Event)>;
  HostNames(Resolver& resolver, Deliver deliver)
      : resolver_(resolver), deliver_(std::move(deliver)) {}

  // Delivers the event: at once, unless it holds a name that is new and `look_up` is set.
  void bring(consensus::Event event, bool look_up);

 private:
  Resolver& resolver_;
  Deliver deliver_;
};

}  // namespace vedette::agent
