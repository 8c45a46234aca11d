// Which program we answer as: decided by the name we were called by, or by `vedette dialect`. The
// differences are in reference sentinel-protocol.md section 12; what Redis lacks is taken all the
// same, and only not listed.
#pragma once

#include <string_view>

namespace vedette::agent {

enum class Dialect { redis, valkey };

struct DialectFacts {
  std::string_view name;           // as HELLO tells it
  std::string_view version;        // what we claim to speak like
  std::string_view redis_version;  // of INFO: Valkey tells the last Redis that it continues
};

constexpr DialectFacts facts_of(Dialect dialect) {
  if (dialect == Dialect::valkey) return {"valkey", "8.1.0", "7.2.4"};
  return {"redis", "7.0.15", "7.0.15"};
}

}  // namespace vedette::agent
