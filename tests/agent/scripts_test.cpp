#include "agent/scripts.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
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
    run_until([this] { return scripts_.running() + scripts_.waiting() == 0; });
  }
  template <typename Condition>
  void run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
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
  run_until_idle();
  EXPECT_EQ(told_, std::vector<std::string>{"-script-error /nonexistent 0 2"});
}

// A lease on the script holds up whoever opens it, as a slow disk does.
TEST_F(ScriptsTest, NobodyWaitsForTheDiskOfAScript) {
  const std::string path = script("echo x > out");
  std::signal(SIGIO, SIG_IGN);  // so we are told that somebody waits
  const int lease = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (::fcntl(lease, F_SETLEASE, F_WRLCK) != 0) GTEST_SKIP() << "no lease on a file here";
  scripts_.run({path});
  ASSERT_EQ(scripts_.running(), 1U);
  const auto program = fs::path("/proc") / std::to_string(scripts_.pending().front().pid) / "exe";
  std::error_code gone;
  EXPECT_EQ(fs::read_symlink(program, gone), fs::read_symlink("/proc/self/exe")) << "it was read";
  ::close(lease);
  run_until_idle();
  EXPECT_EQ(output(), "x\n");
  EXPECT_TRUE(told_.empty());
}

// As the first process of a container, to which orphans come.
TEST_F(ScriptsTest, OrphansOfScriptsAreReaped) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  scripts_.run({script("sleep 0.1 & echo $! > out")});
  run_until_idle();
  const pid_t orphan = std::stoi(output());
  run_until([orphan] { return ::kill(orphan, 0) != 0; });
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(ScriptsTest, SixteenRunAtOnceAndTheQueueIsBounded) {
  for (int i = 0; i < 300; ++i) scripts_.run({"/bin/sleep", "0.2"});
  EXPECT_EQ(scripts_.running(), 16U);
  EXPECT_EQ(scripts_.waiting(), 256U);
}

}  // namespace
}  // namespace vedette::agent
