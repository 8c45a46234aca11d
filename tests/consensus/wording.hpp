// A command as one line of a scenario.
#pragma once

#include <map>
#include <string>

#include "consensus/command.hpp"
#include "consensus/time.hpp"

namespace vedette::consensus::scenario {

// What the player knows about handles.
struct Handles {
  std::map<LinkId, std::string> links;      // "master", "peer1"
  std::map<LinkId, std::string> kinds;      // "command", "pubsub", "peer"
  std::map<Ticket, std::string> questions;  // who or what asked
};

std::string word_for(LinkKind kind);
std::string to_text(const Command& command, const Handles& handles, Instant now);

}  // namespace vedette::consensus::scenario
