#include "agent/config/store.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "agent/config/load.hpp"

namespace vedette::agent {
namespace {

namespace fs = std::filesystem;
using consensus::SaveNumber;
using testing::HasSubstr;

const std::string minimal = "port 1\nsentinel monitor m 127.0.0.1 1 2\n";

std::string read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class StoreFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "store.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    file_ = directory_ / "sentinel.conf";
    std::ofstream(file_) << minimal;
  }
  void TearDown() override {
    unsetenv("VEDETTE_CRASH_AT");
    fs::remove_all(directory_);
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory_), fs::directory_iterator{}));
  }
  // Runs `body` in a process of its own; its exit code.
  template <typename Body>
  static int in_child(Body body) {
    const pid_t child = fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  fs::path directory_;
  fs::path file_;
};

TEST_F(StoreFiles, ReplacesAndLeavesNoTemporaryFile) {
  const SaveResult result = replace_file(file_.string(), "new\n");
  EXPECT_EQ(result.error, "");
  EXPECT_FALSE(result.in_place);
  EXPECT_EQ(read(file_), "new\n");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(StoreFiles, KeepsModeAndOwner) {
  fs::permissions(file_, fs::perms{0640});
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::chown(file_.c_str(), 1234, 2345), 0);
  }
  ASSERT_EQ(replace_file(file_.string(), "new").error, "");
  struct stat now {};
  ASSERT_EQ(::stat(file_.c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 07777U, 0640U);
  if (root) {
    EXPECT_EQ(now.st_uid, 1234U);
    EXPECT_EQ(now.st_gid, 2345U);
  }
}

TEST_F(StoreFiles, ANewFileIsPrivate) {
  fs::remove(file_);
  ASSERT_EQ(replace_file(file_.string(), "new").error, "");
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms{0600});
}

TEST_F(StoreFiles, FollowsASymbolicLink) {
  const fs::path link = directory_ / "link.conf";
  fs::create_symlink("sentinel.conf", link);
  ASSERT_EQ(replace_file(link.string(), "new").error, "");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read(file_), "new");
}

TEST_F(StoreFiles, AMissingDirectoryIsAnError) {
  EXPECT_EQ(replace_file((directory_ / "none" / "x").string(), "new").error,
            "No such file or directory");
}

TEST_F(StoreFiles, AFullDiskLeavesTheOldFile) {
  const int code = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4, 4};
    ::setrlimit(RLIMIT_FSIZE, &small);
    return replace_file(file_.string(), "more than four bytes").error == "File too large" ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(read(file_), minimal);
  EXPECT_EQ(entries(), 1U);
}

// A file that is a mount of its own, as Kubernetes' subPath makes it, cannot be renamed over.
TEST_F(StoreFiles, AMountPointIsOverwrittenInPlace) {
  const fs::path outside = directory_ / "outside";
  std::ofstream(outside) << minimal << minimal;
  const int code = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0) return 77;
    ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (::mount(outside.c_str(), file_.c_str(), nullptr, MS_BIND, nullptr) != 0) return 77;
    const SaveResult result = replace_file(file_.string(), "new\n");
    return result.error.empty() && result.in_place && read(file_) == "new\n" ? 0 : 1;
  });
  if (code == 77) GTEST_SKIP() << "mounting needs privileges";
  EXPECT_EQ(code, 0);
  EXPECT_EQ(read(outside), "new\n");
  EXPECT_EQ(entries(), 2U);
}

// An image in which the file belongs to the agent, and its directory to root.
TEST_F(StoreFiles, AFileInAForeignDirectoryIsOverwrittenInPlace) {
  const int code = in_child([&] {
    constexpr uid_t nobody = 65534;
    if (::chown(file_.c_str(), nobody, nobody) != 0) return 77;
    fs::permissions(directory_, fs::perms{0755});
    if (::setuid(nobody) != 0) return 77;
    const SaveResult result = replace_file(file_.string(), "new\n");
    return result.error.empty() && result.in_place && read(file_) == "new\n" ? 0 : 1;
  });
  if (code == 77) GTEST_SKIP() << "becoming somebody else needs privileges";
  EXPECT_EQ(code, 0);
  EXPECT_EQ(entries(), 1U);
}

TEST_F(StoreFiles, OverwritingNeverLeavesHalfAFileOnAFullDisk) {
  const int code = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0) return 77;
    ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    const fs::path small = directory_ / "small";
    fs::create_directory(small);
    if (::mount("none", small.c_str(), "tmpfs", 0, "size=16k") != 0) return 77;
    std::ofstream(small / "conf") << "old";
    if (::mount((small / "conf").c_str(), file_.c_str(), nullptr, MS_BIND, nullptr) != 0) return 77;
    const SaveResult result = replace_file(file_.string(), std::string(100000, 'x'));
    return result.error == "No space left on device" && read(small / "conf") == "old" ? 0 : 1;
  });
  if (code == 77) GTEST_SKIP() << "mounting needs privileges";
  EXPECT_EQ(code, 0);
}

// ramfs, as older NFS and 9p, cannot be asked to reserve room.
TEST_F(StoreFiles, OverwritingNeedsNoReservationOfRoom) {
  const int code = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0) return 77;
    ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    const fs::path ram = directory_ / "ram";
    fs::create_directory(ram);
    if (::mount("none", ram.c_str(), "ramfs", 0, nullptr) != 0) return 77;
    std::ofstream(ram / "conf") << "old";
    if (::mount((ram / "conf").c_str(), file_.c_str(), nullptr, MS_BIND, nullptr) != 0) return 77;
    for (const std::string& text : {std::string(100000, 'x'), std::string("short\n")}) {
      const SaveResult result = replace_file(file_.string(), text);
      if (!result.error.empty() || !result.in_place || read(ram / "conf") != text) return 1;
    }
    return 0;
  });
  if (code == 77) GTEST_SKIP() << "mounting needs privileges";
  EXPECT_EQ(code, 0);
}

TEST_F(StoreFiles, CrashPointsLeaveTheOldFileOrTheNewOne) {
  const std::pair<const char*, std::string> points[] = {{"before-write", minimal},
                                                        {"after-write", minimal},
                                                        {"after-fsync", minimal},
                                                        {"after-rename", "new"},
                                                        {"after-dirsync", "new"}};
  for (const auto& [point, content] : points) {
    std::ofstream(file_) << minimal;
    const auto save = [this, at = point] {
      setenv("VEDETTE_CRASH_AT", at, 1);
      replace_file(file_.string(), "new");
      return 0;
    };
    EXPECT_EQ(in_child(save), 99) << point;
    EXPECT_EQ(read(file_), content) << point;
  }
  const auto twice = [&] {
    setenv("VEDETTE_CRASH_AT", "after-rename:2", 1);
    replace_file(file_.string(), "one");
    replace_file(file_.string(), "two");
    return 0;
  };
  EXPECT_EQ(in_child(twice), 99);
  EXPECT_EQ(read(file_), "two");
}

// ---- the writer thread -------------------------------------------------------------------------

class StoreTest : public StoreFiles {
 protected:
  void SetUp() override {
    StoreFiles::SetUp();
    loaded_ = load_config({minimal, "", "", Dialect::redis});
  }
  std::unique_ptr<Store> make() {
    return std::make_unique<Store>(
        file_.string(), minimal,
        [this](std::function<void()> task) {
          const std::lock_guard lock(mutex_);
          posted_.push_back(std::move(task));
          changed_.notify_one();
        },
        [this] {
          ++taken_;
          return Store::Snapshot{loaded_->durable, loaded_->settings};
        },
        [this](SaveNumber number, const SaveResult& result) {
          reports_.emplace_back(number, result.error);
        });
  }
  // Runs what the writer posted, until so many reports have come.
  void run_until(std::size_t reports) {
    while (reports_.size() < reports) {
      std::unique_lock lock(mutex_);
      ASSERT_TRUE(
          changed_.wait_for(lock, std::chrono::seconds(20), [&] { return !posted_.empty(); }));
      const auto task = std::move(posted_.front());
      posted_.pop_front();
      lock.unlock();
      task();
    }
  }
  std::optional<Loaded> loaded_;
  int taken_ = 0;
  std::vector<std::pair<SaveNumber, std::string>> reports_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> posted_;
};

TEST_F(StoreTest, SavesAndReports) {
  const auto store = make();
  loaded_->durable.current_epoch = proto::Epoch{5};
  store->persist(SaveNumber{1});
  run_until(1);
  EXPECT_EQ(reports_[0], std::pair(SaveNumber{1}, std::string{}));
  EXPECT_THAT(read(file_), HasSubstr("sentinel current-epoch 5\n"));
}

TEST_F(StoreTest, WishesDuringASaveAreCoveredByOneMore) {
  const auto store = make();
  for (std::uint64_t n = 1; n <= 50; ++n) {
    loaded_->durable.current_epoch = proto::Epoch{n};
    store->persist(SaveNumber{n});
  }
  run_until(2);
  EXPECT_EQ(taken_, 2);
  EXPECT_EQ(reports_[0].first, SaveNumber{1});
  EXPECT_EQ(reports_[1].first, SaveNumber{50});
  EXPECT_THAT(read(file_), HasSubstr("sentinel current-epoch 50\n"));
}

TEST_F(StoreTest, AFailureIsReportedAndTheNextSaveTriesAgain) {
  const auto store = make();
  fs::rename(directory_, directory_.string() + ".away");
  store->persist(SaveNumber{1});
  run_until(1);
  EXPECT_EQ(reports_[0], std::pair(SaveNumber{1}, std::string("No such file or directory")));
  fs::rename(directory_.string() + ".away", directory_);
  store->persist(SaveNumber{2});
  run_until(2);
  EXPECT_EQ(reports_[1], std::pair(SaveNumber{2}, std::string{}));
}

TEST_F(StoreTest, AnEditByTheUserSurvivesAndAVanishedFileComesBackWhole) {
  const auto store = make();
  std::ofstream(file_) << "# edited\n" << minimal << "timeout 5\n";
  store->persist(SaveNumber{1});
  run_until(1);
  EXPECT_THAT(read(file_), HasSubstr("timeout 5\n"));
  fs::remove(file_);
  store->persist(SaveNumber{2});
  run_until(2);
  EXPECT_THAT(read(file_), HasSubstr("# edited\nport 1\n"));
  EXPECT_THAT(read(file_), HasSubstr("timeout 5\n"));
}

TEST_F(StoreTest, EndingFinishesTheRunningSaveAndReportsNothingMore) {
  auto store = make();
  loaded_->durable.current_epoch = proto::Epoch{9};
  store->persist(SaveNumber{1});
  store.reset();
  EXPECT_THAT(read(file_), HasSubstr("sentinel current-epoch 9\n"));
  for (const auto& task : posted_) task();
  EXPECT_TRUE(reports_.empty());
}

}  // namespace
}  // namespace vedette::agent
