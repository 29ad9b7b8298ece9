"""A WebSocket connection: handshake, frames, limits, keep-alive and close.

uvicorn hands a connection over when its request asks for a WebSocket, so that HTTP and WebSocket share a port.
`websockets`, which reads and writes no socket itself, checks the rules of RFC 6455; this class connects it to the
transport. Messages go straight to the transport: between an event and the socket there is no queue and no task.

All that arrives, and every timer, goes through `_guarded`, so no fault gets past this class: a handshake that cannot be
read is answered 400, and a later fault of the server closes the connection with 1011.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.exceptions import InvalidMessage
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State

from app.sockets import SEND_SECONDS, Sockets
from app.websocket.handshake import MAX_BYTES, TOO_LONG, UNREADABLE, HandshakeRefused, read_handshake, server_protocol
from app.websocket.session import WebSocketSession

_HANDSHAKE_SECONDS = 10.0
_KEEP_ALIVE_SECONDS = 20.0
_CLOSE_SECONDS = 2.0

_MAX_FRAGMENTS = 4096
"""Of one message: empty ones add nothing to its length."""

_MAX_REASON_BYTES = 123
"""RFC 6455, section 5.5: a control frame has at most 125 bytes, and a close code takes two."""

_READ_BUFFER = memoryview(bytearray(2048))
"""All connections read into it, one after the other, and copy what came. It holds hundreds of the smallest frames, and
other connections are served between one buffer and the next."""

_OTHERS_TURN, _PEER_NOT_READING, _SESSION_OPENING = 1, 2, 4
"""Why nothing is read from a connection at the moment."""

_log = logging.getLogger(__name__)


class WebSocketProtocol(asyncio.BufferedProtocol):
    """One connection."""

    __slots__ = (
        "_connection",
        "_connections",
        "_fragments",
        "_is_alive",
        "_message",
        "_not_reading",
        "_session",
        "_sockets",
        "_timer",
        "_transport",
        "_writable",
    )

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        """Wait for the handshake.

        Args:
            config: The configuration of the server, whose application has `sockets`.
            server_state: Where uvicorn keeps the connections that it waits for when it stops.
            app_state: What uvicorn gives to each protocol.
        """
        del app_state
        self._sockets: Sockets = config.loaded_app.sockets
        self._connections: set[Any] = server_state.connections
        self._connection = server_protocol(self._sockets.limits.message_bytes)
        self._session: WebSocketSession | None = None
        self._message = bytearray()
        self._fragments = 0
        self._not_reading = 0
        self._writable: asyncio.Future[None] | None = None
        self._is_alive = True
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin; a handshake that is not complete in time ends the connection."""
        self._transport = transport
        self._connections.add(self)
        self._set_timer(_HANDSHAKE_SECONDS, transport.abort)
        # uvicorn sets the protocol of the transport after it has passed on the handshake.
        self._let_others_read()

    def data_received(self, data: bytes) -> None:
        """Take the request of the handshake, as uvicorn passes it on."""
        if len(data) > MAX_BYTES:
            self._guarded(self._reject, TOO_LONG)
        else:
            self._guarded(self._receive, data)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Return where the transport puts what it reads next."""
        return _READ_BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Take what the client has sent; where there may be more, let other connections go first."""
        self._is_alive = True
        if nbytes == len(_READ_BUFFER):
            self._let_others_read()
        self._guarded(self._receive, bytes(_READ_BUFFER[:nbytes]))

    def eof_received(self) -> None:
        """Note that the client sends nothing more; the transport closes."""
        self._guarded(self._connection.receive_eof)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End what goes on over the connection."""
        self._connections.discard(self)
        self._stop_timer()
        self._release_writers()
        self._end_session()

    def pause_writing(self) -> None:
        """Read nothing while the client does not read; end the connection where that takes too long."""
        if self._writable is None:
            self._writable = asyncio.get_running_loop().create_future()
            self._pause_reading(_PEER_NOT_READING)
            self._set_timer(SEND_SECONDS, self._transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        if self._writable is not None:
            self._release_writers()
            if not self._transport.is_closing():
                self._set_timer(_KEEP_ALIVE_SECONDS, self._check_alive)
                self._resume_reading(_PEER_NOT_READING)

    def shutdown(self) -> None:
        """Send what is owed, then close with 1012."""
        if self._session is None:
            self._transport.close()
        else:
            self._sockets.begin_to_drain()

    @property
    def is_writable(self) -> bool:
        """Whether the client has read nearly all that was written."""
        return self._writable is None

    async def wait_writable(self) -> None:
        """Return once the client has read nearly all that was written."""
        if self._writable is not None:
            await asyncio.shield(self._writable)

    def write(self, frames: bytes) -> None:
        """Write whole frames, where the connection is open."""
        if self._connection.state is State.OPEN:
            self._transport.write(frames)

    def close(self, code: int, reason: str = "") -> None:
        """Close the connection; a reason that is too long for a frame is cut."""
        if self._connection.state is State.OPEN:
            self._connection.send_close(code, reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore"))
            self._flush()

    def pause_messages(self) -> None:
        """Read no more messages: while the session opens, nothing is held for a client that is not known."""
        self._pause_reading(_SESSION_OPENING)

    def resume_messages(self) -> None:
        """Read messages again: the session is open."""
        self._resume_reading(_SESSION_OPENING)

    def _guarded(self, step: Callable[..., None], *arguments: Any) -> None:
        """Take a step and write what follows from it; a fault ends this connection alone."""
        try:
            step(*arguments)
            self._flush()
        except Exception:
            _log.exception("a WebSocket connection failed")
            with suppress(Exception):
                if self._connection.state is State.CONNECTING:
                    self._reject(UNREADABLE)
                else:
                    self._connection.fail(CloseCode.INTERNAL_ERROR, "Something failed on our side.")
                self._flush()
            self._close_transport()

    def _receive(self, data: bytes) -> None:
        self._connection.receive_data(data)
        for event in self._connection.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, Frame) and self._session is not None:
                self._take(event, self._session)
        if isinstance(self._connection.handshake_exc, InvalidMessage):
            self._reject(UNREADABLE)
        elif self._session is not None:
            self._session.hold(len(self._connection.reader.buffer) + len(self._message))

    def _shake_hands(self, request: Request) -> None:
        try:
            authorization = read_handshake(request, self._sockets.path, self._sockets.origins)
        except HandshakeRefused as refusal:
            self._reject(refusal)
            return
        self._connection.send_response(self._connection.accept(request))
        if self._connection.state is State.OPEN:
            self._session = WebSocketSession(self, self._sockets, authorization)
            self._set_timer(_KEEP_ALIVE_SECONDS, self._check_alive)
            if self._connection.subprotocol is None:
                self._session.refuse_protocol()

    def _reject(self, refusal: HandshakeRefused) -> None:
        """Answer a handshake that opens no socket; that closes the connection."""
        response = self._connection.reject(refusal.status, f"{refusal.message}\n")
        if self._connection.eof_sent:
            # Of a request that it cannot parse, `websockets` hangs up without an answer.
            self._transport.write(response.serialize())
        else:
            self._connection.send_response(response)

    def _take(self, frame: Frame, session: WebSocketSession) -> None:
        """Take a frame; `websockets` has answered those of the protocol itself."""
        if frame.opcode is Opcode.BINARY:
            session.refuse("WebSocket message type must be text")
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._message += frame.data
            self._fragments += 1
            if frame.fin:
                message, self._message, self._fragments = bytes(self._message), bytearray(), 0
                session.handle_message(message)
            elif self._fragments == _MAX_FRAGMENTS:
                self._connection.fail(CloseCode.MESSAGE_TOO_BIG, "Too many fragments")

    def _flush(self) -> None:
        """Write what the protocol itself has to send; where that was the last, close the connection."""
        for data in self._connection.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._close_transport()
        if self._connection.state is State.CLOSING and self._session is not None:
            self._end_session()
            # The client's answer ends the connection before this does.
            self._resume_reading(_SESSION_OPENING)
            self._set_timer(_CLOSE_SECONDS, self._transport.abort)

    def _close_transport(self) -> None:
        """Close the connection when all is sent, or soon if the client does not read it."""
        if not self._transport.is_closing():
            self._transport.close()
            self._set_timer(_CLOSE_SECONDS, self._transport.abort)
        self._end_session()

    def _end_session(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            session.end()

    def _release_writers(self) -> None:
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None

    def _check_alive(self) -> None:
        """Ask for a sign of life; close where there was none since the last time."""
        if self._is_alive:
            self._is_alive = False
            self._connection.send_ping(b"")
            self._set_timer(_KEEP_ALIVE_SECONDS, self._check_alive)
        else:
            self._connection.fail(CloseCode.INTERNAL_ERROR, "No sign of life")

    def _let_others_read(self) -> None:
        self._pause_reading(_OTHERS_TURN)
        asyncio.get_running_loop().call_soon(self._resume_reading, _OTHERS_TURN)

    def _pause_reading(self, reason: int) -> None:
        self._not_reading |= reason
        self._transport.pause_reading()

    def _resume_reading(self, reason: int) -> None:
        self._not_reading &= ~reason
        if not self._not_reading and not self._transport.is_closing():
            self._transport.resume_reading()

    def _set_timer(self, seconds: float, step: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._guarded, step)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
