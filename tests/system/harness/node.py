"""A data node: one real redis-server."""

import shlex

from . import resp
from .process import Process
from .settings import REDIS_SERVER
from .waiting import wait_for


class Node:
    """Started from a configuration file of its own, so that CONFIG REWRITE works and a restarted
    node comes back in the role it had."""

    def __init__(self, name, host, port, directory):
        self.name, self.host, self.port = name, host, port
        self.directory = directory
        directory.mkdir()
        self.config = directory / "redis.conf"
        self.log = directory / "redis.log"
        self.process = Process(name, [REDIS_SERVER, self.config], directory)

    @property
    def address(self):
        return (self.host, self.port)

    def configure(self, replica_of=None, settings=()):
        lines = [
            f"port {self.port}",
            f"bind {self.host}",
            "protected-mode no",
            f"dir {self.directory}",
            f"logfile {self.log}",
            'save ""',
            "repl-diskless-sync-delay 0",
            # Connections between loopback addresses come from 127.0.0.1 without this.
            f"replica-announce-ip {self.host}",
            f"replica-announce-port {self.port}",
            *settings,
        ]
        if replica_of:
            lines.append(f"replicaof {replica_of.host} {replica_of.port}")
        self.config.write_text("\n".join(lines) + "\n")
        return self

    def start(self):
        self.process.start()
        wait_for(lambda: self.call("PING") == "PONG", f"{self.name} to answer PING")
        return self

    def call(self, *words):
        with resp.Connection(self.host, self.port) as connection:
            return connection.call(*words)

    def info(self, section="replication"):
        lines = self.call("INFO", section).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def is_master(self):
        return self.info()["role"] == "master"

    def follows(self, master):
        """Is it a replica of that node, and in step with it?"""
        info = self.info()
        return (info["role"] == "slave" and info["master_link_status"] == "up"
                and (info["master_host"], int(info["master_port"])) == master.address)

    def __repr__(self):
        return f"{self.name}({shlex.quote(self.host)}:{self.port})"
