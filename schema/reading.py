"""What the fields of one answer read: one snapshot of the database, each row once, rows of a kind together.

A field that fails has the fields beside it cancelled. What they were waiting for goes on: other branches of the answer
may be waiting for the same, and a statement that is cut off would cost the connection.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession
from strawberry.dataloader import DataLoader

from db.database import Database, present

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Key = TypeVar("Key", bound=Hashable)


class Reading:
    """A snapshot, opened at the first need. Fields resolve concurrently; the session serves one at a time."""

    def __init__(self, database: Database) -> None:
        """Prepare to read; nothing is opened yet."""
        self._database = database
        self._turn = asyncio.Lock()
        self._open = AsyncExitStack()
        self._session: AsyncSession | None = None
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}
        self._now: asyncio.Future[datetime] | None = None
        self._under_way: set[asyncio.Task[Any]] = set()

    async def ask(
        self,
        use_case: Callable[Concatenate[AsyncSession, Arguments], Awaitable[Answer]],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Return what a use case answers from this snapshot."""

        async def in_turn() -> Answer:
            async with self._turn:
                if self._session is None:
                    self._session = await self._open.enter_async_context(self._database.read())
                return await use_case(self._session, *arguments, **named)

        task = asyncio.create_task(in_turn())
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

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
            use_case: Takes the session, `before`, the keys, and `after`; returns a mapping from keys.
            key: The key.
            before: Its arguments before the keys.
            after: Its arguments after the keys.
        """
        name = (use_case, before, after)
        if name not in self._loaders:

            async def load(keys: Collection[Key]) -> list[Answer | None]:
                found = await self.ask(use_case, *before, keys, *after)
                return [found.get(wanted) for wanted in keys]

            self._loaders[name] = DataLoader(load_fn=load)
        answer: Answer | None = await asyncio.shield(self._loaders[name].load(key))
        return answer

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
        if self._now is None:
            # One task for all who ask: they go on together, so what they load next is loaded together too.
            self._now = asyncio.ensure_future(self.ask(present))
        return await asyncio.shield(self._now)

    async def close(self) -> None:
        """Give the snapshot up, once nothing is read from it any more."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._open.aclose()
