"""Connections over which attackers send whatever bytes they like."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.frames import Frame, Opcode

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_READ_BYTES = 2**18
_OPEN_SECONDS = 10.0
_SWITCHES = 101


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak over a connection."""
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes, seconds: float = _OPEN_SECONDS) -> bool:
        """Send bytes; return whether the server took them within so many seconds."""
        self.writer.write(data)
        try:
            async with asyncio.timeout(seconds):
                await self.writer.drain()
        except OSError:
            return False
        return True

    async def read(self, seconds: float, most: int = 2**16) -> bytes:
        """Return the first bytes that come within so many seconds; the rest is read, and dropped."""
        kept = b""
        with suppress(OSError):
            async with asyncio.timeout(seconds):
                while data := await self.reader.read(_READ_BYTES):
                    kept += data[: most - len(kept)]
        return kept

    async def statuses(self, seconds: float, expected: int = 1) -> Sequence[int]:
        """Return the statuses of the answers that come: more than are expected, or those within so many seconds."""
        data = b""
        with suppress(OSError):
            async with asyncio.timeout(seconds):
                while len(_STATUS.findall(data)) <= expected and (piece := await self.reader.read(_READ_BYTES)):
                    data += piece
        return [int(each) for each in _STATUS.findall(data)]

    async def first_status(self, seconds: float = _OPEN_SECONDS) -> int:
        """Return the status of the first answer; 0 where the server hung up, or said nothing for so many seconds."""
        with suppress(OSError, EOFError, asyncio.LimitOverrunError):
            async with asyncio.timeout(seconds):
                head = await self.reader.readuntil(b"\r\n\r\n")
                found = _STATUS.match(head)
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                if length is not None:
                    await self.reader.readexactly(int(length[1]))
                return int(found[1]) if found else 0
        return 0

    async def subscribe(self, name: str, document: str, **variables: Any) -> bool:
        """Send an operation over an acknowledged WebSocket; return whether the server took it."""
        payload = {"query": document, "variables": variables}
        return await self.send(text({"id": name, "type": "subscribe", "payload": payload}))


def text(message: object) -> bytes:
    """Return a frame with a message, as JSON unless it is text."""
    content = message if isinstance(message, str) else json.dumps(message, separators=(",", ":"))
    return Frame(Opcode.TEXT, content.encode()).serialize(mask=True)


def head(*lines: str, method: str = "POST", token: str | None = None, length: int | str | None = None) -> bytes:
    """Return the head of a request to `/graphql`.

    Args:
        lines: Further headers.
        method: The method.
        token: The `Authorization`; None for none.
        length: The `Content-Length`; None for none.
    """
    said = [f"{method} /graphql HTTP/1.1", *lines]
    if not any(line.lower().startswith("host:") for line in lines):
        said.insert(1, "Host: 127.0.0.1")
    if not any(line.lower().startswith("content-type:") for line in lines):
        said.append("Content-Type: application/json")
    if token is not None:
        said.append(f"Authorization: {token}")
    if length is not None:
        said.append(f"Content-Length: {length}")
    return ("\r\n".join(said) + "\r\n\r\n").encode("latin-1")


def post(document: str, *lines: str, token: str, variables: object = None, **more: object) -> bytes:
    """Return a whole request with a document."""
    body = json.dumps({"query": document, "variables": variables, **more}).encode()
    return head(*lines, token=token, length=len(body)) + body


HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: graphql-transport-ws",
)
"""The headers of a handshake that is well formed."""


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Wire]:
    """Connect to a port of the loopback address; at the end the connection is dropped, whatever is on its way."""
    async with asyncio.timeout(_OPEN_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def opened(port: int) -> AsyncIterator[Wire]:
    """Open a WebSocket, over which nothing was said yet.

    Raises:
        ConnectionError: Where the server does not take it.
    """
    async with connected(port) as wire:
        await wire.send(head(*HANDSHAKE, method="GET"))
        if (status := await wire.first_status()) != _SWITCHES:
            raise ConnectionError(f"the handshake was answered {status}")
        yield wire


@asynccontextmanager
async def acknowledged(port: int, token: str) -> AsyncIterator[Wire]:
    """Open a WebSocket and introduce a user.

    Raises:
        ConnectionError: Where the server does not acknowledge it.
    """
    async with opened(port) as wire:
        await wire.send(text({"type": "connection_init", "payload": {"authorization": token}}))
        data = b""
        with suppress(OSError):
            async with asyncio.timeout(_OPEN_SECONDS):
                while b"connection_ack" not in data and (piece := await wire.reader.read(_READ_BYTES)):
                    data += piece
        if b"connection_ack" not in data:
            raise ConnectionError("no connection_ack")
        yield wire
