"""What redis-sentinel answers, Vedette answers: the same commands to both, side by side."""

import pathlib
import re

from harness import SystemTest, main, only_vedette
from harness.resp import Connection, encode

COMMANDS = pathlib.Path(__file__).resolve().parent / "differential" / "commands.txt"

# Values that differ from moment to moment, or from process to process.
MASKED_KEYS = {
    "last-ping-sent", "last-ok-ping-reply", "last-ping-reply", "info-refresh",
    "role-reported-time", "last-hello-message", "slave-repl-offset", "link-pending-commands",
    "id", "voted-leader", "voted-leader-epoch",
}
RUN_ID = re.compile(r"[0-9a-f]{40}")


class Reply:
    """One reply as lines of its elements: the type, and the text of what has one."""

    def __init__(self, connection):
        self._connection = connection
        self.lines = []
        self._read()

    def _read(self):
        line = self._connection._line()
        kind, rest = line[0], line[1:]
        if kind in "*%~>":
            self.lines.append((kind, rest))
            for _ in range(max(int(rest), 0) * (2 if kind == "%" else 1)):
                self._read()
        elif kind in "$=" and rest != "-1":
            self.lines.append((kind, self._connection._bytes(int(rest)).decode(errors="replace")))
        else:
            self.lines.append((kind, rest))

    def masked(self, names):
        out, key = [], None
        for kind, text in self.lines:
            if key in MASKED_KEYS and kind in "$:":
                text = "<masked>"
            for value, name in names:
                text = re.sub(rf"(?<!\d){re.escape(value)}(?!\d)", name, text)
            out.append(f"{kind}{RUN_ID.sub('<id>', text)}")
            key = text
        return out


class Command:
    def __init__(self, section, text, reason):
        self.section, self.text, self.reason = section, text, reason


def read_commands(host, port):
    section, reason = 0, None
    for line in COMMANDS.read_text().splitlines():
        if line.startswith("["):
            section += 1
        elif line.startswith("! "):
            reason = line[2:]
        elif line and not line.startswith("#"):
            yield Command(section, line.format(host=host, port=port) if "{" in line else line, reason)
            reason = None


# Bytes that are no proper request, and everything that is answered until the end of the connection.
RAW = [
    b"*x\r\n", b"*2147483648\r\n", b"*0\r\nPING\r\n", b"*-1\r\nPING\r\n",
    b"*1\r\n+PING\r\n", b"*1\r\n$x\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$536870913\r\n",
    b"PING\r\n*1\r\n!\r\n", b'PING "x\r\n', b'PING "x"y\r\n', b"\r\n  \r\nPING\n",
    b"x" * 65537, b"*" + b"1" * 65537, b"*1\r\n$" + b"1" * 65537,
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n",
    b"SENTINEL '\\'' \"\\x41\\n\"\r\n", b"*2\r\n$4\r\nPING\r\n$3\r\nabcXX*1\r\n$4\r\nPING\r\n",
    encode("GET", "x" * 200, "y"), encode("x" * 200, "y"),
    encode("SENTINEL", "x" * 200), encode("a", "b" * 100, "c" * 100, "d"),
]


@only_vedette
class Differential(SystemTest):
    def setUp(self):
        self.system = self.cluster(agents=("vedette", "debian"))
        self.ours, self.theirs = self.system.agents
        self.names = [(str(agent.port), "<agent>") for agent in self.system.agents]

    def ask(self, connection, text):
        connection.send_raw(text.encode() + b"\r\n")
        count = 1
        words = text.lower().split()
        if words[0] in ("subscribe", "psubscribe"):
            count = max(len(words) - 1, 1)
        return sum((Reply(connection).masked(self.names) for _ in range(count)), [])

    def test_commands(self):
        master = self.system.nodes["mymaster"][0]
        connections, section, differing = [], 0, []
        for command in read_commands(master.host, master.port):
            if command.section != section:
                section = command.section
                connections = [agent.connect() for agent in (self.ours, self.theirs)]
                for connection in connections:
                    self.addCleanup(connection.close)
            ours, theirs = (self.ask(connection, command.text) for connection in connections)
            # Neither keeps its replicas in any order.
            if re.search(" (replicas|slaves) ", command.text, re.I):
                ours, theirs = sorted(ours), sorted(theirs)
            with self.subTest(command.text):
                if command.reason is None:
                    self.assertEqual(ours, theirs)
                else:
                    self.assertNotEqual(ours, theirs, f"no difference any more: {command.reason}")

    def test_bytes(self):
        for data in RAW:
            with self.subTest(data[:60]):
                self.assertEqual(self.all_answers(self.ours, data),
                                 self.all_answers(self.theirs, data))

    def all_answers(self, agent, data):
        """What comes back until the other side closes, or nothing more comes."""
        with Connection(agent.host, agent.port, timeout=0.5) as connection:
            connection.send_raw(data)
            try:
                return connection.read_to_end()
            except TimeoutError:
                return connection._buffer + b" and waits"


if __name__ == "__main__":
    main()
