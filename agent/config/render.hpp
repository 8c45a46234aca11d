// From state to the text of the configuration file. The counterpart of sentinel_lines.
// Reference: sentinel-behaviour.md 3.2 and 3.6.
#pragma once

#include <string>
#include <string_view>

#include "agent/config/settings.hpp"
#include "consensus/durable.hpp"

namespace vedette::agent {

// The old text with the `sentinel` lines and our comment lines brought up to date. Only words that
// Sentinel 7.0 knows are written. What the user wrote stays where it is, byte for byte where it
// means the same; a setting that has its default value is written only if it stood there.
std::string render_config(std::string_view old_text, const consensus::Durable& durable,
                          const Settings& settings);

// `present`, and below it the plain directives of `loaded` of which it has none: they are in force,
// and whoever emptied or replaced the file meanwhile must not find an agent without its password.
std::string with_settings_of(std::string_view loaded, std::string present);

}  // namespace vedette::agent
