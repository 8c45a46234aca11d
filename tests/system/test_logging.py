"""The log: Sentinel's line format, the events of Pub/Sub, and a renamed file is followed."""

import re
import socket
import time

from harness import LOG_LINE, SystemTest, main, wait_for
from harness.settings import PATIENCE

# Level of each event; only those from notice on are logged by default.
MARKS = {
    "+monitor": "#", "+sentinel": "*", "+slave": "*", "+sdown": "#", "+odown": "#",
    "+new-epoch": "#", "+try-failover": "#", "+vote-for-leader": "#", "+elected-leader": "#",
    "+selected-slave": "#", "+promoted-slave": "#", "+switch-master": "#", "+failover-end": "#",
    "+config-update-from": "#", "+slave-reconf-sent": "*", "+slave-reconf-done": "*",
    "+failover-state-reconf-slaves": "#", "+failover-state-select-slave": "#",
}


class Logging(SystemTest):
    def test_a_failover_in_the_log(self):
        system = self.cluster()
        old = system.nodes["mymaster"][0]
        old.process.kill()
        new = system.wait_switched(old)
        leader, = [agent for agent in system.agents if agent.logged("+elected-leader")]
        wait_for(lambda: leader.logged("+failover-end"), "+failover-end")

        seen = set()
        for agent in system.agents:
            now = time.time()
            for line in agent.log_text().splitlines():
                match = LOG_LINE.match(line)
                self.assertTrue(match, line)
                self.assertEqual(int(match["pid"]), agent.process.pid)
                stamp = time.mktime(time.strptime(match["stamp"][:20], "%d %b %Y %H:%M:%S"))
                self.assertLess(abs(now - stamp), 600, line)
                word = match["text"].split(" ")[0]
                if word in MARKS:
                    self.assertEqual(match["level"], MARKS[word], line)
                    seen.add(word)
            self.assertIn(f"Sentinel ID is {agent.my_id()}", agent.log_text())
            self.assertIn(f"Running mode=sentinel, port={agent.port}.", agent.log_text())
        self.assertEqual(set(MARKS) - seen, set())

        at_old = f"@ mymaster {old.host} {old.port}"
        ids = {agent.my_id() for agent in system.agents}
        # More than once if the first election was a draw.
        self.assertEqual(set(leader.logged("+try-failover")),
                         {f"master mymaster {old.host} {old.port}"})
        self.assertEqual(leader.logged("+promoted-slave"), [
            f"slave {new.host}:{new.port} {new.host} {new.port} {at_old}"])
        self.assertEqual(leader.logged("+failover-end"), [f"master mymaster {old.host} {old.port}"])
        self.assertEqual(leader.logged("+odown")[0],
                         f"master mymaster {old.host} {old.port} #quorum "
                         + leader.logged("+odown")[0].rpartition(" ")[2])
        self.assertRegex(leader.logged("+odown")[0], r" #quorum [23]/2$")
        for agent in system.agents:
            others = {text.split()[1] for text in agent.logged("+sentinel")}
            self.assertEqual(others, ids - {agent.my_id()})

    def test_log_and_channels_tell_the_same(self):
        """Events from notice on: same order, same text."""
        system = self.cluster()
        agent = system.agents[0]
        for text in ("down-after-milliseconds 2000", "down-after-milliseconds 1000", "quorum 1",
                     "quorum 2"):
            agent.sentinel("SET", "mymaster", *text.split())
        agent.sentinel("RESET", "mymaster")
        wait_for(lambda: agent.heard("+reset-master"), "+reset-master")
        system.wait_settled()
        names = {"+set", "+reset-master", "+sentinel", "+slave"}

        def published():
            texts = [f"{e.name} {e.payload}" for e in agent.events if e.name in names]
            return texts[[text.split()[0] for text in texts].index("+set"):]

        def logged():
            texts = [LOG_LINE.match(line)["text"] for line in agent.log_text().splitlines()]
            texts = [text for text in texts if text.split(" ")[0] in names]
            return texts[[text.split()[0] for text in texts].index("+set"):]

        self.assertEqual(published(), logged())
        self.assertEqual(sum(text.startswith("+set ") for text in logged()), 4)

    def test_renamed_file(self):
        """As Debian's logrotate does it: renamed, and nobody sends a signal."""
        system = self.cluster(groups={"mymaster": 1}, agents=["vedette"])
        agent = system.agents[0]
        moved = agent.log.with_name("sentinel.log.1")
        agent.log.rename(moved)
        before = moved.read_text()
        agent.sentinel("SET", "mymaster", "quorum", 1)
        wait_for(lambda: agent.logged("+set"), "the event in a new file")
        self.assertEqual(moved.read_text(), before)
        agent.log.unlink()
        agent.sentinel("SET", "mymaster", "quorum", 2)
        wait_for(lambda: agent.logged("+set"), "the event in a new file again")

    def test_connections_of_clients(self):
        """At level verbose, with the words by which they are found in the log of a Sentinel."""
        for kind in ("debian", "vedette"):
            system = self.unstarted_cluster(f"c-{kind}", groups={"mymaster": 1}, agents=[kind])
            agent = system.agents[0]
            agent.configure(["loglevel verbose", "timeout 2"]).start()
            for text in (b"PING\r\n", b"*x\r\n", b"POST / HTTP/1.1\r\n\r\n", b""):
                with socket.create_connection((agent.host, agent.port)) as client:
                    client.sendall(text)
                    if not text.startswith(b"PING"):
                        client.settimeout(PATIENCE)
                        while client.recv(1000):
                            pass
            for words in (r"- Accepted 127\.0\.0\.1:\d+$", r"- Client closed connection id=\d+ addr=",
                          r"- Protocol error \(invalid \w+ \w+\) from client: id=\d+ addr=",
                          r"# Possible SECURITY ATTACK detected", r"- Closing idle client$"):
                wait_for(lambda w=words: re.search(w, agent.log_text(), re.MULTILINE), words)

    def test_connections_that_fail(self):
        """At level debug, in Sentinel's words: here the connection cannot even be begun."""
        broadcast = "255.255.255.255"
        for kind in ("debian", "vedette"):
            system = self.unstarted_cluster(kind, groups={"mymaster": 1}, agents=[kind])
            agent = system.agents[0]
            agent.configure([f"sentinel monitor mymaster {broadcast} 6379 1",
                             "loglevel debug"]).start()
            for event in ("-cmd-link-reconnection", "-pubsub-link-reconnection"):
                wait_for(lambda: agent.logged(event), event)
                self.assertEqual(agent.logged(event)[0],
                                 f"master mymaster {broadcast} 6379 #Network is unreachable")
                self.assertEqual(agent.heard(event), [])

    def test_level(self):
        system = self.unstarted_cluster(groups={"mymaster": 2}, agents=["vedette"])
        system.start_nodes()
        agent = system.agents[0]
        agent.configure([*system.monitor_lines(), "loglevel warning"]).start()
        system.wait_settled()
        wait_for(lambda: agent.logged("+monitor"), "+monitor")
        self.assertEqual(agent.logged("+slave"), [])
        marks = {LOG_LINE.match(line)["level"] for line in agent.log_text().splitlines()}
        self.assertEqual(marks, {"#"})


if __name__ == "__main__":
    main()
