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

from app.frames import text_frame
from app.operation_request import MalformedRequest, OperationRequest, operation_request
from app.sockets import Sockets
from app.tokens import InvalidToken, SignInUnavailable
from app.trust import Stay
from app.websocket.operation import SocketOperation
from app.websocket.quota import Reservation
from domain.people import Viewer
from schema.context import ConnectionContext
from schema.request_errors import RATE_LIMITED

_INIT_SECONDS = 10.0

_BAD_MESSAGE, _UNAUTHORIZED, _FORBIDDEN, _BAD_PROTOCOL = 4400, 4401, 4403, 4406
_INIT_TIMEOUT, _ID_IN_USE, _TOO_MANY_INITS, _NOT_UTF8, _OUR_FAULT, _TRY_AGAIN = 4408, 4409, 4429, 1007, 1011, 1013

_MAX_ID_CHARACTERS = 128
"""Of an operation's id. Clients send UUIDs or numbers, and each message of the operation repeats it."""

_UNKNOWN_CLIENT_BYTES = 16 * 1024
"""What a client may have sent of its first message before that counts against the quota of all unknown clients. A
`connection_init` that can be accepted is shorter."""

_OPERATION_BYTES = 512
"""What an operation counts for besides its message."""

_EXECUTED_AT_ONCE = 16
"""Of the requests of one socket. What else it asks for waits, so that it leaves the process to others as well."""

_ACK, _PONG = (text_frame(b'{"type":"%b"}' % name) for name in (b"connection_ack", b"pong"))

_log = logging.getLogger(__name__)


class Connection(Protocol):
    """The socket, as a session needs it."""

    @property
    def is_writable(self) -> bool:
        """Whether the client has read nearly all that was written."""

    async def wait_writable(self) -> None:
        """Return once it has."""

    def write(self, frames: bytes) -> None:
        """Write whole frames."""

    def close(self, code: int, reason: str = "") -> None:
        """Close the connection, which ends the session."""

    def pause_messages(self) -> None:
        """Read no more messages."""

    def resume_messages(self) -> None:
        """Read messages again."""


class WebSocketSession:
    """The messages of one socket."""

    __slots__ = (
        "_authorization",
        "_connection",
        "_context",
        "_early",
        "_initiated",
        "_opening",
        "_operations",
        "_partial",
        "_partial_bytes",
        "_place",
        "_sockets",
        "_timer",
        "_turns",
    )

    def __init__(self, connection: Connection, sockets: Sockets, authorization: str | None) -> None:
        """Wait for `connection_init`.

        Args:
            connection: The socket.
            sockets: What all sockets share.
            authorization: The header that came with the handshake.
        """
        self._connection = connection
        self._sockets = sockets
        self._authorization = authorization
        self._context: ConnectionContext | None = None
        self._initiated = False
        self._opening: asyncio.Task[None] | None = None
        self._early: list[bytes] = []
        self._operations: dict[str, SocketOperation] = {}
        self._turns = asyncio.Semaphore(_EXECUTED_AT_ONCE)
        self._place: Reservation | None = None
        self._partial = Reservation(sockets.byte_quota, None)
        self._partial_bytes = 0
        self._timer: asyncio.TimerHandle | Stay = asyncio.get_running_loop().call_later(
            _INIT_SECONDS, connection.close, _INIT_TIMEOUT, "Connection initialisation timeout"
        )
        sockets.open.add(self)

    def handle_message(self, message: bytes) -> None:
        """Take a message."""
        self.hold(0)
        if self._opening is not None:
            # It came in one read with `connection_init`: no more is read until the session is open.
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
            self.refuse(f"Unknown message type: {kind[:60]}" if isinstance(kind, str) else "Failed to parse message")
            return
        try:
            answer(self, content, len(message))
        except MalformedRequest as fault:
            self.refuse(str(fault))

    def hold(self, count: int) -> None:
        """Count what is held of a message that is not complete; close the socket where that exceeds a quota.

        Args:
            count: How many bytes.
        """
        if count != self._partial_bytes:
            self._partial_bytes = count
            counted = max(count - _UNKNOWN_CLIENT_BYTES, 0) if self._context is None else count
            if not self._partial.resize(counted):
                self._connection.close(_TRY_AGAIN, "Too many long messages at once")

    def refuse(self, reason: str) -> None:
        """Close the socket, for a message does not follow the protocol."""
        self._connection.close(_BAD_MESSAGE, reason)

    def refuse_protocol(self) -> None:
        """Close the socket, for the client speaks another protocol."""
        self._connection.close(_BAD_PROTOCOL, "Subprotocol not acceptable")

    def close(self, code: int, reason: str) -> None:
        """Close the socket."""
        self._connection.close(code, reason)

    async def answered(self) -> None:
        """Return once all queries and mutations are answered."""
        tasks = [operation.answering for operation in self._operations.values() if operation.answering is not None]
        if tasks:
            await asyncio.wait(tasks)

    def end(self) -> None:
        """End all operations, and give back what the session holds."""
        self._sockets.open.discard(self)
        self._context = None
        self._early.clear()
        self._partial.release()
        if self._place is not None:
            self._place.release()
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
            self._connection.close(_NOT_UTF8, "A message is not UTF-8")
        else:
            self.refuse("WebSocket message must be valid JSON")

    def _initiate(self, message: dict[str, Any], _size: int) -> None:
        payload = message.get("payload", {})
        if not isinstance(payload, dict):
            raise MalformedRequest("Invalid connection init payload")
        if self._initiated:
            self._connection.close(_TOO_MANY_INITS, "Too many initialisation requests")
            return
        self._initiated = True
        offered = (value for name, value in payload.items() if name.lower() == "authorization")
        self._connection.pause_messages()
        self._opening = asyncio.create_task(self._open(next(offered, self._authorization)))

    async def _open(self, authorization: object) -> None:
        """Let the client in, for as long as its token holds."""
        try:
            claims = await self._sockets.sign_in.verify(authorization)
            viewer = await self._sockets.sign_in.admit(claims)
            self._place = self._sockets.connection_quota.reserve(viewer.user_id)
            if self._place is None:
                self._connection.close(_TRY_AGAIN, "Too many sockets of this user")
                return
            self._timer.cancel()
            self._timer = claims.stay(partial(self._connection.close, _FORBIDDEN))
            self._begin(viewer)
        except SignInUnavailable:
            self._connection.close(_TRY_AGAIN, "Try again later")
        except InvalidToken:
            self._connection.close(_FORBIDDEN, "Forbidden")
        except Exception:
            _log.exception("a socket could not be opened")
            self._connection.close(_OUR_FAULT, "Something failed on our side.")

    def _begin(self, viewer: Viewer) -> None:
        """Acknowledge `connection_init`, and take the messages that came with it."""
        self._opening = None
        self._context = self._sockets.connection(viewer, "socket")
        self._partial.release()
        self._partial, self._partial_bytes = Reservation(self._sockets.byte_quota, viewer.user_id), 0
        self._connection.write(_ACK)
        self._connection.resume_messages()
        early, self._early = self._early, []
        for message in early:
            self.handle_message(message)

    def _subscribe(self, message: dict[str, Any], size: int) -> None:
        operation_id = message.get("id")
        if not isinstance(operation_id, str) or not operation_id:
            raise MalformedRequest("Failed to parse message")
        if len(operation_id) > _MAX_ID_CHARACTERS:
            raise MalformedRequest(f"The id of an operation has at most {_MAX_ID_CHARACTERS} characters")
        asked = operation_request(message.get("payload"))
        if self._context is None:
            self._connection.close(_UNAUTHORIZED, "Unauthorized")
        elif operation_id in self._operations:
            self._connection.close(_ID_IN_USE, f"Subscriber for {operation_id[:60]} already exists")
        else:
            self._execute(operation_id, self._context, asked, size)

    def _execute(self, operation_id: str, context: ConnectionContext, asked: OperationRequest, size: int) -> None:
        operation = SocketOperation(operation_id, self._connection, self.forget)
        most = self._sockets.limits.operations
        if len(self._operations) >= most:
            operation.refuse(_refusal(f"{most} operations are under way over this socket; end one, or open another."))
            return
        held = self._sockets.byte_quota.reserve(context.viewer.user_id, size + _OPERATION_BYTES)
        if held is None:
            operation.refuse(_refusal("Too many operations wait to be executed; send this one again later."))
            return
        self._operations[operation_id] = operation
        operation.begin(self._sockets, context, asked, self._turns, held)

    def _complete(self, message: dict[str, Any], _size: int) -> None:
        operation_id = message.get("id")
        if not isinstance(operation_id, str):
            raise MalformedRequest("Failed to parse message")
        operation = self._operations.get(operation_id)
        if operation is not None:
            operation.end()

    def _ping(self, message: dict[str, Any], _size: int) -> None:
        _check_payload(message)
        self._connection.write(_PONG)

    def _pong(self, message: dict[str, Any], _size: int) -> None:
        _check_payload(message)


def _refusal(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": RATE_LIMITED})


def _check_payload(message: dict[str, Any]) -> None:
    if not isinstance(message.get("payload"), dict | None):
        raise MalformedRequest("Failed to parse message")


_MESSAGES: dict[str, Callable[[WebSocketSession, dict[str, Any], int], None]] = {
    "connection_init": WebSocketSession._initiate,
    "subscribe": WebSocketSession._subscribe,
    "complete": WebSocketSession._complete,
    "ping": WebSocketSession._ping,
    "pong": WebSocketSession._pong,
}
