"""The agent watched over HTTP: /healthz, /readyz, /metrics and /v1/masters."""

import http.client
import json
import re
import socket

from harness import SystemTest, free_port, main, only_vedette, wait_for

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def get(agent, path, method="GET", port=None):
    """(status, headers, body)"""
    connection = http.client.HTTPConnection(agent.host, port or agent.http_port, timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def metrics(agent):
    """{name: [(labels, value)]}"""
    status, _, body = get(agent, "/metrics")
    assert status == 200, status
    found = {}
    for line in body.splitlines():
        if line and not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found.setdefault(name, []).append((dict(LABEL.findall(labels or "")), float(value)))
    return found


@only_vedette
class Http(SystemTest):
    def test_ready_while_a_majority_is_there(self):
        system = self.cluster()
        agent = system.agents[0]
        for other in system.agents:
            self.assertEqual(get(other, "/healthz")[0], 200)
            wait_for(lambda a=other: get(a, "/readyz")[0] == 200, f"{other} to be ready")
        for other in system.agents[1:]:
            other.kill()
        wait_for(lambda: get(agent, "/readyz")[0] == 503, "no majority: not ready")
        self.assertEqual(get(agent, "/healthz")[0], 200)
        system.agents[1].start()
        wait_for(lambda: get(agent, "/readyz")[0] == 200, "a majority again: ready")

    def test_metrics_follow_a_failover(self):
        system = self.cluster()
        agent = system.agents[0]
        old = system.nodes["mymaster"][0]
        _, headers, _ = get(agent, "/metrics")
        self.assertTrue(headers["Content-Type"].startswith("text/plain"), headers["Content-Type"])

        def status_labels():
            (labels, value), = metrics(agent)["redis_sentinel_master_status"]
            self.assertEqual(labels["master_name"], "mymaster")
            return value, labels["master_address"], labels["master_status"]

        self.assertEqual(status_labels(), (1, f"{old.host}:{old.port}", "ok"))
        found = metrics(agent)

        def value(metric):
            sample, = [v for labels, v in found[metric]
                       if not labels or labels["master_name"] == "mymaster"]
            return sample

        self.assertEqual(value("redis_sentinel_masters"), 1)
        self.assertEqual(value("redis_sentinel_tilt"), 0)
        self.assertEqual(value("redis_sentinel_master_slaves"), 2)
        self.assertEqual(value("redis_sentinel_master_sentinels"), 3)
        self.assertEqual(value("redis_sentinel_master_ok_slaves"), 2)
        self.assertEqual(value("redis_sentinel_master_ok_sentinels"), 3)
        self.assertEqual(value("redis_sentinel_master_setting_down_after_milliseconds"), 1000)
        self.assertEqual(value("redis_sentinel_master_setting_ckquorum"), 2)

        old.process.kill()
        new = system.wait_switched(old)
        wait_for(lambda: status_labels() == (1, f"{new.host}:{new.port}", "ok"),
                 "the new master in the metrics")
        for metric, labels in [
                ("vedette_announcements_total", {"event": "+switch-master"}),
                ("vedette_failovers_total", {"master_name": "mymaster", "outcome": "switched"})]:
            self.assertIn((labels, 1), metrics(agent)[metric])

    def test_masters_as_json(self):
        system = self.cluster(groups={"alpha": 2, "beta": 1})
        status, headers, body = get(system.agents[0], "/v1/masters")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("application/json"))
        document = json.loads(body)
        self.assertEqual(document["agent"]["id"], system.agents[0].my_id())
        masters = {master["name"]: master for master in document["masters"]}
        self.assertEqual(sorted(masters), ["alpha", "beta"])
        for name, (first, *others) in system.nodes.items():
            master = masters[name]
            self.assertEqual(master["status"], "ok")
            self.assertEqual(master["master"]["address"], address(first))
            self.assertEqual(master["master"]["flags"], ["master"])
            self.assertEqual([replica["address"] for replica in master["replicas"]],
                             [address(node) for node in others])
            self.assertEqual(sorted(peer["id"] for peer in master["peers"]),
                             sorted(agent.my_id() for agent in system.agents[1:]))
            self.assertIsNone(master["failover"])

    def test_what_is_not_there(self):
        system = self.cluster(groups={"mymaster": 1}, agents=["vedette"], options={"quorum": 1})
        agent = system.agents[0]
        self.assertEqual(get(agent, "/nothing")[0], 404)
        self.assertEqual(get(agent, "/metrics", "POST")[0], 405)
        status, _, body = get(agent, "/healthz", "HEAD")
        self.assertEqual((status, body), (200, ""))
        for junk in (b"\x00\xff" * 500 + b"\r\n\r\n", encode_request(b"/" + b"x" * 100000),
                     b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 20000 + b"\r\n"):
            with socket.create_connection((agent.host, agent.http_port), 10) as connection:
                try:
                    connection.sendall(junk)
                    answer = connection.recv(65536)
                except ConnectionError:
                    answer = b""
            self.assertNotIn(b" 200 ", answer.split(b"\r\n")[0])
        # Many who send nothing do not keep others from being served.
        idle = [socket.create_connection((agent.host, agent.http_port), 10) for _ in range(50)]
        self.assertEqual(get(agent, "/healthz")[0], 200)
        for connection in idle:
            connection.close()
        self.assertEqual(agent.call("PING"), "PONG")

    def test_whoever_never_ends_its_request_is_closed(self):
        system = self.cluster(groups={"mymaster": 1}, agents=["vedette"], options={"quorum": 1})
        agent = system.agents[0]
        with socket.create_connection((agent.host, agent.http_port), 10) as kept, \
             socket.create_connection((agent.host, agent.http_port), 10) as slow:
            kept.sendall(encode_request(b"/healthz"))
            self.assertIn(b" 200 ", kept.recv(65536))
            slow.sendall(b"GET /healthz HTTP/1.1\r\n")
            slow.settimeout(120)
            self.assertEqual(slow.recv(1), b"", "closed without an answer")
            kept.sendall(encode_request(b"/healthz"))
            self.assertIn(b" 200 ", kept.recv(65536), "who was served before has longer")

    def test_default_port(self):
        """Without lines of ours: on the loopback address, 1000 above the port, and only a line
        in the log if that is taken."""
        for taken in (False, True):
            with self.subTest(taken=taken):
                system = self.unstarted_cluster(place=f"taken-{taken}", groups={"mymaster": 1},
                                                agents=["vedette"], options={"quorum": 1})
                system.start_nodes()
                agent = system.agents[0]
                agent.port = free_port(also=1000)
                agent.configure(system.monitor_lines())
                text = agent.config.read_text()
                agent.config.write_text("".join(line for line in text.splitlines(keepends=True)
                                                if not line.startswith("vedette ")))
                port = agent.port + 1000
                blocker = socket.create_server((agent.host, port)) if taken else None
                agent.start()
                if taken:
                    blocker.close()
                    self.assertIn(str(port), agent.log_text())
                    with self.assertRaises(ConnectionRefusedError):
                        get(agent, "/healthz", port=port)
                else:
                    self.assertEqual(get(agent, "/healthz", port=port)[0], 200)


def address(member):
    return {"host": member.host, "port": member.port}


def encode_request(target):
    return b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n"


if __name__ == "__main__":
    main()
