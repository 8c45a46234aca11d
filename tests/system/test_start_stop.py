"""The names and arguments it is started with, and the ways in which it is ended."""

import os
import pathlib
import signal
import socket

from harness import (LOG_LINE, Closed, Connection, Process, SystemTest, free_port, main,
                     only_vedette, settings, wait_for)
from harness.once import run

REDIS_VERSION = r"^Redis server v=7\.0\.15 sha=\S+ malloc=\S+ bits=64 build=\S+$"
LINKS = ("redis-sentinel", "redis-server", "valkey-sentinel", "valkey-server")


class Names(SystemTest):
    def setUp(self):
        for name in LINKS:
            (self.directory / name).symlink_to(settings.VEDETTE)

    @only_vedette
    def test_version(self):
        for name in ("redis-sentinel", "redis-server"):
            for option in ("--version", "-v"):
                ended = run([self.directory / name, option], self.directory)
                self.assertEqual((ended.code, ended.stderr), (0, ""))
                self.assertRegex(ended.stdout, REDIS_VERSION)
        ended = run([self.directory / "valkey-server", "-v"], self.directory)
        self.assertRegex(ended.stdout, r"^Valkey server v=8\.1\.0 ")
        ended = run([settings.VEDETTE, "--version"], self.directory)
        self.assertEqual((ended.code, ended.stderr), (0, ""))
        self.assertRegex(ended.stdout, r"^vedette \d+\.\d+ \(redis 7\.0\.15 dialect\)\n$")

    def test_help(self):
        ended = run([settings.VEDETTE, "--help"], self.directory)
        self.assertEqual((ended.code, ended.stdout), (1, ""))
        self.assertIn("Usage:", ended.stderr)

    @only_vedette
    def test_the_build_has_the_links(self):
        links = pathlib.Path(settings.VEDETTE).parent / "links"
        self.assertEqual(sorted(os.listdir(links)), sorted(LINKS))
        for name in LINKS:
            self.assertTrue(os.path.samefile(links / name, settings.VEDETTE))

    def test_all_ways_to_start(self):
        config = self.directory / "sentinel.conf"
        ways = [("redis-sentinel", [config]), ("redis-server", [config, "--sentinel"]),
                ("redis-sentinel", ["sentinel.conf", "--sentinel"])]
        if settings.is_vedette():
            ways += [("valkey-sentinel", [config]), ("valkey-server", [config, "--sentinel"]),
                     (settings.VEDETTE, [config])]
        for name, arguments in ways:
            with self.subTest(name=name, arguments=arguments):
                port = free_port()
                # The options come after the file and win.
                config.write_text("port 1\nbind 127.0.0.1\n")
                process = Process("started", [self.directory / name, *arguments,
                                              "--port", port], self.directory)
                process.start()
                self.check_answers(port)
                title = f"{self.directory / name} 127.0.0.1:{port} [sentinel]"
                self.assertEqual(process.title(), title)
                self.assertEqual(process.terminate(), 0)
                self.assertEqual(process.errors(), "")
                self.assertIn("Running mode=sentinel, port=%d." % port, process.output())
                # It has an identity now.
                self.assertRegex(config.read_text(), r"(?m)^sentinel myid [0-9a-f]{40}$")
                # The file says now what the options said.
                again = Process("again", [self.directory / name, *arguments], self.directory)
                again.start()
                self.check_answers(port)
                self.assertEqual(again.terminate(), 0)

    def check_answers(self, port):
        connection = wait_for(lambda: Connection("127.0.0.1", port), "it to listen")
        with connection:
            self.assertEqual(connection.call("PING"), "PONG")
            self.assertIn("redis_mode:sentinel\r\n", connection.call("INFO", "server"))
            self.assertEqual(connection.call("ROLE"), ["sentinel", []])


class Ends(SystemTest):
    """Every graceful end: exit code 0, a farewell in the log, no pid file left."""

    def setUp(self):
        system = self.unstarted_cluster(groups={"mymaster": 1}, agents=["vedette"])
        system.start_nodes()
        self.agent = system.agents[0]
        self.pidfile = self.agent.directory / "agent.pid"
        self.agent.configure([*system.monitor_lines(), f"pidfile {self.pidfile}"]).start()
        self.assertEqual(self.pidfile.read_text(), f"{self.agent.process.pid}\n")

    def check_end(self):
        self.assertEqual(self.agent.process.wait_exit(), 0)
        self.assertFalse(self.pidfile.exists())
        last = self.agent.log_text().splitlines()[-1]
        self.assertEqual(LOG_LINE.match(last)["text"], "Sentinel is now ready to exit, bye bye...")

    def test_sigterm(self):
        self.agent.process.signal(signal.SIGTERM)
        self.check_end()
        self.assertIn("Received SIGTERM scheduling shutdown...", self.agent.log_text())

    def test_sigint(self):
        self.agent.process.signal(signal.SIGINT)
        self.check_end()
        self.assertIn("Received SIGINT scheduling shutdown...", self.agent.log_text())

    def test_shutdown_command(self):
        with self.assertRaises(Closed):
            self.agent.call("SHUTDOWN")
        self.check_end()

    def test_signals_that_do_not_end_it(self):
        for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGALRM):
            self.agent.process.signal(number)
            self.assertEqual(self.agent.call("PING"), "PONG")
        self.assertTrue(self.agent.process.alive())


class Readiness(SystemTest):
    def test_systemd_is_told(self):
        """supervised systemd: READY=1 when it serves, STOPPING=1 when it ends."""
        path = self.directory / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(path))
            notify.settimeout(settings.PATIENCE)
            system = self.unstarted_cluster(groups={"mymaster": 1}, agents=["vedette"])
            system.start_nodes()
            agent = system.agents[0]
            agent.configure([*system.monitor_lines(), "supervised systemd"])
            agent.start(env={"NOTIFY_SOCKET": str(path)}, wait=False)
            self.receive_until(notify, "READY=1")
            self.assertEqual(agent.call("PING"), "PONG")  # at once, not after a while
            agent.process.signal(signal.SIGTERM)
            self.receive_until(notify, "STOPPING=1")
            self.assertEqual(agent.process.wait_exit(), 0)

    def receive_until(self, notify, word):
        while word not in notify.recv(4096).decode().split("\n"):
            pass


if __name__ == "__main__":
    main()
