"""The engine of either database, set up so that transactions mean the same on both."""

import asyncio
import random
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, ExceptionContext, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

WRITES = "ordershare_writes"
"""The execution option that marks a connection of a writing transaction."""

_CONNECT_SECONDS = 10.0
"""How long a server may take to let us in: one that hangs accepts and says nothing."""

_POOL_SECONDS = 20.0
"""How long to wait for a connection of the pool: less than an operation may take, so that it can say why it failed."""

_GRACE_SECONDS = 5.0
"""How much longer than PostgreSQL gives itself for a statement we wait for its answer: after that it is away."""

_BUSY_TIMEOUT_MS = 10_000
_ANOTHER_TRY_SECONDS = (0.001, 0.02)
_ALIVE_SECONDS = 1.0
_USED_AT = "ordershare used at"


@dataclass(frozen=True)
class Timeouts:
    """How long PostgreSQL works, waits, and is kept waiting, in seconds; what takes longer fails.

    Attributes:
        statement: A statement.
        lock: The wait for one lock.
        idle_transaction: A transaction in which nothing happens.
    """

    statement: float
    lock: float
    idle_transaction: float

    def settings(self) -> dict[str, str]:
        """Return the settings of a connection."""
        seconds = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle_transaction,
        }
        return {name: str(int(each * 1000)) for name, each in seconds.items()}


def create_engine(url: str, timeouts: Timeouts | None = None) -> AsyncEngine:
    """Return an engine for `sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`.

    Args:
        url: Where the database is.
        timeouts: When PostgreSQL gives up; SQLite waits for a lock as long as ever.

    Raises:
        ValueError: For any other database or driver.
    """
    driver = make_url(url).drivername
    if driver == "sqlite+aiosqlite":
        return _sqlite_engine(url)
    if driver == "postgresql+asyncpg":
        return _postgresql_engine(url, timeouts)
    raise ValueError(f"{driver} is not supported: use sqlite+aiosqlite or postgresql+asyncpg")


def _postgresql_engine(url: str, timeouts: Timeouts | None) -> AsyncEngine:
    arguments: dict[str, Any] = {"timeout": _CONNECT_SECONDS}
    if timeouts is not None:
        arguments["server_settings"] = timeouts.settings()
        arguments["command_timeout"] = timeouts.statement + _GRACE_SECONDS
    # The connection used last comes first: it has prepared what is about to be asked, and its backend has it at hand.
    engine = create_async_engine(
        url,
        pool_size=20,
        max_overflow=10,
        pool_timeout=_POOL_SECONDS,
        pool_use_lifo=True,
        # What a person is called must not get into a log with the fault of a statement.
        hide_parameters=True,
        json_serializer=_json,
        connect_args=arguments,
    )
    event.listen(engine.sync_engine, "handle_error", _give_up_what_hangs)
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _require_alive)
    return engine


def _give_up_what_hangs(context: ExceptionContext) -> None:
    """Have a connection whose server does not answer ended at once: a rollback would wait for that server as well."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _note_use(_connection: Any, entry: ConnectionPoolEntry) -> None:
    entry.info[_USED_AT] = time.monotonic()


def _require_alive(connection: Any, entry: ConnectionPoolEntry, _lent: object) -> None:
    """Have the pool connect anew where the server has gone.

    The driver knows when the server has hung up. To ask the server, as `pool_pre_ping` does each time, takes three
    round trips; it is needed only where a line may have broken unnoticed.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server has hung up")
    used_at = entry.info.get(_USED_AT)
    if used_at is not None and time.monotonic() - used_at > _ALIVE_SECONDS:
        try:
            connection.ping()
        except Exception as fault:
            raise DisconnectionError("the server does not answer") from fault


def _sqlite_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=_POOL_SECONDS,
        hide_parameters=True,
        json_serializer=_json,
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN is deferred, which loses updates; SQLAlchemy's begin event sends ours instead.
    connection.isolation_level = None
    connection.create_function("clock_timestamp", 0, _clock_timestamp)
    _set(connection, f"busy_timeout = {_BUSY_TIMEOUT_MS}")
    _keep_a_write_ahead_log(connection)
    _set(connection, "synchronous = FULL")
    _set(connection, "foreign_keys = ON")


def _keep_a_write_ahead_log(connection: Any) -> None:
    """Set the journal mode, which stays with the file.

    Where somebody writes to a file that is in another mode yet, as when several processes open a new one, SQLite does
    not wait for them as it does elsewhere, for each might wait for the other (https://sqlite.org/c3ref/busy_handler.html).
    """
    gives_up_at = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            _set(connection, "journal_mode = WAL")
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > gives_up_at:
                raise
            connection.run_async(lambda _: asyncio.sleep(random.uniform(*_ANOTHER_TRY_SECONDS)))  # noqa: S311 - jitter
        else:
            return


def _set(connection: Any, pragma: str) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def _clock_timestamp() -> str:
    """Return the time now as SQLite stores times: what PostgreSQL has a function of this name for."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
