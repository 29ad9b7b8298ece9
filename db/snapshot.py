"""A snapshot of the database: what is read from it is all of one moment, as plain rows, straight from the driver."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import Dialect, Label, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import PoolProxiedConnection
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from db.names_tables import NamesRow
from db.parts_query import PartsQuery, Values
from db.reading_connections import ReadingConnections
from db.row_cache import NamesCache
from db.row_query import RowQuery

Row = TypeVar("Row")

statement_log = logging.getLogger("db.statements")
"""Tells, at DEBUG, each statement that a snapshot is asked; its `arguments` are in the record, not in the message."""

_DRIVER_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error)


class Moment(NamedTuple):
    """The moment of a snapshot.

    Attributes:
        now: The time, by the clock that all replicas share.
        names: The version of names that the snapshot sees; None where the database has none.
    """

    now: datetime
    names: UUID | None


# As subqueries, so that they are worked out once and not for each row of the statement that bears them.
MOMENT: tuple[Label[Any], ...] = (
    select(func.clock_timestamp(type_=UTCDateTime())).scalar_subquery().label("now"),
    select(col(NamesRow.version)).scalar_subquery().label("names"),
)
"""The columns that tell the moment; a query that has them last spares the answer a statement of its own for it."""

_MOMENT = RowQuery(select(*MOMENT), Moment._make)


class _Driver(Protocol):
    """What differs between the drivers."""

    async def begin(self) -> None: ...

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[Any]: ...

    async def end(self) -> None: ...


class _Asyncpg:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def begin(self) -> None:
        await self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[Any]:
        records: Sequence[Any] = await self._connection.fetch(text, *arguments)
        return records

    async def end(self) -> None:
        await self._connection.execute("ROLLBACK")


class _Aiosqlite:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def begin(self) -> None:
        await self._connection.execute_fetchall("BEGIN")

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[Any]:
        records: Sequence[Any] = await self._connection.execute_fetchall(text, arguments)
        return records

    async def end(self) -> None:
        await self._connection.execute_fetchall("ROLLBACK")


class Snapshot:
    """What one answer reads from; one query at a time.

    Attributes:
        names: What the process remembers of users and order types.
        moment: The snapshot's moment, where a query has told it.
    """

    def __init__(self, driver: _Driver, dialect: Dialect, names: NamesCache) -> None:
        """Read by a driver that has begun a transaction."""
        self._driver = driver
        self._dialect = dialect
        self.names = names
        self.moment: Moment | None = None

    async def rows(self, query: RowQuery[Row], **values: Any) -> list[Row]:
        """Return the rows that a query finds.

        Args:
            query: What to read.
            values: Its parameters.

        Raises:
            DBAPIError: Where the database failed.
        """
        compiled = query.compiled(self._dialect)
        arguments = compiled.arguments(values)
        _tell(compiled.text, arguments)
        try:
            records = await self._driver.fetch(compiled.text, arguments)
        except _DRIVER_FAULTS as fault:
            raise OperationalError(compiled.text, None, fault) from fault
        return compiled.rows(records)

    async def one(self, query: RowQuery[Row], **values: Any) -> Row:
        """Return the row of a query that always finds one."""
        [row] = await self.rows(query, **values)
        return row

    def learn(self, now: datetime, names: UUID | None) -> Moment:
        """Note the moment that a row told by the columns of `MOMENT`; the first one told stays."""
        if self.moment is None:
            self.moment = Moment(now, names)
        return self.moment

    async def ask_moment(self) -> Moment:
        """Return the snapshot's moment, by a statement of its own where no row has told it."""
        return self.moment or self.learn(*await self.one(_MOMENT))


@asynccontextmanager
async def open_snapshot(readers: ReadingConnections, dialect: Dialect, names: NamesCache) -> AsyncIterator[Snapshot]:
    """Open a snapshot on a connection for readers; give the connection back at the end.

    The driver is spoken to directly: a connection or session of SQLAlchemy costs as much as the statements.
    """
    connection = await readers.take()
    driver = _driver(connection, dialect)
    try:
        await driver.begin()
        yield Snapshot(driver, dialect, names)
    except _DRIVER_FAULTS as fault:
        raise OperationalError("a snapshot", None, fault) from fault
    finally:
        # In a task of its own: where the reader is cancelled, no transaction is to stay open in the pool.
        await asyncio.shield(asyncio.create_task(_give_back(readers, connection, driver)))


async def read_parts(
    readers: ReadingConnections, dialect: Dialect, query: PartsQuery, values: dict[str, Any]
) -> Sequence[Values]:
    """Return what one statement reads: all of one moment, with no transaction around it.

    Raises:
        DBAPIError: Where the database failed.
    """
    compiled = query.compiled(dialect)
    arguments = compiled.arguments(values)
    _tell(compiled.text, arguments)
    connection = await readers.take()
    try:
        records = await _driver(connection, dialect).fetch(compiled.text, arguments)
    except BaseException as fault:
        await asyncio.shield(asyncio.create_task(readers.give_up(connection, fault)))
        if isinstance(fault, _DRIVER_FAULTS):
            raise OperationalError(compiled.text, None, fault) from fault
        raise
    await readers.give_back(connection)
    return compiled.rows(records)


def _driver(connection: PoolProxiedConnection, dialect: Dialect) -> _Driver:
    return (_Aiosqlite if dialect.name == "sqlite" else _Asyncpg)(connection.driver_connection)


def _tell(text: str, arguments: Sequence[Any]) -> None:
    if statement_log.isEnabledFor(logging.DEBUG):
        statement_log.debug(text, extra={"arguments": arguments})


async def _give_back(readers: ReadingConnections, connection: PoolProxiedConnection, driver: _Driver) -> None:
    try:
        await driver.end()
    except (*_DRIVER_FAULTS, OSError) as fault:
        # What was read is read; but nobody is to have this connection again.
        await readers.give_up(connection, fault)
    except BaseException as fault:
        await readers.give_up(connection, fault)
        raise
    else:
        await readers.give_back(connection)
