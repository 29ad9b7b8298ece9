"""The engine of either database, set up so that transactions mean the same on both."""

from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

WRITES = "ordershare_writes"
"""The execution option that marks a connection of a writing transaction."""

_BUSY_TIMEOUT_MS = 10_000


def create_engine(url: str) -> AsyncEngine:
    """Return an engine for `sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`.

    Raises:
        ValueError: For any other database or driver.
    """
    driver = make_url(url).drivername
    if driver == "sqlite+aiosqlite":
        return _sqlite_engine(url)
    if driver == "postgresql+asyncpg":
        return _postgresql_engine(url)
    raise ValueError(f"{driver} is not supported: use sqlite+aiosqlite or postgresql+asyncpg")


def _postgresql_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=20, max_overflow=10)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: Any, *_: object) -> None:
    # The driver notices when the server hangs up; to ask the server before each use would cost three round trips.
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def _sqlite_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=10, max_overflow=10)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN is deferred, which loses updates; SQLAlchemy's begin event sends ours instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
