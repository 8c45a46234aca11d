"""Every seeded defect of tests/sim/mutants still applies to the sources.

Whether the simulator finds them takes minutes and is tests/sim/mutants.py's business.
"""

import pathlib
import sys

import lint

sys.path.insert(0, str(lint.ROOT / "tests" / "sim"))
import mutants

HOME = "tests/sim/mutants/"


def check(path, text):
    if not path.startswith(HOME):
        return []
    try:
        mutants.apply(mutants.parse(pathlib.Path(path).stem, text))
    except mutants.Broken as broken:
        return [(1, str(broken))]
    return []


TITLE = "# Votes: a sample.\n"
HUNK = "--- find\n{}\n--- replace\nnothing of the kind\n"
ONCE = '#include "consensus/core.hpp"'
BAD = [
    (HOME + "no_title.txt", "file: consensus/core.cpp\n" + HUNK.format(ONCE)),
    (HOME + "no_hunk.txt", TITLE + "file: consensus/core.cpp\n"),
    (HOME + "no_file.txt", TITLE + "file: consensus/nowhere.cpp\n" + HUNK.format(ONCE)),
    (HOME + "absent.txt", TITLE + "file: consensus/core.cpp\n" + HUNK.format("not in there")),
    (HOME + "ambiguous.txt", TITLE + "file: consensus/core.cpp\n" + HUNK.format("#include")),
    (HOME + "twice.txt", TITLE + "file: consensus/core.cpp\n" + HUNK.format(ONCE) * 2),
    (HOME + "same.txt", TITLE + f"file: consensus/core.cpp\n--- find\n{ONCE}\n--- replace\n{ONCE}"),
    (HOME + "typo.txt", TITLE + "sedes: 5\nfile: consensus/core.cpp\n" + HUNK.format(ONCE)),
]
GOOD = [
    (HOME + "sample.txt", TITLE + "seeds: 5\nfile: consensus/core.cpp\n" + HUNK.format(ONCE)),
    ("tests/system/notes.txt", "anything\n"),
]

lint.run(check, BAD, GOOD, (".txt",))
