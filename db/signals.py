"""Wake-ups: hints that an organisation's log has grown.

A hint may be lost or come twice; whoever waits reads the log itself, and looks again now and then without a hint.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol
from uuid import UUID


class Wakeup:
    """Where one reader of a log waits."""

    def __init__(self) -> None:
        """Start without a hint."""
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the reader, or let its next wait return at once."""
        self._event.set()

    def forget(self) -> None:
        """Drop a hint that came before the reader looks at the log."""
        self._event.clear()

    async def wait(self, seconds: float) -> None:
        """Return at the next hint, or after `seconds` without one."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return


class Signals(Protocol):
    """How those who append to logs wake those who read them, in this process or in another."""

    def notify(self, organisation_id: UUID) -> None:
        """Hint, after a commit, that the organisation's log has grown; never blocks, never fails."""
        ...

    def listen(self, organisation_id: UUID) -> AbstractContextManager[Wakeup]:
        """Return a context in which a `Wakeup` rings at each hint about the organisation."""
        ...

    async def start(self) -> None:
        """Connect to whatever carries the hints."""
        ...

    async def stop(self) -> None:
        """Disconnect."""
        ...


class InProcessSignals:
    """Hints between the tasks of one process."""

    def __init__(self) -> None:
        """Start with nobody listening."""
        self._listeners: defaultdict[UUID, set[Wakeup]] = defaultdict(set)

    def notify(self, organisation_id: UUID) -> None:
        """Wake every listener of the organisation."""
        for wakeup in self._listeners.get(organisation_id, ()):
            wakeup.ring()

    @contextmanager
    def listen(self, organisation_id: UUID) -> Iterator[Wakeup]:
        """Listen for hints about the organisation."""
        wakeup = Wakeup()
        listeners = self._listeners[organisation_id]
        listeners.add(wakeup)
        try:
            yield wakeup
        finally:
            listeners.discard(wakeup)
            if not listeners:
                del self._listeners[organisation_id]

    @property
    def organisations(self) -> Collection[UUID]:
        """The organisations that somebody listens to."""
        return self._listeners.keys()

    def ring_everybody(self) -> None:
        """Wake every listener of every organisation: hints may have been lost."""
        for listeners in self._listeners.values():
            for wakeup in listeners:
                wakeup.ring()

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to disconnect from."""
