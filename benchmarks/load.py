"""A light load: a fixed number of requests over a few connections that are kept alive."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import httptools

_OK = 200


@dataclass
class Outcome:
    """What a run of requests came to.

    Attributes:
        seconds: From the first request to the last answer.
        latencies: Of each request, in seconds.
        sizes: The different lengths of the answers, in bytes.
        marked: How many answers hold the text that was looked for.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    sizes: set[int] = field(default_factory=set)
    marked: int = 0

    @property
    def per_second(self) -> float:
        """How many requests were answered in a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the time, in milliseconds, in which this share of the requests was answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a POST of JSON as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "Accept: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered, until there is none left."""

    def __init__(self, requests: Iterator[bytes], outcome: Outcome, marker: bytes | None) -> None:
        self._requests = requests
        self._outcome = outcome
        self._marker = marker
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write; the first request is sent when all connections are made."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send_next(self) -> None:
        """Send a request, or be done."""
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Hand the bytes to the parser, which calls the methods below."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as fault:
            self._fail(f"an answer cannot be understood: {fault}")

    def on_body(self, body: bytes) -> None:
        """Keep a part of an answer."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Note the answer and go on."""
        self._outcome.latencies.append(time.perf_counter() - self._sent_at)
        body = b"".join(self._body)
        self._body.clear()
        if self._parser.get_status_code() != _OK:
            self._fail(f"the server answered {self._parser.get_status_code()}: {body[:500].decode()}")
            return
        self._outcome.sizes.add(len(body))
        if self._marker is not None and self._marker in body:
            self._outcome.marked += 1
        self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail where there was more to do."""
        self._fail(f"the server closed a connection: {exc}")

    def _fail(self, what: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(what))


async def run_load(port: int, requests: Iterable[bytes], connections: int, marker: bytes | None = None) -> Outcome:
    """Send all requests, each connection one at a time, and return what came of it.

    Args:
        port: Where the server listens on 127.0.0.1.
        requests: What to send; every connection takes the next one.
        connections: How many there are.
        marker: Text to look for in the answers.

    Raises:
        RuntimeError: Where a request was not answered with 200.
    """
    outcome, waiting = Outcome(), iter(requests)
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(lambda: _Connection(waiting, outcome, marker), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    began = time.perf_counter()
    for connection in made:
        connection.send_next()
    try:
        await asyncio.gather(*(connection.done for connection in made))
        outcome.seconds = time.perf_counter() - began
    finally:
        for connection in made:
            connection.transport.close()
    return outcome
