"""What waits for the same key is done together: one group at a time for each key, in the order of arrival.

While a group is being done, whatever else comes for its key gathers, and is the next one. Nobody waits for a group to
fill up, so an entry that comes alone is done at once, and the more there is to do the less each of them costs.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Entry = TypeVar("Entry")
Answer = TypeVar("Answer")

MAX_GROUP = 64
"""How many entries are done together at most: what one of them waits for stays short."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An entry, and where its answer is waited for."""

    entry: Any
    answer: asyncio.Future[Any]


class Gathering:
    """Entries that wait, by key."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._queues: dict[Hashable, deque[_Waiting]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def join(
        self, key: Hashable, entry: Entry, run: Callable[[Sequence[Entry]], Awaitable[Sequence[Answer]]]
    ) -> Answer:
        """Return what `run` answers for `entry`, done together with the others that wait for the same key.

        Where a group fails, each of its entries is done alone, so a fault of one is not the others' fault. An entry
        that has joined is done to its end even when the caller is cancelled.

        Args:
            key: What entries have to have in common to be done together, `run` included.
            entry: What to do.
            run: Does some entries and returns their answers, in the same order. It must do all of them or, where it
                raises, none.

        Raises:
            Exception: What `run` raises for this entry alone.
        """
        answer: Answer = await self.enter(key, entry, run)
        return answer

    def enter(
        self, key: Hashable, entry: Entry, run: Callable[[Sequence[Entry]], Awaitable[Sequence[Answer]]]
    ) -> asyncio.Future[Answer]:
        """Join as `join` does, and return where the answer will be without waiting for it."""
        waiting = _Waiting(entry, asyncio.get_running_loop().create_future())
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = deque()
            task = asyncio.create_task(self._empty(key, queue, run))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        queue.append(waiting)
        return waiting.answer

    async def finish(self) -> None:
        """Wait until everything that has joined is done."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _empty(
        self, key: Hashable, queue: deque[_Waiting], run: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]
    ) -> None:
        group: list[_Waiting] = []
        try:
            while queue:
                group = [queue.popleft() for _ in range(min(len(queue), MAX_GROUP))]
                await _settle(group, run)
        finally:
            del self._queues[key]
            # Nobody is left waiting where this task itself is cut off, as when the process ends.
            for waiting in (*group, *queue):
                waiting.answer.cancel()


async def _settle(group: Sequence[_Waiting], run: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]) -> None:
    try:
        answers = await run([waiting.entry for waiting in group])
    except Exception as fault:
        if len(group) > 1:
            for waiting in group:
                await _settle([waiting], run)
        elif not group[0].answer.done():
            group[0].answer.set_exception(fault)
            # Looked at here, for whoever asked may be gone.
            group[0].answer.exception()
        return
    for waiting, answer in list(zip(group, answers, strict=True)):
        # Whoever was cancelled meanwhile waits no more.
        if not waiting.answer.done():
            waiting.answer.set_result(answer)
