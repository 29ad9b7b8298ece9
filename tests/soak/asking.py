"""The two ways in which honest clients ask: over a connection that is kept, and over a WebSocket."""

import asyncio
import json
from contextlib import suppress
from itertools import count
from typing import Any, Protocol

import websockets

PATIENCE_SECONDS = 30.0
_PROTOCOL = websockets.Subprotocol("graphql-transport-ws")


class Unanswered(Exception):
    """There was no answer of GraphQL; the argument says why."""


class Foreign(Exception):
    """The answer is one to another's request; the argument says why."""


class Asking(Protocol):
    """A way to ask."""

    async def ask(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a document.

        Raises:
            Unanswered: Where there is none.
            Foreign: Where it is the answer to another request.
        """

    async def close(self) -> None:
        """Disconnect."""


class OverHTTP:
    """Asks over a connection of HTTP/1.1 that is kept between requests."""

    def __init__(self, port: int, token: str) -> None:
        """Connect with the first request.

        Args:
            port: Where the server is, on the loopback address.
            token: The user's `Authorization`; empty for none.
        """
        self._port = port
        self._head = f"Host: 127.0.0.1:{port}\r\n" + (f"Authorization: {token}\r\n" if token else "")
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a document."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        head = f"POST /graphql HTTP/1.1\r\n{self._head}Content-Type: application/json\r\n"
        status, content = await self.exchange(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        if status != 200:
            raise Unanswered(f"HTTP {status}: {content[:300].decode(errors='replace')}")
        answer = json.loads(content)
        if not isinstance(answer, dict) or answer.keys().isdisjoint(("data", "errors")):
            raise Foreign(f"an answer that is none of GraphQL: {content[:300]!r}")
        return answer

    async def get(self, path: str) -> bytes:
        """Return the body at a path.

        Raises:
            Unanswered: Where the status is not 200.
        """
        status, content = await self.exchange(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())
        if status != 200:
            raise Unanswered(f"HTTP {status}: {content[:300].decode(errors='replace')}")
        return content

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Return the status and the body that a request is answered with.

        Raises:
            Unanswered: Where there is no answer.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._exchange(request)
        except (OSError, EOFError) as fault:
            await self.close()
            raise Unanswered(f"no answer: {type(fault).__name__}") from fault
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect."""
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        if self._streams is not None and not self._streams[0].at_eof():
            try:
                return await self._answer(request, *self._streams)
            except (ConnectionError, asyncio.IncompleteReadError) as fault:
                if getattr(fault, "partial", b""):
                    raise
                # The server closed a connection that was not in use, at this very moment (RFC 9112, section 9.5).
        await self.close()
        self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        return await self._answer(request, *self._streams)

    async def _answer(
        self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[int, bytes]:
        writer.write(request)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if "content-length" not in headers:
            raise ConnectionError("an answer without a length")
        content = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            await self.close()
        return int(lines[0].split()[1]), content


class OverWebSocket:
    """Asks over a WebSocket, one operation at a time."""

    def __init__(self, port: int, token: str) -> None:
        """Connect with the first request.

        Args:
            port: Where the server is, on the loopback address.
            token: The user's `Authorization`.
        """
        self._url = f"ws://127.0.0.1:{port}/graphql"
        self._token = token
        self._numbers = count(1)
        self._socket: websockets.ClientConnection | None = None

    async def ask(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a document."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._ask(document, variables)
        except (OSError, websockets.WebSocketException) as fault:
            await self.close()
            raise Unanswered(f"no answer: {type(fault).__name__}: {fault}") from fault
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect."""
        if self._socket is not None:
            socket, self._socket = self._socket, None
            await socket.close()

    async def _ask(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        socket = await self._opened()
        name = str(next(self._numbers))
        payload = {"query": document, "variables": variables}
        await socket.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))
        answer: dict[str, Any] | None = None
        while True:
            message = json.loads(await socket.recv())
            if message["type"] == "ping":
                await socket.send('{"type":"pong"}')
                continue
            if message.get("id") != name:
                raise Foreign(f"a message of operation {message.get('id')} instead of {name}")
            match message["type"]:
                case "next":
                    answer = message["payload"]
                case "error":
                    return {"errors": message["payload"]}
                case _ if answer is None:
                    raise Unanswered("completed without a result")
                case _:
                    return answer

    async def _opened(self) -> websockets.ClientConnection:
        if self._socket is None:
            socket = await websockets.connect(self._url, subprotocols=[_PROTOCOL], proxy=None, close_timeout=1)
            self._socket = socket
            await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": self._token}}))
            while json.loads(await socket.recv())["type"] != "connection_ack":
                pass
        return self._socket
