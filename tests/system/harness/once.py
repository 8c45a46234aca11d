"""Programs that are expected to end by themselves."""

import os
import pathlib
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
        wrapper = ["/usr/bin/setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
                   "--clear-groups"]
    done = subprocess.run([*wrapper, *map(str, argv)], cwd=directory, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=PATIENCE)
    return Ended(done.returncode, done.stdout, done.stderr)


def reachable_by_all(path):
    """May everybody go to that file and run it?"""
    path = pathlib.Path(path).resolve()
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))
