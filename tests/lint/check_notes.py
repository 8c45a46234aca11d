"""No notes to oneself in the sources: what is left to do is an issue."""

import re

import lint

NOTE = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def check(_path, text):
    return [(lint.line_of(text, match.start()), match.group()) for match in NOTE.finditer(text)]


BAD = [("a.cpp", "// TO" "DO: later\n"), ("a.py", "# FIX" "ME\n")]
GOOD = [("a.cpp", "// what is to do is done\n")]

lint.run(check, BAD, GOOD, (".cpp", ".hpp", ".py", ".sh", ".md", ".txt"))
