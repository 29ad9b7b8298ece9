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

Entry = TypeVar("Entry")
Answer = TypeVar("Answer")

MAX_GROUP = 64
"""How many entries are done together at most: what one of them waits for stays short."""

_MOST_UNDER_WAY = 2


Run = Callable[[Sequence[Any], Callable[[], None]], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An entry, and where its answer is waited for."""

    entry: Any
    answer: asyncio.Future[Any]


@dataclass(slots=True)
class _Queue:
    """What waits for one key, and how many groups of it are being done."""

    run: Run
    waiting: deque[_Waiting] = field(default_factory=deque)
    under_way: int = 0
    newest_lets_next_begin: bool = False


class Gathering:
    """Entries that wait, by key."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._queues: dict[Hashable, _Queue] = {}
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
        answer: Answer = await self.enter(key, entry, lambda entries, _: run(entries))
        return answer

    def enter(
        self,
        key: Hashable,
        entry: Entry,
        run: Callable[[Sequence[Entry], Callable[[], None]], Awaitable[Sequence[Answer]]],
    ) -> asyncio.Future[Answer]:
        """Join as `join` does, and return where the answer will be without waiting for it.

        Args:
            key: As for `join`.
            entry: As for `join`.
            run: As for `join`; it is given what to call once the next group may begin beside this one, where that is
                before this one has ended. There are never more than two.
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
        """Wait until everything that has joined is done."""
        while self._queues:
            if self._under_way:
                await asyncio.wait(self._under_way)
            else:
                await asyncio.sleep(0)

    def _begin(self, key: Hashable, queue: _Queue) -> None:
        """Begin the next group, where there is one and it may begin."""
        beside = queue.newest_lets_next_begin and queue.under_way < _MOST_UNDER_WAY
        if not queue.waiting or (queue.under_way and not beside):
            return
        group = [queue.waiting.popleft() for _ in range(min(len(queue.waiting), MAX_GROUP))]
        queue.newest_lets_next_begin = False
        queue.under_way += 1
        task = asyncio.create_task(_settle(group, queue.run, self._once(key, queue)))
        self._under_way.add(task)
        task.add_done_callback(partial(self._ended, key, queue, group))

    def _once(self, key: Hashable, queue: _Queue) -> Callable[[], None]:
        """Return what lets the next group begin when it is called first."""
        called = False

        def let_next_begin() -> None:
            nonlocal called
            if not called:
                called = queue.newest_lets_next_begin = True
                self._begin(key, queue)

        return let_next_begin

    def _ended(self, key: Hashable, queue: _Queue, group: list[_Waiting], task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        queue.under_way -= 1
        if task.cancelled() or task.exception() is not None:
            # Nobody is left waiting where the task itself is cut off, as when the process ends.
            for waiting in (*group, *queue.waiting):
                waiting.answer.cancel()
            queue.waiting.clear()
        self._begin(key, queue)
        if not queue.under_way and not queue.waiting and self._queues.get(key) is queue:
            del self._queues[key]


async def _settle(group: Sequence[_Waiting], run: Run, let_next_begin: Callable[[], None]) -> None:
    try:
        answers = await run([waiting.entry for waiting in group], let_next_begin)
    except Exception as fault:
        if len(group) > 1:
            for waiting in group:
                await _settle([waiting], run, let_next_begin)
        elif not group[0].answer.done():
            group[0].answer.set_exception(fault)
            # Looked at here, for whoever asked may be gone.
            group[0].answer.exception()
        return
    for waiting, answer in list(zip(group, answers, strict=True)):
        # Whoever was cancelled meanwhile waits no more.
        if not waiting.answer.done():
            waiting.answer.set_result(answer)
