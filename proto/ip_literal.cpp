// IP literals as text: what one is, and the one form in which an IPv6 address is kept.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "proto/types.hpp"

namespace vedette::proto {

namespace {

using Groups = std::array<std::uint16_t, 8>;

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == 3)) return std::nullopt;
    const auto value = parse_unsigned(text.substr(0, dot));
    if (!value || *value > 255) return std::nullopt;
    address = address << 8 | static_cast<std::uint32_t>(*value);
    if (part < 3) text.remove_prefix(dot + 1);
  }
  return address;
}

std::optional<std::uint16_t> parse_group(std::string_view text) {
  std::uint16_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  const bool well_formed = error == std::errc{} && stop == end && text.size() <= 4;
  return well_formed ? std::optional{value} : std::nullopt;
}

// The groups of a colon-separated list that has no "::" in it. Dotted IPv4 notation may stand for
// the last two groups of the whole address only.
struct List {
  Groups groups{};
  std::size_t count = 0;

  bool add(std::uint32_t group) {
    if (count == groups.size()) return false;
    groups[count++] = static_cast<std::uint16_t>(group);
    return true;
  }
};

std::optional<List> parse_list(std::string_view text, bool may_end_in_ipv4) {
  List list;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const bool last = colon == std::string_view::npos;
    const std::string_view part = text.substr(0, colon);
    const auto ipv4 = last && may_end_in_ipv4 ? parse_ipv4(part) : std::nullopt;
    if (ipv4) {
      if (!list.add(*ipv4 >> 16) || !list.add(*ipv4 & 0xFFFF)) return std::nullopt;
      return list;
    }
    const auto group = parse_group(part);
    if (!group || !list.add(*group)) return std::nullopt;
    if (last) return list;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;
  }
  return list;
}

std::optional<Groups> parse_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto all = parse_list(text, true);
    return all && all->count == 8 ? std::optional{all->groups} : std::nullopt;
  }
  const auto before = parse_list(text.substr(0, gap), false);
  const auto after = parse_list(text.substr(gap + 2), true);
  if (!before || !after || before->count + after->count > 7) return std::nullopt;
  Groups groups = before->groups;
  std::copy_n(after->groups.begin(), after->count, groups.end() - static_cast<long>(after->count));
  return groups;
}

// "%eth0" behind an address that is the same on every link says which one is meant.
bool may_have(const Groups& groups, std::string_view zone) {
  constexpr std::size_t longest_name = 15;  // of an interface
  const bool link_local = (groups[0] & 0xFFC0) == 0xFE80;
  const std::string_view name = zone.substr(1);
  return link_local && name.size() <= longest_name && is_plausible_host(name) &&
         name.find_first_of("%/:") == std::string_view::npos;
}

struct Literal {
  Groups groups;
  std::string_view zone;  // with its percent sign, or empty
};

std::optional<Literal> parse_ipv6_literal(std::string_view text) {
  const std::size_t percent = std::min(text.find('%'), text.size());
  const std::string_view zone = text.substr(percent);
  const auto groups = parse_ipv6(text.substr(0, percent));
  if (!groups || (!zone.empty() && !may_have(*groups, zone))) return std::nullopt;
  return Literal{*groups, zone};
}

struct Run {
  std::size_t from = 0;
  std::size_t length = 0;
};

// The longest one of two zeros or more, the first of several.
Run longest_zeros(const Groups& groups) {
  Run longest;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i > longest.length) longest = {i, end - i};
  }
  return longest.length < 2 ? Run{} : longest;
}

std::string dotted(const Groups& groups) {
  const auto byte = [](int value) { return std::to_string(value & 0xFF); };
  return byte(groups[6] >> 8) + '.' + byte(groups[6]) + '.' + byte(groups[7] >> 8) + '.' +
         byte(groups[7]);
}

std::string hex(std::uint16_t group) {
  std::array<char, 4> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), group, 16);
  return {digits.data(), end};
}

// As inet_ntop writes it, for that is what the system tells of connections.
std::string format(const Groups& groups) {
  const Run zeros = longest_zeros(groups);
  const bool holds_ipv4 =
      zeros.from == 0 && (zeros.length == 6 || (zeros.length == 5 && groups[5] == 0xFFFF));
  std::string out;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (zeros.length > 0 && i == zeros.from) {
      out += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    if (holds_ipv4 && i == 6) return out + dotted(groups);
    out += hex(groups[i]);
  }
  return out;
}

}  // namespace

bool is_ip_literal(std::string_view host) { return parse_ipv4(host) || parse_ipv6_literal(host); }

std::string canonical_host(std::string_view host) {
  const auto literal = parse_ipv6_literal(host);
  if (!literal) return std::string(host);
  return format(literal->groups) + std::string(literal->zone);
}

}  // namespace vedette::proto
