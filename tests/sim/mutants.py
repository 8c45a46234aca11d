#!/usr/bin/python3
"""The mutation gate: every seeded defect of the core must be found by the simulator.

    tests/sim/mutants.py [--build build/release] [--seeds N] [--jobs 2] [NAME...]

A mutant is a text file mutants/NAME.txt: the rule and the defect, then what to find in the sources
of the core (exactly once) and what to put there.

    # Votes: the vote is keyed by the address of the master.
    seeds: 500                   (optional: found within so many; DEFAULT_SEEDS if not said)
    expect: two votes            (optional, repeatable: words of the invariant, any one of them)
    file: consensus/election.cpp
    --- find
    ...
    --- replace
    ...

More hunks and more files may follow. Only the changed files are compiled, with the flags of the
build; their objects come before the libraries in the link, so that the archive keeps its own to
itself. A mutated header recompiles every file of the core that includes it, but not the simulator:
such a mutant must not change a layout.

Exit 0: the unmutated core passes as many seeds, and each mutant is killed within its own.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MUTANTS = ROOT / "tests" / "sim" / "mutants"
DEFAULT_SEEDS = 200
FIRST_RANGE = 16  # seeds of the first run; each following one has twice as many
MEMORY = 4 << 30  # a defect may be one that never stops allocating


class Broken(Exception):
    """A mutant that cannot be judged: does not apply, compile, link or answer."""


# ---- the files -----------------------------------------------------------------------------------


@dataclasses.dataclass
class Mutant:
    name: str
    rule: str
    defect: str
    seeds: int
    expect: list
    hunks: dict  # file -> [(find, replace)]


def parse(name, text):
    lines = text.splitlines()
    title = re.fullmatch(r"# ([^:]+): (\S.*)", lines[0] if lines else "")
    if not title:
        raise Broken(f"{name}: the first line is not '# Rule: defect'")
    mutant = Mutant(name, title[1], title[2], DEFAULT_SEEDS, [], {})
    hunks, part = None, None  # of the present file; the list that takes the present line
    for number, line in enumerate(lines[1:], 2):
        head, _, value = line.partition(": ")
        if line == "--- find" and hunks is not None:
            part = []
            hunks.append((part, []))
        elif line == "--- replace" and hunks and part is hunks[-1][0]:
            part = hunks[-1][1]
        elif head == "file" and (hunks is None or part is not hunks[-1][0]):
            hunks, part = mutant.hunks.setdefault(value, []), None
        elif part is not None:
            part.append(line)
        elif head == "seeds" and value.isdigit():
            mutant.seeds = int(value)
        elif head == "expect" and value:
            mutant.expect.append(value)
        elif line.startswith("#"):
            mutant.defect += " " + line[1:].strip()
        else:
            raise Broken(f"{name}: line {number} is not understood: {line}")
    for file, pairs in mutant.hunks.items():
        mutant.hunks[file] = [("\n".join(find), "\n".join(replace)) for find, replace in pairs]
        if not pairs or any(not find or find == replace for find, replace in mutant.hunks[file]):
            raise Broken(f"{name}: a hunk of {file} changes nothing")
    if not mutant.hunks:
        raise Broken(f"{name}: changes no file")
    return mutant


def apply(mutant):
    """The mutated sources, file -> text."""
    mutated = {}
    for file, hunks in mutant.hunks.items():
        path = ROOT / file
        if not path.is_file():
            raise Broken(f"does not apply: {mutant.name}: there is no {file}")
        original = path.read_text(encoding="utf-8")
        spans = []
        for find, replace in hunks:
            count = original.count(find)
            if count != 1:
                raise Broken(f"does not apply: {mutant.name}: {file} has {count} times\n{find}")
            start = original.index(find)
            spans.append((start, start + len(find), replace))
        text, after = original, len(original)
        for start, end, replace in sorted(spans, reverse=True):
            if end > after:
                raise Broken(f"does not apply: {mutant.name}: hunks of {file} overlap")
            text, after = text[:start] + replace + text[end:], start
        mutated[file] = text
    return mutated


def load(names):
    known = {path.stem: path for path in sorted(MUTANTS.glob("*.txt"))}
    wanted = [pathlib.Path(name).stem for name in names] or list(known)
    for name in wanted:
        if name not in known:
            raise Broken(f"there is no mutant {name}")
    return [parse(name, known[name].read_text(encoding="utf-8")) for name in wanted]


# ---- compiling and linking -----------------------------------------------------------------------

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# A defect may leave something unused behind; every other warning stays as it is.
LENIENT = ["-Wno-unused", "-Wno-unused-parameter", "-Wno-unused-but-set-variable"]


def command(arguments, directory, what):
    done = subprocess.run(arguments, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Broken(f"{what}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Build:
    def __init__(self, directory, target, jobs):
        self.directory = directory.resolve()
        self.scratch = self.directory / "mutants"
        build = ["cmake", "--build", self.directory, "--target", target, "-j", str(jobs)]
        command(build, ROOT, f"{target} cannot be built")
        database = json.loads((self.directory / "compile_commands.json").read_text())
        inside = [(os.path.relpath(entry["file"], ROOT), entry) for entry in database]
        self.units = {file: entry for file, entry in inside if not file.startswith(("..", "tests"))}
        links = command(["ninja", "-C", self.directory, "-t", "commands", target], ROOT, "ninja")
        link = next(piece for piece in links.splitlines()[-1].split(" && ") if " -o " in piece)
        self.link = shlex.split(link)
        self.program = self.directory / self.link[self.link.index("-o") + 1]
        self.ccache = [shutil.which("ccache")] if shutil.which("ccache") else []
        self.sanitized = "-fsanitize" in link

    def includes(self, file, header, seen):
        if file == header:
            return True
        if file in seen or not (ROOT / file).is_file():
            return False
        seen.add(file)
        text = (ROOT / file).read_text(encoding="utf-8")
        return any([self.includes(each, header, seen) for each in INCLUDE.findall(text)])

    def units_of(self, file):
        if file in self.units:
            return [file]
        found = [unit for unit in sorted(self.units) if self.includes(unit, file, set())]
        return [unit for unit in found if unit.startswith(("proto/", "consensus/"))]

    def compile(self, place, unit, mutated):
        entry = self.units[unit]
        arguments = shlex.split(entry["command"])
        output = place / (unit.replace("/", "_") + ".o")
        arguments[arguments.index("-o") + 1] = str(output)
        arguments[arguments.index("-c") + 1] = str(place / unit if unit in mutated else ROOT / unit)
        arguments[1:1] = [f"-I{place}"]  # mutated headers before the real ones
        command(self.ccache + arguments + LENIENT, entry["directory"], f"{unit} does not compile")
        return output

    def make(self, mutant):
        """Builds the program of a mutant and returns its path."""
        mutated = apply(mutant)
        place = self.scratch / mutant.name
        shutil.rmtree(place, ignore_errors=True)
        for file, text in mutated.items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_text(text, encoding="utf-8")
        units = sorted({unit for file in mutated for unit in self.units_of(file)})
        if not units:
            raise Broken("no file of the core includes it")
        objects = [self.compile(place, unit, mutated) for unit in units]
        program = place / self.program.name
        arguments = list(self.link)
        arguments[arguments.index("-o") + 1] = str(program)
        # First of all: then the linker also takes the mutated copy of every inline function.
        arguments[1:1] = [str(each) for each in objects]
        arguments += ["-Wl,--trace,--trace,--strip-debug"]  # twice: members of archives too
        trace = command(arguments, self.directory, "does not link")
        members = set(re.findall(r"libvedette_(\w+)\.a[()]([^()\s]+)\.o\b", trace))
        if not members:
            raise Broken("the linker does not say what it took from the archives")
        for unit in units:
            if tuple(unit.split("/", 1)) in members:
                raise Broken(f"the linker took {unit} from the archive too")
        for each in objects:
            each.unlink()
        return program


# ---- running -------------------------------------------------------------------------------------


@dataclasses.dataclass
class Runner:
    """A program that plays seeds and exits 1 when something is violated."""

    target: str
    arguments: object  # (first, count) -> list
    environment: object  # (first, count) -> dict
    seeded: bool = True


RUNNERS = {
    "sim": Runner(
        "sim",
        lambda first, count: ["--seeds", str(count), "--from", str(first), "--jobs", "1"],
        lambda first, count: {},
    ),
    # What the tests of the core alone find: for comparison.
    "unit": Runner(
        "consensus_tests",
        lambda first, count: ["--gtest_brief=1"],
        lambda first, count: {},
        seeded=False,
    ),
}
VIOLATION = re.compile(r"\bseed\b\W*(\d+)\W*(.*)", re.IGNORECASE)
FAILED_TEST = re.compile(r"^\[  FAILED  \] ([^\s,]+)", re.MULTILINE)
ASSERTION = re.compile(
    r"Assertion|what\(\)|runtime error|ERROR: \w+Sanitizer|terminate called|C\+\+ exception")


@dataclasses.dataclass
class Outcome:
    seed: int = 0  # the one that was violated; 0: none, or unknown
    invariant: str = ""

    @property
    def violated(self):
        return bool(self.seed or self.invariant)


def judge(runner, program, first, count, limit, memory):
    """One run over `count` seeds."""
    environment = {**os.environ, **runner.environment(first, count)}
    guard = ["prlimit", f"--as={memory}"] if memory else []
    with subprocess.Popen(
        [*guard, program, *runner.arguments(first, count)], env=environment, text=True,
        errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=max(limit, 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
    if process.returncode == 0:
        return Outcome()
    asserted = [line.strip() for line in output.splitlines() if ASSERTION.search(line)]
    if process.returncode < 0 or (asserted and process.returncode != 1):
        text = asserted[-1] if asserted else signal.strsignal(-process.returncode)
        return Outcome(0, "assertion: " + text)
    found = VIOLATION.search(output) if runner.seeded else None
    if found:
        return Outcome(int(found[1]), found[2].strip())
    failed = sorted(set(FAILED_TEST.findall(output)))
    if not runner.seeded and failed:
        return Outcome(0, f"{len(failed)} tests: {', '.join(failed)}")
    if asserted:  # sanitizers exit with 1 too
        return Outcome(0, "assertion: " + asserted[-1])
    raise Broken(f"exit status {process.returncode} without a seed:\n{output[-2000:]}")


@dataclasses.dataclass
class Verdict:
    ok: bool
    seeds: str
    text: str
    seconds: float


def play(runner, program, start, bound, limit, memory):
    """Increasing ranges of seeds until one is violated; (seeds played, outcome)."""
    end = time.monotonic() + limit
    played, count = 0, FIRST_RANGE
    while played < bound:
        count = min(count, bound - played) if runner.seeded else bound
        left = end - time.monotonic()
        outcome = judge(runner, program, start + played, count, left, memory)
        if outcome.violated:
            known = outcome.seed >= start + played
            text = str(outcome.seed - start + 1) if known else f"<={played + count}"
            return text, outcome
        played, count = played + count, count * 2
    return str(played), Outcome()


def gate(build, runner, mutant, options):
    """Builds and plays one mutant; None is the core as it is."""
    began = time.monotonic()

    def verdict(ok, seeds, text):
        return Verdict(ok, seeds, text, time.monotonic() - began)

    limit = options.limit if mutant else options.limit * 4
    bound = options.seeds or (mutant.seeds if mutant else options.most)
    memory = None if build.sanitized else MEMORY
    try:
        program = build.make(mutant) if mutant else build.program
        seeds, outcome = play(runner, program, options.start, bound, limit, memory)
    except Broken as error:
        return verdict(False, "-", f"ERROR: {error}")
    except subprocess.TimeoutExpired:
        return verdict(False, "-", f"TIMEOUT after {limit} s")
    if mutant is None:
        text = outcome.invariant or "none, as it must be"
        return verdict(not outcome.violated, seeds, text)
    if not outcome.violated:
        return verdict(False, seeds, f"SURVIVED: {mutant.defect}")
    words = mutant.expect if runner.target == "sim" else []
    if words and not any(each in outcome.invariant for each in words):
        return verdict(False, seeds, f"KILLED BY ANOTHER INVARIANT: {outcome.invariant}")
    program.unlink()
    return verdict(True, seeds, outcome.invariant)


# ---- the command ---------------------------------------------------------------------------------


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all if none is named")
    parser.add_argument("--build", default="build/release", help="build directory")
    parser.add_argument("--seeds", type=int, help="instead of what the mutants say")
    parser.add_argument("--from", type=int, default=1, dest="start", help="first seed")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("--limit", type=int, default=600, help="seconds for the runs of a mutant")
    parser.add_argument("--runner", choices=RUNNERS, default="sim", help="what plays the seeds")
    parser.add_argument("--check", action="store_true", help="only whether each mutant applies")
    return parser.parse_args()


def main():
    options = parse_arguments()
    mutants = load(options.names)
    for mutant in mutants:
        apply(mutant)
    if options.check:
        print(f"{len(mutants)} mutants apply")
        return 0
    runner = RUNNERS[options.runner]
    if not runner.seeded:
        options.seeds = 1
    options.most = max(mutant.seeds for mutant in mutants)
    build = Build(pathlib.Path(ROOT / options.build), runner.target, options.jobs)
    wide = max(len(mutant.name) for mutant in mutants)
    row = f"{{:{wide}}} | {{:10}} | {{:>5}} | {{:>7}} | {{}}"
    print(row.format("mutant", "rule", "seeds", "seconds", "invariant"), flush=True)
    killed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        work = pool.map(lambda each: gate(build, runner, each, options), [None, *mutants])
        sound = False
        for mutant, verdict in zip([None, *mutants], work):
            name, rule = (mutant.name, mutant.rule) if mutant else ("(none)", "")
            seconds = f"{verdict.seconds:.1f}"
            print(row.format(name, rule, verdict.seeds, seconds, verdict.text), flush=True)
            if mutant is None:
                sound = verdict.ok
            else:
                killed += verdict.ok
    print(f"{killed} of {len(mutants)} mutants killed; "
          f"the unmutated core {'passes' if sound else 'FAILS'}")
    return 0 if sound and killed == len(mutants) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as broken:
        sys.exit(str(broken))
