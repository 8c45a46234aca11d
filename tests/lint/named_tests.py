"""Which tests there are, for the lints of documents that name tests."""

import re

import lint

TEST = re.compile(r"\bTEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)")
METHOD = re.compile(r"^    def (test_\w+)", re.MULTILINE)
SCENARIOS = lint.ROOT / "tests" / "consensus" / "scenarios"


def gtests():
    """`Suite.Name` of every test in C++."""
    out = set()
    for path in lint.sources((".cpp",)):
        if path.name.endswith("_test.cpp"):
            out |= {".".join(pair) for pair in TEST.findall(path.read_text(encoding="utf-8"))}
    return out


def system_tests():
    """`test_x.py:test_y` of every test with real servers."""
    out = set()
    for path in (lint.ROOT / "tests" / "system").glob("test_*.py"):
        out |= {f"{path.name}:{name}" for name in METHOD.findall(path.read_text(encoding="utf-8"))}
    return out


def scenarios():
    """The name of every golden scenario, without its directory and `.txt`."""
    return {path.stem for path in SCENARIOS.glob("*.txt")}
