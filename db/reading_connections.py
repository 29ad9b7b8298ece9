"""Connections kept at hand for readers: to take one from the engine's pool costs as much as a small query."""

import time
from typing import Any

import asyncpg
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

_MOST_AT_HAND = 8
"""Fewer than the pool has: what writes takes its connections there."""

_TRUSTED_SECONDS = 1.0
"""A connection that was used so lately is not asked whether it still lives."""


class ReadingConnections:
    """A few connections of an engine's pool that are lent to readers, the one used last first."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Begin with none at hand."""
        self._engine = engine
        self._at_hand: list[tuple[PoolProxiedConnection, float]] = []

    async def take(self) -> PoolProxiedConnection:
        """Return a connection that is in no transaction, to be given back or given up.

        Raises:
            OperationalError: Where the database cannot be reached.
        """
        while self._at_hand:
            connection, used_at = self._at_hand.pop()
            if await self._lives(connection.driver_connection, used_at):
                return connection
            await greenlet_spawn(connection.invalidate)
            await greenlet_spawn(connection.close)
        try:
            return await self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as fault:
            raise OperationalError("a connection", None, fault) from fault

    async def give_back(self, connection: PoolProxiedConnection) -> None:
        """Take back a connection that is in no transaction."""
        if len(self._at_hand) < _MOST_AT_HAND:
            self._at_hand.append((connection, time.monotonic()))
        else:
            await greenlet_spawn(connection.close)

    async def give_up(self, connection: PoolProxiedConnection, fault: BaseException) -> None:
        """Take back a connection that nobody is to have again, for what has happened on it."""
        await greenlet_spawn(connection.invalidate, fault)
        await greenlet_spawn(connection.close)

    async def close(self) -> None:
        """Return what is at hand to the engine's pool."""
        while self._at_hand:
            connection, _ = self._at_hand.pop()
            await greenlet_spawn(connection.close)

    async def _lives(self, driver: Any, used_at: float) -> bool:
        """Return whether a connection is as good as new: the driver knows where the server has hung up."""
        if self._engine.dialect.name == "sqlite":
            return True
        if driver.is_closed():
            return False
        if time.monotonic() - used_at > _TRUSTED_SECONDS:
            try:
                await driver.fetch("SELECT 1")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                return False
        return True
