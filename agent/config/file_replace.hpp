// Replacing a file so that after a crash at any moment there is the old content or the new one.
#pragma once

#include <string>
#include <string_view>

namespace vedette::agent {

struct SaveResult {
  std::string error;  // "" = durable; else the errno text, the old content may or may not stand
  bool in_place =
      false;  // the file could not be renamed over: it was overwritten, which is not atomic
};

// Temporary file in the same directory, write, fsync, rename, fsync of the directory. A symbolic
// link is followed, mode and owner stay; a new file gets mode 0600, as it holds passwords. Where
// the name cannot be renamed over (EBUSY, EXDEV: a file that is a mount of its own), or its
// directory cannot be changed (EACCES, EPERM, EROFS), the file is overwritten and synced instead.
//
// For tests of crash safety only: the environment variable VEDETTE_CRASH_AT=<point>[:N] ends the
// process with exit code 99 when the point is reached for the N-th time (default 1). Points:
// before-write (the temporary file exists, empty), after-write, after-fsync, after-rename,
// after-dirsync.
SaveResult replace_file(const std::string& path, std::string_view content);

}  // namespace vedette::agent
