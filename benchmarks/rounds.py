"""Rounds: the contestants take turns, A B C A B C, and the medians count."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import repeat
from statistics import median

from benchmarks.database import BenchmarkDatabase
from benchmarks.load import Outcome, run_load
from benchmarks.processes import ServerProcess, cpu_milliseconds

CONNECTIONS = 8
_WARM_UP = 0.1


@dataclass(frozen=True)
class Cost:
    """What one request cost, and how fast they were answered.

    Attributes:
        server: CPU milliseconds of the server.
        database: CPU milliseconds of all PostgreSQL processes.
        per_second: Requests a second.
        p50: Milliseconds in which half the requests were answered.
        p99: Milliseconds in which 99 of 100 were.
        size: Bytes of the answer.
    """

    server: float
    database: float
    per_second: float
    p50: float
    p99: float
    size: int

    @property
    def together(self) -> float:
        """CPU milliseconds of the server and of PostgreSQL."""
        return self.server + self.database


def median_cost(rounds: list[Cost]) -> Cost:
    """Return the median of each figure over the rounds."""
    figures = ("server", "database", "per_second", "p50", "p99")
    return Cost(**{name: median(getattr(cost, name) for cost in rounds) for name in figures}, size=rounds[0].size)


@dataclass(frozen=True)
class Usage:
    """What something cost that ran on a server."""

    outcome: Outcome
    server: float
    database: float


async def measure(
    database: BenchmarkDatabase, server: ServerProcess, work: Callable[[], Awaitable[Outcome]]
) -> Usage:
    """Run something on a server and return what CPU it took there and in PostgreSQL."""
    server_before, database_before = cpu_milliseconds(server.process_id), database.cpu_milliseconds()
    outcome = await work()
    return Usage(
        outcome,
        cpu_milliseconds(server.process_id) - server_before,
        database.cpu_milliseconds() - database_before,
    )


async def cost_of(database: BenchmarkDatabase, server: ServerProcess, request: bytes, count: int) -> Cost:
    """Send a request many times, after some that are not counted, and return what one of them cost."""
    await run_load(server.port, repeat(request, max(CONNECTIONS, int(count * _WARM_UP))), CONNECTIONS)
    usage = await measure(database, server, lambda: run_load(server.port, repeat(request, count), CONNECTIONS))
    if len(usage.outcome.sizes) != 1:
        raise RuntimeError("the same request was answered differently")
    outcome = usage.outcome
    return Cost(
        server=usage.server / count,
        database=usage.database / count,
        per_second=outcome.per_second,
        p50=outcome.percentile(0.50),
        p99=outcome.percentile(0.99),
        size=outcome.sizes.pop(),
    )
