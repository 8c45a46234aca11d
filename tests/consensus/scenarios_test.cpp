// Plays every script in scenarios/ and compares. UPDATE_SCENARIOS=1 in the environment writes the
// answers as they are now into the files instead; the change is then reviewed like any other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/consensus/script.hpp"

namespace vedette::consensus::scenario {
namespace {

const std::filesystem::path directory =
    std::filesystem::path(VEDETTE_TESTS_DIR) / "consensus" / "scenarios";

std::vector<std::string> all_scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool shall_update() {
  const char* wish = std::getenv("UPDATE_SCENARIOS");
  return wish != nullptr && std::string(wish) == "1";
}

class Scenarios : public ::testing::TestWithParam<std::string> {};

TEST_P(Scenarios, Holds) {
  const std::filesystem::path path = directory / (GetParam() + ".txt");
  const std::string expected = read(path);
  EXPECT_TRUE(cites_reference(expected))
      << path << " must begin with a comment that cites its rule: Sentinel behaviour N.N";
  std::string actual;
  try {
    actual = play(expected);
  } catch (const ScriptError& error) {
    FAIL() << path << ", " << error.what();
  }
  if (actual == expected) return;
  if (!shall_update()) {
    FAIL() << path << " (- as written, + as played; UPDATE_SCENARIOS=1 rewrites it)\n"
           << difference(expected, actual);
  }
  std::ofstream(path, std::ios::binary) << actual;
}

// gtest allows letters, digits and underscores in names.
std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Scenarios, ::testing::ValuesIn(all_scenarios()), test_name);

}  // namespace
}  // namespace vedette::consensus::scenario
