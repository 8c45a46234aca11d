#include "agent/links/host_names.hpp"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "proto/types.hpp"

namespace vedette::agent {

namespace {

struct NamesIn {
  std::set<std::string>& names;

  void take(const proto::Address& address) const {
    if (address.host.empty() || proto::is_ip_literal(address.host)) return;
    names.insert(address.host);
  }
  void operator()(const consensus::InfoRead& event) const {
    take(event.info.master);
    for (const proto::Address& replica : event.info.replicas) take(replica);
  }
  void operator()(const consensus::HelloHeard& event) const {
    take(event.hello.agent);
    take(event.hello.master);
  }
  void operator()(const consensus::VoteAsked& event) const { take(event.query.master); }
  template <class Other>
  void operator()(const Other&) const {}
};

}  // namespace

void HostNames::bring(consensus::Event event, bool look_up) {
  std::set<std::string> names;
  if (look_up) std::visit(NamesIn{names}, event);
  std::erase_if(names, [this](const std::string& name) { return resolver_.was_looked_up(name); });
  if (names.empty()) return deliver_(std::move(event));
  const auto held = std::make_shared<consensus::Event>(std::move(event));
  const auto left = std::make_shared<std::size_t>(names.size());
  for (const std::string& name : names) {
    resolver_.resolve(name, [this, held, left](const std::string&, const std::string&) {
      if (--*left == 0) deliver_(std::move(*held));
    });
  }
}

}  // namespace vedette::agent
