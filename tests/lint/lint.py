"""What the lints share: the walk over the sources, the C++ scanner and the report.

A lint is a function (path, text) -> [(line, message)]. Before it looks at the tree, it must refuse
its own bad samples and accept its good ones: a check that cannot fail is no check.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIRECTORIES = ("proto", "consensus", "agent", "tests")


def sources(suffixes=(".cpp", ".hpp")):
    """Every source file of the project, sorted; build trees and data are not in these places."""
    for directory in DIRECTORIES:
        for path in sorted((ROOT / directory).rglob("*")):
            if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
                yield path


def relative(path):
    return path.relative_to(ROOT).as_posix()


_SKIPPED = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'
    """,
    re.VERBOSE | re.DOTALL,
)


def code_only(text):
    """The text without comments, and with literals emptied; line numbers stay the same."""

    def blank(match):
        word = match.group()
        newlines = "\n" * word.count("\n")
        if word[0] == "/":
            return " " + newlines
        return ("''" if word[0] == "'" else '""') + newlines

    return _SKIPPED.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def run(check, bad, good, suffixes=(".cpp", ".hpp")):
    """Proves the check on its samples, [(path, text)], then runs it over the tree and exits."""
    for path, text in bad:
        if not check(path, text):
            sys.exit(f"{sys.argv[0]}: the lint accepts its bad sample {path}:\n{text}")
    for path, text in good:
        for line, message in check(path, text):
            sys.exit(f"{sys.argv[0]}: the lint refuses its good sample {path}:{line}: {message}\n{text}")
    files = findings = 0
    for path in sources(suffixes):
        files += 1
        for line, message in check(relative(path), path.read_text(encoding="utf-8")):
            findings += 1
            print(f"{relative(path)}:{line}: {message}")
    print(f"{files} files, {findings} findings")
    sys.exit(1 if findings else 0)
