"""Rounds: the contestants take turns, A B C A B C, and the medians count."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from statistics import median

from benchmarks.database import BenchmarkDatabase
from benchmarks.load import Outcome, run_load
from benchmarks.processes import ServerProcess, cpu_milliseconds
from benchmarks.progress import say

CONNECTIONS = 8
_TRIAL = 20
_MOMENT = 0.02
_AT_WORK = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Effort:
    """How much to measure.

    Attributes:
        rounds: How often each has its turn.
        requests: The most requests that a turn has.
        seconds: How long a turn takes at the most, about; a slow server gets fewer requests.
    """

    rounds: int
    requests: int
    seconds: float


@dataclass(frozen=True)
class Turn:
    """Somebody's turn in each round.

    Attributes:
        name: What the tables call it.
        server: The server that is asked.
        request: What it is asked, as it goes over the wire.
    """

    name: str
    server: ServerProcess
    request: bytes


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

    def per_request(self) -> Cost:
        """Return what one request cost."""
        count = len(self.outcome.latencies)
        return Cost(
            server=self.server / count,
            database=self.database / count,
            per_second=self.outcome.per_second,
            p50=self.outcome.percentile(0.50),
            p99=self.outcome.percentile(0.99),
            size=max(self.outcome.sizes, default=0),
        )


async def measure(database: BenchmarkDatabase, server: ServerProcess, work: Callable[[], Awaitable[Outcome]]) -> Usage:
    """Run something on a server and return what CPU it took there and in PostgreSQL."""
    server_before, database_before = cpu_milliseconds(server.process_id), database.cpu_milliseconds()
    outcome = await work()
    return Usage(
        outcome,
        cpu_milliseconds(server.process_id) - server_before,
        database.cpu_milliseconds() - database_before,
    )


async def pause(database: BenchmarkDatabase, server: ServerProcess) -> None:
    """Stop a server where it holds no snapshot or lock that would make the database slower for the others."""
    while True:
        server.pause()
        if await database.value(_AT_WORK) == 0:
            return
        server.resume()
        await asyncio.sleep(_MOMENT)


async def take_turns(database: BenchmarkDatabase, what: str, turns: Sequence[Turn], effort: Effort) -> dict[str, Cost]:
    """Let each have its turn in each round, while all other servers are stopped, and return the medians.

    Args:
        database: Where the servers read.
        what: What is measured, to tell how it goes.
        turns: Who is asked for what.
        effort: How much to measure.
    """
    servers = {turn.server.process_id: turn.server for turn in turns}.values()
    for server in servers:
        await pause(database, server)
    costs: dict[str, list[Cost]] = {turn.name: [] for turn in turns}
    counts: dict[str, int] = {}
    for number in range(effort.rounds):
        for turn in turns:
            turn.server.resume()
            if turn.name not in counts:
                counts[turn.name] = await _count_for(turn, effort)
            cost = await _cost_of(database, turn, counts[turn.name])
            await pause(database, turn.server)
            costs[turn.name].append(cost)
            say(f"{what}, round {number + 1}: {turn.name}: {cost.server:.2f} + {cost.database:.2f} ms")
    for server in servers:
        server.resume()
    return {name: median_cost(taken) for name, taken in costs.items()}


async def _count_for(turn: Turn, effort: Effort) -> int:
    """Return how many requests fill a turn, having let the server compile and cache what it does on the way."""
    count = _TRIAL
    for share in (0.1, 0.5, 1.0):
        trial = await run_load(turn.server.port, repeat(turn.request, count), CONNECTIONS)
        count = max(_TRIAL, min(effort.requests, int(trial.per_second * effort.seconds * share)))
    return count


async def _cost_of(database: BenchmarkDatabase, turn: Turn, count: int) -> Cost:
    """Send a request many times, after some that are not counted, and return what one of them cost."""
    server = turn.server
    await run_load(server.port, repeat(turn.request, max(CONNECTIONS, count // 10)), CONNECTIONS)
    usage = await measure(database, server, lambda: run_load(server.port, repeat(turn.request, count), CONNECTIONS))
    if len(usage.outcome.sizes) != 1:
        raise RuntimeError(f"{turn.name} answered the same request differently")
    return usage.per_request()
