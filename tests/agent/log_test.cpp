#include "agent/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace vedette::agent {
namespace {

namespace fs = std::filesystem;
using consensus::Level;

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "log.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    file_ = directory_ / "sentinel.log";
  }
  void TearDown() override { fs::remove_all(directory_); }
  static std::string read(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  fs::path directory_;
  fs::path file_;
  Log log_;
};

TEST_F(LogTest, LinesLookLikeSentinels) {
  ASSERT_EQ(log_.open(file_.string()), "");
  log_.set_level(Level::debug);
  log_.write(Level::debug, "d");
  log_.write(Level::verbose, "v");
  log_.write(Level::notice, "n");
  log_.write(Level::warning, "+sdown master m 127.0.0.1 6379 {} %s");
  const std::string frame =
      std::to_string(::getpid()) + ":X [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8}\\.[0-9]{3} ";
  EXPECT_THAT(read(file_), testing::MatchesRegex(
                               frame + "\\. d\n" + frame + "- v\n" + frame + "\\* n\n" + frame +
                               "# \\+sdown master m 127\\.0\\.0\\.1 6379 \\{\\} %s\n"));
}

TEST_F(LogTest, LinesBelowTheLevelAreLeftOut) {
  ASSERT_EQ(log_.open(file_.string()), "");
  log_.write(Level::verbose, "v");
  log_.write(Level::debug, "d");
  EXPECT_EQ(read(file_), "");
  log_.set_level(Level::warning);
  log_.write(Level::notice, "n");
  EXPECT_EQ(read(file_), "");
}

TEST_F(LogTest, ARenamedFileIsFollowedByANewOne) {
  ASSERT_EQ(log_.open(file_.string()), "");
  log_.write(Level::warning, "one");
  fs::rename(file_, directory_ / "sentinel.log.1");
  log_.write(Level::warning, "two");
  EXPECT_NE(read(directory_ / "sentinel.log.1").find("# one\n"), std::string::npos);
  EXPECT_EQ(read(directory_ / "sentinel.log.1").find("two"), std::string::npos);
  EXPECT_NE(read(file_).find("# two\n"), std::string::npos);
}

TEST_F(LogTest, WhatOthersSentCannotForgeLines) {
  ASSERT_EQ(log_.open(file_.string()), "");
  log_.write(Level::warning, "name\r\n1:X fake");
  EXPECT_NE(read(file_).find("# name  1:X fake\n"), std::string::npos);
}

TEST_F(LogTest, AFileThatCannotBeOpenedIsTold) {
  EXPECT_EQ(log_.open((directory_ / "none" / "x").string()), "No such file or directory");
  EXPECT_EQ(log_.open(directory_.string()), "Is a directory");
}

TEST_F(LogTest, TheSignalHandlersFrame) {
  ASSERT_EQ(log_.open(file_.string()), "");
  log_.write_as("signal-handler", "Received SIGTERM scheduling shutdown...");
  EXPECT_THAT(read(file_),
              testing::MatchesRegex(std::to_string(::getpid()) +
                                    ":signal-handler \\([0-9]+\\) Received SIGTERM scheduling "
                                    "shutdown\\.\\.\\.\n"));
}

}  // namespace
}  // namespace vedette::agent
