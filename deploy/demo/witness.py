"""Who sees the failover: a client that writes through Sentinel, and a listener on each agent."""

import collections
import threading
import time

import redis
import redis.sentinel

from zones import MASTER_NAME

Write = collections.namedtuple("Write", "at host")
Event = collections.namedtuple("Event", "at zone name text")

KEY = "demo:writes"


class Client(threading.Thread):
    """An ordinary Sentinel client that appends a number to a list ten times a second."""

    def __init__(self, agents):
        super().__init__(daemon=True)
        sentinel = redis.sentinel.Sentinel(
            agents, socket_timeout=0.3, sentinel_kwargs={"socket_timeout": 0.3}
        )
        self._redis = sentinel.master_for(MASTER_NAME)
        self._stopped = threading.Event()
        self.acknowledged = []  # one Write for each number that the master confirmed
        self.numbers = []
        self.refused = []  # when a write failed

    def run(self):
        number, due = 0, time.time()
        while not self._stopped.wait(max(0.0, due - time.time())):
            number += 1
            due = max(due + 0.1, time.time())
            try:
                self._redis.rpush(KEY, number)
                host, _ = self._redis.connection_pool.master_address
                self.numbers.append(number)
                self.acknowledged.append(Write(time.time(), host))
            except redis.RedisError:
                self.refused.append(time.time())

    def stop(self):
        self._stopped.set()
        self.join()

    def first_write_on(self, host):
        return next((write for write in list(self.acknowledged) if write.host == host), None)

    def lost(self, master):
        """Numbers that were acknowledged but are not on the given server."""
        held = {int(number) for number in master.lrange(KEY, 0, -1)}
        return [number for number in self.numbers if number not in held]


class Listener(threading.Thread):
    """Subscribed to everything one agent says; each event is stamped when it arrives."""

    def __init__(self, zone, events):
        super().__init__(daemon=True)
        self._zone = zone
        self._events = events
        self._subscription = redis.Redis(
            zone.host, zone.cluster.agent_port, decode_responses=True
        ).pubsub()
        self._subscription.psubscribe("*")
        self._subscription.get_message(timeout=2)  # confirmed: nothing is missed from now on

    def run(self):
        try:
            for message in self._subscription.listen():
                self._events.append(
                    Event(time.time(), self._zone, message["channel"], str(message["data"]))
                )
        except (redis.RedisError, OSError, ValueError):
            pass  # the agent has gone


class Record:
    """All that all agents said."""

    def __init__(self, zones):
        self._events = []
        for zone in zones:
            Listener(zone, self._events).start()

    def all(self, name, start):
        """Events of that name whose text begins so, the earliest first."""
        found = [e for e in list(self._events) if e.name == name and e.text.startswith(start)]
        return sorted(found, key=lambda event: event.at)

    def first(self, name, start):
        return next(iter(self.all(name, start)), None)
