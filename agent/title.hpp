// What ps shows of the process: `redis-sentinel *:26379 [sentinel]`, which monitoring looks for.
// Source: the directives set-proc-title and proc-title-template of redis.conf.
#pragma once

#include <optional>
#include <string>

#include "agent/config/settings.hpp"

namespace vedette::agent {

// Once, before anything else in main: makes room for a title, and moves the environment out of its
// way.
void prepare_title(int argc, char** argv);

// The title by the template; nullopt if that names something unknown, has an open brace or gives
// nothing.
std::optional<std::string> make_title(const Settings& settings);

// Unless the settings leave the title as it is.
void show_title(const Settings& settings);

}  // namespace vedette::agent
