"""The protocol `graphql-transport-ws` over one socket.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md says what each message and close code means.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import orjson
from graphql import GraphQLError
from sqlalchemy.exc import SQLAlchemyError

from app.frames import text_frame
from app.operation_request import MalformedRequest, OperationRequest, operation_request
from app.socket_operation import SocketOperation
from app.sockets import Sockets
from app.tokens import InvalidToken, SignInUnavailable
from app.trust import Stay
from schema.context import ConnectionContext
from schema.request_errors import RATE_LIMITED

_INIT_SECONDS = 10.0

_BAD_MESSAGE, _UNAUTHORIZED, _FORBIDDEN, _BAD_PROTOCOL = 4400, 4401, 4403, 4406
_INIT_TIMEOUT, _ID_IN_USE, _TOO_MANY_INITS, _NOT_UTF8, _OUR_FAULT, _TRY_AGAIN = 4408, 4409, 4429, 1007, 1011, 1013

_EXECUTED_AT_ONCE = 16
"""Of the requests of one socket. What else it asks for waits, so that it leaves the process to others as well."""

_ACK, _PONG = (text_frame(b'{"type":"%b"}' % name) for name in (b"connection_ack", b"pong"))

_log = logging.getLogger(__name__)


class Wire(Protocol):
    """The socket, as a conversation needs it."""

    @property
    def takes_more(self) -> bool:
        """Whether the client has taken nearly all that was written."""

    async def room(self) -> None:
        """Return once it has."""

    def write(self, frames: bytes) -> None:
        """Write whole frames."""

    def close(self, code: int, reason: str = "") -> None:
        """Say why the connection ends, and end it."""


class Conversation:
    """What is said over one socket."""

    __slots__ = (
        "_authorization",
        "_connection",
        "_early",
        "_initiated",
        "_opening",
        "_operations",
        "_sockets",
        "_timer",
        "_turns",
        "_wire",
    )

    def __init__(self, wire: Wire, sockets: Sockets, authorization: str | None) -> None:
        """Wait for the client to introduce itself.

        Args:
            wire: The socket.
            sockets: What all sockets share.
            authorization: The header that came with the handshake.
        """
        self._wire = wire
        self._sockets = sockets
        self._authorization = authorization
        self._connection: ConnectionContext | None = None
        self._initiated = False
        self._opening: asyncio.Task[None] | None = None
        self._early: list[bytes] = []
        self._operations: dict[str, SocketOperation] = {}
        self._turns = asyncio.Semaphore(_EXECUTED_AT_ONCE)
        self._timer: asyncio.TimerHandle | Stay = self._later(
            _INIT_SECONDS, wire.close, _INIT_TIMEOUT, "Connection initialisation timeout"
        )
        sockets.open.add(self)

    def hear(self, message: bytes) -> None:
        """Take a message."""
        if self._opening is not None:
            # The client does not wait for its answer; it is heard in order nevertheless.
            self._early.append(message)
            return
        try:
            content = orjson.loads(message)
        except orjson.JSONDecodeError:
            self._refuse_text(message)
            return
        kind = content.get("type") if isinstance(content, dict) else None
        answer = _MESSAGES.get(kind) if isinstance(kind, str) else None
        if answer is None:
            self.refuse(f"Unknown message type: {kind}" if isinstance(kind, str) else "Failed to parse message")
            return
        try:
            answer(self, content)
        except MalformedRequest as fault:
            self.refuse(str(fault))

    def refuse(self, reason: str) -> None:
        """End the conversation, for a message is not as the protocol wants it."""
        self._wire.close(_BAD_MESSAGE, reason[:100])

    def refuse_protocol(self) -> None:
        """End the conversation, for the client speaks another protocol."""
        self._wire.close(_BAD_PROTOCOL, "Subprotocol not acceptable")

    def close(self, code: int, reason: str) -> None:
        """End the conversation."""
        self._wire.close(code, reason)

    async def answered(self) -> None:
        """Return once what was asked for once is answered."""
        tasks = [operation.answering for operation in self._operations.values() if operation.answering is not None]
        if tasks:
            await asyncio.wait(tasks)

    def end(self) -> None:
        """End what goes on."""
        self._sockets.open.discard(self)
        if self._connection is not None:
            self._sockets.places.leave(self._connection.viewer.user_id)
            self._connection = None
        self._timer.cancel()
        if self._opening is not None:
            self._opening.cancel()
        for operation in tuple(self._operations.values()):
            operation.end()

    def forget(self, operation_id: str) -> None:
        """Let the id of an operation be used again."""
        self._operations.pop(operation_id, None)

    def _refuse_text(self, message: bytes) -> None:
        try:
            message.decode()
        except UnicodeDecodeError:
            self._wire.close(_NOT_UTF8, "A message is not UTF-8")
        else:
            self.refuse("WebSocket message must be valid JSON")

    def _initiate(self, message: dict[str, Any]) -> None:
        payload = message.get("payload", {})
        if not isinstance(payload, dict):
            raise MalformedRequest("Invalid connection init payload")
        if self._initiated:
            self._wire.close(_TOO_MANY_INITS, "Too many initialisation requests")
            return
        self._initiated = True
        offered = (value for name, value in payload.items() if name.lower() == "authorization")
        self._opening = asyncio.create_task(self._open(next(offered, self._authorization)))

    async def _open(self, authorization: object) -> None:
        """Let the client in, for as long as its token holds."""
        try:
            claims = await self._sockets.sign_in.verify(authorization)
            viewer = await self._sockets.sign_in.admit(claims)
        except SignInUnavailable:
            self._wire.close(_TRY_AGAIN, "Try again later")
            return
        except InvalidToken:
            self._wire.close(_FORBIDDEN, "Forbidden")
            return
        except (SQLAlchemyError, OSError):
            _log.exception("a socket could not be opened")
            self._wire.close(_OUR_FAULT, "Something failed on our side.")
            return
        if not self._sockets.places.has_one(viewer.user_id):
            self._wire.close(_TRY_AGAIN, "Too many sockets of this user")
            return
        self._sockets.places.take(viewer.user_id)
        self._opening = None
        self._connection = self._sockets.connection(viewer, "socket")
        self._timer.cancel()
        self._timer = claims.stay(partial(self._wire.close, _FORBIDDEN))
        self._wire.write(_ACK)
        early, self._early = self._early, []
        for message in early:
            self.hear(message)

    def _subscribe(self, message: dict[str, Any]) -> None:
        operation_id = message.get("id")
        if not isinstance(operation_id, str) or not operation_id:
            raise MalformedRequest("Failed to parse message")
        asked = operation_request(message.get("payload"))
        if self._connection is None:
            self._wire.close(_UNAUTHORIZED, "Unauthorized")
        elif operation_id in self._operations:
            self._wire.close(_ID_IN_USE, f"Subscriber for {operation_id[:60]} already exists")
        else:
            self._begin(operation_id, self._connection, asked)

    def _begin(self, operation_id: str, connection: ConnectionContext, asked: OperationRequest) -> None:
        operation = SocketOperation(operation_id, self._wire, self.forget)
        most = self._sockets.limits.operations
        if len(self._operations) < most:
            self._operations[operation_id] = operation
            operation.begin(self._sockets, connection, asked, self._turns)
        else:
            message = f"{most} operations are under way over this socket; end one, or open another socket."
            operation.refuse(GraphQLError(message, extensions={"code": RATE_LIMITED}))

    def _complete(self, message: dict[str, Any]) -> None:
        operation_id = message.get("id")
        if not isinstance(operation_id, str):
            raise MalformedRequest("Failed to parse message")
        operation = self._operations.get(operation_id)
        if operation is not None:
            operation.end()

    def _ping(self, message: dict[str, Any]) -> None:
        _check_payload(message)
        self._wire.write(_PONG)

    def _pong(self, message: dict[str, Any]) -> None:
        _check_payload(message)

    def _later(self, seconds: float, call: Callable[..., None], *arguments: Any) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, call, *arguments)


def _check_payload(message: dict[str, Any]) -> None:
    if not isinstance(message.get("payload"), dict | None):
        raise MalformedRequest("Failed to parse message")


_MESSAGES: dict[str, Callable[[Conversation, dict[str, Any]], None]] = {
    "connection_init": Conversation._initiate,
    "subscribe": Conversation._subscribe,
    "complete": Conversation._complete,
    "ping": Conversation._ping,
    "pong": Conversation._pong,
}
