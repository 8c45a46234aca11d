// Values that every layer shares: epochs, run ids, addresses, roles.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace vedette::proto {

// A logical clock of elections. Comparable with < and ==; 0 means "never".
enum class Epoch : std::uint64_t {};

// Epochs above this are refused wherever they come from: one forged value near 2^64 would
// otherwise end all elections for ever.
inline constexpr Epoch max_epoch = Epoch{std::uint64_t{1} << 62};

constexpr std::uint64_t number(Epoch epoch) noexcept { return static_cast<std::uint64_t>(epoch); }
constexpr Epoch next(Epoch epoch, std::uint64_t step = 1) noexcept {
  return Epoch{number(epoch) + step};
}

// Identity of an agent or a data node: 40 characters, hexadecimal for everything we create or
// accept from the network.
class RunId {
 public:
  // 40 hexadecimal digits, as every peer and server sends them.
  static std::optional<RunId> parse(std::string_view text);
  // What a sentinel.conf may hold as `sentinel myid`: 40 printable characters of any kind.
  static std::optional<RunId> parse_lenient(std::string_view text);

  [[nodiscard]] std::string text() const { return {text_.data(), text_.size()}; }
  auto operator<=>(const RunId& other) const noexcept {
    return std::memcmp(text_.data(), other.text_.data(), text_.size()) <=> 0;
  }
  bool operator==(const RunId& other) const noexcept = default;

 private:
  // Kept in place: ids are compared and copied in every step of an agent.
  explicit RunId(std::string_view text) { std::copy_n(text.data(), text_.size(), text_.data()); }
  std::array<char, 40> text_;
};

// Where something listens. `host` is an IP literal without brackets, or a host name.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  auto operator<=>(const Address&) const = default;
};

// "127.0.0.1:6379", "[::1]:6379": the name under which Sentinel lists a replica.
std::string to_string(const Address& address);

// True for an IPv4 or IPv6 literal without brackets. A link-local one may name its zone:
// fe80::1%eth0.
bool is_ip_literal(std::string_view host);

// An IPv6 literal in its one canonical form (RFC 5952: "::1" for "0:0:0:0:0:0:0:1"); anything else
// as it is. Every address that comes from outside passes through here: places are compared as text.
std::string canonical_host(std::string_view host);

// True when the text may be kept as a host: not empty, at most 255 bytes, and free of blanks,
// commas and control characters, which would break the lines and messages that the host is written
// into.
bool is_plausible_host(std::string_view host) noexcept;

// 1..65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

// 0..max_epoch.
std::optional<Epoch> parse_epoch(std::string_view text);

enum class Role { master, replica };
// "master" or "slave", the words of the wire.
std::string_view to_wire(Role role) noexcept;

// Whole-string decimal integers in the one form that the wire knows; nullopt for anything else
// (blanks, a plus sign, leading zeros, "-0", signs without digits, overflow).
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

// ASCII case-insensitive comparison, as for command and directive names.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;
std::string to_lower(std::string_view text);

// True when the text holds a byte 0x00-0x1F or 0x7F: never allowed in anything that is stored.
bool has_control_characters(std::string_view text) noexcept;

}  // namespace vedette::proto
