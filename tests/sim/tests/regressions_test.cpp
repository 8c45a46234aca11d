// Every plan that once violated something is played again: tests/sim/regressions/*.txt.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/sim/play/play.hpp"

namespace vedette::sim {
namespace {

TEST(Regressions, NoneComesBack) {
  const std::filesystem::path home = std::filesystem::path(VEDETTE_TESTS_DIR) / "sim/regressions";
  ASSERT_TRUE(std::filesystem::is_directory(home)) << home;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(home)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) GTEST_LOG_(INFO) << "no regression is known yet";
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    Plan plan;
    ASSERT_EQ(parse(text, plan), "") << path;
    const Outcome outcome = play(plan);
    EXPECT_EQ(outcome.invariant, "") << path << ": " << outcome.failure;
  }
}

}  // namespace
}  // namespace vedette::sim
