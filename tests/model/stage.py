"""The real application over a real database, for stories to be played on."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

from db.database import Database
from resolvers.import_order_types import import_order_types
from tests.log_reader import findings
from tests.model.cast import STRANGER
from tests.served_world import Server, serving
from tests.world import TYPES, World, row

Answer = TypeVar("Answer")


class Stage:
    """A database, the application over it on a port of its own, and the loop in which both live.

    Hypothesis plays stories without a loop, so the stage has one, which runs while somebody waits for an answer.
    """

    def __init__(self, url: str) -> None:
        """Prepare to serve over the database at `url`."""
        self._url = url
        self._runner = asyncio.Runner()
        self._closing = AsyncExitStack()
        self.stories = 0
        self.world: World
        self.server: Server

    def __enter__(self) -> Self:
        """Serve."""
        self.run(self._open())
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop serving."""
        try:
            self.run(self._closing.aclose())
        finally:
            self._runner.close()

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Return the answer of work that waits for the application."""
        return self._runner.run(work)

    async def _open(self) -> None:
        database = Database(self._url)
        self._closing.push_async_callback(database.close)
        self.world = World(database, max_cost=100_000)
        self._closing.push_async_callback(self.world.http.aclose)
        self.server = await self._closing.enter_async_context(serving(self.world))
        await database.write(lambda session: import_order_types(session, TYPES))
        await self.world.import_rows(row("elsewhere", STRANGER, organisation="elsewhere"))

    async def recount(self) -> Sequence[str]:
        """Return what a recount of all stories' organisations finds to be off."""
        return await findings(self.world.database)
