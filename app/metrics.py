"""What is counted while the server works.

An operation may take less than 300 µs, so it must cost hardly anything to count it: numbers are added up here in plain
objects, and become metrics of Prometheus when somebody asks for them. The library's own counters would take several
microseconds for each operation, and more where processes share them.
"""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from app.metric_families import (
    AUDIENCES,
    CLAIMS,
    CONNECTIONS,
    DELIVERIES,
    DELIVERY_SECONDS,
    DELIVERY_TIME,
    DROPPED_LINES,
    EXECUTIONS,
    HTTP,
    LOG_LAG,
    OPERATION_COST,
    OPERATION_SECONDS,
    OPERATION_TIME,
    OPERATIONS,
    OVERDUE,
    SOCKETS,
    STREAMS,
    SUBSCRIPTIONS,
    Labels,
    Snapshot,
)
from app.observability.logs import standard_error
from app.observing import ObservedOperation
from app.sockets import Sockets

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})


class _Work:
    """What the operations of one kind and name took."""

    __slots__ = ("buckets", "cost", "seconds")

    def __init__(self) -> None:
        self.cost = 0
        self.seconds = 0.0
        self.buckets = [0] * (len(OPERATION_SECONDS) + 1)


class _Tally:
    """How many operations there were with the same labels."""

    __slots__ = ("count", "work")

    def __init__(self, work: _Work) -> None:
        self.count = 0
        self.work = work


class Metrics:
    """Counts in one process: an `Observer` of operations, and a `Watcher` of what happens in them."""

    def __init__(self) -> None:
        """Count from 0."""
        self._tallies: dict[tuple[str, str, str, str], _Tally] = {}
        self._work: dict[tuple[str, str], _Work] = {}
        self._requests: Counter[tuple[str, int]] = Counter()
        self._claims: Counter[str] = Counter()
        self._deliveries = 0
        self._lag_seconds = 0.0
        self._lag_buckets = [0] * (len(DELIVERY_SECONDS) + 1)

    def ended(self, operation: ObservedOperation) -> None:
        """Count an operation."""
        key = (operation.kind, operation.name, operation.transport, operation.outcome)
        tally = self._tallies.get(key)
        if tally is None:
            work = self._work.setdefault(key[:2], _Work())
            tally = self._tallies[key] = _Tally(work)
        tally.count += 1
        work = tally.work
        work.cost += operation.cost
        work.seconds += operation.seconds
        work.buckets[bisect_left(OPERATION_SECONDS, operation.seconds)] += 1

    def answered(self, method: str, status: int) -> None:
        """Count a request over HTTP."""
        self._requests[method, status // 100] += 1

    def claim(self, outcome: str) -> None:
        """Count a claim."""
        self._claims[outcome] += 1

    def told(self, happened: Sequence[datetime], deliveries: int) -> None:
        """Count deliveries, and how late they are."""
        self._deliveries += deliveries
        now = time.time()
        for each in happened:
            # The database's clock may be ahead of ours.
            seconds = max(now - each.timestamp(), 0.0)
            self._lag_seconds += seconds
            self._lag_buckets[bisect_left(DELIVERY_SECONDS, seconds)] += 1

    def counted(self) -> Snapshot:
        """Return what was counted since the process began."""
        requests: Counter[Labels] = Counter()
        for (method, status), count in self._requests.items():
            requests[method if method in _METHODS else "other", f"{status}xx"] += count
        return {
            HTTP: {labels: (count,) for labels, count in requests.items()},
            OPERATIONS: {key: (tally.count,) for key, tally in self._tallies.items()},
            OPERATION_TIME: {key: (work.seconds, *work.buckets) for key, work in self._work.items()},
            OPERATION_COST: {key: (work.cost,) for key, work in self._work.items()},
            CLAIMS: {(outcome,): (count,) for outcome, count in self._claims.items()},
            DELIVERIES: {(): (self._deliveries,)},
            DELIVERY_TIME: {(): (self._lag_seconds, *self._lag_buckets)},
            DROPPED_LINES: {(): (standard_error.dropped,)},
        }


def executed(sockets: Sockets) -> Snapshot:
    """Return how operations were executed since the process began."""
    counts = sockets.operations.schema.documents.counts
    fields = counts.compiled - counts.whole
    ways = {"compiled": fields, "whole": counts.whole, "interpreted": counts.interpreted}
    return {EXECUTIONS: {(way,): (count,) for way, count in ways.items()}}


def present(sockets: Sockets, log_lag: float, request_seconds: float) -> Snapshot:
    """Return how things are now.

    Args:
        sockets: What serves those who listen.
        log_lag: How many events are not read here yet.
        request_seconds: How long an operation, and so a connection that it uses, may take.
    """
    database = sockets.database
    return {
        SOCKETS: {(): (len(sockets.open),)},
        STREAMS: {(): (sockets.streams,)},
        SUBSCRIPTIONS: {(): (sockets.broadcast_groups.listeners,)},
        AUDIENCES: {(): (len(sockets.broadcast_groups),)},
        LOG_LAG: {(): (log_lag,)},
        CONNECTIONS: {("in_use",): (database.lent_connections,), ("idle",): (database.idle_connections,)},
        OVERDUE: {(): (database.loans.report(request_seconds),)},
    }
