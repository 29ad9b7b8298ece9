"""Subscribing over HTTP: what the tests of streams share."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.served_world import Server

EVENT_STREAM, PARTS = "text/event-stream", "multipart/mixed;subscriptionSpec=1.0"


class Stream:
    """An answer that goes on."""

    def __init__(self, response: httpx.Response) -> None:
        """Read from a response."""
        self.response = response
        self._bytes = response.aiter_bytes()
        self._read = b""

    async def until(self, mark: bytes) -> bytes:
        """Return what comes up to a mark, without it."""
        while mark not in self._read:
            self._read += await anext(self._bytes)
        found, _, self._read = self._read.partition(mark)
        return found

    async def event(self) -> dict[str, str]:
        """Return the fields of the next Server-Sent Event; signs of life are none."""
        while True:
            lines = (await self.until(b"\n\n")).decode().split("\n")
            fields = dict(line.split(":", 1) for line in lines if not line.startswith(":"))
            if fields:
                return {name: value.removeprefix(" ") for name, value in fields.items()}

    async def part(self) -> dict[str, Any]:
        """Return the JSON of the next part; signs of life are none."""
        while True:
            head, _, body = (await self.until(b"\r\n--graphql")).partition(b"\r\n\r\n")
            assert head.endswith(b"\r\ncontent-type: application/json")
            content: dict[str, Any] = json.loads(body)
            if content:
                return content

    async def rest(self) -> bytes:
        """Return all that comes until the end."""
        async for chunk in self._bytes:
            self._read += chunk
        return self._read


@asynccontextmanager
async def stream(
    server: Server,
    token: str,
    document: str,
    accept: str = EVENT_STREAM,
    headers: dict[str, str] | None = None,
    **variables: Any,
) -> AsyncIterator[Stream]:
    """Send a document whose answer may go on."""
    given = {"Authorization": f"Bearer {token}", "Accept": accept, **(headers or {})}
    body = {"query": document, "variables": variables}
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", server.http_url, json=body, headers=given) as response,
    ):
        yield Stream(response)
