"""The sources are as clang-format 14 writes them with .clang-format."""

import subprocess

import lint

TOOL = "clang-format-14"


def check(path, text):
    """Compares with what the tool makes of it; the path decides style and order of includes."""
    done = subprocess.run(
        [TOOL, "--style=file", f"--assume-filename={lint.ROOT / path}"],
        input=text, capture_output=True, text=True, check=True,
    )
    if not text.endswith("\n"):
        return [(text.count("\n") + 1, "no newline at the end of the file")]
    ours, theirs = text.splitlines(), done.stdout.splitlines()
    for number, (our, their) in enumerate(zip(ours, theirs), 1):
        if our != their:
            return [(number, f"not formatted; fix with {TOOL} -i {path}")]
    return [] if len(ours) == len(theirs) else [(len(ours), "not formatted at the end")]


BAD = [("proto/sample.cpp", "int  x ;\n"), ("proto/sample.cpp", "int x;")]
GOOD = [("proto/sample.cpp", "int x;\n")]

lint.run(check, BAD, GOOD)
