"""One operation over a socket: a query or mutation, answered once, or a subscription, told of each event."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import orjson
from graphql import GraphQLError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from app.frames import Envelope
from app.operation_request import OperationRequest
from app.sockets import Sockets
from app.websocket.quota import Reservation
from execution.subscriptions import Subscribed
from schema.context import ConnectionContext
from schema.delivery.encoded_event import EncodedEvent, as_json

_log = logging.getLogger(__name__)


class _Connection(Protocol):
    @property
    def is_writable(self) -> bool: ...

    async def wait_writable(self) -> None: ...

    def write(self, frames: bytes) -> None: ...


class SocketOperation:
    """One operation, from its request to its end."""

    __slots__ = ("_connection", "_envelope", "_forget", "_id", "_leave", "answering")

    def __init__(self, operation_id: str, connection: _Connection, forget: Callable[[str], None]) -> None:
        """Prepare an operation.

        Args:
            operation_id: What the client calls it.
            connection: The socket.
            forget: Called when the id may be used again.
        """
        self._id = operation_id
        self._envelope = Envelope(operation_id)
        self._connection = connection
        self._forget = forget
        self._leave: Callable[[], None] | None = None
        self.answering: asyncio.Task[None] | None = None

    def begin(
        self,
        sockets: Sockets,
        context: ConnectionContext,
        asked: OperationRequest,
        turns: asyncio.Semaphore,
        held: Reservation,
    ) -> None:
        """Answer a request.

        Args:
            sockets: What all sockets share.
            context: Whose request it is.
            asked: The request.
            turns: How many requests of the socket may be executed at the same time.
            held: The bytes that the request counts for until it is answered.
        """
        self.answering = asyncio.create_task(self._answer(sockets, context, asked, turns))
        # A task that is cancelled before its first step runs no `finally`.
        self.answering.add_done_callback(lambda _: held.release())

    def refuse(self, refusal: GraphQLError) -> None:
        """Answer a request that is not carried out."""
        self._last(self._envelope.error(orjson.dumps([refusal.formatted])))

    def end(self) -> None:
        """Say nothing more; a mutation that has begun is done nevertheless."""
        self._forget(self._id)
        if self.answering is not None:
            self.answering.cancel()
        if self._leave is not None:
            self._leave()

    def send(self, events: Sequence[EncodedEvent]) -> bool:
        """Send events; return whether more can be sent at once."""
        self._connection.write(self._envelope.next([each.payload for each in events]))
        return self._connection.is_writable

    async def wait_writable(self) -> None:
        """Return once more can be sent."""
        await self._connection.wait_writable()

    def fail(self, payload: bytes) -> None:
        """Send why nothing more comes."""
        self._last(self._envelope.next([payload]) + self._envelope.complete())

    def detach(self) -> None:
        """Send nothing more here: the socket closes, and the client will reconnect."""

    async def _answer(
        self, sockets: Sockets, context: ConnectionContext, asked: OperationRequest, turns: asyncio.Semaphore
    ) -> None:
        try:
            async with turns:
                result = await sockets.operations.begin(asked, context)
            subscribed = Subscribed.within(result.data)
            if subscribed is not None:
                self._leave = sockets.broadcast_groups.subscribe(subscribed, self)
            else:
                await self._connection.wait_writable()
                self._last(self._only(result))
        except GraphQLError as refusal:
            self.refuse(refusal)
        except Exception:
            _log.exception("an operation over a socket has failed")
            self._last(self._envelope.complete())
        finally:
            self.answering = None

    def _only(self, result: ExecutionResult) -> bytes:
        """Return the frames that answer an operation that is no subscription, or none that has begun."""
        if isinstance(result, PreExecutionError):
            return self._envelope.error(orjson.dumps([error.formatted for error in result.errors or ()]))
        return self._envelope.next([as_json(result)]) + self._envelope.complete()

    def _last(self, frames: bytes) -> None:
        # The id is free before the client knows: it may use it again at once.
        self._forget(self._id)
        self._connection.write(frames)
