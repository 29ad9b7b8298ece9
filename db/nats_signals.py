"""Hints between replicas by NATS, a subject for each organisation: a replica hears only of what it listens to.

For more replicas than PostgreSQL should notify, each of every commit.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from db.carried_signals import ANSWER_SECONDS, PING_SECONDS, CarriedSignals

_SUBJECT = "ordershare.log."


class NatsSignals(CarriedSignals):
    """Hints through a server of NATS."""

    def __init__(self, url: str, ping_seconds: float = PING_SECONDS) -> None:
        """Prepare to connect.

        Args:
            url: `nats://…`.
            ping_seconds: After how long a silence the peer is asked whether it lives.
        """
        super().__init__(ping_seconds)
        self._url = url

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["_Subscribed"]:
        """Connect; what this process sends does not come back to it."""
        client = await nats.connect(
            self._url,
            no_echo=True,
            # `CarriedSignals` makes another connection, and then looks at the logs.
            allow_reconnect=False,
            connect_timeout=int(ANSWER_SECONDS),
            closed_cb=self._closed,
            error_cb=_ignore,
        )
        try:
            yield _Subscribed(client, self)
        finally:
            await client.close()

    async def _closed(self) -> None:
        self.look()


class _Subscribed:
    def __init__(self, client: Client, signals: NatsSignals) -> None:
        self._client = client
        self._signals = signals
        self._subscriptions: dict[UUID, Any] = {}

    async def attend(self, organisation_ids: Collection[UUID]) -> None:
        if self._client.is_closed:
            raise ConnectionResetError("NATS has closed the connection")
        wanted = set(organisation_ids)
        for left in self._subscriptions.keys() - wanted:
            await self._subscriptions.pop(left).unsubscribe()
        new = wanted - self._subscriptions.keys()
        for organisation_id in new:
            subject = _SUBJECT + organisation_id.hex
            self._subscriptions[organisation_id] = await self._client.subscribe(subject, cb=self._receive)
        if new:
            # Once the server knows of them; until then hints may have been lost.
            await self.ping()
            for organisation_id in new:
                self._signals.heard(organisation_id)

    async def send(self, organisation_ids: Sequence[UUID]) -> None:
        for organisation_id in organisation_ids:
            await self._client.publish(_SUBJECT + organisation_id.hex)
        await self.ping()

    async def ping(self) -> None:
        await self._client.flush(int(ANSWER_SECONDS))

    async def _receive(self, message: Msg) -> None:
        self._signals.heard(UUID(message.subject.removeprefix(_SUBJECT)))


async def _ignore(_fault: Exception) -> None:
    """Take faults that closed the connection: that is told where it is used."""
