"""tests/consensus/scenarios/CONFORMANCE.md: which test shows which rule of the reference.

Each row cites a section (5.x), names tests that exist, and says whether Vedette does the same; where
it differs, it says by which rule. Every golden scenario is cited, in a section that its own comment
names.
"""

import re

import lint
import named_tests

PAGE = "tests/consensus/scenarios/CONFORMANCE.md"

SECTION = re.compile(r"5\.(?:10|[1-9])")
CODE = re.compile(r"`([^`]+)`")
VERDICT = re.compile(r"(same|sooner|differs|open)\b")
SWITCH = re.compile(r"\bbool (\w+) = true;")
REASON = re.compile(r"\b(?:safety|reference|protocol) \d")
SOONER = "reference 6.6"


def switches():
    """What consensus/README.md lists as switches: the fields of Policy."""
    text = (lint.ROOT / "consensus" / "options.hpp").read_text(encoding="utf-8")
    return set(SWITCH.findall(text.partition("struct Policy {")[2].partition("};")[0]))


def sections_of(scenario):
    """The sections that the scenario's comment names behind `Sentinel behaviour`."""
    text = (named_tests.SCENARIOS / f"{scenario}.txt").read_text(encoding="utf-8")
    comment = " ".join(line for line in text.splitlines() if line.startswith("#"))
    cited = comment.partition("Sentinel behaviour ")[2]
    return {match.group() for match in SECTION.finditer(cited)}


def rows(text):
    """(line, cells) of each row of a table, without its head."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "section" or not cells[0].strip("-"):
            continue
        yield number, cells


def check_verdict(cell, names):
    """Sooner or differently: for a reason."""
    verdict = VERDICT.match(cell)
    if not verdict:
        yield "the last cell begins with none of: same, sooner, differs, open"
        return
    if verdict[1] != "open" and not names:
        yield "no test shows this"
    if verdict[1] == "sooner" and SOONER not in cell:
        yield f"sooner, but no remedy of {SOONER}"
    if verdict[1] == "differs" and not REASON.search(cell) and not set(CODE.findall(cell)) & switches():
        yield "differs, but cites neither a rule (safety, reference, protocol N) nor a switch"


def check_rows(text):
    scenarios = named_tests.scenarios()
    existing = scenarios | named_tests.gtests() | named_tests.system_tests()
    cited = {}  # scenario -> sections of the rows that name it
    for number, cells in rows(text):
        if len(cells) != 4:
            yield number, f"{len(cells)} cells instead of section, rule, shown by, Vedette"
            continue
        section, _rule, shown, verdict = cells
        if not SECTION.fullmatch(section):
            yield number, f"'{section}' is no section of the form 5.x"
        names = CODE.findall(shown)
        for name in names:
            if name not in existing:
                yield number, f"there is no test {name}"
            cited.setdefault(name, set()).add(section)
        for message in check_verdict(verdict, names):
            yield number, message
    for name in sorted(scenarios):
        if name not in cited:
            yield 1, f"no row cites {name}"
        elif not cited[name] & sections_of(name):
            named = ", ".join(sorted(sections_of(name))) or "none"
            yield 1, f"{name} is cited for {', '.join(sorted(cited[name]))}, its comment names {named}"


def check(path, text):
    return list(check_rows(text)) if path == PAGE else []


HEAD = "| section | rule | shown by | Vedette |\n|---|---|---|---|\n"
ALL = {name: min(sections_of(name), default="5.1") for name in named_tests.scenarios()}


def sample(*more, without="", **changed):
    """A page that cites every scenario, but for what is changed, and these rows."""
    cited = {name: changed.get("section", section) for name, section in ALL.items() if name != without}
    lines = [f"| {section} | a rule | `{name}` | same |" for name, section in cited.items()]
    return HEAD + "\n".join([*lines, *more]) + "\n"


BAD = [(PAGE, sample(without="29-vote")), (PAGE, sample(section="5.9"))]
BAD += [(PAGE, sample(row)) for row in (
    "| 5 | a rule | `29-vote` | same |",
    "| 6.6 | a rule | `29-vote` | same |",
    "| 5.11 | a rule | `29-vote` | same |",
    "| 5.5 | a rule | `29-vote` |",
    "| 5.5 | a rule | `00-nothing-of-the-kind` | same |",
    "| 5.5 | a rule | `Leader.Dreams` | same |",
    "| 5.5 | a rule | `test_failover.py:test_nothing_of_the_kind` | same |",
    "| 5.5 | a rule | none | same |",
    "| 5.5 | a rule | `29-vote` | perhaps |",
    "| 5.5 | a rule | `29-vote` | sooner: at once |",
    "| 5.5 | a rule | `29-vote` | differs: it is nicer |",
    "| 5.5 | a rule | `29-vote` | differs: `no_such_switch` |",
)]
GOOD = [
    (PAGE, sample()),
    (PAGE, sample("| 5.10 | a rule | `Scenarios.Holds`, `test_failover.py:test_killed` | same |",
                  "| 5.5 | a rule | `29-vote` | differs: it is saved first (safety 2) |",
                  "| 5.5 | a rule | `29-vote` | differs: `refuse_unsaved_votes` |",
                  "| 5.5 | a rule | `29-vote` | sooner: at once (reference 6.6 #2) |",
                  "| 5.5 | a rule | none | open: not done yet |")),
    ("tests/system/README.md", "| 5 | `Leader.Dreams` |\n"),
]

lint.run(check, BAD, GOOD, (".md",))
