"""What a database's fault means for whoever asked: it is away, it took too long, or what a commit did is not known."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from db.retry import may_succeed_again

_AWAY_CLASSES = ("08", "53", "58")
"""Of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html): the connection failed, resources are
used up (connections, disk, memory), the system failed around the server."""

_AWAY = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25006", "55000"})
"""PostgreSQL ends, has crashed, is starting, has ended an idle connection or transaction, is a standby now, or takes
no connections."""

_SQLITE_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""Primary codes (https://www.sqlite.org/rescode.html): locked for longer than we wait, or the disk is at fault."""

_TOOK_TOO_LONG = frozenset({"55P03", "57014"})
"""A lock was not to be had in time, or a statement was ended."""

_CLOSED = "connection is closed"
"""What asyncpg and SQLAlchemy's pool say of a connection that is gone; neither has a class for it."""


class OutcomeUnknown(SQLAlchemyError):
    """The connection broke while a transaction was committed: it is done, or it is not."""


@contextmanager
def committing() -> Iterator[None]:
    """Tell a commit whose answer is lost from one that is refused.

    Raises:
        OutcomeUnknown: Where the database is away in the course of the context.
    """
    try:
        yield
    except Exception as fault:
        if is_away(fault) and not (isinstance(fault, DBAPIError) and may_succeed_again(fault)):
            raise OutcomeUnknown("the answer to a commit is lost") from fault
        raise


def took_too_long(fault: BaseException | None) -> bool:
    """Return whether `fault` is of a statement that took, or waited for a lock, longer than the operator allows."""
    return isinstance(fault, DBAPIError) and _state(fault) in _TOOK_TOO_LONG


def is_away(fault: BaseException | None) -> bool:
    """Return whether `fault` is of a database that cannot serve now: unreachable, full, or with no connection left."""
    if isinstance(fault, OSError | PoolTimeoutError | OutcomeUnknown):
        return True
    if isinstance(fault, InvalidRequestError):
        return _CLOSED in str(fault)
    if not isinstance(fault, DBAPIError):
        return False
    if isinstance(fault.orig, sqlite3.Error):
        return (getattr(fault.orig, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_AWAY
    state = _state(fault)
    is_cut = fault.connection_invalidated or isinstance(fault, InterfaceError) or _CLOSED in str(fault.orig)
    return is_cut or state in _AWAY or state.startswith(_AWAY_CLASSES)


def _state(fault: DBAPIError) -> str:
    return getattr(fault.orig, "sqlstate", None) or ""
