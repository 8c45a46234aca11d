// Without resolve-hostnames the configuration file holds addresses only: a name in it would end the
// next start. The core goes on calling everybody by the name that it knows.
#pragma once

#include <map>
#include <string>

#include "consensus/durable.hpp"
#include "consensus/state.hpp"

namespace vedette::agent {

// Every name replaced by its address; who is listed twice by that, under name and address, is
// listed once.
consensus::Durable by_address(consensus::Durable durable,
                              const std::map<std::string, std::string>& resolved);

// A name of anybody known that has no address (yet): it could not be written as one. "" = none.
std::string name_without_address(const consensus::State& state);

}  // namespace vedette::agent
