// Asking for saves, and letting promises go when they are on disk (README.md, Saves).
#pragma once

#include <string>

#include "consensus/durable.hpp"
#include "consensus/promise.hpp"
#include "consensus/turn.hpp"

namespace vedette::consensus {

// Everything a save must hold, as of now.
Durable take_durable(const State& state);

// Wants the present state saved; all requests of one step share one number.
SaveNumber request_save(Turn& turn);
// A save that also makes the group's vote and the current epoch durable once it is done.
SaveNumber request_vote_save(Turn& turn, const Group& group);
// Held back until the save of this step is on disk.
void promise(Turn& turn, decltype(Promise::what) what);

void on_persisted(Turn& turn, SaveNumber number);
void on_persist_failed(Turn& turn, SaveNumber number, const std::string& error);
// Retries a failed save when its time has come.
void retry_save(Turn& turn);

// Time from asking for a save to its completion, lately; 0 before the first.
Duration save_time(const State& state);

}  // namespace vedette::consensus
