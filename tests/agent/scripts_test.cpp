#include "agent/scripts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace vedette::agent {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

class ScriptsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "scripts.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    timings_.script_retry_delay = milliseconds(10);
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string script(const std::string& body) {
    const fs::path path = directory_ / "script.sh";
    std::ofstream(path) << "#!/bin/sh\ncd '" << directory_.string() << "'\n" << body << "\n";
    fs::permissions(path, fs::perms::owner_all);
    return path.string();
  }
  std::string output() const {
    std::ifstream in(directory_ / "out");
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void run_until_idle() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (scripts_.running() + scripts_.waiting() > 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      io_.restart();
      io_.run_for(milliseconds(5));
    }
  }
  fs::path directory_;
  boost::asio::io_context io_{1};
  consensus::Timings timings_;
  std::vector<std::string> told_;
  Scripts scripts_{io_,
                   [this](std::string_view event, consensus::Level level, std::string payload) {
                     if (level == consensus::Level::warning) {
                       told_.push_back(std::string(event) + ' ' + payload);
                     }
                   },
                   [this] { return timings_; }};
};

TEST_F(ScriptsTest, ArgumentsAndNothingElseArrive) {
  const int leak = ::dup(STDOUT_FILENO);  // without close-on-exec, as a careless library makes it
  scripts_.run({script("echo \"$#:$1:$2\" > out; ls /proc/$$/fd | tr '\\n' ' ' >> out"), "+sdown",
                "master m 127.0.0.1 6379"});
  run_until_idle();
  ::close(leak);
  EXPECT_THAT(output(), StartsWith("2:+sdown:master m 127.0.0.1 6379\n0 1 10 2 "));
  EXPECT_TRUE(told_.empty());
}

TEST_F(ScriptsTest, ExitCodeOneIsTriedTenTimes) {
  timings_.script_retry_delay = milliseconds(1);
  const std::string path = script("echo x >> out; exit 1");
  scripts_.run({path});
  run_until_idle();
  EXPECT_EQ(output().size(), 20U);
  EXPECT_EQ(told_, std::vector<std::string>{"-script-error " + path + " 0 1"});
}

TEST_F(ScriptsTest, OtherExitCodesAreNotTriedAgain) {
  const std::string path = script("echo x >> out; exit 3");
  scripts_.run({path});
  run_until_idle();
  EXPECT_EQ(output(), "x\n");
  EXPECT_EQ(told_, std::vector<std::string>{"-script-error " + path + " 0 3"});
}

TEST_F(ScriptsTest, AScriptThatRunsTooLongIsKilledAndTriedAgain) {
  timings_.script_max_runtime = milliseconds(100);
  const std::string path = script("if [ -e out ]; then exit 0; fi; echo x > out; exec sleep 60");
  scripts_.run({path});
  run_until_idle();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(told_[0], StartsWith("-script-timeout " + path + " "));
}

TEST_F(ScriptsTest, WhatCannotBeExecutedIsAnError) {
  scripts_.run({"/nonexistent"});
  EXPECT_EQ(told_, std::vector<std::string>{"-script-error /nonexistent 0 2"});
}

TEST_F(ScriptsTest, SixteenRunAtOnceAndTheQueueIsBounded) {
  for (int i = 0; i < 300; ++i) scripts_.run({"/bin/sleep", "0.2"});
  EXPECT_EQ(scripts_.running(), 16U);
  EXPECT_EQ(scripts_.waiting(), 256U);
}

}  // namespace
}  // namespace vedette::agent
