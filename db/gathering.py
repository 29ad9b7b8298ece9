"""What waits for the same key is done together: one group after the other for each key, in the order of arrival.

While a group is being done, whatever else comes for its key gathers, and is the next one. Nobody waits for a group to
fill up, so an entry that comes alone is done at once, and the more there is to do the less each of them costs.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from db.outage import is_away

Entry = TypeVar("Entry")
Answer = TypeVar("Answer")

MAX_GROUP = 64
"""How many entries are done together at most: what one of them waits for stays short."""

_MOST_UNDER_WAY = 2


class Group:
    """What a group that is being done has to do with the others of its key."""

    def __init__(self, formers: Sequence[asyncio.Task[None]], let_next_begin: Callable[[], None]) -> None:
        """Begin after others.

        Args:
            formers: Those that are still being done.
            let_next_begin: What lets the next one begin.
        """
        self._formers = formers
        self._let_next_begin: Callable[[], None] | None = let_next_begin

    def let_next_begin(self) -> None:
        """Let the next group begin beside this one; there are never more than two."""
        if self._let_next_begin is not None:
            let, self._let_next_begin = self._let_next_begin, None
            let()

    async def formers_ended(self) -> None:
        """Wait until those that began before this one have ended."""
        if self._formers:
            await asyncio.wait(self._formers)


Run = Callable[[Sequence[Any], Group], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An entry, and where its answer is waited for."""

    entry: Any
    answer: asyncio.Future[Any]


@dataclass(slots=True)
class _Queue:
    """What waits for one key, and the groups of it that are being done."""

    run: Run
    waiting: deque[_Waiting] = field(default_factory=deque)
    under_way: list[asyncio.Task[None]] = field(default_factory=list)
    newest_lets_next_begin: bool = False


class Gathering:
    """Entries that wait, by key."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._queues: dict[Hashable, _Queue] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def enter(
        self, key: Hashable, entry: Entry, run: Callable[[Sequence[Entry], Group], Awaitable[Sequence[Answer]]]
    ) -> asyncio.Future[Answer]:
        """Have `run` do `entry` together with the others that wait for the same key; return where its answer will be.

        Where a group fails, each of its entries is done alone, so a fault of one is not the others' fault; where the
        database is away, all get that fault. An entry that has come is done to its end even when nobody waits for its
        answer any more.

        Args:
            key: What entries have to have in common to be done together, `run` included.
            entry: What to do.
            run: Does some entries and returns their answers, in the same order. It must do all of them or, where it
                raises, none. It may let the next group begin before this one has ended.

        Returns:
            Where the answer will be, or what `run` raises for this entry alone.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(entry, loop.create_future())
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue(run)
        queue.waiting.append(waiting)
        # Not at once: others are about to come.
        loop.call_soon(self._begin, key, queue)
        return waiting.answer

    async def finish(self) -> None:
        """Wait until everything that has come is done."""
        while self._queues:
            if self._under_way:
                await asyncio.wait(self._under_way)
            else:
                await asyncio.sleep(0)

    def _begin(self, key: Hashable, queue: _Queue) -> None:
        """Begin the next group, where there is one and it may begin."""
        beside = queue.newest_lets_next_begin and len(queue.under_way) < _MOST_UNDER_WAY
        if not queue.waiting or (queue.under_way and not beside):
            return
        group = [queue.waiting.popleft() for _ in range(min(len(queue.waiting), MAX_GROUP))]
        queue.newest_lets_next_begin = False
        neighbours = Group(tuple(queue.under_way), partial(self._begin_beside, key, queue))
        task = asyncio.create_task(_settle(group, queue.run, neighbours))
        queue.under_way.append(task)
        self._under_way.add(task)
        task.add_done_callback(partial(self._ended, key, queue, group))

    def _begin_beside(self, key: Hashable, queue: _Queue) -> None:
        queue.newest_lets_next_begin = True
        self._begin(key, queue)

    def _ended(self, key: Hashable, queue: _Queue, group: list[_Waiting], task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        queue.under_way.remove(task)
        if task.cancelled() or task.exception() is not None:
            # Nobody is left waiting where the task itself is cut off, as when the process ends.
            for waiting in (*group, *queue.waiting):
                waiting.answer.cancel()
            queue.waiting.clear()
        self._begin(key, queue)
        if not queue.under_way and not queue.waiting and self._queues.get(key) is queue:
            del self._queues[key]


async def _settle(group: Sequence[_Waiting], run: Run, neighbours: Group) -> None:
    try:
        answers = await run([waiting.entry for waiting in group], neighbours)
    except Exception as fault:
        # Where the database is away the fault is no entry's, and what an unknown commit did must not be done again.
        if len(group) > 1 and not is_away(fault):
            for waiting in group:
                await _settle([waiting], run, neighbours)
            return
        for waiting in group:
            if not waiting.answer.done():
                waiting.answer.set_exception(fault)
                # Looked at here, for whoever asked may be gone.
                waiting.answer.exception()
        return
    for waiting, answer in list(zip(group, answers, strict=True)):
        # Whoever was cancelled meanwhile waits no more.
        if not waiting.answer.done():
            waiting.answer.set_result(answer)
