"""A client that sends whatever bytes it is told to, and reads what comes back."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

_PATIENCE_SECONDS = 30.0


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: The status; 0 where the server hung up without a word.
        headers: The headers, their names in small letters.
        body: The body.
        seconds: How long the server took, from the first byte it was sent.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.body)

    @property
    def codes(self) -> set[str]:
        """The codes of all errors."""
        return {error["extensions"]["code"] for error in self.json.get("errors", ())}


class RawClient:
    """One connection."""

    def __init__(self, opened: socket.socket, token: str | None) -> None:
        """Speak over an open socket.

        Args:
            opened: The socket.
            token: Whose requests these are; None for nobody's.
        """
        self.socket = opened
        self._token = token

    def head(self, size: int | str | None, *lines: str) -> bytes:
        """Return the head of a POST.

        Args:
            size: The length of its body; None to leave that open.
            lines: Further headers.
        """
        said = ["POST /graphql HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *lines]
        if self._token is not None:
            said.append(f"Authorization: Bearer {self._token}")
        if size is not None:
            said.append(f"Content-Length: {size}")
        return ("\r\n".join(said) + "\r\n\r\n").encode()

    def post(self, body: bytes) -> Answer:
        """Send a body and return what is answered."""
        return self.exchange(self.head(len(body)) + body)

    def ask(self, document: str, variables: object = None, **more: object) -> Answer:
        """Send a document and return what is answered."""
        return self.post(json.dumps({"query": document, "variables": variables, **more}).encode())

    def exchange(self, data: bytes) -> Answer:
        """Send bytes and return what is answered."""
        began = time.perf_counter()
        # A server may refuse before it has read all, and then hear nothing more.
        with suppress(ConnectionError):
            self.socket.sendall(data)
        return self.answer(began)

    def answer(self, began: float | None = None) -> Answer:
        """Return the next answer.

        Args:
            began: Since when it is waited for; since now where not given.
        """
        began = time.perf_counter() if began is None else began
        head, body = self._until(b"\r\n\r\n")
        if not head:
            return Answer(0, {}, b"", time.perf_counter() - began)
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        missing = int(headers.get("content-length", "0")) - len(body)
        while missing > 0 and (piece := self._read()):
            body += piece
            missing -= len(piece)
        return Answer(int(status.split()[1]), headers, body, time.perf_counter() - began)

    def _until(self, end: bytes) -> tuple[bytes, bytes]:
        read = b""
        while end not in read:
            piece = self._read()
            if not piece:
                return b"", b""
            read += piece
        before, _, after = read.partition(end)
        return before, after

    def _read(self) -> bytes:
        try:
            return self.socket.recv(65_536)
        except ConnectionError:
            return b""


@contextmanager
def connected(port: int, token: str | None = None) -> Iterator[RawClient]:
    """Connect to a port of the loopback address."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield RawClient(opened, token)
