"""How long events took to get to their listeners."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.listeners import Arrival

_MILLISECONDS = 1_000_000


@dataclass(frozen=True)
class Delays:
    """Milliseconds from an event's commit, or its publication, to its receipt; infinite for what did not come in time.

    Attributes:
        p50: Half of all deliveries took at most this.
        p99: 99 of 100 deliveries did.
        last_p50: Half of the events had come to their last listener by then.
        last_p99: 99 of 100 events had.
    """

    p50: float
    p99: float
    last_p50: float
    last_p99: float


def percentile(ordered: Sequence[float], share: float, count: int) -> float:
    """Return which value this share of `count` values is below, where those that are not there are infinite."""
    place = min(count - 1, int(share * count))
    return ordered[place] if place < len(ordered) else math.inf


def delays(arrivals: Iterable[Arrival], published: Sequence[int], listeners: int) -> Delays:
    """Return how long deliveries took.

    Args:
        arrivals: What came to the listeners.
        published: When each event was, by the same clock.
        listeners: How many should get each event.
    """
    every: list[float] = []
    got, last = [0] * len(published), [0] * len(published)
    for before, count, at in arrivals:
        for number in range(before, before + count):
            every.append(max(0, at - published[number]) / _MILLISECONDS)
            got[number] += 1
            last[number] = max(last[number], at)
    every.sort()
    lasts = sorted(
        (at - begun) / _MILLISECONDS
        for at, begun, count in zip(last, published, got, strict=True)
        if count == listeners
    )
    total = listeners * len(published)
    return Delays(
        percentile(every, 0.50, total),
        percentile(every, 0.99, total),
        percentile(lasts, 0.50, len(published)),
        percentile(lasts, 0.99, len(published)),
    )
