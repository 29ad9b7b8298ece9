"""Turns at work that keeps the event loop busy, shared out fairly between those who ask for it.

The event loop serves its tasks in order of arrival, so that a client with a hundred tasks gets a hundred times the
share of a client with one. Work that takes milliseconds waits for a turn here instead: the next turn goes to the key
that has waited longest since its last one, however many pieces of work wait under each key. Work that takes longer
than a few milliseconds gives way in between, to other keys and to whatever else the event loop has to do.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar


class FairTurns:
    """Runs a bounded number of pieces of work at a time, in round-robin order of their keys."""

    def __init__(self, at_once: int = 1, pause_seconds: float = 0.0) -> None:
        """Run nothing yet.

        Args:
            at_once: How many pieces of work may run at a time.
            pause_seconds: How long everything else has the event loop for itself between two pieces of work, where
                one waits for the other. A request takes a dozen rounds of the loop, which would take as many pieces.
        """
        self.pause_seconds = pause_seconds
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
        turn = _Turn(self, key)
        try:
            await turn.take()
            token = _current.set(turn)
            try:
                yield
            finally:
                _current.reset(token)
        finally:
            turn.give_back()

    def take(self) -> bool:
        """Take a turn that is free; return whether there was one."""
        if not self._free:
            return False
        self._free -= 1
        return True

    @property
    def is_anything_waiting(self) -> bool:
        """Whether any key waits for its turn."""
        return bool(self._waiting)

    def queue(self, key: Hashable, *, first: bool) -> asyncio.Future[None]:
        """Return what is done when the turn of a key has come.

        Args:
            key: On whose behalf the work is done.
            first: Whether the turn goes on with work that gives way, which is before other work under the same key.
        """
        turn = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(key, deque())
        if first:
            waiting.appendleft(turn)
            # It has a turn just now, so the other keys have waited for longer.
            self._waiting.move_to_end(key)
        else:
            waiting.append(turn)
        return turn

    def leave(self, key: Hashable, turn: asyncio.Future[None]) -> None:
        """Wait no longer for a turn that has not come."""
        waiting = self._waiting.get(key)
        if waiting is None or turn not in waiting:
            # It was passed over already, as one whose asker was cancelled.
            return
        waiting.remove(turn)
        if not waiting:
            del self._waiting[key]

    def pass_on(self) -> None:
        """Give the turn to the next key; a key with more work waits behind all others."""
        while self._waiting:
            key, waiting = self._waiting.popitem(last=False)
            turn = waiting.popleft()
            if waiting:
                self._waiting[key] = waiting
            # Who is cancelled leaves only when it runs again.
            if not turn.cancelled():
                turn.set_result(None)
                return
        self._free += 1


class _Turn:
    """One piece of work, which holds a turn or waits for it."""

    def __init__(self, turns: FairTurns, key: Hashable) -> None:
        self._turns = turns
        self._key = key
        self._is_held = False

    async def take(self) -> None:
        self._is_held = self._turns.take()
        if not self._is_held:
            await self._wait(self._turns.queue(self._key, first=False))

    async def give_way(self) -> None:
        """Let other keys have their turns, and go on when it is this one's again."""
        is_alone = not self._turns.is_anything_waiting
        turn = self._turns.queue(self._key, first=True)
        self.give_back()
        await self._wait(turn, is_alone=is_alone)

    def give_back(self) -> None:
        if self._is_held:
            self._is_held = False
            self._turns.pass_on()

    async def _wait(self, turn: asyncio.Future[None], *, is_alone: bool = False) -> None:
        try:
            # What is done already would be awaited without a pause.
            await (asyncio.sleep(0) if turn.done() else turn)
        except asyncio.CancelledError:
            if turn.cancelled():
                self._turns.leave(self._key, turn)
            else:
                # The turn was given in the moment in which its asker was cancelled.
                self._turns.pass_on()
            raise
        self._is_held = True
        if self._turns.pause_seconds and not is_alone:
            await asyncio.sleep(self._turns.pause_seconds)


_current: ContextVar[_Turn | None] = ContextVar("execution.fair_turns", default=None)


async def give_way() -> None:
    """Let others have the turn that is held, and whatever else waits for the event loop; then go on."""
    turn = _current.get()
    if turn is None:
        await asyncio.sleep(0)
    else:
        await turn.give_way()
