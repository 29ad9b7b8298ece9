"""A PostgreSQL database that is as new for each test, without being made anew each time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Self

import asyncpg
from sqlalchemy import make_url

from db.tables import metadata
from tests.servers import migrate, postgresql_database

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
        self._url: str | None = None

    def __enter__(self) -> Self:
        """Make nothing yet."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Drop the databases."""
        self._open.close()

    def as_new(self, *, filled: bool) -> str:
        """Return the URL of a migrated database, empty or filled."""
        if self._url is not None:
            try:
                asyncio.run(_execute(self._url, f"{_EMPTY}; {_FILL}" if filled else _EMPTY))
            except asyncpg.PostgresError:
                self._url = None
        if self._url is None:
            self._url = self._make()
            asyncio.run(_execute(self._url, _EMPTY if not filled else "SELECT pg_stat_reset()"))
        return self._url

    def _make(self) -> str:
        url = self._open.enter_context(postgresql_database(self._server_url))
        migrate(url)
        asyncio.run(self._prepare(url))
        return url

    async def _prepare(self, url: str) -> None:
        await self._fill(url)
        await _execute(url, _KEEP)


async def _execute(url: str, statements: str) -> None:
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(statements)
    finally:
        await connection.close()
