"""Clients live through the kill of the master and write again without being restarted: redis-cli,
python3-redis and ioredis, all on the same failover."""

import json
import pathlib
import shutil
import subprocess
import threading

from harness import Process, SystemTest, Writer, main, settings, wait_for

IOREDIS = "ioredis@5"
HERE = pathlib.Path(__file__).resolve().parent


class RedisCli:
    """One redis-cli for the whole test: it asks an agent, then connects to what it was told."""

    def __init__(self, agent):
        self.agent = agent
        self._process = subprocess.Popen(
            [settings.REDIS_CLI, "--no-auth-warning"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        self._lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.append(line.strip())

    def command(self, text, answer_lines):
        """The answer to one command, as the lines that redis-cli prints."""
        seen = len(self._lines)
        self._process.stdin.write(text + "\n")
        wait_for(lambda: len(self._lines) >= seen + answer_lines, f"redis-cli to answer {text!r}")
        return self._lines[seen:seen + answer_lines]

    def write(self, key):
        self._process.stdin.write(f"CONNECT {self.agent.host} {self.agent.port}\n")
        host, port = self.command("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster", 2)
        self._process.stdin.write(f"CONNECT {host} {port}\n")
        return self.command(f"SET {key} redis-cli", 1) == ["OK"]

    def stop(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def ioredis_directory():
    """node_modules with ioredis, fetched once into the build directory."""
    place = settings.ROOT / "build" / "npm"
    if not (place / "node_modules" / "ioredis" / "package.json").exists():
        assert shutil.which("npm"), f"npm is needed once to fetch {IOREDIS}: install nodejs and npm"
        place.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--prefix", place, "--no-audit", "--no-fund", "--no-save",
             "--ignore-scripts", IOREDIS], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"npm cannot fetch {IOREDIS}:\n{done.stdout}{done.stderr}"
    return place / "node_modules"


class Clients(SystemTest):
    def test_all_survive_one_kill(self):
        modules = ioredis_directory()
        system = self.cluster()
        old = system.nodes["mymaster"][0]

        python = Writer(system.agents).start()
        self.addCleanup(python.stop)
        cli = RedisCli(system.agents[0])
        self.addCleanup(cli.stop)
        node = Process("ioredis", [
            shutil.which("node") or "node", HERE / "ioredis_client.js",
            *(f"{agent.host}:{agent.port}" for agent in system.agents)], self.directory)
        node.start(env={"NODE_PATH": str(modules)})
        wait_for(lambda: self.ioredis_records(node), "ioredis to write")
        wait_for(lambda: cli.write("cli:before"), "redis-cli to write")

        old.process.kill()
        new = system.wait_switched(old)

        with self.subTest(client="redis-cli"):
            wait_for(lambda: cli.write("cli:after"), "redis-cli to write again")
            self.assertEqual(new.call("GET", "cli:after"), "redis-cli")
        with self.subTest(client="python3-redis"):
            number = python.wait_writing()
            self.assertEqual(new.call("GET", f"record:{number}"), str(number))
        with self.subTest(client="ioredis"):
            on_new = wait_for(
                lambda: [r for r in self.ioredis_records(node) if r["port"] == new.port],
                "ioredis to write to the new master")
            number = on_new[-1]["number"]
            self.assertEqual(new.call("GET", f"ioredis:{number}"), str(number))
            self.assertTrue(node.alive())
        self.assert_one_switch(system, old, new)

    @staticmethod
    def ioredis_records(process):
        """What the script reported: one JSON object for each acknowledged write."""
        whole = process.output().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]


if __name__ == "__main__":
    main()
