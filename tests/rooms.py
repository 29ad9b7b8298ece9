"""A PostgreSQL database that is as new for each test, without being made anew each time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any, Self

import asyncpg

from db.tables import metadata
from tests.servers import migrate, plain_url, postgresql_database

# What the connection that empties a database calls itself: it stays open beside those of the tests.
CLEANER = "cleaner of tests"

_TABLES = [table.name for table in metadata.sorted_tables]

_KEEP = "CREATE SCHEMA kept; " + "; ".join(f"CREATE TABLE kept.{name} AS TABLE public.{name}" for name in _TABLES)

# The counters too: a test may ask how many deadlocks there were.
_EMPTY = "; ".join(
    [
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'",
        "SELECT pg_stat_reset()",
        *(f"DELETE FROM public.{name}" for name in reversed(_TABLES)),
    ]
)
_FILL = "; ".join(f"INSERT INTO public.{name} SELECT * FROM kept.{name}" for name in _TABLES)


class Rooms:
    """One database, emptied before each test: making and dropping one each time takes most of a test's time.

    Where a test has left another schema behind, the next one gets another database.
    """

    def __init__(self, server_url: str, fill: Callable[[str], Awaitable[None]]) -> None:
        """Prepare to make databases on a server; `fill` makes the rows that tests may ask for."""
        self._server_url = server_url
        self._fill = fill
        self._open = ExitStack()
        self._runner = asyncio.Runner()
        self._url: str | None = None
        self._connection: asyncpg.Connection[Any] | None = None

    def __enter__(self) -> Self:
        """Make nothing yet."""
        self._open.enter_context(self._runner)
        return self

    def __exit__(self, *exception: object) -> None:
        """Drop the databases."""
        self._leave()
        self._open.close()

    def as_new(self, *, filled: bool) -> str:
        """Return the URL of a migrated database, empty or filled."""
        if self._url is not None:
            try:
                self._runner.run(self._execute(f"{_EMPTY}; {_FILL}" if filled else _EMPTY))
            except (asyncpg.PostgresError, asyncpg.InterfaceError):
                self._leave()
        if self._url is None:
            self._url = self._make()
            self._runner.run(self._execute("SELECT pg_stat_reset()" if filled else _EMPTY))
        return self._url

    def _make(self) -> str:
        url = self._open.enter_context(postgresql_database(self._server_url))
        migrate(url)
        self._runner.run(self._prepare(url))
        return url

    def _leave(self) -> None:
        self._url = None
        if self._connection is not None:
            self._connection.terminate()

    async def _prepare(self, url: str) -> None:
        await self._fill(url)
        self._connection = await asyncpg.connect(plain_url(url), server_settings={"application_name": CLEANER})
        await self._execute(_KEEP)

    async def _execute(self, statements: str) -> None:
        assert self._connection is not None
        async with self._connection.transaction():
            await self._connection.execute(statements)
