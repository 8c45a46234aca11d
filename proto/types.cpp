#include "proto/types.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>
#include <system_error>

namespace vedette::proto {

namespace {

constexpr std::size_t run_id_length = 40;
constexpr std::size_t max_host_length = 255;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_hex_digit(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

constexpr bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <typename Integer>
std::optional<Integer> parse_canonical(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool padded = digits.size() > 1 && digits.front() == '0';
  if (padded || text == "-0") return std::nullopt;
  Integer value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == 3)) return false;
    const auto value = parse_canonical<std::uint32_t>(text.substr(0, dot));
    if (!value || *value > 255) return false;
    if (part < 3) text.remove_prefix(dot + 1);
  }
  return true;
}

// Counts the 16-bit groups of a colon-separated list that has no "::" in it; nullopt if malformed.
// Dotted IPv4 notation may stand for the last two groups of the whole address only.
std::optional<int> count_groups(std::string_view text, bool may_end_in_ipv4) {
  int groups = 0;
  if (text.empty()) return groups;
  while (groups <= 8) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (colon == std::string_view::npos && may_end_in_ipv4 && is_ipv4(group)) return groups + 2;
    const bool well_formed = !group.empty() && group.size() <= 4 &&
                             std::all_of(group.begin(), group.end(), is_hex_digit);
    if (!well_formed) return std::nullopt;
    ++groups;
    if (colon == std::string_view::npos) return groups;
    text.remove_prefix(colon + 1);
  }
  return std::nullopt;
}

// An address that is the same on every link says which one is meant: fe80::1%eth0.
std::string_view without_zone(std::string_view text) {
  constexpr std::size_t longest_zone = 15;
  const std::size_t percent = text.find('%');
  const bool link_local = text.size() > 4 && to_lower(text.substr(0, 2)) == "fe" &&
                          std::string_view("89abAB").find(text[2]) != std::string_view::npos &&
                          is_hex_digit(text[3]) && text[4] == ':';
  if (percent == std::string_view::npos || !link_local) return text;
  const std::string_view zone = text.substr(percent + 1);
  const bool named = !zone.empty() && zone.size() <= longest_zone && is_plausible_host(zone) &&
                     zone.find_first_of("%/:") == std::string_view::npos;
  return named ? text.substr(0, percent) : text;
}

bool is_ipv6(std::string_view text) {
  text = without_zone(text);
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return count_groups(text, true) == 8;
  const auto before = count_groups(text.substr(0, gap), false);
  const auto after = count_groups(text.substr(gap + 2), true);
  return before && after && *before + *after <= 7;
}

}  // namespace

std::optional<RunId> RunId::parse(std::string_view text) {
  if (text.size() != run_id_length) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), is_hex_digit)) return std::nullopt;
  return RunId{text};
}

std::optional<RunId> RunId::parse_lenient(std::string_view text) {
  if (text.size() != run_id_length || has_control_characters(text)) return std::nullopt;
  return RunId{text};
}

std::string to_string(const Address& address) {
  const bool brackets = address.host.find(':') != std::string::npos;
  std::string text;
  text.reserve(address.host.size() + 8);
  if (brackets) text += '[';
  text += address.host;
  if (brackets) text += ']';
  text += ':';
  text += std::to_string(address.port);
  return text;
}

bool is_ip_literal(std::string_view host) { return is_ipv4(host) || is_ipv6(host); }

bool is_plausible_host(std::string_view host) noexcept {
  if (host.empty() || host.size() > max_host_length) return false;
  return std::none_of(host.begin(), host.end(),
                      [](char c) { return is_control(c) || c == ' ' || c == ','; });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto value = parse_canonical<std::uint16_t>(text);
  return value && *value != 0 ? value : std::nullopt;
}

std::optional<Epoch> parse_epoch(std::string_view text) {
  const auto value = parse_canonical<std::uint64_t>(text);
  if (!value || *value > number(max_epoch)) return std::nullopt;
  return Epoch{*value};
}

std::string_view to_wire(Role role) noexcept { return role == Role::master ? "master" : "slave"; }

std::optional<std::int64_t> parse_integer(std::string_view text) {
  return parse_canonical<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  return parse_canonical<std::uint64_t>(text);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

bool has_control_characters(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), is_control);
}

}  // namespace vedette::proto
