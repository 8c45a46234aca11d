// Redis glob patterns: * ? [a-z] [^a] and backslash, for PSUBSCRIBE, RESET and CONFIG GET.
#pragma once

#include <string_view>

namespace vedette::proto {

enum class CaseRule { sensitive, ignore };

// Linear in pattern times text at worst; never recurses without bound on hostile patterns.
bool glob_match(std::string_view pattern, std::string_view text,
                CaseRule rule = CaseRule::sensitive);

}  // namespace vedette::proto
