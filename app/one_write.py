"""The HTTP protocol of the server: uvicorn's, which writes the head and the body of an answer at once.

uvicorn hands each of them to the socket by itself: two calls of the system and often two packets. Here what is written
within one turn of the event loop goes out together.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to serve a client."""
        super().connection_made(_JoinedWrites(transport, self.loop))  # type: ignore[arg-type]  # it stands in for one

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the WebSocket protocol, which writes each message at once."""
        joined: Any = self.transport
        joined.flush()
        self.transport = joined.transport
        super().handle_websocket_upgrade()
