#include "proto/vote.hpp"

#include <cstdint>

namespace vedette::proto {

namespace {

constexpr std::string_view nobody = "*";

constexpr bool is_acceptable(std::int64_t epoch) noexcept {
  return epoch >= 0 && static_cast<std::uint64_t>(epoch) <= number(max_epoch);
}

}  // namespace

std::variant<DownQuery, std::string> parse_down_query(std::span<const std::string> arguments) {
  if (arguments.size() != 4) {
    return std::string{
        "ERR wrong number of arguments for 'sentinel|is-master-down-by-addr' command"};
  }
  const auto port = parse_integer(arguments[1]);
  const auto epoch = parse_integer(arguments[2]);
  if (!port || !epoch) return std::string{"ERR value is not an integer or out of range"};

  DownQuery query;
  // An impossible port names no master at all; cut to 16 bits it would name somebody else's.
  if (*port >= 0 && *port <= 0xFFFF) {
    query.master = Address{canonical_host(arguments[0]), static_cast<std::uint16_t>(*port)};
  }
  if (!is_acceptable(*epoch)) return query;
  if (arguments[3] != nobody) {
    query.candidate = RunId::parse(arguments[3]);
    if (!query.candidate) return query;
  }
  query.epoch = Epoch{static_cast<std::uint64_t>(*epoch)};
  return query;
}

std::string encode(const DownQuery& query) {
  const std::string port = std::to_string(query.master.port);
  const std::string epoch = std::to_string(number(query.epoch));
  const std::string candidate = query.candidate ? query.candidate->text() : std::string(nobody);
  return encode_command(
      {"SENTINEL", "is-master-down-by-addr", query.master.host, port, epoch, candidate});
}

std::optional<DownReply> parse_down_reply(const Value& reply) {
  if (reply.type != Value::Type::array || reply.elements.size() != 3) return std::nullopt;
  const Value& down = reply.elements[0];
  const Value& vote = reply.elements[1];
  const Value& epoch = reply.elements[2];
  const bool well_formed =
      down.type == Value::Type::integer && vote.is_text() && epoch.type == Value::Type::integer;
  if (!well_formed) return std::nullopt;

  DownReply result;
  result.down = down.integer == 1;
  // A peer that was once fed -1 or a forged id repeats them; such a vote counts for nobody.
  if (!is_acceptable(epoch.integer)) return result;
  if (vote.text != nobody) {
    result.voted_for = RunId::parse(vote.text);
    if (!result.voted_for) return result;
  }
  result.epoch = Epoch{static_cast<std::uint64_t>(epoch.integer)};
  return result;
}

void write(ReplyWriter& out, const DownReply& reply) {
  out.array(3);
  out.integer(reply.down ? 1 : 0);
  out.bulk(reply.voted_for ? reply.voted_for->text() : std::string(nobody));
  out.integer(static_cast<std::int64_t>(number(reply.epoch)));
}

}  // namespace vedette::proto
