"""Which connections of the pool are lent, since when and for what: one that is not given back must not go unnoticed.

A lost connection is reported and not reclaimed; decision 12 says why.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlmodel import Session

Purpose: TypeAlias = str | Callable[..., Any]
"""What a connection is lent for: a word, or the use case, whose name is looked up only where it is reported."""

_LOAN = "ordershare loan"
_PURPOSE = "ordershare purpose"
_LOOK_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Loan:
    """One connection of the pool, and what it is lent for at the moment.

    Attributes:
        purpose: What it is, or was last, lent for.
        since: When it was lent, by the monotonic clock; None while it is lent to nobody.
        is_reported: Whether the log says already that it is overdue.
    """

    __slots__ = ("is_reported", "purpose", "since")

    def __init__(self) -> None:
        """Begin for a purpose that is not known yet."""
        self.begin("unknown")

    def begin(self, purpose: Purpose) -> None:
        """Lend the connection."""
        self.purpose = purpose
        self.since: float | None = time.monotonic()
        self.is_reported = False

    def end(self) -> None:
        """Note that the connection is lent to nobody."""
        self.since = None


class Loans:
    """The loans of an engine's pool."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Have nothing lent."""
        self._lent: dict[ConnectionPoolEntry, Loan] = {}
        event.listen(engine.sync_engine, "checkout", self._checked_out)
        event.listen(engine.sync_engine, "checkin", self._checked_in)

    def overdue(self, seconds: float) -> list[tuple[Loan, float]]:
        """Return what has been lent for longer, each with the seconds since when."""
        now = time.monotonic()
        ages = [(loan, now - loan.since) for loan in self._lent.values() if loan.since is not None]
        return [(loan, age) for loan, age in ages if age > seconds]

    def report(self, seconds: float) -> int:
        """Return how many have been lent for longer; each is logged once.

        Args:
            seconds: How long a connection may be in use.
        """
        overdue = self.overdue(seconds)
        for loan, age in overdue:
            if not loan.is_reported:
                loan.is_reported = True
                _log.warning(
                    "a connection to the database has been in use for %.0f seconds: %s", age, name_of(loan.purpose)
                )
        return len(overdue)

    async def report_for_ever(self, seconds: float) -> None:
        """Report again and again what has been lent for longer than `seconds`."""
        while True:
            await asyncio.sleep(min(seconds, _LOOK_SECONDS))
            self.report(seconds)

    def _checked_out(self, _connection: object, entry: ConnectionPoolEntry, _lent: object) -> None:
        self._lent[entry] = entry.info[_LOAN] = Loan()

    def _checked_in(self, _connection: object, entry: ConnectionPoolEntry) -> None:
        self._lent.pop(entry, None)


class LentSession(Session):
    """A session that notes on the connection it is lent what for."""


def for_purpose(purpose: Purpose) -> dict[str, Any]:
    """Return what makes an `AsyncSession` note its purpose, as arguments by name."""
    return {"sync_session_class": LentSession, "info": {_PURPOSE: purpose}}


def loan_of(connection: PoolProxiedConnection) -> Loan:
    """Return the loan of a connection that is checked out of the pool."""
    loan: Loan = connection.info[_LOAN]
    return loan


@event.listens_for(LentSession, "after_begin")
def _note_purpose(session: LentSession, _transaction: SessionTransaction, connection: Connection) -> None:
    loan_of(connection.connection).purpose = session.info[_PURPOSE]


def name_of(purpose: Purpose) -> str:
    """Return a purpose as the log has it: for a use case, its module and name."""
    if isinstance(purpose, str):
        return purpose
    if isinstance(purpose, partial):
        return name_of(purpose.func)
    return f"{purpose.__module__}.{getattr(purpose, '__qualname__', type(purpose).__name__)}"
