#include "tests/consensus/cast.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace vedette::consensus::scenario {

namespace {

struct Role {
  std::string name;
  proto::Address address;
  std::optional<proto::RunId> id;
};

std::vector<Role> cast_all() {
  std::vector<Role> out{{"master", {"10.0.0.1", 6379}, {}}, {"other", {"10.0.0.11", 6379}, {}}};
  for (int i = 1; i <= 8; ++i) {
    out.push_back(
        {"replica" + std::to_string(i), {"10.0.0." + std::to_string(i + 1), 6379}, std::nullopt});
  }
  for (int i = 0; i <= 5; ++i) {
    const std::string name = i == 0 ? "me" : "peer" + std::to_string(i);
    const std::string digits(40, static_cast<char>('a' + i));
    out.push_back({name, {"10.0.1." + std::to_string(i + 1), 26379}, proto::RunId::parse(digits)});
  }
  return out;
}

const std::vector<Role>& cast() {
  static const std::vector<Role> all = cast_all();
  return all;
}

}  // namespace

std::optional<proto::RunId> id_of(std::string_view name) {
  for (const Role& each : cast()) {
    if (each.name == name) return each.id;
  }
  return std::nullopt;
}

std::string name_of(const proto::RunId& id) {
  for (const Role& each : cast()) {
    if (each.id == id) return each.name;
  }
  return id.text();
}

std::string with_names(std::string text) {
  for (const Role& each : cast()) {
    if (!each.id) continue;
    for (auto at = text.find(each.id->text()); at != std::string::npos;
         at = text.find(each.id->text())) {
      text.replace(at, each.id->text().size(), each.name);
    }
  }
  return text;
}

std::optional<proto::Address> address_of(std::string_view name) {
  for (const Role& each : cast()) {
    if (each.name == name) return each.address;
  }
  const auto colon = name.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = proto::parse_port(name.substr(colon + 1));
  if (!port) return std::nullopt;
  return proto::Address{std::string(name.substr(0, colon)), *port};
}

std::string name_of(const proto::Address& address) {
  for (const Role& each : cast()) {
    if (each.address == address) return each.name;
  }
  return proto::to_string(address);
}

}  // namespace vedette::consensus::scenario
