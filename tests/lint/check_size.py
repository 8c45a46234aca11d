"""One idea a file: at most 400 lines, at most 100 columns.

size_exceptions.txt may name files that are allowed more lines, one path a line.
"""

import lint

LINES = 400
COLUMNS = 100
EXCEPTIONS = lint.ROOT / "tests" / "lint" / "size_exceptions.txt"
EXEMPT = {line.strip() for line in EXCEPTIONS.read_text().splitlines() if line[:1] not in ("", "#")}


def check(path, text):
    lines = text.splitlines()
    findings = []
    if len(lines) > LINES and path not in EXEMPT:
        findings.append((LINES + 1, f"{len(lines)} lines, more than {LINES}"))
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            findings.append((number, f"{len(line)} columns, more than {COLUMNS}"))
    return findings


BAD = [("a.cpp", "\n" * 401), ("a.cpp", "x" * 101)]
GOOD = [("a.cpp", "\n" * 400), ("a.cpp", "x" * 100 + "\n"), ("a.cpp", "\u00e9" * 100)]

lint.run(check, BAD, GOOD)
