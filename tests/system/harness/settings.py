"""Which programs are tested, and how patient the tests are."""

import functools
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Absolute: every test runs in a directory of its own.
VEDETTE = os.path.abspath(os.environ.get("VEDETTE_BIN") or ROOT / "build" / "release" / "vedette")
REDIS_SERVER = "/usr/bin/redis-server"
REDIS_SENTINEL = "/usr/bin/redis-sentinel"
REDIS_CLI = "/usr/bin/redis-cli"

# The longest wait, in seconds, for anything that must happen. Nothing here measures speed: a loaded
# machine makes a test slower, never red.
PATIENCE = float(os.environ.get("VEDETTE_TEST_PATIENCE") or 90)

# Set to keep the directory of every test.
KEEP = bool(os.environ.get("VEDETTE_TEST_KEEP"))


@functools.cache
def is_vedette():
    """Is VEDETTE_BIN ours? The tests were written against Debian's redis-sentinel and still run
    with it, apart from what only Vedette does."""
    text = subprocess.run([VEDETTE, "--version"], capture_output=True, text=True, timeout=60).stdout
    return text.startswith("vedette ")
