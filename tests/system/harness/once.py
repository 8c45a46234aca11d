"""Programs that are expected to end by themselves."""

import os
import pathlib
import shutil
import subprocess
from typing import NamedTuple

from .settings import PATIENCE

NOBODY = 65534


class Ended(NamedTuple):
    code: int
    stdout: str
    stderr: str


def run(argv, directory, as_nobody=False):
    """Runs it to its end. Root may do everything, so permissions are tested as user nobody."""
    wrapper = []
    if as_nobody and os.geteuid() == 0:
        argv = [_reachable_by_all(argv[0], directory), *argv[1:]]
        wrapper = ["/usr/bin/setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
                   "--clear-groups"]
    done = subprocess.run([*wrapper, *map(str, argv)], cwd=directory, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=PATIENCE)
    return Ended(done.returncode, done.stdout, done.stderr)


def _reachable_by_all(program, directory):
    """The program, or a copy of it if it lies where not everybody may go."""
    program = pathlib.Path(program)  # it may be a link, and its name has a meaning
    target = program.resolve()
    if all(place.stat().st_mode & 0o001 for place in (target, *target.parents)):
        return program
    copy = pathlib.Path(directory) / program.name
    shutil.copyfile(program, copy)
    copy.chmod(0o755)
    return copy
