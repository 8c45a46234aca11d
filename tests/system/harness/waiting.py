"""Waiting for a condition instead of for a time."""

import time

from .settings import PATIENCE

INTERVAL = 0.02


class Impatient(AssertionError):
    """What was waited for did not happen."""


def wait_for(condition, what, limit=PATIENCE):
    """Polls until condition() is true and returns its value.

    OSError and resp.Error count as "not yet": a server that is being started or replaced refuses
    connections and answers errors. `what` completes the sentence "waited ... s for ...".
    """
    from .resp import Error

    end = time.monotonic() + limit
    trouble = None
    while True:
        try:
            value = condition()
            if value:
                return value
            trouble = None
        except (OSError, Error) as error:
            trouble = error
        if time.monotonic() > end:
            because = f" ({trouble})" if trouble else ""
            raise Impatient(f"waited {limit:.0f} s for {what}{because}")
        time.sleep(INTERVAL)


def watch(seconds, check):
    """Calls check(), which asserts, over and over for some time: for what must *not* happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check()
        time.sleep(INTERVAL)
    check()
