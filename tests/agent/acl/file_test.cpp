// The file of `aclfile`: its own grammar, and what is said of mistakes in it.
#include <gtest/gtest.h>

#include <string>

#include "agent/acl/users.hpp"

namespace vedette::agent::acl {
namespace {

TEST(AclFile, IsTakenWholeOrNotAtAll) {
  Users users;
  EXPECT_EQ(users.set("z", {"on"}), "");
  const Users before = users;
  const std::string errors = users.load(
      "user bob on >x +@all\nfoo\nuser c bad\nuser default nopass\nuser bob on\nuser 'q\n", "/f");
  for (const std::string part : {"/f:2 should start with user keyword", "/f:3: Syntax error. ",
                                 "WARNING: Duplicate user 'bob' found on line 5. ",
                                 "no change to the previously active ACL rules was performed"}) {
    EXPECT_NE(errors.find(part), std::string::npos) << part << " is missing in " << errors;
  }
  EXPECT_EQ(users, before);
  EXPECT_EQ(users.load("\nuser bob on\n", "/f"), "");
  EXPECT_EQ(users.find("z"), nullptr);
  EXPECT_EQ(users.default_user(), User::unrestricted());
}

// What redis-sentinel 7.0.15 says of a file; of an unclosed parenthesis it dies.
TEST(AclFile, Mistakes) {
  const struct {
    std::string text;
    std::string errors;
  } files[] = {
      {"user \"a b\" on\n", "/f:1: Syntax error. "},
      {"# comment\n", "/f:1 should start with user keyword followed by the username. "},
      {"user\n", "/f:1 should start with user keyword followed by the username. "},
      {"user b \"on\n", "/f:1: Syntax error. "},
      {"\nuser  b  on\n", "/f:2: Syntax error. "},
      {"user b +nosuch +ping) foo\nuser c #x\n",
       "/f:1: Error in applying operation '+nosuch': Unknown command or category name in ACL. "
       "/f:1: Error in applying operation '+ping)': Unknown command or category name in ACL. "
       "/f:1: Syntax error. /f:2: The password hash must be exactly 64 characters and contain only "
       "lowercase hexadecimal characters. "},
      {"user b (+ping) (+foo)\n",
       "/f:1: Error in applying operation '(+foo)': Unknown command or category name in ACL. "},
      {"user b <y +n foo +n\nuser a\tb\n",
       "/f:1: The password you are trying to remove from the user does not exist. "
       "/f:1: Error in applying operation '+n': Unknown command or category name in ACL. "
       "/f:1: Error in applying operation '+n': Unknown command or category name in ACL. "
       "'/f:2: username 'a\tb' contains invalid characters. "},
      {"user b on (+ping\n", "/f:1: Unmatched parenthesis in acl selector starting at '(+ping'. "},
  };
  for (const auto& [text, errors] : files) {
    EXPECT_EQ(Users().load(text, "/f"),
              errors +
                  "WARNING: ACL errors detected, no change to the previously active ACL rules "
                  "was performed");
  }
}

TEST(AclFile, NamesAreKeptLetterByLetter) {
  Users users;
  EXPECT_EQ(users.load("  user 'a' on \r\nuser q\"r on\n", "/f"), "");
  EXPECT_NE(users.find("'a'"), nullptr);
  std::string text;
  for (const std::string& line : users.lines()) text += line + "\n";
  Users again;
  EXPECT_EQ(again.load(text, "/f"), "");
  EXPECT_EQ(again, users);
}

}  // namespace
}  // namespace vedette::agent::acl
