"""Programs under test: started, paused, killed and asked for, always by their own id."""

import atexit
import os
import pathlib
import signal
import subprocess

from .settings import PATIENCE
from .waiting import wait_for

_running = []


class Process:
    """One program, which may be started again after it ended; its output is kept throughout."""

    def __init__(self, name, argv, directory):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.directory = pathlib.Path(directory)
        self.stdout = self.directory / f"{name}.stdout"
        self.stderr = self.directory / f"{name}.stderr"
        self._popen = None

    def start(self, env=None, wrapper=()):
        """`env` is added to the environment; `wrapper` is a command that executes the program."""
        assert not self.alive(), f"{self.name} runs already"
        with open(self.stdout, "ab") as stdout, open(self.stderr, "ab") as stderr:
            self._popen = subprocess.Popen(
                # Nobody survives us, not even when ctest kills us with -9.
                ["/usr/bin/setpriv", "--pdeathsig", "KILL", *wrapper, *self.argv],
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                cwd=self.directory, env={**os.environ, **(env or {})})
        _running.append(self)
        return self

    @property
    def pid(self):
        return self._popen.pid

    @property
    def returncode(self):
        """None while it runs or before it was started."""
        return self._popen and self._popen.poll()

    def alive(self):
        return self._popen is not None and self._popen.poll() is None

    def signal(self, number):
        self._popen.send_signal(number)

    def kill(self):
        """kill -9, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait_exit()

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def terminate(self):
        """SIGTERM, and wait until it is gone; returns the exit code."""
        self.signal(signal.SIGTERM)
        self.resume()
        return self.wait_exit()

    def wait_exit(self, limit=PATIENCE):
        wait_for(lambda: not self.alive(), f"{self.name} to end", limit)
        if self in _running:
            _running.remove(self)
        return self.returncode

    def output(self):
        return self.stdout.read_text(errors="replace")

    def errors(self):
        return self.stderr.read_text(errors="replace")

    def title(self):
        """As ps shows it."""
        words = pathlib.Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        return b" ".join(word for word in words if word).decode()

    def cpu_seconds(self):
        """Processor time used so far."""
        stat = pathlib.Path(f"/proc/{self.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        pages = pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def descriptors(self):
        """How many files it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def kill_all():
    """Ends whatever was started here and still runs."""
    for process in list(_running):
        if process.alive():
            process.kill()
    _running.clear()


def _terminated(_number, _frame):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt  # the one exception that unittest lets through to our clean-up


atexit.register(kill_all)
signal.signal(signal.SIGTERM, _terminated)
