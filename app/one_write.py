"""The HTTP protocol of the server: uvicorn's, which writes the head and the body of an answer at once.

uvicorn hands each of them to the socket by itself: two calls of the system and often two packets. Here what is written
within one turn of the event loop goes out together.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.sockets import SEND_SECONDS

_MOST_HEAD_BYTES = 64 * 1024
"""Of the line and the headers of a request, which are kept until they are there."""

_MOST_OVERHEAD = 8
"""By how many times a body may grow by being sent in small chunks. What comes beside it is kept as headers are."""

_WHOLE_SECONDS = 20.0
"""A connection is looked at so often, and ends where the same request was not yet there whole the last time."""

_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class _JoinedWrites:
    """A transport that gathers what is written within one turn of the event loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def flush(self) -> None:
        if self._parts and not self.transport.is_closing():
            self.transport.write(b"".join(self._parts))
        self._parts.clear()

    def close(self) -> None:
        self.flush()
        self.transport.close()


class OneWriteProtocol(HttpToolsProtocol):
    """One connection."""

    _patience: asyncio.TimerHandle | None = None
    _look: asyncio.TimerHandle | None = None
    _awaited: object = None
    _counted: object = None
    _bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to serve a client."""
        super().connection_made(_JoinedWrites(transport, self.loop))  # type: ignore[arg-type]  # it stands in for one
        self._look = self.loop.call_later(_WHOLE_SECONDS, self._look_for_a_request)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        self._stop_looking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client has sent."""
        super().data_received(data)
        if self.scope is not self._counted:
            # Most requests come in one piece.
            self._counted, self._bytes = self.scope, 0
            return
        self._bytes += len(data)
        if self._bytes > _MOST_HEAD_BYTES and not self.transport.is_closing():
            self._refuse_excess()

    def pause_writing(self) -> None:
        """Wait for the client to take what was sent, but not for ever."""
        super().pause_writing()
        self._patience = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._stop_waiting()
        super().resume_writing()

    def shutdown(self) -> None:
        """Have streams sent what is owed and ended, then end as soon as nothing is being answered."""
        self.config.loaded_app.sockets.begin_to_drain()
        super().shutdown()

    def _has_whole_head(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and cycle.scope is self.scope

    def _refuse_excess(self) -> None:
        """End the connection where more comes than a request may have; a body alone is refused by who reads it."""
        most_body = self.config.loaded_app.sockets.limits.message_bytes
        if not self._has_whole_head():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()
        elif self._bytes > _MOST_HEAD_BYTES + _MOST_OVERHEAD * most_body:
            self.transport.abort()

    def _look_for_a_request(self) -> None:
        """End the connection of a client that has begun a request, or none, and does not go on with it."""
        is_whole = self._has_whole_head() and not self.cycle.more_body
        if not is_whole and self._awaited is (self.scope or self):
            self.transport.abort()
            return
        self._awaited = None if is_whole else self.scope or self
        self._look = self.loop.call_later(_WHOLE_SECONDS, self._look_for_a_request)

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the WebSocket protocol, which writes each message at once."""
        self._stop_looking()
        joined: Any = self.transport
        joined.flush()
        self.transport = joined.transport
        super().handle_websocket_upgrade()
