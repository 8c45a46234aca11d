// Lines that a real Sentinel wrote without the quotes that they need, and cannot read again itself:
// passwords and paths with blanks or quotes, names with blanks, commands renamed to nothing.
// Reference: sentinel-behaviour.md 3.4.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::agent {

// Whether a Sentinel has written this file: only then may its lines be damaged.
[[nodiscard]] bool is_written_by_sentinel(std::string_view file);

// The words of a `sentinel` line that was written so, "sentinel" left out; nullopt if it cannot be
// told what was meant.
[[nodiscard]] std::optional<std::vector<std::string>> read_damaged(std::string_view line);

}  // namespace vedette::agent
