"""The simulator's model of redis-sentinel 7.0.15 is right: the real one does the same.

The scenarios and what comes out of them are written in tests/sim/legacy/*.txt. The unit test
LegacyScenario puts them to the model, this one to Debian's redis-sentinel, whatever VEDETTE_BIN is.
Times are part of what the model claims: never less than it says, and hardly more, as far as this
machine keeps time at all.
"""

import datetime
import functools
import socketserver
import threading
import time

from harness import LOG_LINE, Connection, Node, SystemTest, free_port, main, settings, wait_for
from harness.agent import Agent

ATTEMPTS = 3       # a stalled machine adds events: what is systematic fails each time
RACE = 0.1         # log lines are stamped after what they tell, by this many seconds at most
A, B = "a" * 40, "b" * 40


def scenario(name):
    lines = (settings.ROOT / "tests" / "sim" / "legacy" / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def lines_of(lines, word):
    return [line.partition(" ")[2] for line in lines if line.split()[0] == word]


def in_attempts(test):
    """Runs it again, elsewhere, after an AssertionError."""
    @functools.wraps(test)
    def run(self):
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return test(self, f"attempt-{attempt}")
            except AssertionError:
                if attempt == ATTEMPTS:
                    raise
                self.doCleanups()
    return run


class Lateness:
    """How late this machine lets a sleeper wake up."""

    def __enter__(self):
        self.worst, self._end = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _run(self):
        while not self._end.is_set():
            before = time.monotonic()
            self._end.wait(0.01)
            self.worst = max(self.worst, time.monotonic() - before - 0.01)

    def slack(self):
        return RACE + 10 * self.worst


class FakePeer(socketserver.ThreadingTCPServer):
    """A sentinel that sees every master down, never votes, and notes what it is asked."""

    daemon_threads = True
    allow_reuse_address = True  # an earlier test's connections may linger on the port

    def __init__(self, run_id):
        super().__init__(("127.0.0.1", free_port()), FakePeer.Session)
        self.run_id, self.asks = run_id, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Session(socketserver.BaseRequestHandler, Connection):
        def setup(self):
            self._socket, self._buffer = self.request, b""

        def handle(self):
            try:
                while True:
                    self._socket.sendall(self.answer(self.read()))
            except OSError:
                pass

        def answer(self, words):
            if words[0].upper() == "PING":
                return b"+PONG\r\n"
            if words[0].upper() != "SENTINEL":
                return b"+OK\r\n"
            self.server.asks.append((int(words[4]), words[5]))
            return b"*3\r\n:1\r\n$1\r\n*\r\n:0\r\n"

    def known_line(self):
        return f"sentinel known-sentinel mymaster 127.0.0.1 {self.server_address[1]} {self.run_id}"


class Told:
    """What a sentinel logged from now on: [(seconds, "event payload")], names for addresses."""

    def __init__(self, agent, names):
        self.agent, self.names = agent, names
        self.skip = len(agent.log_text().splitlines())

    def read(self):
        told = []
        for line in self.agent.log_text().splitlines()[self.skip:]:
            match = LOG_LINE.match(line)
            if match and match["text"][0] in "+-":
                stamp = datetime.datetime.strptime(match["stamp"], "%d %b %Y %H:%M:%S.%f")
                told.append((stamp.timestamp(), self._named(match["text"])))
        return told

    def _named(self, text):
        for found, name in self.names.items():
            text = text.replace(found, name)
        return text

    def events(self):
        """The texts, with consecutive +slave lines in their order."""
        ordered, run = [], []
        for _, text in self.read() + [(0, "")]:
            if text.startswith("+slave "):
                run.append(text)
                continue
            ordered += sorted(run) + [text]
            run = []
        return ordered[:-1]

    def has(self, event, times=1):
        return sum(text.split()[0] == event for _, text in self.read()) >= times

    def time_of(self, event, which=0):
        return [at for at, text in self.read() if text.split()[0] == event][which]


class LegacyModel(SystemTest):
    def sentinel(self, name, place, lines):
        directory = self.directory / place
        directory.mkdir(exist_ok=True)
        agent = Agent(name, "127.0.0.1", directory / name, debian=True)
        self.addCleanup(lambda: self.assertEqual(agent.finish(), []))
        return agent.configure([*lines, "loglevel verbose"])

    def node(self, name, place):
        directory = self.directory / place
        directory.mkdir(exist_ok=True)
        node = Node(name, "127.0.0.1", free_port(), directory / name)
        self.addCleanup(lambda: node.process.alive() and node.process.kill())
        return node.configure().start()

    def fake_peers(self):
        peers = [FakePeer(A), FakePeer(B)]
        for peer in peers:
            self.addCleanup(peer.server_close)
            self.addCleanup(peer.shutdown)
        return peers

    def assert_time(self, what, seconds, low, high, lateness):
        self.assertGreaterEqual(seconds, int(low) / 1000 - 0.002, what)
        self.assertLessEqual(seconds, int(high) / 1000 + lateness.slack(), what)

    # ---- votes.txt -----------------------------------------------------------------------------
    def test_votes(self):
        ports = {name: free_port() for name in ("m", "n", "unknown")}
        ids = {"A": A, "B": B, "*": "*"}
        lines = [f"sentinel monitor {name} 127.0.0.1 {ports[name]} 2" for name in "mn"]
        agent = self.sentinel("voter", "votes", lines).start()
        home, away = agent.directory, agent.directory.with_name("away")
        for line in scenario("votes.txt"):
            word, *words = line.split()
            if word == "restart":
                agent.restart()
            elif line == "disk breaks":
                home.rename(away)
            elif line == "disk heals":
                agent.kill()
                away.rename(home)
            elif word == "again":
                self.assertEqual(agent.sentinel("REMOVE", "m"), "OK")
                self.assertEqual(
                    agent.sentinel("MONITOR", "m", "127.0.0.1", ports["m"], 2), "OK")
            else:
                master, epoch, candidate = words[:3]
                down, leader, voted = agent.sentinel("is-master-down-by-addr", "127.0.0.1",
                                                     ports[master], epoch, ids[candidate])
                leader = {text: name for name, text in ids.items()}[leader]
                self.assertEqual(
                    f"ask {master} {epoch} {candidate} = {down} {leader} {voted}", line)

    # ---- failover.txt --------------------------------------------------------------------------
    @in_attempts
    def test_failover(self, place):
        lines = scenario("failover.txt")
        system = self.unstarted_cluster(place, agents=("debian",) * 3)
        system.start_nodes()
        old, new, other = system.nodes["mymaster"]
        new.call("CONFIG", "SET", "replica-priority", "10")
        for index, agent in enumerate(system.agents):
            own = {"quorum": 2, "down-after-milliseconds": 20000}
            if index == 0:
                own = {"quorum": 1, "down-after-milliseconds": 2000}
            agent.configure([*system.monitor_lines(own), "loglevel verbose"]).start()
        system.wait_settled()
        leader, *followers = system.agents
        wait_for(lambda: [r["slave-priority"] for r in leader.replicas()].count("10") == 1,
                 "the leader to know the priority")
        names = {f"{node.host}{sign}{node.port}": name for sign in " :"
                 for node, name in ((old, "old"), (new, "new"), (other, "other"))}
        names |= {f"{leader.host} {leader.port}": "leader", leader.my_id(): "leader"}
        told = [Told(agent, names) for agent in system.agents]
        with Lateness() as lateness:
            killed = time.time()
            old.process.kill()
            wait_for(lambda: told[0].has("+sdown", 2), "the old master to be a replica that is down")
            for each in told:
                wait_for(lambda e=each: e.has("+slave", 2), f"{each.agent} to switch")
        self.assertEqual(told[0].events(), lines_of(lines, "leader"))
        for each in told[1:]:
            events = [text for text in each.events() if "role-change" not in text]
            self.assertEqual(events, lines_of(lines, "follower"), each.agent)
        for line in lines_of(lines, "time"):
            first, last, low, high = line.split()
            start = killed if first == "kill" else told[0].time_of(first)
            self.assert_time(line, told[0].time_of(last) - start, low, high, lateness)
        # One epoch was used up, and it is that of the configuration.
        for agent in system.agents:
            self.assertEqual(agent.config_values("sentinel", "current-epoch"), ["1"])
            self.assertEqual(agent.config_values("sentinel", "config-epoch"), ["mymaster 1"])

    # ---- candidate.txt -------------------------------------------------------------------------
    @in_attempts
    def test_candidate(self, place):
        lines = scenario("candidate.txt")
        old = self.node("old", place)
        peers = self.fake_peers()
        agent = self.sentinel("candidate", place, [
            f"sentinel monitor mymaster 127.0.0.1 {old.port} 2",
            "sentinel down-after-milliseconds mymaster 1000",
            "sentinel failover-timeout mymaster 4000",
            *(peer.known_line() for peer in peers)]).start()
        wait_for(lambda: agent.master()["info-refresh"] != "0", "the master to answer INFO")
        told = Told(agent, {f"127.0.0.1 {old.port}": "old", agent.my_id(): "self"})
        with Lateness() as lateness:
            old.process.kill()
            wait_for(lambda: told.has("+vote-for-leader", 2), "the second candidacy")
        asks = [list(peer.asks) for peer in peers]
        self.assertEqual(told.events(), lines_of(lines, "event"))
        for line in lines_of(lines, "time"):
            event, low, high = line.split()
            seconds = told.time_of(event, -1) - told.time_of("+try-failover")
            self.assert_time(line, seconds, low, high, lateness)
        for each in asks:
            runs = []
            for epoch, candidate in each:
                what = f"{epoch} {'*' if candidate == '*' else 'self'}"
                if not runs or runs[-1][0] != what:
                    runs.append([what, 0])
                runs[-1][1] += 1
            expected = [line.rsplit(" ", 2) for line in lines_of(lines, "asks")]
            # The questions of the last tick may still be on their way.
            while len(runs) < len(expected):
                runs.append([expected[len(runs)][0], int(expected[len(runs)][1])])
            self.assertEqual([what for what, _ in runs], [what for what, _, _ in expected])
            for (what, times), (_, least, most) in zip(runs, expected):
                self.assertTrue(int(least) <= times <= int(most), f"{what}: {times} times")

    # ---- LegacySwitch.KeepsPeersAndTheirOpinionsNotTheLinks ------------------------------------
    @in_attempts
    def test_opinions_outlive_a_switch(self, place):
        old, new = self.node("old", place), self.node("new", place)
        peers = self.fake_peers()
        agent = self.sentinel("observer", place, [
            f"sentinel monitor mymaster 127.0.0.1 {old.port} 4",
            "sentinel down-after-milliseconds mymaster 2000",
            *(peer.known_line() for peer in peers)]).start()
        wait_for(lambda: agent.master()["info-refresh"] != "0", "the master to answer INFO")

        def opinions():
            return sum("master_down" in peer["flags"] for peer in agent.peers())

        old.process.kill()
        wait_for(lambda: opinions() == 2, "the peers to call the master down")
        host, port = peers[0].server_address
        agent.call("PUBLISH", "__sentinel__:hello",
                   f"{host},{port},{A},1,mymaster,{new.host},{new.port},1")
        switched = time.monotonic()
        self.assertEqual(agent.master_address(), new.address)
        self.assertEqual(opinions(), 2)
        wait_for(lambda: opinions() == 0, "the opinions to be too old")
        self.assertGreater(time.monotonic() - switched, 3.5)


if __name__ == "__main__":
    main()
