"""A WebSocket connection: handshake, frames, limits, life signs and end.

uvicorn hands a connection over when its request asks for a WebSocket, so that HTTP and WebSocket share a port. What the
WebSocket protocol demands is done by `websockets`, which reads and writes no socket itself; here the two meet. Messages
go straight to the transport: between an event and the socket there is no queue and no task.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from app.conversation import Conversation
from app.sockets import PROTOCOL, SEND_SECONDS, Sockets

_LIFE_SIGN_SECONDS = 20.0
_CLOSE_SECONDS = 2.0

_PIECE_BYTES = 2048
"""So much is heard at a time. It holds hundreds of the smallest frames, and others are to be served between them."""

_MOST_FRAGMENTS = 4096
"""Of one message: those that are empty add nothing to its length."""


class SocketProtocol(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "_connection",
        "_connections",
        "_conversation",
        "_is_alive",
        "_message",
        "_paused",
        "_sockets",
        "_timer",
        "_transport",
        "_unheard",
    )

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        """Wait for the handshake.

        Args:
            config: The configuration of the server, whose application has `sockets`.
            server_state: Where uvicorn keeps the connections that it waits for at its end.
            app_state: What uvicorn gives to each protocol.
        """
        del app_state
        self._sockets: Sockets = config.loaded_app.sockets
        self._connections: set[Any] = server_state.connections
        self._connection = ServerProtocol(
            select_subprotocol=_chosen_subprotocol,
            max_size=self._sockets.limits.message_bytes,
        )
        self._conversation: Conversation | None = None
        self._message: list[bytes] = []
        self._unheard = bytearray()
        self._paused: asyncio.Future[None] | None = None
        self._is_alive = True
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    # What the transport calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin."""
        self._transport = transport
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take what the client has sent."""
        self._is_alive = True
        if len(data) <= _PIECE_BYTES:
            self._hear(data)
            return
        self._unheard += data
        self._transport.pause_reading()
        self._hear_piece()

    def _hear_piece(self) -> None:
        """Hear some of what has come at once, and the rest later; only then is more read."""
        if self._paused is not None or not self._unheard or self._transport.is_closing():
            return
        piece = bytes(self._unheard[:_PIECE_BYTES])
        del self._unheard[:_PIECE_BYTES]
        self._hear(piece)
        if self._unheard:
            asyncio.get_running_loop().call_soon(self._hear_piece)
        elif self.takes_more and not self._transport.is_closing():
            self._transport.resume_reading()

    def _hear(self, data: bytes) -> None:
        self._connection.receive_data(data)
        for event in self._connection.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, Frame):
                self._take(event)
        self._flush()

    def eof_received(self) -> None:
        """Note that the client sends nothing more; the transport closes."""
        self._connection.receive_eof()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the transport tells it
        """End what goes on over the connection."""
        self._connections.discard(self)
        self._stop_timer()
        self.resume_writing()
        self._end_conversation()

    def pause_writing(self) -> None:
        """Read nothing more while the client takes nothing; end the connection where that takes too long."""
        if self._paused is None:
            self._paused = asyncio.get_running_loop().create_future()
            self._transport.pause_reading()
            self._set_timer(SEND_SECONDS, self._transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        if self._paused is not None:
            self._paused.set_result(None)
            self._paused = None
            if not self._transport.is_closing():
                self._set_timer(_LIFE_SIGN_SECONDS, self._ask_for_life)
                if self._unheard:
                    self._hear_piece()
                else:
                    self._transport.resume_reading()

    # What uvicorn calls.

    def shutdown(self) -> None:
        """Send what is owed, then close with 1012."""
        if self._conversation is None:
            self._transport.close()
        else:
            self._sockets.begin_to_drain()

    # What a conversation needs.

    @property
    def takes_more(self) -> bool:
        """Whether the client has taken nearly all that was written."""
        return self._paused is None

    async def room(self) -> None:
        """Return once the client has taken nearly all that was written."""
        if self._paused is not None:
            await asyncio.shield(self._paused)

    def write(self, frames: bytes) -> None:
        """Write whole frames, where the connection is open."""
        if self._connection.state is State.OPEN:
            self._transport.write(frames)

    def close(self, code: int, reason: str = "") -> None:
        """Say why the connection ends, and end it."""
        if self._connection.state is State.OPEN:
            self._connection.send_close(code, reason)
            self._flush()

    # The parts of the above.

    def _shake_hands(self, request: Request) -> None:
        if request.path.partition("?")[0] != self._sockets.path:
            self._connection.send_response(self._connection.reject(404, "There is nothing here.\n"))
            return
        if not self._sockets.origins.admits(request.headers.get("Origin"), request.headers.get("Host")):
            refusal = self._connection.reject(403, "Pages of this origin may not open a socket.\n")
            self._connection.send_response(refusal)
            return
        self._connection.send_response(self._connection.accept(request))
        if self._connection.state is State.OPEN:
            self._conversation = Conversation(self, self._sockets, request.headers.get("Authorization"))
            self._set_timer(_LIFE_SIGN_SECONDS, self._ask_for_life)
            if self._connection.subprotocol is None:
                self._conversation.refuse_protocol()

    def _take(self, frame: Frame) -> None:
        """Take a frame; those of the protocol itself are answered already."""
        if self._conversation is None:
            return
        if frame.opcode is Opcode.BINARY:
            self._conversation.refuse("WebSocket message type must be text")
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._message.append(bytes(frame.data))
            if len(self._message) > _MOST_FRAGMENTS:
                self._connection.fail(CloseCode.MESSAGE_TOO_BIG, "Too many fragments")
                return
            if frame.fin:
                message, self._message = b"".join(self._message), []
                self._conversation.hear(message)

    def _flush(self) -> None:
        """Write what the protocol itself has to say; where that was the last, end the connection."""
        for data in self._connection.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()
        if self._connection.state is State.CLOSING and self._conversation is not None:
            self._end_conversation()
            self._set_timer(_CLOSE_SECONDS, self._transport.abort)

    def _end_conversation(self) -> None:
        if self._conversation is not None:
            conversation, self._conversation = self._conversation, None
            conversation.end()

    def _ask_for_life(self) -> None:
        """Ask the client whether it lives; end the connection where it has not said a word since the last time."""
        if self._is_alive:
            self._is_alive = False
            self._connection.send_ping(b"")
            self._set_timer(_LIFE_SIGN_SECONDS, self._ask_for_life)
        else:
            self._connection.fail(CloseCode.INTERNAL_ERROR, "No sign of life")
        self._flush()

    def _set_timer(self, seconds: float, call: Any) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, call)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _chosen_subprotocol(_connection: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return PROTOCOL if PROTOCOL in offered else None
