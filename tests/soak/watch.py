"""Watches the server: its process, its metrics, and whether it is alive and ready."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.attacks.served import Served
from tests.metrics_reader import Read
from tests.soak.asking import OverHTTP, Unanswered
from tests.soak.observations import Counted, Observations, Phase, Request, Sample
from tests.soak.stopwatch import Stopwatch

_POLL_SECONDS = 0.25


class ServerEnded(Exception):
    """The server's process has ended; the argument says how."""


class Watch:
    """Takes samples of a server."""

    def __init__(self, server: Served, metrics_token: str, observations: Observations) -> None:
        """Begin before the attacks.

        Args:
            server: The server.
            metrics_token: The token of its metrics.
            observations: Takes the samples, and how its probes are answered.
        """
        self.phase = Phase.BEFORE
        self._server = server
        self._http = OverHTTP(server.port, f"Bearer {metrics_token}")
        self._observations = observations
        self._stopwatch = Stopwatch(server)

    async def close(self) -> None:
        """Disconnect."""
        await self._http.close()

    async def until_it_ends(self) -> str:
        """Return how the server's process ended, when it has."""
        while (code := self._server.process.poll()) is None:  # noqa: ASYNC110 - it is no child of the loop
            await asyncio.sleep(_POLL_SECONDS)
        return f"the server ended with {code}"

    async def watch(self, every: float) -> None:
        """Take samples every so many seconds, and ask whether the server is ready, until cancelled."""
        while True:
            self._observations.samples.append(await self.sample())
            with suppress(Unanswered):
                await self._probe("/readyz")
            await asyncio.sleep(every)

    async def settled(self, is_settled: Callable[[Sample], bool], seconds: float) -> Sample:
        """Return the first sample that is settled, or the last one where none is within so many seconds."""
        until = time.monotonic() + seconds
        while True:
            sample = await self.sample()
            if is_settled(sample) or time.monotonic() > until:
                return sample
            await asyncio.sleep(_POLL_SECONDS)

    async def sample(self) -> Sample:
        """Return the server as it is now."""
        counted = None
        with suppress(Unanswered):
            counted = _counted((await self._probe("/metrics")).decode())
        try:
            memory = self._server.memory()
            descriptors = _descriptors(self._server.process.pid)
        except OSError as fault:
            raise ServerEnded("the server has no process any more") from fault
        return Sample(at=time.monotonic(), phase=self.phase, memory=memory, descriptors=descriptors, counted=counted)

    async def _probe(self, path: str) -> bytes:
        start = self._stopwatch.start()
        refused = None
        try:
            return await self._http.get(path)
        except Unanswered as fault:
            refused = str(fault)
            raise
        finally:
            seconds = self._stopwatch.seconds(start)
            self._observations.requests.append(Request(kind=path, at=start.at, seconds=seconds, refused=refused))


def _descriptors(process: int) -> int:
    """Return how many descriptors a process has open, without those of files: SQLite has some for each connection."""
    opened = 0
    for each in Path(f"/proc/{process}/fd").iterdir():
        # One may be closed meanwhile.
        with suppress(FileNotFoundError):
            opened += not str(each.readlink()).startswith("/")
    return opened


def _counted(text: str) -> Counted:
    read = Read(text)

    def number(name: str, **labels: str) -> int:
        return int(read.one(name, **labels))

    return Counted(
        in_use=number("database_connections", state="in_use"),
        idle=number("database_connections", state="idle"),
        overdue=number("database_connections_overdue"),
        sockets=number("sockets"),
        streams=number("streams"),
        subscriptions=number("subscriptions"),
    )
