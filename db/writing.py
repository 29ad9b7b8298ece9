"""A transaction that writes by kept statements, straight on the driver: what a crowd waits for.

A session builds and compiles its statements, and watches objects, each time anew. What is decided here is decided on
plain rows, and each statement was compiled when it was first asked. Everything else writes by a session.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
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
        grown: The organisations whose log the transaction appends to: its commit wakes their readers.
    """

    def __init__(self, driver: _Driver, dialect: Dialect) -> None:
        """Run statements by a driver."""
        self._driver = driver
        self._dialect = dialect
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


@asynccontextmanager
async def open_writing(engine: AsyncEngine) -> AsyncIterator[Statements]:
    """Open a transaction that writes, on a connection of the engine's pool; commit it at the end.

    It is rolled back where its body raises. On SQLite it has the writer's lock from the beginning.
    """
    async with _lent(engine) as driver:
        await _send(driver, "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "BEGIN")
        driver.in_transaction = True
        yield Statements(driver, engine.dialect)
        await _send(driver, "COMMIT")
        driver.in_transaction = False


@asynccontextmanager
async def open_glance(engine: AsyncEngine) -> AsyncIterator[Statements]:
    """Open what reads by one statement alone, which needs no transaction around it."""
    async with _lent(engine) as driver:
        yield Statements(driver, engine.dialect)


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
    try:
        await driver.send(text)
    except _DRIVER_FAULTS as fault:
        raise as_database_fault(text, fault) from fault


@asynccontextmanager
async def _lent(engine: AsyncEngine) -> AsyncIterator[_Driver]:
    try:
        connection = await engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as fault:
        raise as_database_fault("a connection", fault) from fault
    driver = _driver_of(engine.dialect, connection.driver_connection)
    try:
        yield driver
    finally:
        # In a task of its own: where the writer is cancelled, no transaction is to stay open in the pool.
        await asyncio.shield(asyncio.create_task(_give_back(connection, driver)))


async def _give_back(connection: PoolProxiedConnection, driver: _Driver) -> None:
    try:
        if driver.in_transaction:
            await driver.send("ROLLBACK")
    except (*_DRIVER_FAULTS, OSError) as fault:
        # What has failed is told already; but nobody is to have this connection again.
        await greenlet_spawn(connection.invalidate, fault)
    finally:
        await greenlet_spawn(connection.close)
