"""Where it listens besides its port, and what its commands are called there: as redis-sentinel."""

import re
import stat
import subprocess

from harness import LOG_LINE, Agent, SystemTest, main, only_vedette, settings, wait_for

FAREWELL = ["*Removing the pid file.", "*Removing the unix socket file.",
            "#Sentinel is now ready to exit, bye bye..."]
RENAMED = ["rename-command ping MYPING", 'rename-command CLIENT ""', 'rename-command info "nfo x"']
ASKED = ["PING", "myping", "myping a b", "client list", "info", "command info ping",
         "command info myping client", "command count", "acl dryrun default myping",
         "acl dryrun default ping", "acl dryrun default client list", "command getkeys ping",
         "command getkeys ping x", "command getkeys myping x", "sentinel masters"]


@only_vedette
class Listening(SystemTest):
    def pair(self, lines):
        """A Vedette and a redis-sentinel that monitor nothing, each with a Unix socket."""
        for name in ("ours", "debian"):
            agent = Agent(name, "127.0.0.1", self.directory / name, debian=name == "debian")
            self.addCleanup(agent.stop)
            agent.socket = agent.directory / "unix.sock"
            yield agent.configure([f"unixsocket {agent.socket}", *lines])

    def cli(self, agent, *words):
        """What redis-cli prints of the reply on the Unix socket."""
        ended = subprocess.run([settings.REDIS_CLI, "-s", str(agent.socket), *words],
                               capture_output=True, text=True, timeout=settings.PATIENCE)
        return ended.stdout.replace(str(agent.socket), "<socket>")

    def test_unix_socket(self):
        pidfile = self.directory / "agent.pid"
        for agent in self.pair(["unixsocketperm 700", f"pidfile {pidfile}"]):
            agent.socket.write_text("left behind")
            agent.start()
            mode = agent.socket.stat().st_mode
            self.assertTrue(stat.S_ISSOCK(mode))
            self.assertEqual(stat.S_IMODE(mode), 0o700)
            client = self.cli(agent, "client", "list")
            self.assertRegex(client, r" addr=<socket>:0 laddr=<socket>:0 fd=\d+ name= ")
            self.assertRegex(client, " flags=U ")
            self.assertEqual(agent.process.terminate(), 0)
            self.assertFalse(agent.socket.exists())
            self.assertFalse(pidfile.exists())
            lines = [LOG_LINE.match(line) for line in agent.log_text().splitlines()[-3:]]
            self.assertEqual([line["level"] + line["text"] for line in lines], FAREWELL)

    def test_unix_socket_alone(self):
        for agent in self.pair(["port 0"]):
            agent.process.start()
            self.wait_for_socket(agent)
            self.assertEqual(self.cli(agent, "ping"), "PONG\n")
            self.assertEqual(agent.process.terminate(), 0)

    def test_unix_socket_that_cannot_be(self):
        for agent in self.pair(["unixsocket /nonexistent/unix.sock"]):
            agent.process.start()
            self.assertEqual(agent.process.wait_exit(), 1)
            self.assertIn("# Failed opening Unix socket: bind: No such file or directory",
                          agent.log.read_text())

    def test_renamed_commands(self):
        ours, debian = self.pair(RENAMED)
        for agent in (ours, debian):
            agent.process.start()
            self.wait_for_socket(agent)
        for line in ASKED:
            with self.subTest(line=line):
                words = line.split()
                self.assertEqual(self.cli(ours, *words), self.cli(debian, *words))
        listed = [sorted(self.cli(agent, "command", "list").split()) for agent in (ours, debian)]
        self.assertEqual(*listed)
        self.assertNotIn("client", listed[0])
        self.assertTrue(re.search("sentinel_masters:0", self.cli(ours, "nfo x")))
        for agent in (ours, debian):
            self.assertEqual(agent.process.terminate(), 0)

    def wait_for_socket(self, agent):
        wait_for(agent.socket.exists, f"{agent.name} to listen on its Unix socket")


if __name__ == "__main__":
    main()
