// sim: plays seeds, and replays, shrinks and tells the one that failed. See README.md.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/play/campaign.hpp"
#include "tests/sim/play/play.hpp"
#include "tests/sim/play/shrink.hpp"

namespace vedette::sim {
namespace {

constexpr const char* usage =
    "usage: sim --seed S [--mode MODE]          play one seed and tell its story\n"
    "       sim --seeds N [--from S] [--jobs J] [--mode MODE]\n"
    "       sim --minutes M [--from S] [--jobs J] [--mode MODE]\n"
    "       sim --plan FILE                     play a plan, as printed for a seed that failed\n"
    "       sim --hashes N [--from S]           the trace hash of each seed\n"
    "MODE is safety, liveness or performance; without it each seed draws its own.\n";

struct Arguments {
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> hashes;
  std::string plan_file;
  Campaign campaign;
};

std::optional<Mode> mode_named(std::string_view name) {
  for (const Mode mode : {Mode::safety, Mode::liveness, Mode::performance}) {
    if (name_of(mode) == name) return mode;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "" or what is wrong.
std::string apply(const std::string& option, const std::string& value, Arguments& out) {
  if (option == "--plan") {
    out.plan_file = value;
    return {};
  }
  if (option == "--mode") {
    out.campaign.mode = mode_named(value);
    return out.campaign.mode ? "" : "--mode takes safety, liveness or performance, not " + value;
  }
  const std::optional<std::uint64_t> number = number_in(value);
  if (!number) return option + " takes a number, not '" + value + "'";
  if (option == "--seed") {
    out.seed = number;
  } else if (option == "--hashes") {
    out.hashes = number;
  } else if (option == "--seeds") {
    out.campaign.seeds = *number;
  } else if (option == "--minutes") {
    out.campaign.time = std::chrono::minutes(*number);
  } else if (option == "--from") {
    out.campaign.from = *number;
  } else if (option == "--jobs") {
    out.campaign.jobs = static_cast<unsigned>(std::max<std::uint64_t>(*number, 1));
  } else {
    return "unknown option " + option;
  }
  return {};
}

void tell(const std::vector<Line>& story, std::size_t last) {
  const std::size_t first = story.size() > last ? story.size() - last : 0;
  if (first > 0) std::printf("... %zu lines before\n", first);
  for (std::size_t i = first; i < story.size(); ++i) {
    const double at = static_cast<double>(story[i].at.time_since_epoch().count()) * 1e-6 - 1000;
    std::printf("%9.3f  %-16s %s\n", at, story[i].who.c_str(), story[i].what.c_str());
  }
}

int play_one(const Plan& plan, std::size_t lines) {
  const Outcome outcome = play(plan, true);
  tell(outcome.story, lines);
  std::printf("hash %016llx, %llu steps, %llu failovers\n",
              static_cast<unsigned long long>(outcome.hash),
              static_cast<unsigned long long>(outcome.steps),
              static_cast<unsigned long long>(outcome.failovers));
  if (!outcome.failed()) return 0;
  std::printf("seed %llu: %s: %s\n", static_cast<unsigned long long>(plan.seed),
              outcome.invariant.c_str(), outcome.failure.c_str());
  return 1;
}

int play_file(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Plan plan;
  const std::string problem = file ? parse(text, plan) : "it cannot be read";
  if (!problem.empty()) {
    std::fprintf(stderr, "sim: %s: %s\n", path.c_str(), problem.c_str());
    return 2;
  }
  return play_one(plan, 400);
}

// A failure as somebody wants to find it in the morning.
void explain(const Failure& failure, const std::optional<Mode>& mode) {
  const Plan plan = draw(failure.seed, mode.value_or(mode_of(failure.seed)));
  const Plan small = shrink(plan, failure.invariant);
  std::printf("\n---- seed %llu, made smaller (keep it under tests/sim/regressions) ----\n%s",
              static_cast<unsigned long long>(failure.seed), to_text(small).c_str());
  std::printf("---- its end ----\n");
  play_one(small, 60);
}

int run_many(Campaign campaign) {
  campaign.failed = [](const Failure& failure) {
    std::printf("seed %llu: %s: %s\n", static_cast<unsigned long long>(failure.seed),
                failure.invariant.c_str(), failure.what.c_str());
    std::fflush(stdout);
  };
  const Totals totals = run(campaign);
  std::printf("%s", report(totals).c_str());
  if (totals.failures.empty()) return 0;
  explain(totals.failures.front(), campaign.mode);
  return 1;
}

int print_hashes(const Campaign& campaign, std::uint64_t count) {
  for (std::uint64_t seed = campaign.from; seed < campaign.from + count; ++seed) {
    const Outcome outcome = play(draw(seed, campaign.mode.value_or(mode_of(seed))));
    std::printf("%llu %016llx\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(outcome.hash));
  }
  return 0;
}

// An assertion of the core says where; this says in which seed.
void on_abort(int) {
  std::fprintf(stderr, "seed %llu: crashed\n", static_cast<unsigned long long>(current_seed()));
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

int main_with(const std::vector<std::string>& words) {
  Arguments arguments;
  if (words.empty() || words.size() % 2 != 0) {
    std::fputs(usage, stderr);
    return 2;
  }
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string problem = apply(words[i], words[i + 1], arguments);
    if (problem.empty()) continue;
    std::fprintf(stderr, "sim: %s\n%s", problem.c_str(), usage);
    return 2;
  }
  if (!arguments.plan_file.empty()) return play_file(arguments.plan_file);
  if (arguments.hashes) return print_hashes(arguments.campaign, *arguments.hashes);
  if (!arguments.seed) return run_many(arguments.campaign);
  const Plan plan =
      draw(*arguments.seed, arguments.campaign.mode.value_or(mode_of(*arguments.seed)));
  std::printf("%s", to_text(plan).c_str());
  return play_one(plan, 2000);
}

}  // namespace
}  // namespace vedette::sim

int main(int argc, char** argv) {
  std::signal(SIGABRT, vedette::sim::on_abort);
  return vedette::sim::main_with({argv + 1, argv + argc});
}
