"""Which faults mean that the database is away, and which commits have an outcome that nobody knows."""

import sqlite3

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from db.driver import as_database_fault
from db.outage import OutcomeUnknown, committing, is_away, took_too_long


def _sqlite(code: int) -> Exception:
    fault = sqlite3.OperationalError("no")
    fault.sqlite_errorcode = code
    return as_database_fault("SELECT", fault)


def _postgresql(kind: type[Exception]) -> Exception:
    return as_database_fault("SELECT", kind("no"))


AWAY = {
    "refused": ConnectionRefusedError(),
    "reset": ConnectionResetError(),
    "silent": TimeoutError(),
    "no connection left in the pool": PoolTimeoutError("QueuePool limit"),
    "ended by an operator": _postgresql(asyncpg.AdminShutdownError),
    "crashed": _postgresql(asyncpg.CrashShutdownError),
    "starting up": _postgresql(asyncpg.CannotConnectNowError),
    "too many connections": _postgresql(asyncpg.TooManyConnectionsError),
    "the disk of PostgreSQL is full": _postgresql(asyncpg.DiskFullError),
    "PostgreSQL cannot read its files": _postgresql(asyncpg.exceptions.PostgresIOError),
    "broken in the middle": _postgresql(asyncpg.ConnectionDoesNotExistError),
    "an idle transaction was ended": _postgresql(asyncpg.IdleInTransactionSessionTimeoutError),
    "a standby now": _postgresql(asyncpg.ReadOnlySQLTransactionError),
    "no connections allowed": _postgresql(asyncpg.ObjectNotInPrerequisiteStateError),
    "closed": as_database_fault("SELECT", asyncpg.InterfaceError("connection is closed")),
    "upset": _postgresql(asyncpg.ProtocolError),
    "closed in the pool": InvalidRequestError("This connection is closed"),
    "locked": _sqlite(sqlite3.SQLITE_BUSY),
    "a table is locked": _sqlite(sqlite3.SQLITE_LOCKED),
    "the disk is full": _sqlite(sqlite3.SQLITE_FULL),
    "the disk fails": _sqlite(sqlite3.SQLITE_IOERR_FSYNC),
    "the file cannot be opened": _sqlite(sqlite3.SQLITE_CANTOPEN),
    "the file cannot be written": _sqlite(sqlite3.SQLITE_READONLY),
    "a commit whose answer is lost": OutcomeUnknown("lost"),
}
NOT_AWAY = {
    "nothing": None,
    "a fault of ours": ValueError("closed"),
    "no such table": _sqlite(sqlite3.SQLITE_ERROR),
    "a broken file": _sqlite(sqlite3.SQLITE_CORRUPT),
    "no such table of PostgreSQL": _postgresql(asyncpg.UndefinedTableError),
    "a constraint": _postgresql(asyncpg.UniqueViolationError),
    "used by two": as_database_fault("SELECT", asyncpg.InterfaceError("another operation is in progress")),
    "misused": InvalidRequestError("a transaction is already begun"),
    "a deadlock": _postgresql(asyncpg.DeadlockDetectedError),
    "a statement that took too long": _postgresql(asyncpg.QueryCanceledError),
}


@pytest.mark.parametrize("name", AWAY)
def test_a_database_that_cannot_serve_is_away(name: str) -> None:
    assert is_away(AWAY[name])
    assert not took_too_long(AWAY[name])


@pytest.mark.parametrize("name", NOT_AWAY)
def test_any_other_fault_is_not_of_an_outage(name: str) -> None:
    assert not is_away(NOT_AWAY[name])


@pytest.mark.parametrize("name", ["reset", "silent", "ended by an operator", "broken in the middle", "the disk fails"])
def test_a_commit_that_breaks_off_may_have_been_done(name: str) -> None:
    fault = AWAY[name]
    assert fault is not None
    with pytest.raises(OutcomeUnknown) as unknown, committing():
        raise fault
    assert unknown.value.__cause__ is fault


@pytest.mark.parametrize("fault", [AWAY["locked"], NOT_AWAY["a deadlock"], NOT_AWAY["a constraint"]])
def test_a_commit_that_is_refused_has_done_nothing(fault: Exception) -> None:
    with pytest.raises((OperationalError, IntegrityError)) as refused, committing():
        raise fault
    assert refused.value is fault
