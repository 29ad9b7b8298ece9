"""Turns at work that keeps the event loop busy, shared out fairly between those who ask for it.

The event loop serves its tasks in order of arrival, so that a client with a hundred tasks gets a hundred times the
share of a client with one. Work that takes milliseconds waits for a turn here instead: the next turn goes to the key
that has waited longest since its last one, however many pieces of work wait under each key.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class FairTurns:
    """Runs a bounded number of pieces of work at a time, in round-robin order of their keys."""

    def __init__(self, at_once: int = 1) -> None:
        """Run nothing yet.

        Args:
            at_once: How many pieces of work may run at a time.
        """
        self._free = at_once
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    def is_waiting(self, key: Hashable) -> bool:
        """Return whether work under a key waits for its turn."""
        return key in self._waiting

    @asynccontextmanager
    async def turn(self, key: Hashable) -> AsyncIterator[None]:
        """Hold a turn while the body runs; at once where one is free.

        Args:
            key: On whose behalf the work is done, such as a user's id.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(key)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, key: Hashable) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._leave(key, turn)
            else:
                # The turn was given in the moment in which its asker was cancelled.
                self._pass_on()
            raise

    def _leave(self, key: Hashable, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting[key]
        waiting.remove(turn)
        if not waiting:
            del self._waiting[key]

    def _pass_on(self) -> None:
        """Give the turn to the next key; a key with more work waits behind all others."""
        if not self._waiting:
            self._free += 1
            return
        key, waiting = self._waiting.popitem(last=False)
        waiting.popleft().set_result(None)
        if waiting:
            self._waiting[key] = waiting
