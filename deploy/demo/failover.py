"""Kills the master of three zones and prints when what happened. Exits 0 only if all of it did."""

import argparse
import os
import signal
import sys
import time
import urllib.error
import urllib.request

import redis

import witness
import zones
from zones import MASTER_NAME


class Missing(Exception):
    """Something that had to happen did not."""


def wait_for(what, condition, seconds):
    """The first true value of condition(); refused connections and error replies mean not yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            value = condition()
        except (redis.RedisError, OSError):
            value = None
        if value:
            return value
        time.sleep(0.02)
    raise Missing(f"{what}: not within {seconds} s")


def start(cluster):
    for zone in cluster.zones:
        zone.start_redis()
    first = cluster.zones[0].redis()
    wait_for("both replicas in step with the master", lambda: replicas_online(first) == 2, 15)
    for zone in cluster.zones:
        zone.start_agent()
    for zone in cluster.zones:
        wait_for(f"the agent of zone {zone.number} knows the others", lambda: knows_all(zone), 20)
    # A vote given before a restart may still bind: agents vote for nobody in their first three seconds.
    for zone in cluster.zones:
        wait_for(f"the agent of zone {zone.number} may vote", lambda: may_vote(zone), 20)


def may_vote(zone):
    return zone.agent().info("server")["uptime_in_seconds"] >= 4


def replicas_online(server):
    info = server.info("replication")
    return sum(info.get(f"slave{n}", {}).get("state") == "online" for n in range(2))


def check_alive(zone):
    status = zone.agent_process.poll()
    if status is not None:
        raise Missing(f"an agent that runs: the one of zone {zone.number} ended with {status}")


def knows_all(zone):
    check_alive(zone)
    master = zone.agent().sentinel_master(MASTER_NAME)
    return (
        master["flags"] == "master"
        and master["num-other-sentinels"] == 2
        and master["num-slaves"] == 2
    )


def is_replica_of(zone, host):
    info = zone.redis().info("replication")
    return (
        info["role"] == "slave"
        and info["master_host"] == host
        and info["master_link_status"] == "up"
    )


def is_ready(cluster, zone):
    url = f"http://{zone.host}:{cluster.http_port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False


class Timeline:
    def __init__(self, zero):
        self.zero = zero
        self.rows = []

    def add(self, at, what, detail=""):
        self.rows.append((at, what, detail))

    def print(self):
        for at, what, detail in sorted(self.rows):
            print(f"{(at - self.zero) * 1000:>8,.0f} ms  {what:<37} {detail}".rstrip())
        sys.stdout.flush()
        self.rows.clear()


def watch_failover(cluster, record, client, timeline):
    """Waits for each step of the failover and notes it; returns the new master's zone."""
    old = cluster.zones[0]
    master = f"master {MASTER_NAME} {old.host} {cluster.redis_port}"
    try:
        for name, start_of_text, what in (
            ("+sdown", master, "detected: subjectively down"),
            ("+odown", master, "objectively down: the quorum agrees"),
            ("+elected-leader", master, "leader elected"),
            ("+promoted-slave", "slave ", "promoted"),
        ):
            event = wait_for(what, lambda: record.first(name, start_of_text), 15)
            detail = f"zone {event.zone.number}"
            if name == "+promoted-slave":
                detail = event.text.split()[1]
            timeline.add(event.at, what, detail)

        def switched():
            events = record.all("+switch-master", MASTER_NAME + " ")
            return events if len({event.zone for event in events}) == len(cluster.zones) else None

        events = wait_for("announced by every agent", switched, 15)
        hosts = {event.text.split()[3] for event in events}
        order = ", ".join(str(event.zone.number) for event in events)
        timeline.add(events[0].at, "announced (+switch-master)", f"zones {order}")
        timeline.add(events[-1].at, "announced by all three agents", ", ".join(sorted(hosts)))
        if len(hosts) != 1 or len(events) != len(cluster.zones):
            raise Missing(f"one announcement of one master by each agent; got {events}")
        new = next(zone for zone in cluster.zones if zone.host in hosts)
        write = wait_for("a write on the new master", lambda: client.first_write_on(new.host), 15)
        address = f"{new.host}:{cluster.redis_port}"
        timeline.add(write.at, "first write on the new master", address)
        return new
    finally:
        timeline.print()


def watch_return(old, new, timeline):
    old.start_redis()
    timeline.add(time.time(), "old master started again", f"zone {old.number}")
    what = "old master back as replica, link up"
    try:
        wait_for(what, lambda: is_replica_of(old, new.host), 30)
        timeline.add(time.time(), what, f"of {new.host}")
    finally:
        timeline.print()


def run(cluster):
    print(
        f"Three zones, 127.0.0.1 to 127.0.0.3: redis-server on port {cluster.redis_port}, "
        f"agent on {cluster.agent_port}"
        + (f", HTTP on {cluster.http_port}" if cluster.is_vedette else "")
    )
    start(cluster)
    record = witness.Record(cluster.zones)
    client = witness.Client([(zone.host, cluster.agent_port) for zone in cluster.zones])
    client.start()
    old = cluster.zones[0]
    wait_for("ten writes on the master", lambda: len(client.acknowledged) >= 10, 15)
    address = f"{old.host}:{cluster.redis_port}"
    print(f"A client writes ten times a second to the master {address}\n", flush=True)

    timeline = Timeline(time.time())
    old.kill_redis()
    timeline.add(timeline.zero, "master killed with -9", address)
    new = watch_failover(cluster, record, client, timeline)
    watch_return(old, new, timeline)
    if cluster.is_vedette:
        for zone in cluster.zones:
            wait_for(f"/readyz of zone {zone.number}", lambda: is_ready(cluster, zone), 10)
    client.stop()
    for zone in cluster.zones:
        check_alive(zone)

    lost = client.lost(new.redis())
    print(
        f"\nWrites: {len(client.numbers)} acknowledged, {len(client.refused)} refused meanwhile, "
        f"{len(lost)} of the acknowledged lost"
    )


def explain(cluster):
    agent, data = cluster.agent_port, cluster.redis_port
    print("\nStill running, in " + str(cluster.directory))
    print(f"  redis-cli -h 127.0.0.1 -p {agent} sentinel get-master-addr-by-name {MASTER_NAME}")
    print(f"  redis-cli -h 127.0.0.1 -p {agent} sentinel failover {MASTER_NAME}")
    print(f"  redis-cli -h 127.0.0.1 -p {agent} psubscribe '*'")
    print(f"  redis-cli -h 127.0.0.2 -p {data} info replication")
    if cluster.is_vedette:
        print(f"  http://127.0.0.1:{cluster.http_port}/v1/masters  /metrics  /readyz  /healthz")
    print("The same on 127.0.0.2 and 127.0.0.3. Stop it all with")
    print(f"  sh {cluster.write_stop_script()}")


def main():
    arguments = argparse.ArgumentParser(prog="demo.sh", description=__doc__)
    arguments.add_argument("--keep", action="store_true", help="leave the three zones running")
    keep = arguments.parse_args().keep
    # Also where we were started with SIGINT ignored, as in the background of a script.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with zones.Cluster(os.environ["VEDETTE_BIN"], keep) as cluster:
            try:
                run(cluster)
            except Missing:
                for title, lines in cluster.logs():
                    print(title, *lines, sep="\n", file=sys.stderr)
                raise
            if keep:
                explain(cluster)
    except Missing as missing:
        sys.exit(f"\ndemo.sh: {missing}")
    except KeyboardInterrupt:
        sys.exit(130)


main()
