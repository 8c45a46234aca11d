"""An agent: Vedette, or Debian's redis-sentinel."""

import re
import socket
import threading
import time
from typing import NamedTuple

from . import resp
from .ports import free_port
from .process import Process
from .settings import REDIS_SENTINEL, VEDETTE, is_vedette
from .waiting import wait_for

# <pid>:X 01 Jan 2025 12:00:00.000 # text
LOG_LINE = re.compile(
    r"^(?P<pid>\d+):X (?P<stamp>\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3}) "
    r"(?P<level>[.\-*#]) (?P<text>.*)$")


class Event(NamedTuple):
    at: float  # when the test received it, time.time()
    name: str
    payload: str


class Agent:
    def __init__(self, name, host, directory, debian=False):
        self.name, self.host = name, host
        self.ours = is_vedette() and not debian
        self.port = free_port()
        self.http_port = free_port() if self.ours else None
        self.directory = directory
        directory.mkdir()
        self.config = directory / "sentinel.conf"
        self.log = directory / "sentinel.log"
        argv = [VEDETTE, self.config] if self.ours else [REDIS_SENTINEL, self.config]
        self.process = Process(name, argv, directory)
        self.killed = False  # by a test, so its exit code means nothing
        self.events = []     # every published event, oldest first
        self._listener = None

    # ---- its life ------------------------------------------------------------------------------
    def configure(self, lines):
        """Writes its configuration file: where it listens and logs, and these lines."""
        text = [
            f"port {self.port}",
            f"bind {self.host}",
            f"dir {self.directory}",
            f"logfile {self.log}",
            f"sentinel announce-ip {self.host}",
            *lines,
        ]
        if self.ours:
            address = socket.gethostbyname(self.host)
            text += [f"vedette http-bind {address}", f"vedette http-port {self.http_port}"]
        self.config.write_text("\n".join(text) + "\n")
        return self

    def become(self, kind):
        """The other program ("vedette" or "debian"), on the same file; it must have been stopped.
        `vedette` lines of the file are taken out, for redis-sentinel knows none."""
        lines = self.config.read_text().splitlines(keepends=True)
        self.config.write_text("".join(x for x in lines if not x.startswith("vedette ")))
        self.ours = kind == "vedette" and is_vedette()
        program = VEDETTE if kind == "vedette" else REDIS_SENTINEL
        self.process = Process(f"{self.name}-{kind}", [program, self.config], self.directory)
        return self

    def start(self, env=None, wrapper=(), wait=True):
        self.killed = False
        self.process.start(env, wrapper)
        if wait:
            self.wait_answering()
            self._listener = threading.Thread(target=self._listen, args=(self._subscribe(),),
                                              daemon=True)
            self._listener.start()
        return self

    def wait_answering(self):
        def answers():
            assert self.process.alive(), f"{self.name} ended with {self.process.returncode}"
            return self.call("PING") == "PONG"
        wait_for(answers, f"{self.name} to answer PING")

    def kill(self):
        self.killed = True
        self.process.kill()

    def stop(self):
        """SIGTERM; returns the exit code."""
        return self.process.terminate()

    def restart(self, **options):
        """kill -9, and start again from its own file."""
        self.kill()
        return self.start(**options)

    def finish(self):
        """Ends it and returns what is wrong with how it lived, as sentences."""
        wrong = []
        if self.process.alive():
            code = self.stop()
            if code != 0:
                wrong.append(f"{self.name} ended on SIGTERM with {code} instead of 0")
        elif self.process.returncode not in (None, 0) and not self.killed:
            wrong.append(f"{self.name} had ended by itself with {self.process.returncode}")
        if self.ours and self.process.stderr.exists() and self.process.errors():
            wrong.append(f"{self.name} wrote to stderr: {self.process.errors()[:2000]!r}")
        return wrong

    # ---- asking it -----------------------------------------------------------------------------
    @property
    def address(self):
        return (self.host, self.port)

    def connect(self, timeout=5.0):
        return resp.Connection(self.host, self.port, timeout)

    def call(self, *words):
        with self.connect() as connection:
            return connection.call(*words)

    def sentinel(self, *words):
        return self.call("SENTINEL", *words)

    def my_id(self):
        return self.sentinel("MYID")

    def master(self, name="mymaster"):
        return resp.pairs(self.sentinel("MASTER", name))

    def replicas(self, name="mymaster"):
        return [resp.pairs(entry) for entry in self.sentinel("REPLICAS", name)]

    def peers(self, name="mymaster"):
        return [resp.pairs(entry) for entry in self.sentinel("SENTINELS", name)]

    def master_address(self, name="mymaster"):
        reply = self.sentinel("GET-MASTER-ADDR-BY-NAME", name)
        return reply and (reply[0], int(reply[1]))

    # ---- what it says by itself ----------------------------------------------------------------
    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def logged(self, event):
        """The payloads of all lines of that event in its log, over all its lives."""
        payloads = []
        for line in self.log_text().splitlines():
            match = LOG_LINE.match(line)
            if match and match["text"].split(" ", 1)[0] == event:
                payloads.append(match["text"].partition(" ")[2])
        return payloads

    def heard(self, event):
        """The payloads of that event as published while we listened, over all its lives."""
        return [seen.payload for seen in list(self.events) if seen.name == event]

    def config_values(self, *words):
        """The rests of the lines of its file that begin with these words."""
        start = " ".join(words) + " "
        return [line[len(start):] for line in self.config.read_text().splitlines()
                if line.startswith(start)]

    def _subscribe(self):
        connection = self.connect()
        connection.call("PSUBSCRIBE", "*")
        connection.settimeout(None)
        return connection

    def _listen(self, connection):
        try:
            while True:
                message = connection.read()
                if message[0] == "pmessage":
                    self.events.append(Event(time.time(), message[2], message[3]))
        except (OSError, resp.Error):
            connection.close()

    def __repr__(self):
        return f"{self.name}({'vedette' if self.ours else 'redis-sentinel'})"
