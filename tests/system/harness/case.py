"""The frame of every test: a directory, an end for everything started, and logs on failure."""

import pathlib
import shutil
import sys
import tempfile
import unittest

from . import settings
from .cluster import Cluster
from .process import kill_all

TAIL = 40  # lines of each log shown after a failure


def only_vedette(test):
    """For what Debian's redis-sentinel, as VEDETTE_BIN, does not do."""
    return unittest.skipUnless(settings.is_vedette(), "only Vedette does this")(test)


class SystemTest(unittest.TestCase):
    maxDiff = None

    def run(self, result=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-test-"))
        self.directory.chmod(0o755)
        before = _bad(result)
        try:
            return super().run(result)
        finally:
            kill_all()
            if _bad(result) > before:
                self._show_logs()
            if settings.KEEP:
                print(f"{self.id()}: {self.directory}", file=sys.stderr)
            else:
                shutil.rmtree(self.directory, ignore_errors=True)

    def cluster(self, own_options=None, **description):
        """A running cluster.Cluster. When the test ends, its agents must still live, end on
        SIGTERM with 0, and have written nothing to stderr."""
        cluster = self.unstarted_cluster(**description)
        return cluster.start(own_options)

    def unstarted_cluster(self, place=".", **description):
        """`place` keeps several clusters of one test apart."""
        directory = self.directory / place
        directory.mkdir(exist_ok=True)
        cluster = Cluster(directory, **description)
        self.addCleanup(self._finish, cluster)
        return cluster

    def _finish(self, cluster):
        self.assertEqual(cluster.finish(), [])

    # ---- what many tests assert ------------------------------------------------------------------
    def assert_one_switch(self, cluster, old, new, name="mymaster", agents=None):
        """Each agent announced the move from old to new once, and no other move of that name;
        the log and Pub/Sub tell the same."""
        wanted = [f"{name} {old.host} {old.port} {new.host} {new.port}"]
        for agent in agents or cluster.living_agents():
            logged = [text for text in agent.logged("+switch-master") if text.split()[0] == name]
            heard = [text for text in agent.heard("+switch-master") if text.split()[0] == name]
            self.assertEqual(logged, wanted, f"in the log of {agent}")
            self.assertEqual(heard, wanted, f"published by {agent}")

    def _show_logs(self):
        for path in sorted(self.directory.rglob("*")):
            if path.suffix not in (".log", ".stdout", ".stderr", ".conf") or not path.is_file():
                continue
            try:
                lines = path.read_text(errors="replace").splitlines()
            except OSError as error:
                lines = [str(error)]
            if lines:
                shown = f"last {TAIL} of {len(lines)} lines" if len(lines) > TAIL else "whole"
                print(f"---- {path.relative_to(self.directory)} ({shown})", file=sys.stderr)
                print("\n".join(line[:300] for line in lines[-TAIL:]), file=sys.stderr)
        sys.stderr.flush()


def _bad(result):
    return len(result.failures) + len(result.errors) if result else 0


def main():
    unittest.main(verbosity=2)
