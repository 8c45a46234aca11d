// What stands on the command line and in included files, and what becomes of it in the main file.
#include "agent/config/outside_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/config/load.hpp"
#include "agent/config/render.hpp"

namespace vedette::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

std::string saved(const std::string& file, const std::string& command_line) {
  const Loaded loaded = load_config({file, "", command_line, Dialect::redis});
  const std::string text = render_config(file, loaded.durable, loaded.settings);
  EXPECT_EQ(render_config(text, loaded.durable, loaded.settings), text) << "once is enough";
  return text;
}

TEST(OutsideLines, OptionsAreSavedWhereTheFileSaysTheSame) {
  const std::string text = saved("port 1\nmaxclients 5\nPort 2\n",
                                 "port \"3\"\nrequirepass \"a b\"\nmaxmemory 5\nbind \"::1\" x");
  EXPECT_THAT(text, HasSubstr("port 3\nmaxclients 5\n"));
  EXPECT_THAT(text, Not(HasSubstr("Port 2")));
  EXPECT_THAT(text, HasSubstr("\nrequirepass \"a b\"\n"));
  EXPECT_THAT(text, HasSubstr("\nbind ::1 x\n"));
  EXPECT_THAT(text, Not(HasSubstr("maxmemory")));  // means nothing here
  const Settings again = load_config({text, "", "", Dialect::redis}).settings;
  EXPECT_EQ(again.port, 3);
  EXPECT_EQ(again.requirepass, "a b");
  EXPECT_THAT(saved("PORT  3\n", "port 3"), HasSubstr("PORT  3\n"));
}

TEST(OutsideLines, ThoseThatStandMoreThanOnceKeepTheirOthers) {
  const std::string text = saved(
      "client-output-buffer-limit normal 1 1 1\nclient-output-buffer-limit pubsub 2 2 2\n"
      "vedette voters a 3\n",
      "client-output-buffer-limit pubsub 5 5 5\nvedette voters b 5\nvedette http-port 0");
  EXPECT_THAT(text, HasSubstr("client-output-buffer-limit normal 1 1 1\n"
                              "client-output-buffer-limit pubsub 5 5 5\nvedette voters a 3\n"));
  EXPECT_THAT(text, HasSubstr("\nvedette voters b 5\n"));
  EXPECT_THAT(text, HasSubstr("\nvedette http-port 0\n"));
}

TEST(OutsideLines, TheDirectoryIsSavedAsItIs) {
  const fs::path before = fs::current_path();
  const std::string text = saved("", "dir ..");
  EXPECT_THAT(text, HasSubstr("\ndir " + before.parent_path().string() + "\n"));
  fs::current_path(before);
}

TEST(OutsideLines, WhatAnIncludedFileSaysIsCopiedAndReadAgain) {
  std::string pattern = testing::TempDir() + "included.XXXXXX";
  const fs::path directory = mkdtemp(pattern.data());
  const std::string included = (directory / "more.conf").string();
  std::ofstream(included) << "user bob on nopass\n"
                             "sentinel rename-command m CONFIG hidden\n";
  const std::string file = "include " + included + "\nsentinel monitor m 127.0.0.1 1 2\n";
  Loaded loaded = load_config({file, "", "", Dialect::redis});
  static_cast<void>(loaded.settings.users.set("bob", {"+ping"}));
  loaded.settings.groups["m"].renamed_commands["config"] = "other";
  const std::string text = render_config(file, loaded.durable, loaded.settings);

  const Settings again = load_config({text, "", "", Dialect::redis}).settings;
  EXPECT_EQ(again.users, loaded.settings.users);
  EXPECT_EQ(again.groups.at("m").renamed_commands.at("config"), "other");
  EXPECT_THROW(load_config({text + "user bob on\n", "", "", Dialect::redis}), ConfigError);
  EXPECT_THROW(load_config({text + "sentinel rename-command m config x\n", "", "", Dialect::redis}),
               ConfigError);
  fs::remove_all(directory);
}

TEST(OutsideLines, TheSameUserOnTheCommandLineAtEachStart) {
  const std::string text = saved("", "user bob on nopass");
  const Loaded again = load_config({text, "", "user bob on nopass", Dialect::redis});
  EXPECT_TRUE(again.settings.users.find("bob")->may_log_in(""));
}

}  // namespace
}  // namespace vedette::agent
