"""The drivers, spoken to directly: a connection or session of SQLAlchemy costs as much as the statements."""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

statement_log = logging.getLogger("db.statements")
"""Tells, at DEBUG, each statement that is sent from here; its `arguments` are in the record, not in the message."""

DRIVER_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, sqlite3.Error)
"""What the drivers raise."""

_GIVEN_UP = (TimeoutError, asyncio.CancelledError)
"""asyncpg then asks the server to cancel the statement, and has the next one wait until it has."""

_INTEGRITY_FAULTS = (asyncpg.IntegrityConstraintViolationError, sqlite3.IntegrityError)


class Driver(Protocol):
    """A connection as its driver has it: one statement at a time.

    Attributes:
        is_cut_off: Whether a statement was given up while the server was at it: another one might wait for ever.
    """

    is_cut_off: bool

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[Any]:
        """Return the rows of a statement."""

    async def send(self, text: str) -> None:
        """Run a statement without parameters or rows."""


class _Asyncpg:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.is_cut_off = False

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[Any]:
        try:
            records: Sequence[Any] = await self._connection.fetch(text, *arguments)
        except _GIVEN_UP:
            self.is_cut_off = True
            raise
        return records

    async def send(self, text: str) -> None:
        try:
            await self._connection.execute(text)
        except _GIVEN_UP:
            self.is_cut_off = True
            raise


class _Aiosqlite:
    # Its thread ends what it has begun, and then does what comes next.
    is_cut_off = False

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[Any]:
        records: Sequence[Any] = await self._connection.execute_fetchall(text, arguments)
        return records

    async def send(self, text: str) -> None:
        await self._connection.execute_fetchall(text)


def driver_of(connection: Any, dialect: Dialect) -> Driver:
    """Return the driver's connection behind one of SQLAlchemy's."""
    return (_Aiosqlite if dialect.name == "sqlite" else _Asyncpg)(connection.driver_connection)


async def fetch(driver: Driver, text: str, arguments: Sequence[Any]) -> Sequence[Any]:
    """Return the rows of a statement, told to the log.

    Raises:
        DBAPIError: Where the database failed.
    """
    _tell(text, arguments)
    try:
        return await driver.fetch(text, arguments)
    except DRIVER_FAULTS as fault:
        raise as_database_fault(text, fault) from fault


async def send(driver: Driver, text: str) -> None:
    """Run a statement that begins or ends a transaction.

    Raises:
        DBAPIError: Where the database failed.
    """
    _tell(text)
    try:
        await driver.send(text)
    except DRIVER_FAULTS as fault:
        raise as_database_fault(text, fault) from fault


def _tell(text: str, arguments: Sequence[Any] = ()) -> None:
    if statement_log.isEnabledFor(logging.DEBUG):
        statement_log.debug(text, extra={"arguments": arguments})


def as_database_fault(text: str, fault: Exception) -> DBAPIError:
    """Return a driver's fault as SQLAlchemy tells it, so that whoever judges faults need not know where it came up."""
    if isinstance(fault, _INTEGRITY_FAULTS):
        return IntegrityError(text, None, fault)
    # asyncpg's own order is upset where the server has said that it ends the connection, and has not hung up yet.
    return (InterfaceError if isinstance(fault, asyncpg.InternalClientError) else OperationalError)(text, None, fault)
