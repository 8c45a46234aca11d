// Orders of operators: what they share. An order is answered when it is in force and saved, or
// could not be saved; until then the connection waits.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "agent/commands/call.hpp"
#include "agent/commands/words.hpp"
#include "consensus/command.hpp"

namespace vedette::agent {

// "" for success.
constexpr std::string_view error_of(consensus::OrderStatus status) noexcept {
  switch (status) {
    case consensus::OrderStatus::ok:
      return "";
    case consensus::OrderStatus::save_failed:
      return error_not_saved;
    case consensus::OrderStatus::no_such_master:
      return error_no_such_master;
    case consensus::OrderStatus::duplicate_master:
      return "ERR Duplicate master name.";
    case consensus::OrderStatus::failover_in_progress:
      return "INPROG Failover already in progress";
    case consensus::OrderStatus::no_good_replica:
      return "NOGOODSLAVE No suitable replica to promote";
  }
  return error_syntax;
}

inline void answer(const Deferred& deferred, const OrderResult& result) {
  const std::string_view error = error_of(result.status);
  if (error.empty()) {
    deferred.ok();
  } else {
    deferred.error(error);
  }
}

inline void submit(Call& call, consensus::Order order) {
  const Deferred deferred = call.defer();
  call.facade().submit(std::move(order),
                       [deferred](const OrderResult& result) { answer(deferred, result); });
}

// Words are stored in a file made of lines and told to others in messages made of fields. True, and
// answered, if a word from the third on holds a control character.
inline bool refuse_control_characters(Call& call, std::string_view command) {
  for (std::size_t i = 2; i < call.size(); ++i) {
    if (!proto::has_control_characters(call.words[i])) continue;
    call.error("ERR Invalid argument at index " + std::to_string(i) + " for SENTINEL " +
               std::string(command) + ": control characters are not allowed");
    return true;
  }
  return false;
}

}  // namespace vedette::agent
