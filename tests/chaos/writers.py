"""The writers of a run: each does one thing after another."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import Random

from tests.chaos import actions
from tests.chaos.api import UnexpectedAnswer
from tests.chaos.book import Book
from tests.chaos.cast import HOT
from tests.chaos.import_actions import import_orders
from tests.chaos.sender import Sender

_WEIGHTS: dict[Callable[[Book, Sender], Awaitable[None]], int] = {
    actions.share: 26,
    actions.claim: 16,
    actions.compete_for_seats: 16,
    actions.decline: 5,
    actions.release: 14,
    actions.revoke: 5,
    actions.process: 20,
    import_orders: 6,
}
_HOT_SHARE = 0.7


class Writers:
    """Clients that change things in all organisations, most of them in the busy one."""

    def __init__(self, books: Sequence[Book], sender: Sender, chance: Random, per_second: float) -> None:
        """Do nothing yet.

        Args:
            books: What they know of each organisation.
            sender: Sends what they do.
            chance: Decides what they do.
            per_second: About how often they do something, all together.
        """
        self._busy = [book for book in books if book.troupe.reference == HOT]
        self._others = [book for book in books if book.troupe.reference != HOT]
        self._sender = sender
        self._chance = chance
        self._per_second = per_second

    async def write(self, count: int, enough: asyncio.Event) -> None:
        """Have `count` writers do one thing after another until it is enough, and each end what it has begun."""
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(self._write(self._per_second / count, enough))

    async def _write(self, per_second: float, enough: asyncio.Event) -> None:
        while not enough.is_set():
            # The load is bounded: two processors serve, ask and listen.
            with suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), self._chance.expovariate(per_second))
                return
            books = self._busy if self._chance.random() < _HOT_SHARE else self._others
            [act] = self._chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            try:
                await act(self._chance.choice(books), self._sender)
            except UnexpectedAnswer as fault:
                self._sender.surprise(fault)
