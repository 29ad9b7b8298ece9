"""The HTTP protocol of the server: uvicorn's, which writes the head and the body of an answer at once.

uvicorn hands each of them to the socket by itself: two calls of the system and often two packets. Here what is written
within one turn of the event loop goes out together.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.sockets import SEND_SECONDS


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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to serve a client."""
        super().connection_made(_JoinedWrites(transport, self.loop))  # type: ignore[arg-type]  # it stands in for one

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        super().connection_lost(exc)

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

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the WebSocket protocol, which writes each message at once."""
        joined: Any = self.transport
        joined.flush()
        self.transport = joined.transport
        super().handle_websocket_upgrade()
