"""Listeners brought to a server, until each of them hears, and away again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.broadcasters import OnAir
from benchmarks.cores import open_files
from benchmarks.exactness import event_of
from benchmarks.listeners import Listeners
from benchmarks.publisher import Task

AT_ONCE = 200
"""How many come at once: fewer than any server lets wait."""

_OPEN_SECONDS, _HEAR_SECONDS, _QUIET_SECONDS, _LEAVE_SECONDS = 120.0, 20.0, 1.0, 10.0
_TRIES = 5
_MOMENT = 0.02


@contextmanager
def audience(on_air: OnAir, size: int, narrow: int = 0) -> Iterator[Listeners]:
    """Bring listeners; at the end they go, and the server has noticed.

    Args:
        on_air: The server.
        size: How many.
        narrow: How many of them, the last ones, have little room for what they do not read.
    """
    listeners = Listeners(on_air.server.port)
    openings = on_air.broadcaster.openings([None] * size)
    try:
        if not (
            listeners.open(openings[: size - narrow], AT_ONCE, _OPEN_SECONDS)
            and listeners.open(openings[size - narrow :], AT_ONCE, _OPEN_SECONDS, narrow=True)
        ):
            raise RuntimeError(f"{on_air.name}: {len(listeners.all)} of {size} listeners came in time")
        _let_hear(on_air, listeners)
        yield listeners
    finally:
        _leave(on_air, listeners)


def _let_hear(on_air: OnAir, listeners: Listeners) -> None:
    """Publish an event, again and again, until all listeners get the same one: only then all of them listen."""
    for _ in range(_TRIES):
        listeners.begin_anew()
        on_air.publisher.begin(Task(1))
        everybody = listeners.hear(1, _HEAR_SECONDS)
        on_air.publisher.published()
        for listener in listeners.all:
            for message in listener.messages():
                event_of(message)
        if everybody and all(listener.count == 1 for listener in listeners.all):
            return
        _wait_until_quiet(listeners)
    raise RuntimeError(f"{on_air.name}: {listeners.received} of {len(listeners.all)} listeners hear")


def _wait_until_quiet(listeners: Listeners) -> None:
    """Let what is under way come, so that it is not taken for what is published next."""
    before = -1
    while listeners.received > before:
        before = listeners.received
        listeners.run(lambda: False, _QUIET_SECONDS)


def _leave(on_air: OnAir, listeners: Listeners) -> None:
    """Go, and let the server close its ends of the sockets before it is stopped: that is no part of its next turn."""
    process_id = on_air.server.process_id
    others = open_files(process_id) - len(listeners.all)
    listeners.close()
    ends = time.monotonic() + _LEAVE_SECONDS
    while open_files(process_id) > others and time.monotonic() < ends:
        time.sleep(_MOMENT)
