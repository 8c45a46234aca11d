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
