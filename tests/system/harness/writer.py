"""A client that never stops writing: numbered records to whatever master the agents name."""

import threading
import time

import redis
import redis.sentinel

from .waiting import wait_for

PAUSE = 0.05


class Writer:
    """Uses python3-redis the way an application does, and keeps its connection pool all along."""

    def __init__(self, agents, name="mymaster"):
        finder = redis.sentinel.Sentinel([agent.address for agent in agents], socket_timeout=1.0)
        self._client = finder.master_for(name, socket_timeout=1.0)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.acknowledged = []  # (when the answer came, number)
        self.refused = []       # (when it was given up, the error)
        self._next = 0

    def start(self):
        self._thread.start()
        self.wait_writing()
        return self

    def stop(self):
        self._ending.set()
        self._thread.join()

    def wait_writing(self):
        """Until a record that was sent after this call is acknowledged; returns its number."""
        first = self._next + 1
        wait_for(lambda: self.acknowledged and self.acknowledged[-1][1] >= first,
                 "a write to be acknowledged")
        return self.acknowledged[-1][1]

    def _run(self):
        while not self._ending.is_set():
            self._next += 1
            number = self._next
            try:
                self._client.set(f"record:{number}", number)
                self.acknowledged.append((time.time(), number))
            except redis.RedisError as error:  # no master just now, perhaps
                self.refused.append((time.time(), error))
            self._ending.wait(PAUSE)
