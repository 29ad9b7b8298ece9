"""What goes wrong while a run lasts, in an order that the seed decides."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import count
from random import Random

import asyncpg
from sqlalchemy import make_url

from tests.chaos.counts import Counts
from tests.chaos.moment import now
from tests.chaos.plan import Plan, SignalKind
from tests.chaos.replicas import Replica
from tests.chaos.stage import Stage
from tests.servers import plain_url

Fault = Callable[[], Awaitable[None]]

_LISTENING = "(query LIKE 'LISTEN%' OR query LIKE '%pg_notify%' OR query = 'SELECT 1')"


class Faults:
    """Everything that can be done to the servers of a run; each returns when what it broke is whole again."""

    def __init__(self, plan: Plan, stage: Stage, chance: Random) -> None:
        """Do nothing yet.

        Args:
            plan: The run.
            stage: Its servers.
            chance: Decides which replica.
        """
        self._signal = plan.signal
        self._replicas = stage.replicas
        self._postgresql = stage.postgresql
        self._database_url = stage.database_url
        self._nats = stage.nats
        self._chance = chance
        self._away_seconds = plan.nats_away
        self._stopped_seconds = plan.stopped

    def kinds(self) -> dict[str, tuple[str, Fault]]:
        """Return the faults by what the report calls them, each with the server that it befalls."""
        faults: dict[str, tuple[str, Fault]] = {
            "replica killed": ("replica", self.kill),
            "replica told to end": ("replica", self.drain),
            "replica stopped and continued": ("replica", self.stop_for_a_while),
            "PostgreSQL restarted at once": ("PostgreSQL", self.crash_postgresql),
            "all connections ended": ("PostgreSQL", self.end_connections),
        }
        if self._signal is SignalKind.NOTIFY:
            faults["listening connections ended"] = ("PostgreSQL", self.end_listening)
        if self._nats is not None:
            faults["NATS away"] = ("NATS", self.take_nats_away)
        return faults

    async def kill(self) -> None:
        """Kill a replica."""
        await self._any().end(signal.SIGKILL)

    async def drain(self) -> None:
        """Tell a replica to end, as an operator does."""
        await self._any().end(signal.SIGTERM)

    async def stop_for_a_while(self) -> None:
        """Have a replica stand still, with all its locks and connections."""
        replica = self._any()
        await replica.serves()
        replica.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(self._stopped_seconds)
        finally:
            replica.send(signal.SIGCONT)

    async def crash_postgresql(self) -> None:
        """End PostgreSQL without a shutdown, and start it again."""
        await asyncio.to_thread(self._crash_and_start)

    def _crash_and_start(self) -> None:
        self._postgresql.crash()
        self._postgresql.start_again()

    async def end_listening(self) -> None:
        """End the connections on which replicas hear of each other."""
        await self._end_backends(_LISTENING)

    async def end_connections(self) -> None:
        """End all connections of all replicas."""
        await self._end_backends("true")

    async def take_nats_away(self) -> None:
        """Kill NATS, and start it again after a while."""
        assert self._nats is not None
        self._nats.kill()
        try:
            await asyncio.sleep(self._away_seconds)
        finally:
            await asyncio.to_thread(self._nats.start)

    def _any(self) -> Replica:
        return self._chance.choice(self._replicas)

    async def _end_backends(self, which: str) -> None:
        url = make_url(self._database_url)
        connection = await asyncpg.connect(plain_url(url.set(database="postgres").render_as_string()))
        try:
            await connection.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND {which}", url.database
            )
        finally:
            await connection.close()


class Schedule:
    """Inflicts faults, each kind as often as the others; those of different servers overlap."""

    def __init__(self, faults: Faults, chance: Random, counts: Counts) -> None:
        """Begin with nothing broken."""
        self._kinds = faults.kinds()
        self._chance = chance
        self._counts = counts
        self._whole = {server: asyncio.Lock() for server in {server for server, _ in self._kinds.values()}}

    async def run(self, rounds: int | None, pause: tuple[float, float], enough: asyncio.Event) -> None:
        """Inflict faults until it is enough, and return when everything is whole again.

        Args:
            rounds: How often each kind befalls at most; None for as often as there is time for.
            pause: Between these many seconds from one fault to the next.
            enough: Tells that it is enough.
        """
        async with asyncio.TaskGroup() as group:
            for name in self._in_turn(rounds):
                with suppress(TimeoutError):
                    await asyncio.wait_for(enough.wait(), self._chance.uniform(*pause))
                if enough.is_set():
                    return
                server, fault = self._kinds[name]
                await self._whole[server].acquire()
                group.create_task(self._inflict(name, server, fault))

    async def _inflict(self, name: str, server: str, fault: Fault) -> None:
        self._counts.faults[name] += 1
        began = now()
        try:
            # The server that a fault needs may itself be away.
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await fault()
        finally:
            self._whole[server].release()
            self._counts.whole_after[name] = max(now() - began, self._counts.whole_after.get(name, 0))

    def _in_turn(self, rounds: int | None) -> Iterator[str]:
        names = list(self._kinds)
        for _ in count() if rounds is None else range(rounds):
            yield from self._chance.sample(names, len(names))
