"""How a connection uses its transport: writes that leave together, and reading that can be held."""

import asyncio
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl


class CoalescingTransport:
    """A transport that gathers what is written within one turn of the event loop.

    uvicorn writes the head and the body of a response one by one: two calls of the system and often two packets.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Stand before a transport.

        Args:
            transport: Takes what is written.
            loop: The event loop of the connection.
        """
        self.transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """Write at the end of this turn."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def flush(self) -> None:
        """Write what was gathered."""
        if self._parts and not self.transport.is_closing():
            self.transport.write(b"".join(self._parts))
        self._parts.clear()

    def is_closing(self) -> bool:
        """Return whether the connection ends."""
        return self.transport.is_closing()

    def close(self) -> None:
        """Write what was gathered, and close."""
        self.flush()
        self.transport.close()


class HoldableFlow(FlowControl):
    """uvicorn's flow control, which the connection can hold: then nothing else resumes reading.

    uvicorn resumes whenever the application waits for a body or for the client to leave.

    Attributes:
        is_held: Whether nothing is read until `release`.
    """

    is_held = False

    def hold(self) -> None:
        """Read nothing until `release`."""
        self.is_held = True
        if not self._transport.is_closing():
            self.pause_reading()

    def release(self) -> None:
        """Read again, where reading was held."""
        if self.is_held:
            self.is_held = False
            self.resume_reading()

    def resume_reading(self) -> None:
        """Read again, unless reading is held."""
        if self.read_paused and not self.is_held and not self._transport.is_closing():
            super().resume_reading()
