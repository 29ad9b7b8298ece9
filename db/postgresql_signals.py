"""Hints between replicas by LISTEN and NOTIFY of PostgreSQL, on one connection of their own.

They are sent after the commit and never inside the transaction: PostgreSQL lets one transaction with a NOTIFY commit
at a time. Every replica hears of every organisation.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import make_url

from db.carried_signals import ANSWER_SECONDS, PING_SECONDS, CarriedSignals

CHANNEL = "ordershare_log"


class PostgreSQLSignals(CarriedSignals):
    """Hints through the database of the logs."""

    def __init__(self, database_url: str, ping_seconds: float = PING_SECONDS) -> None:
        """Prepare to connect.

        Args:
            database_url: `postgresql+asyncpg://…`.
            ping_seconds: After how long a silence the peer is asked whether it lives.
        """
        super().__init__(ping_seconds)
        url = make_url(database_url)
        self._arguments: Mapping[str, Any] = url.get_dialect()().create_connect_args(url)[1]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["_Listening"]:
        """Connect, and listen."""
        async with asyncio.timeout(ANSWER_SECONDS):
            connection = await asyncpg.connect(**self._arguments)
        try:
            connection.add_termination_listener(lambda _: self.look())
            await connection.add_listener(CHANNEL, self._receive)
            yield _Listening(connection)
        finally:
            connection.terminate()

    def _receive(self, connection: Any, sender: int, _channel: str, payload: object) -> None:
        # What this process has sent it has heard before.
        if sender != connection.get_server_pid():
            for organisation_id in str(payload).split():
                self.heard(UUID(organisation_id))


class _Listening:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def attend(self, _organisation_ids: Collection[UUID]) -> None:
        """Do nothing: one channel has them all."""
        if self._connection.is_closed():
            raise ConnectionResetError("PostgreSQL has closed the connection")

    async def send(self, organisation_ids: Sequence[UUID]) -> None:
        payload = " ".join(each.hex for each in organisation_ids)
        await self._connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload, timeout=ANSWER_SECONDS)

    async def ping(self) -> None:
        await self._connection.execute("SELECT 1", timeout=ANSWER_SECONDS)
