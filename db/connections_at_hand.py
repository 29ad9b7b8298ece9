"""Connections kept at hand for those who speak to the driver: the engine's pool takes as long as a small query.

They come from that pool, and count there as lent; whoever takes one leaves it in no transaction.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from db.driver import DRIVER_FAULTS, Driver, as_database_fault, driver_of
from db.loans import Loan, Purpose, loan_of
from db.to_completion import to_completion

Answer = TypeVar("Answer")

_MOST_AT_HAND = 8
"""Fewer than the pool has: sessions take theirs there."""

_TRUSTED_SECONDS = 1.0
"""A connection that was used so lately is not asked whether it still lives."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A connection of the pool, its driver's, and what says for what it is lent."""

    connection: PoolProxiedConnection
    driver: Driver
    loan: Loan


class ConnectionsAtHand:
    """A few connections of an engine's pool; the one used last is lent first."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Begin with none at hand."""
        self._engine = engine
        self._at_hand: list[tuple[Lent, float]] = []

    def __len__(self) -> int:
        """Return how many are at hand, lent to nobody."""
        return len(self._at_hand)

    async def take(self, purpose: Purpose) -> Lent:
        """Return a connection that is in no transaction.

        Args:
            purpose: What it is wanted for.

        Raises:
            DBAPIError: Where the database cannot be reached.
        """
        while self._at_hand:
            lent, used_at = self._at_hand.pop()
            try:
                lives = await self._lives(lent, used_at)
            except BaseException:
                # Nobody has it yet, so nobody would give it back.
                await to_completion(_invalidate(lent))
                raise
            if lives:
                lent.loan.begin(purpose)
                return lent
            await to_completion(_invalidate(lent))
        try:
            connection = await self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as fault:
            raise as_database_fault("a connection", fault) from fault
        loan = loan_of(connection)
        loan.begin(purpose)
        return Lent(connection, driver_of(connection, self._engine.dialect), loan)

    async def give_back(self, lent: Lent) -> None:
        """Take back a connection that is in no transaction."""
        if len(self._at_hand) < _MOST_AT_HAND:
            lent.loan.end()
            self._at_hand.append((lent, time.monotonic()))
        else:
            await to_completion(greenlet_spawn(lent.connection.close))

    async def roll_back(self, lent: Lent) -> None:
        """Take back a connection that is in a transaction, and end that, even where the borrower is cancelled."""
        await to_completion(self._roll_back(lent))

    async def glance(self, read: Callable[[Driver], Awaitable[Answer]], purpose: Purpose) -> Answer:
        """Return what `read` does, which runs one statement alone: that needs no transaction around it.

        Args:
            read: Reads.
            purpose: What for.

        Raises:
            DBAPIError: Where the database cannot be reached, or what `read` raises.
        """
        lent = await self.take(purpose)
        try:
            answer = await read(lent.driver)
        except BaseException:
            # Nobody is to have it again, for who knows what it is at; even where the reader is cancelled.
            await to_completion(_invalidate(lent))
            raise
        await self.give_back(lent)
        return answer

    async def close(self) -> None:
        """Return what is at hand to the engine's pool."""
        while self._at_hand:
            lent, _ = self._at_hand.pop()
            await greenlet_spawn(lent.connection.close)

    async def _roll_back(self, lent: Lent) -> None:
        if lent.driver.is_cut_off:
            await _invalidate(lent)
            return
        try:
            await lent.driver.send("ROLLBACK")
        except BaseException as fault:
            await _invalidate(lent)
            # What was read is read, and what has failed is told already.
            if not isinstance(fault, (*DRIVER_FAULTS, OSError)):
                raise
        else:
            await self.give_back(lent)

    async def _lives(self, lent: Lent, used_at: float) -> bool:
        """Return whether a connection is as good as new: the driver knows where the server has hung up."""
        if self._engine.dialect.name == "sqlite":
            return True
        driver: Any = lent.connection.driver_connection
        if driver.is_closed():
            return False
        if time.monotonic() - used_at > _TRUSTED_SECONDS:
            try:
                await lent.driver.fetch("SELECT 1", ())
            except (*DRIVER_FAULTS, OSError):
                return False
        return True


async def _invalidate(lent: Lent) -> None:
    await greenlet_spawn(lent.connection.invalidate)
    await greenlet_spawn(lent.connection.close)
