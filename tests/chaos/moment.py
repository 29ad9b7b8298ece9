"""The clients' clock."""

import time

_STARTED = time.time() - time.monotonic()


def now() -> float:
    """Return the seconds since the epoch, by a clock that never steps back: answers and requests are ordered by it."""
    return _STARTED + time.monotonic()
