"""tests/sim/README.md and SCENARIOS.md name what the simulator has: no more, no less.

In README.md the first column of a section's table is compared with the sources: "Invariants" with
what is passed to fail() and blame(), "Faults" with the table of plan.cpp, "Known limits" with the
fields of Limits, "Parts" with the files. In SCENARIOS.md every test that is named must exist.
"""

import re

import lint
import named_tests

SIM = lint.ROOT / "tests" / "sim"
README = "tests/sim/README.md"
SCENARIOS = "tests/sim/SCENARIOS.md"

BLAME = re.compile(r'\b(?:fail|blame)\(\s*(?:\*?[\w.>()-]+,\s*)?"([^"]+)"')
FAULT = re.compile(r'^ *\{"(\w+)", ', re.MULTILINE)
LIMIT = re.compile(r"\bbool (\w+) = false;")
CELL = re.compile(r"^\| *([^|]*?) *\|", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")


def read(path):
    return path.read_text(encoding="utf-8")


def simulator():
    """Its own files: tests, what tests share and the model of a real Sentinel are no part of it."""
    yield SIM / "main.cpp"
    for folder in ("cluster", "play", "rules"):
        yield from sorted((SIM / folder).glob("*.?pp"))


def between(text, start, end):
    return text.partition(start)[2].partition(end)[0]


def known():
    """Section -> the names that its table must hold."""
    invariants = {name for path in simulator() for name in BLAME.findall(read(path))}
    faults = set(FAULT.findall(between(read(SIM / "play" / "plan.cpp"), " rows{{", "}};")))
    limits = set(LIMIT.findall(between(read(SIM / "rules" / "limits.hpp"), "struct Limits {", "};")))
    return {
        "Parts": {path.stem for path in simulator()},
        "Faults": faults,
        "Invariants": invariants,
        "Known limits": {name.replace("_", " ") for name in limits},
    }


def rows(text):
    """The names in the first column of the tables, with the lines they stand in."""
    for number, line in enumerate(text.splitlines(), 1):
        cell = CELL.match(line)
        if cell and cell[1].strip("-"):
            for name in CODE.findall(cell[1]):
                yield number, name


def section_of(text, title):
    """The section with empty lines before it, so that line numbers stay the same."""
    start = text.find(f"\n## {title}\n")
    if start < 0:
        return ""
    end = text.find("\n## ", start + 1)
    return "\n" * text.count("\n", 0, start + 1) + text[start + 1:end if end > 0 else len(text)]


def check_readme(text):
    for title, names in known().items():
        section = section_of(text, title)
        if not section:
            yield 1, f"there is no section '{title}'"
            continue
        found = dict((name, number) for number, name in rows(section))
        line = section.count("\n", 0, section.index("##")) + 1
        for name in sorted(names - found.keys()):
            yield line, f"'{title}' does not name '{name}'"
        for name in sorted(found.keys() - names):
            yield found[name], f"'{title}': the simulator has no '{name}'"


def tests():
    scenarios = {f"scenarios/{name}" for name in named_tests.scenarios()}
    return named_tests.gtests() | named_tests.system_tests() | scenarios


NAMED = re.compile(r"[A-Z]\w+\.[A-Z]\w+|test_\w+\.py:test_\w+|scenarios/[\w-]+")


def check_scenarios(text):
    existing = tests()
    for number, line in enumerate(text.splitlines(), 1):
        for name in CODE.findall(line):
            if NAMED.fullmatch(name) and name not in existing:
                yield number, f"there is no test {name}"


def check(path, text):
    if path == README:
        return list(check_readme(text))
    return list(check_scenarios(text)) if path == SCENARIOS else []


def sample(**changed):
    """A README that names everything, but for what is changed."""
    out = "# Sample\n"
    for title, names in known().items():
        cells = changed.get(title.split()[0].lower(), lambda names: names)(sorted(names))
        out += f"\n## {title}\n\n| name | |\n|---|---|\n"
        out += "".join(f"| `{name}` | words, and `code` |\n" for name in cells)
    return out


BAD = [(README, sample(**{part: change}))
       for part in ("parts", "faults", "invariants", "known")
       for change in (lambda names: names[1:], lambda names: [*names, "nothing of the kind"])]
BAD += [
    (README, "# Nothing\n"),
    (SCENARIOS, "| a leader sleeps | `Leader.Dreams` |\n"),
    (SCENARIOS, "`test_failover.py:test_nothing_of_the_kind`\n"),
    (SCENARIOS, "`scenarios/00-nothing`\n"),
]
GOOD = [
    (README, sample()),
    (SCENARIOS, "`Regressions.NoneComesBack`, `scenarios/29-vote` and `world.cpp`\n"),
    ("tests/system/README.md", "`Leader.Dreams`\n"),
]

lint.run(check, BAD, GOOD, (".md",))
