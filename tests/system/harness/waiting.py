"""Waiting for a condition instead of for a time."""

import time

from .settings import PATIENCE

INTERVAL = 0.02


class Impatient(AssertionError):
    """What was waited for did not happen."""


def _looks(seconds, interval=INTERVAL):
    """Time for one more look, again and again until the time is over; the last one is behind it.
    The one place where tests pause."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(interval)
    yield


def wait_for(condition, what, limit=PATIENCE, interval=INTERVAL):
    """Polls until condition() is true and returns its value.

    OSError and resp.Error count as "not yet": a server that is being started or replaced refuses
    connections and answers errors. `what` completes the sentence "waited ... s for ...".
    """
    from .resp import Error

    trouble = None
    for _ in _looks(limit, interval):
        try:
            value = condition()
            if value:
                return value
            trouble = None
        except (OSError, Error) as error:
            trouble = error
    because = f" ({trouble})" if trouble else ""
    raise Impatient(f"waited {limit:.0f} s for {what}{because}")


def watch(seconds, check):
    """Calls check(), which asserts, over and over for some time: for what must *not* happen."""
    for _ in _looks(seconds):
        check()
