"""Three zones on one machine: in each an address, a redis-server and an agent."""

import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import redis

MASTER_NAME = "mymaster"
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")

REDIS_CONF = """\
bind {host}
port {redis_port}
protected-mode no
replica-announce-ip {host}
repl-diskless-sync-delay 0
save ""
dir {directory}
logfile redis.log
"""

REPLICA_CONF = """\
replicaof {master} {redis_port}
"""

AGENT_CONF = """\
bind {host}
port {agent_port}
protected-mode no
dir {directory}
logfile agent.log
sentinel announce-ip {host}
sentinel announce-port {agent_port}
sentinel monitor {name} {master} {redis_port} 2
sentinel down-after-milliseconds {name} 1000
sentinel failover-timeout {name} 10000
sentinel parallel-syncs {name} 1
"""

HTTP_CONF = """\
vedette http-bind {host}
vedette http-port {http_port}
"""

STOP = """\
#!/bin/sh
# Ends the processes of this demo, each only if its pid is still what it was, and removes the state.
stop() {{
  if [ "$(readlink "/proc/$1/cwd")" = "$2" ]; then kill "$1"; fi
}}
# They still write while they end.
await() {{
  while [ "$(readlink "/proc/$1/cwd")" = "$2" ]; do sleep 0.1; done
}}
{stops}
{awaits}
rm -rf {directory}
"""


def is_vedette(program):
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10)
    return done.stdout.startswith("vedette")


def is_free(host, port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports():
    """Ports for redis-server, agent and HTTP, free on all three addresses.

    They are below 32768, where the kernel begins to hand out ports for outgoing connections.
    """
    for shift in range(0, 200, 10):
        ports = (16379 + shift, 26479 + shift, 27479 + shift)
        if all(is_free(host, port) for host in HOSTS for port in ports):
            return ports
    sys.exit("demo.sh: no free ports on 127.0.0.1-3; tried 16379, 26479, 27479 and on in tens")


class Zone:
    def __init__(self, cluster, number, host):
        self.cluster = cluster
        self.number = number
        self.host = host
        self.directory = cluster.directory / f"zone{number}"
        self.directory.mkdir()
        self.redis_process = None
        self.agent_process = None

    def redis(self):
        return self._connect(self.cluster.redis_port)

    def agent(self):
        return self._connect(self.cluster.agent_port)

    def _connect(self, port):
        return redis.Redis(self.host, port, socket_timeout=1, decode_responses=True)

    def write_files(self):
        values = dict(
            host=self.host, directory=self.directory, name=MASTER_NAME, master=HOSTS[0],
            redis_port=self.cluster.redis_port, agent_port=self.cluster.agent_port,
            http_port=self.cluster.http_port,
        )
        redis_conf = REDIS_CONF + ("" if self.host == HOSTS[0] else REPLICA_CONF)
        (self.directory / "redis.conf").write_text(redis_conf.format(**values))
        agent_conf = AGENT_CONF + (HTTP_CONF if self.cluster.is_vedette else "")
        (self.directory / "sentinel.conf").write_text(agent_conf.format(**values))

    def start_redis(self):
        self.redis_process = self._start("/usr/bin/redis-server", "redis.conf")

    def start_agent(self):
        program = self.cluster.program
        words = [] if self.cluster.is_vedette else ["--sentinel"]
        self.agent_process = self._start(program, "sentinel.conf", *words)

    def _start(self, program, *words):
        # Unless they are to be kept, the servers die with this process even if it is killed. A
        # session of their own keeps Ctrl-C for us, so that we end them in order.
        tied = [] if self.cluster.keep else ["setpriv", "--pdeathsig", "KILL"]
        with open(self.directory / "output", "ab") as output:
            return subprocess.Popen(
                [*tied, program, *words], cwd=self.directory, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )

    def kill_redis(self):
        self.redis_process.kill()
        self.redis_process.wait()

    def processes(self):
        return [p for p in (self.agent_process, self.redis_process) if p and p.poll() is None]


class Cluster:
    """With `keep`, leaving the block leaves everything running, unless something failed in it."""

    def __init__(self, program, keep):
        self.program = program
        self.keep = keep
        self.redis_port, self.agent_port, self.http_port = free_ports()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-demo."))
        self.is_vedette = is_vedette(program)
        self.zones = [Zone(self, number, host) for number, host in enumerate(HOSTS, 1)]
        for zone in self.zones:
            zone.write_files()

    def __enter__(self):
        return self

    def __exit__(self, error_type, error, traceback):
        if not (self.keep and error_type is None):
            self.stop()

    def stop(self):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        running = [process for zone in self.zones for process in zone.processes()]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def write_stop_script(self):
        known = [f"{p.pid} {zone.directory}" for zone in self.zones for p in zone.processes()]
        script = self.directory / "stop.sh"
        stops = "\n".join(f"stop {each}" for each in known)
        awaits = "\n".join(f"await {each}" for each in known)
        script.write_text(STOP.format(stops=stops, awaits=awaits, directory=self.directory))
        return script

    def logs(self):
        """The last lines of every log, for when something did not happen."""
        for path in sorted(self.directory.glob("zone*/*")):
            if path.name in ("agent.log", "redis.log", "output"):
                lines = path.read_text(errors="replace").splitlines()[-15:]
                if lines:
                    yield f"--- {path.parent.name}/{path.name}", lines
