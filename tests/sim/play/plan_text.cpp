#include <array>
#include <charconv>
#include <sstream>

#include "tests/sim/play/plan.hpp"

namespace vedette::sim {

namespace {

std::int64_t micros(Duration duration) { return duration.count(); }

bool read_number(std::string_view word, std::int64_t& out) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc{} && end == word.data() + word.size();
}

// The settings in the order in which they are written; each read and written as a number.
template <class Visit>
void each_setting(Plan& plan, Visit visit) {
  const auto number = [&](const char* name, auto& field) {
    std::int64_t value = static_cast<std::int64_t>(field);
    visit(name, value);
    field = static_cast<std::remove_reference_t<decltype(field)>>(value);
  };
  const auto duration = [&](const char* name, Duration& field) {
    std::int64_t value = micros(field);
    visit(name, value);
    field = Duration{value};
  };
  number("seed", plan.seed);
  number("mode", plan.mode);
  number("agents", plan.agents);
  number("legacy", plan.legacy);
  number("masters", plan.masters);
  number("replicas", plan.replicas);
  number("quorum", plan.quorum);
  duration("down_after_us", plan.down_after);
  duration("failover_timeout_us", plan.failover_timeout);
  number("parallel_syncs", plan.parallel_syncs);
  duration("info_period_us", plan.info_period);
  duration("delay_us", plan.delay);
  duration("jitter_us", plan.jitter);
  number("introduced", plan.introduced);
  number("misnamed", plan.misnamed);
  number("aliased", plan.aliased);
  number("keeps_data", plan.keeps_data);
  number("refuses_role", plan.refuses_role);
  number("writers", plan.writers);
}

What find_what(const std::string& name) {
  std::uint8_t what = 0;
  while (static_cast<What>(what) != What::count && name_of(static_cast<What>(what)) != name) ++what;
  return static_cast<What>(what);
}

// "at_us what a b lasts_us value"
bool read_action(const std::vector<std::string>& words, Plan& plan) {
  const What what = find_what(words[1]);
  std::array<std::int64_t, 5> numbers{};
  const std::array<std::size_t, 5> places{0, 2, 3, 4, 5};
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!read_number(words[places[i]], numbers[i])) return false;
  }
  if (what == What::count) return false;
  plan.actions.push_back({Duration{numbers[0]}, what, static_cast<std::uint32_t>(numbers[1]),
                          static_cast<std::uint32_t>(numbers[2]), Duration{numbers[3]},
                          numbers[4]});
  return true;
}

bool read_setting(const std::vector<std::string>& words, Plan& plan) {
  bool known = false;
  each_setting(plan, [&](std::string_view name, std::int64_t& value) {
    if (name == words[0]) known = read_number(words[1], value);
  });
  return known;
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::ostringstream out;
  Plan copy = plan;
  each_setting(copy,
               [&](const char* name, std::int64_t value) { out << name << " " << value << "\n"; });
  out << "# at_us what a b lasts_us value\n";
  for (const Action& each : plan.actions) {
    out << micros(each.at) << " " << name_of(each.what) << " " << each.a << " " << each.b << " "
        << micros(each.lasts) << " " << each.value << "\n";
  }
  return out.str();
}

std::string parse(std::string_view text, Plan& plan) {
  plan = Plan{};
  std::istringstream in{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    std::istringstream parts(line);
    std::vector<std::string> words;
    for (std::string word; parts >> word;) words.push_back(word);
    if (words.empty() || words[0][0] == '#') continue;
    const bool fine = (words.size() == 2 && read_setting(words, plan)) ||
                      (words.size() == 6 && read_action(words, plan));
    if (!fine) {
      return "line " + std::to_string(number) + ": '" + line +
             "' is neither 'setting number' nor 'at_us what a b lasts_us value'";
    }
  }
  return {};
}

}  // namespace vedette::sim
