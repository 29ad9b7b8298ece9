"""Publishes events from a process of its own, so that neither the server nor the load client is busy with it.

Each line of standard input is a `Task` in JSON; it is answered by a line with the time of each event, by the monotonic
clock in nanoseconds. Into our log events are written by the use case that the command `import` runs too, and hinted at
as another replica would. A peer is asked by HTTP, and is not waited for: a server that is late cannot slow this down.
"""

import asyncio
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple
from uuid import UUID

import orjson

from db.database import Database
from db.postgresql_signals import PostgreSQLSignals
from domain.vocabulary import OrderStatus
from resolvers.import_orders import OrderToImport, import_orders

ORDERS = 100
"""How many orders there are, of which one after the other changes its status."""

DATABASE, METHOD, TARGET = "BENCHMARK_DATABASE_URL", "BENCHMARK_METHOD", "BENCHMARK_TARGET"
"""What the environment says: where the log is, how a peer is asked, and the organisation or the peer's port."""

_OWNER = "member-1"
_OWN = secrets.token_hex(4)
"""Each process has orders of its own."""
_STATUSES = (OrderStatus.LOSS_REPORTED, OrderStatus.IN_FORCE)

Publish = Callable[[int], Awaitable[int]]
"""Publishes that many events at once and returns when."""


class Task(NamedTuple):
    """What is to be published.

    Attributes:
        events: How many.
        at_once: How many of them together; the others follow.
        every: Seconds from one time to the next; 0 for as soon as can be.
    """

    events: int
    at_once: int = 1
    every: float = 0.0


def _row(number: int) -> OrderToImport:
    turn, place = divmod(number, ORDERS)
    return OrderToImport(
        reference=f"LIVE-{_OWN}-{place}",
        owner_reference=_OWNER,
        type="HOSPITAL",
        title=f"Cover number {place}",
        premium_minor=900,
        currency="EUR",
        # In the first turn orders are new: nobody listens yet.
        status=_STATUSES[turn % 2],
        effective_at=datetime(2026, 6, 1, tzinfo=UTC),
        expires_at=None,
        max_shares=3,
    )


async def _begin_log(url: str, organisation_id: UUID) -> Publish:
    """Return what writes into our log, having made the orders."""
    signals = PostgreSQLSignals(url)
    database = Database(url, signals)
    await signals.start()
    numbers = count()

    async def publish(events: int) -> int:
        rows = [_row(next(numbers)) for _ in range(events)]
        answer = await database.write(lambda session: import_orders(session, None, organisation_id, rows))
        at = time.monotonic_ns()
        assert answer.imported + answer.updated == events, answer
        return at

    await publish(ORDERS)
    return publish


async def _ask(method: str, port: int, events: int, together: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    target = f"/publish?count={events}&together={str(together).lower()}"
    head = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 0", "Connection: close", "", ""]
    writer.write("\r\n".join(head).encode())
    answer = await reader.read()
    assert b" 20" in answer[:13], answer
    writer.close()


def _begin_asking(method: str, port: int) -> Callable[[Task], Awaitable[list[int]]]:
    asked: set[asyncio.Task[None]] = set()

    def ask(events: int, together: bool) -> int:
        task = asyncio.create_task(_ask(method, port, events, together))
        asked.add(task)
        task.add_done_callback(asked.discard)
        return time.monotonic_ns()

    async def run(task: Task) -> list[int]:
        if not task.every:
            return [ask(task.events, task.at_once > 1)] * task.events

        async def publish(events: int) -> int:
            return ask(events, True)

        return await _in_time(task, publish)

    return run


async def _in_time(task: Task, publish: Publish) -> list[int]:
    """Publish by the clock, whether or not what came before is done sooner; return when each event was."""
    loop = asyncio.get_running_loop()
    times: list[int] = []
    begun = loop.time()
    for number in range(0, task.events, task.at_once):
        await asyncio.sleep(begun + number // task.at_once * task.every - loop.time())
        events = min(task.at_once, task.events - number)
        times += [await publish(events)] * events
    return times


async def _serve() -> None:
    target, method = os.environ[TARGET], os.environ[METHOD]
    if method:
        run = _begin_asking(method, int(target))
    else:
        publish = await _begin_log(os.environ[DATABASE], UUID(target))

        async def run(task: Task) -> list[int]:
            return await _in_time(task, publish)

    sys.stdout.write("\n")
    sys.stdout.flush()
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        sys.stdout.buffer.write(orjson.dumps(await run(Task(*orjson.loads(line)))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
