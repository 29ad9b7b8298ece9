"""Hints that are carried to other processes: what every carrier shares.

Nobody waits for a carrier. A hint is handed over after the commit, and what follows it within a few milliseconds goes
together. Where the connection breaks, or its peer is silent, another one is made, and whoever listens looks at the log
at once, for hints may have been lost meanwhile.
"""

import asyncio
import logging
import random
from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Protocol
from uuid import UUID

from db.signals import InProcessSignals, Wakeup

TOGETHER_SECONDS = 0.005
PING_SECONDS = 5.0
ANSWER_SECONDS = 5.0
"""How long a peer may take to answer before it is given up."""

_RECONNECT_SECONDS = (0.2, 1.0)
_STOP_AGAIN_SECONDS = 0.5
_MOST_TOGETHER = 200

_log = logging.getLogger(__name__)


class Carrier(Protocol):
    """A connection that carries hints. Whatever is wrong with it, its methods raise."""

    async def attend(self, organisation_ids: Collection[UUID], /) -> None:
        """Receive hints about these organisations at least."""
        ...

    async def send(self, organisation_ids: Sequence[UUID]) -> None:
        """Send hints about these organisations to the other processes."""
        ...

    async def ping(self) -> None:
        """Return where the peer still answers."""
        ...


class CarriedSignals(InProcessSignals):
    """Hints inside the process at once, and to other processes by a carrier."""

    def __init__(self, ping_seconds: float = PING_SECONDS) -> None:
        """Prepare to connect.

        Args:
            ping_seconds: After how long a silence the peer is asked whether it lives.
        """
        super().__init__()
        self._ping_seconds = ping_seconds
        self._pending: set[UUID] = set()
        self._carried_at = -TOGETHER_SECONDS
        self._something_to_do = asyncio.Event()
        self._carrying: asyncio.Task[None] | None = None

    @abstractmethod
    def connected(self) -> AbstractAsyncContextManager[Carrier]:
        """Return a context with a connection that is made for it."""

    def notify(self, organisation_id: UUID) -> None:
        """Wake every listener of the organisation, here at once and elsewhere in a moment."""
        self.heard(organisation_id)
        self._pending.add(organisation_id)
        self.look()

    def heard(self, organisation_id: UUID) -> None:
        """Wake the listeners of the organisation that are in this process."""
        super().notify(organisation_id)

    def look(self) -> None:
        """Have the task that carries hints look at once what there is to do, and whether its connection still is."""
        self._something_to_do.set()

    @contextmanager
    def listen(self, organisation_id: UUID) -> Iterator[Wakeup]:
        """Listen for hints about the organisation."""
        with super().listen(organisation_id) as wakeup:
            self.look()
            yield wakeup
        self.look()

    async def start(self) -> None:
        """Begin to connect; a peer that does not answer yet holds up nothing."""
        self._carrying = asyncio.create_task(self._carry())

    async def stop(self) -> None:
        """Disconnect."""
        # Said once it may not be heard: `asyncio.wait_for` of Python 3.11, in which a driver waits, goes on where what
        # it waits for comes at the same moment (https://github.com/python/cpython/issues/86296).
        while self._carrying is not None and not self._carrying.done():
            self._carrying.cancel()
            await asyncio.wait({self._carrying}, timeout=_STOP_AGAIN_SECONDS)

    async def _carry(self) -> None:
        """Connect, again and again, and carry hints for as long as a connection lasts."""
        while True:
            try:
                async with self.connected() as carrier:
                    await carrier.attend(self.organisations)
                    self.ring_everybody()
                    self.look()
                    while True:
                        await self._carry_what_comes(carrier)
            except Exception as fault:
                # Whatever it is: nobody else would connect again.
                _log.warning("the connection that carries hints is lost: %s", type(fault).__name__)
            await asyncio.sleep(random.uniform(*_RECONNECT_SECONDS))  # noqa: S311 - jitter, not a secret

    async def _carry_what_comes(self, carrier: Carrier) -> None:
        try:
            async with asyncio.timeout(self._ping_seconds):
                await self._something_to_do.wait()
        except TimeoutError:
            await carrier.ping()
            return
        # What comes alone goes at once; what comes soon after it goes together.
        await asyncio.sleep(self._carried_at + TOGETHER_SECONDS - asyncio.get_running_loop().time())
        self._something_to_do.clear()
        await carrier.attend(self.organisations)
        while self._pending:
            together = list(self._pending)[:_MOST_TOGETHER]
            await carrier.send(together)
            self._pending.difference_update(together)
        self._carried_at = asyncio.get_running_loop().time()
