"""A transaction that writes by kept statements, straight on the driver: what a crowd waits for.

A session builds and compiles its statements, and watches objects, each time anew. What is decided here is decided on
plain rows, and each statement was compiled when it was first asked. Everything else writes by a session.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn
from sqlmodel.ext.asyncio.session import AsyncSession

from db.given_rows import GivenRows
from db.row_query import RowQuery
from db.snapshot import statement_log

Answer = TypeVar("Answer")
Row = TypeVar("Row")

_DRIVER_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error)
_INTEGRITY_FAULTS = (asyncpg.IntegrityConstraintViolationError, sqlite3.IntegrityError)


class _Driver(Protocol):
    """What differs between the drivers, and whether there is a transaction to be rolled back."""

    in_transaction: bool

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[Any]: ...

    async def send(self, text: str) -> None: ...


class _Asyncpg:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.in_transaction = False

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[Any]:
        records: Sequence[Any] = await self._connection.fetch(text, *arguments)
        return records

    async def send(self, text: str) -> None:
        await self._connection.execute(text)


class _Aiosqlite:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.in_transaction = False

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[Any]:
        records: Sequence[Any] = await self._connection.execute_fetchall(text, arguments)
        return records

    async def send(self, text: str) -> None:
        await self._connection.execute_fetchall(text)


class Statements:
    """What runs kept statements, one at a time.

    Attributes:
        are_postgresql: Whether PostgreSQL runs them, which can do several changes by one.
        grown: The organisations whose log the transaction appends to: its commit wakes their readers.
    """

    def __init__(self, driver: _Driver, dialect: Dialect) -> None:
        """Run statements by a driver."""
        self._driver = driver
        self._dialect = dialect
        self.are_postgresql = dialect.name == "postgresql"
        self.grown: set[UUID] = set()

    async def rows(self, query: RowQuery[Row], **values: Any) -> list[Row]:
        """Return the rows that a statement finds or returns.

        Args:
            query: The statement.
            values: Its parameters.

        Raises:
            DBAPIError: Where the database failed.
        """
        compiled = query.compiled(self._dialect)
        arguments = compiled.arguments(values)
        if statement_log.isEnabledFor(logging.DEBUG):
            statement_log.debug(compiled.text, extra={"arguments": arguments})
        try:
            records = await self._driver.fetch(compiled.text, arguments)
        except _DRIVER_FAULTS as fault:
            raise as_database_fault(compiled.text, fault) from fault
        return compiled.rows(records)

    async def rows_for(self, statement: GivenRows[Row], given: Sequence[Sequence[Any]], **values: Any) -> list[Row]:
        """Return the rows that a statement over given rows finds or returns.

        Args:
            statement: The statement.
            given: The rows; where there is none, nothing is asked.
            values: Its other parameters.

        Raises:
            DBAPIError: Where the database failed.
        """
        if not given:
            return []
        dialect = self._dialect
        return await self.rows(statement.query(dialect), **statement.given(dialect, given), **values)


def as_database_fault(text: str, fault: Exception) -> DBAPIError:
    """Return a driver's fault as SQLAlchemy tells it, so that whoever judges faults need not know where it came up."""
    kind = IntegrityError if isinstance(fault, _INTEGRITY_FAULTS) else OperationalError
    return kind(text, None, fault)


async def write_straight(
    engine: AsyncEngine, work: Callable[[Statements], Awaitable[Answer]]
) -> tuple[Answer, AbstractSet[UUID]]:
    """Run `work` in a transaction on a connection of the engine's pool, and commit it.

    It is rolled back where `work` raises. On SQLite it has the writer's lock from the beginning.

    Returns:
        What `work` answers, and the organisations whose log it appended to.
    """
    connection, driver = await _lend(engine)
    try:
        await _send(driver, "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "BEGIN")
        driver.in_transaction = True
        statements = Statements(driver, engine.dialect)
        answer = await work(statements)
        await _send(driver, "COMMIT")
        driver.in_transaction = False
    finally:
        await _give_back(connection, driver)
    return answer, statements.grown


async def glance(engine: AsyncEngine, look_up: Callable[[Statements], Awaitable[Answer]]) -> Answer:
    """Run `look_up`, which reads by one statement alone: that needs no transaction around it."""
    connection, driver = await _lend(engine)
    try:
        return await look_up(Statements(driver, engine.dialect))
    finally:
        await _give_back(connection, driver)


async def statements_in(session: AsyncSession) -> Statements:
    """Return what runs kept statements in the transaction of a session, which must have asked something before.

    What the session's objects hold is read anew when they are next used.
    """
    await session.flush()
    session.expire_all()
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    return Statements(_driver_of(connection.dialect, raw.driver_connection), connection.dialect)


def _driver_of(dialect: Dialect, connection: Any) -> _Driver:
    return _Aiosqlite(connection) if dialect.name == "sqlite" else _Asyncpg(connection)


async def _send(driver: _Driver, text: str) -> None:
    statement_log.debug(text)
    try:
        await driver.send(text)
    except _DRIVER_FAULTS as fault:
        raise as_database_fault(text, fault) from fault


async def _lend(engine: AsyncEngine) -> tuple[PoolProxiedConnection, _Driver]:
    try:
        connection = await engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as fault:
        raise as_database_fault("a connection", fault) from fault
    return connection, _driver_of(engine.dialect, connection.driver_connection)


async def _give_back(connection: PoolProxiedConnection, driver: _Driver) -> None:
    if driver.in_transaction:
        # In a task of its own: where the writer is cancelled, no transaction is to stay open in the pool.
        await asyncio.shield(asyncio.create_task(_roll_back(connection, driver)))
    else:
        await greenlet_spawn(connection.close)


async def _roll_back(connection: PoolProxiedConnection, driver: _Driver) -> None:
    try:
        await driver.send("ROLLBACK")
    except (*_DRIVER_FAULTS, OSError) as fault:
        # What has failed is told already; but nobody is to have this connection again.
        await greenlet_spawn(connection.invalidate, fault)
    finally:
        await greenlet_spawn(connection.close)
