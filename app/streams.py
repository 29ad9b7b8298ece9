"""Subscriptions over HTTP: an answer that goes on, as Server-Sent Events or in parts.

Server-Sent Events: https://html.spec.whatwg.org/multipage/server-sent-events.html, in the "distinct connections mode"
of https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. Parts:
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from schema.delivery.encoded_event import EncodedEvent

_HEARTBEAT_SECONDS = 10.0


class Framing(Protocol):
    """How results are written into a stream."""

    media_type: str
    opening: bytes
    heartbeat: bytes

    def event(self, sent: EncodedEvent) -> bytes:
        """Write a result, and where to go on after it."""

    def last(self, payload: bytes) -> bytes:
        """Write the result that ends the stream."""


class ServerSentEvents:
    """Server-Sent Events; the id of each is the cursor to go on after."""

    media_type = "text/event-stream"
    opening = b":\n\n"
    heartbeat = b":\n\n"

    def event(self, sent: EncodedEvent) -> bytes:
        """Write a result, and where to go on after it."""
        return b"event: next\nid: %b\ndata: %b\n\n" % (sent.cursor.encode(), sent.payload)

    def last(self, payload: bytes) -> bytes:
        """Write the result that ends the stream."""
        return b"event: next\ndata: %b\n\nevent: complete\ndata:\n\n" % payload


class Parts:
    """Parts of a multipart answer. A client reads a part when it has seen the boundary after it: that comes at once."""

    media_type = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
    opening = b"--graphql"
    heartbeat = b"\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql"

    def event(self, sent: EncodedEvent) -> bytes:
        """Write a result; it tells itself where to go on, if the client asks for its cursor."""
        return b'\r\ncontent-type: application/json\r\n\r\n{"payload":%b}\r\n--graphql' % sent.payload

    def last(self, payload: bytes) -> bytes:
        """Write the result that ends the stream."""
        return self.event(EncodedEvent("", payload)) + b"--\r\n"


FRAMINGS: dict[str, Callable[[], Framing]] = {"text/event-stream": ServerSentEvents, "multipart/mixed": Parts}
"""By the media type that a client accepts."""


class StreamSink:
    """Where the events of a subscriber over HTTP go. More can be sent when the client has taken what was sent."""

    def __init__(self, framing: Framing) -> None:
        """Send nothing yet."""
        self._framing = framing
        self._pending: list[bytes] = []
        self._is_over = False
        self._news = asyncio.Event()
        self._taken = asyncio.Event()
        self._taken.set()

    def send(self, events: Sequence[EncodedEvent]) -> bool:
        """Send events; return whether more can be sent at once."""
        self._write(*map(self._framing.event, events))
        self._taken.clear()
        return False

    async def wait_writable(self) -> None:
        """Return once more can be sent."""
        await self._taken.wait()

    def fail(self, payload: bytes) -> None:
        """Send why nothing more comes."""
        self._is_over = True
        self._write(self._framing.last(payload))

    def detach(self) -> None:
        """End without a word of an end, so that the client reconnects."""
        self._is_over = True
        self._write()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield what is sent, and a sign of life where nothing is."""
        yield self._framing.opening
        while not (self._is_over and not self._pending):
            with suppress(TimeoutError):
                async with asyncio.timeout(_HEARTBEAT_SECONDS):
                    await self._news.wait()
            self._news.clear()
            chunk, self._pending = b"".join(self._pending), []
            if chunk or not self._is_over:
                yield chunk or self._framing.heartbeat
            if not self._pending:
                self._taken.set()

    def _write(self, *chunks: bytes) -> None:
        self._pending += chunks
        self._news.set()
