"""What the fields of one answer read: one snapshot of the database, each row once, rows of a kind together.

A field that fails has the fields beside it cancelled, or, by graphql-core's `settle_in_background`, leaves them to go
on after the answer. The statement that they were waiting for goes on: other branches of the answer may be waiting for
the same, and a statement that is cut off would cost the connection. What would begin after the answer is refused.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from db.database import Database
from db.loans import Purpose
from db.snapshot import Snapshot
from db.to_completion import to_completion

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Key = TypeVar("Key", bound=Hashable)


class ReadingClosed(Exception):
    """The answer that a field would read for has been given."""


class Reading:
    """A snapshot, opened at the first need. Fields resolve concurrently; the snapshot serves one at a time.

    Once it is closed it opens nothing any more: a field that is still under way then fails with `ReadingClosed`.
    """

    def __init__(self, database: Database, *, is_closed: bool = False) -> None:
        """Prepare to read; nothing is opened yet.

        Args:
            database: What to read.
            is_closed: Whether it is closed from the beginning, for what asks after the answer.
        """
        self._database = database
        self._is_closed = is_closed
        self._turn = asyncio.Lock()
        self._open = AsyncExitStack()
        self._snapshot: Snapshot | None = None
        self._together: dict[Hashable, _Together[Any, Any]] = {}
        self._now: asyncio.Future[datetime] | None = None
        self._under_way: set[asyncio.Task[Any]] = set()

    async def ask(
        self,
        use_case: Callable[Concatenate[Snapshot, Arguments], Awaitable[Answer]],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Return what a use case answers from this snapshot.

        Raises:
            ReadingClosed: Where it is closed before the use case's turn.
        """
        return await asyncio.shield(self.start(lambda snapshot: use_case(snapshot, *arguments, **named), use_case))

    def start(self, work: Callable[[Snapshot], Awaitable[Answer]], purpose: Purpose) -> asyncio.Task[Answer]:
        """Begin to read, in turn; it goes on whatever becomes of those who wait for it.

        Args:
            work: Reads.
            purpose: What for, where this is what opens the snapshot.
        """
        task = asyncio.create_task(self._in_turn(work, purpose))
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return task

    async def _in_turn(self, work: Callable[[Snapshot], Awaitable[Answer]], purpose: Purpose) -> Answer:
        async with self._turn:
            if self._is_closed:
                raise ReadingClosed
            if self._snapshot is None:
                self._snapshot = await self._open.enter_async_context(self._database.snapshot(purpose))
            return await work(self._snapshot)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        # Looked at here, for whoever asked may be gone.
        if not task.cancelled():
            task.exception()

    async def one_of_many(
        self,
        use_case: Callable[..., Awaitable[Mapping[Key, Answer]]],
        key: Key,
        *before: Hashable,
        after: tuple[Hashable, ...] = (),
    ) -> Answer | None:
        """Return what a use case for many keys answers for `key`, or None; keys asked for together go together.

        Args:
            use_case: Takes the snapshot, `before`, the keys, and `after`; returns a mapping from keys.
            key: The key.
            before: Its arguments before the keys.
            after: Its arguments after the keys.
        """
        answer: Answer | None = await self._asked_together(use_case, before, after).answer(key)
        return answer

    async def many(
        self,
        use_case: Callable[..., Awaitable[Mapping[Key, Answer]]],
        keys: Iterable[Key],
        *before: Hashable,
        after: tuple[Hashable, ...] = (),
    ) -> Mapping[Key, Answer | None]:
        """Return what a use case for many keys answers for these, of which some may have been answered before.

        Args:
            use_case: Takes the snapshot, `before`, the keys, and `after`; returns a mapping from keys.
            keys: The keys.
            before: Its arguments before the keys.
            after: Its arguments after the keys.
        """
        return await self._asked_together(use_case, before, after).all(keys)

    def remember(self, use_case: Callable[..., Awaitable[Mapping[Key, Answer]]], key: Key, answer: Answer) -> None:
        """Note what `one_of_many` of a use case without other arguments answers: the snapshot has told it already."""
        self._asked_together(use_case, (), ()).answers[key] = answer

    def _asked_together(
        self, use_case: Callable[..., Any], before: tuple[Hashable, ...], after: tuple[Hashable, ...]
    ) -> "_Together[Any, Any]":
        name = (use_case, before, after)
        found = self._together.get(name)
        if found is None:
            found = self._together[name] = _Together(
                self, lambda snapshot, keys: use_case(snapshot, *before, keys, *after), use_case
            )
        return found

    def known(self, remembered: Callable[[Snapshot, Key], Answer | None], key: Key) -> Answer | None:
        """Return a row that the process remembers for this snapshot, or None where it must be asked for."""
        return None if self._snapshot is None else remembered(self._snapshot, key)

    def counting(
        self,
        use_case: Callable[..., Awaitable[Mapping[Key, int]]],
        key: Key,
        *before: Hashable,
        after: tuple[Hashable, ...] = (),
    ) -> Callable[[], Awaitable[int]]:
        """Return what counts, when called, as `one_of_many` would; nothing is counted before."""

        async def count() -> int:
            return await self.one_of_many(use_case, key, *before, after=after) or 0

        return count

    async def now(self) -> datetime:
        """Return the time of this answer, the same for all its fields."""
        if self._snapshot is not None and self._snapshot.moment is not None:
            return self._snapshot.moment.now
        if self._now is None:
            # One task for all who ask: they go on together, so what they load next is loaded together too.
            self._now = asyncio.ensure_future(self.ask(_now))
        return await asyncio.shield(self._now)

    async def close(self) -> None:
        """Let nothing more begin, and give the snapshot up once what reads from it has ended.

        The snapshot is given up even where the caller is cancelled.
        """
        self._is_closed = True
        if self._under_way:
            await to_completion(self._end())
        else:
            await self._open.aclose()

    async def _end(self) -> None:
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._open.aclose()


async def _now(snapshot: Snapshot) -> datetime:
    return (await snapshot.ask_moment()).now


class _Together(Generic[Key, Answer]):
    """The keys that fields ask one use case for, and what it answered."""

    def __init__(
        self,
        reading: Reading,
        load: Callable[[Snapshot, list[Key]], Awaitable[Mapping[Key, Answer]]],
        purpose: Purpose,
    ) -> None:
        self.answers: dict[Key, Answer | None] = {}
        self._reading = reading
        self._load = load
        self._purpose = purpose
        self._waiting: list[Key] = []
        self._coming: dict[Key, asyncio.Future[None]] = {}

    async def all(self, keys: Iterable[Key]) -> Mapping[Key, Answer | None]:
        """Return the answers for these keys, and maybe others.

        What is not there yet is loaded together with all that is asked for until the snapshot's turn comes, and
        never twice.
        """
        missing = [key for key in keys if key not in self.answers]
        if not missing:
            return self.answers
        new = [key for key in dict.fromkeys(missing) if key not in self._coming]
        if new:
            loaded = self._coming[self._waiting[0]] if self._waiting else self._begin()
            self._waiting += new
            self._coming.update(dict.fromkeys(new, loaded))
        for loaded in {id(each): each for each in map(self._coming.__getitem__, missing)}.values():
            # Where one who waits is cancelled, nobody else is.
            await asyncio.shield(loaded)
        return self.answers

    def _begin(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        loaded: asyncio.Future[None] = loop.create_future()
        # Not at once: the fields beside this one are about to ask.
        loop.call_soon(self._start, loaded)
        return loaded

    def _start(self, loaded: asyncio.Future[None]) -> None:
        # By the end of the task, which may come before its turn does: where there is no snapshot to be had.
        self._reading.start(self._load_waiting, self._purpose).add_done_callback(partial(self._end, loaded))

    async def answer(self, key: Key) -> Answer | None:
        """Return the answer for one key."""
        return (await self.all((key,)))[key]

    async def _load_waiting(self, snapshot: Snapshot) -> None:
        waiting, self._waiting = self._waiting, []
        found = await self._load(snapshot, waiting)
        self.answers.update((key, found.get(key)) for key in waiting)

    def _end(self, loaded: asyncio.Future[None], task: asyncio.Task[None]) -> None:
        if self._waiting and self._coming[self._waiting[0]] is loaded:
            self._waiting = []
        if task.cancelled():
            loaded.cancel()
        elif (fault := task.exception()) is not None:
            loaded.set_exception(fault)
            # Looked at here, for whoever asked may be gone.
            loaded.exception()
        else:
            loaded.set_result(None)
