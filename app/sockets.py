"""What all WebSockets of a process share, and their common end."""

import asyncio
import logging
from contextlib import suppress
from typing import Protocol

from starlette.types import Scope
from websockets.typing import Subprotocol

from app.operations import Operations
from app.origins import Origins
from app.sign_in import SignIn
from app.websocket.quota import ConnectionQuota, SocketLimits
from db.database import Database
from domain.people import Viewer
from schema.context import ConnectionContext
from schema.delivery.broadcast_groups import BroadcastGroups
from schema.observing import NOBODY, Watcher
from schema.pricing import Spend

PROTOCOL = Subprotocol("graphql-transport-ws")

SEND_SECONDS = 20.0
"""How long a client may take to read what was sent to it; then its connection ends."""

_MESSAGES_OF_A_USER, _MESSAGES_OF_ALL = 8, 64
"""So many messages of the greatest length may be held at a time. Decoded, one can take twenty times its length."""

_SERVICE_RESTART = 1012
_OWED_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Ending(Protocol):
    """A conversation, as far as its end goes."""

    async def answered(self) -> None:
        """Return once what was asked for once is answered."""

    def close(self, code: int, reason: str) -> None:
        """End."""


class Sockets:
    """Serves all conversations, and ends them together when the process is to stop."""

    def __init__(
        self,
        path: str,
        operations: Operations,
        database: Database,
        sign_in: SignIn,
        *,
        spend: Spend | None = None,
        origins: Origins | None = None,
        limits: SocketLimits | None = None,
        watcher: Watcher = NOBODY,
    ) -> None:
        """Have no conversation yet.

        Args:
            path: Where sockets are opened.
            operations: Begins operations.
            database: What operations read and write.
            sign_in: Tells who comes in.
            spend: Takes what operations cost; None where nobody counts.
            origins: The pages of other sites that may open sockets; none where not given.
            limits: What each client may do.
            watcher: Hears what is worth counting.
        """
        self.path = path
        self.operations = operations
        self.database = database
        self.sign_in = sign_in
        self.origins = origins or Origins()
        self.limits = limits or SocketLimits()
        self.connection_quota = ConnectionQuota(self.limits.per_user)
        longest = self.limits.message_bytes
        self.byte_quota = ConnectionQuota(_MESSAGES_OF_A_USER * longest, _MESSAGES_OF_ALL * longest)
        """For messages over sockets that are not complete yet, or whose operations are not answered yet."""
        self.broadcast_groups = BroadcastGroups(operations.schema, database, watcher, spend)
        self.streams = 0
        """How many answers over HTTP go on."""
        self._spend = spend
        self._watcher = watcher
        self.is_traced = False
        """Whether anybody asks of which trace a request is a part."""
        self.open: set[Ending] = set()
        self._draining: asyncio.Task[None] | None = None

    def connection(self, viewer: Viewer, transport: str = "http") -> ConnectionContext:
        """Return what a request, or a socket, of a user carries."""
        return ConnectionContext(self.database, viewer, self._spend, self._watcher, transport)

    def traceparent(self, scope: Scope) -> str | None:
        """Return what a request says of the trace that it is a part of, where anybody asks."""
        if not self.is_traced:
            return None
        return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)

    def begin_to_drain(self) -> None:
        """Have every socket sent what is owed to it and closed."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        try:
            # What does not get through in this time is heard elsewhere: subscribers resume by their cursor.
            with suppress(TimeoutError):
                async with asyncio.timeout(_OWED_SECONDS):
                    await asyncio.gather(*(each.answered() for each in self.open))
                    await self.broadcast_groups.end()
        except Exception:
            _log.exception("what is owed to subscribers could not be sent")
        finally:
            for each in tuple(self.open):
                each.close(_SERVICE_RESTART, "The server restarts")
            self._draining = None
