"""The load client of subscriptions: thousands of sockets in one loop that does as little as can be for a message.

It counts frames by their heads and notes when they came. What they hold is looked at afterwards, when nobody measures.
"""

import gc
import json
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from benchmarks.frames import CLOSE, PING, PONG, TEXT, client_frame, frames_in, scan, upgrade

_BUFFER = 64 * 1024
_MOST_AT_ONCE = 4096
_NARROW_BUFFER = 1024
_SEGMENT = 1400
"""As large as segments are on a network: what a sender's system takes without its peer reading goes by their size."""

_CONNECT_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.05


class Opening(NamedTuple):
    """How a listener begins.

    Attributes:
        id: The id of its operation.
        init: The frame of its `connection_init`.
        subscribe: The frame of its `subscribe`.
    """

    id: str
    init: bytes
    subscribe: bytes


Arrival = tuple[int, int, int]
"""How many messages a listener had got before, how many came, and when, by the monotonic clock in nanoseconds."""


class Listener:
    """A socket, and what came over it since it was last made to begin anew."""

    __slots__ = ("count", "end", "keeps", "kept", "live", "opening", "part", "size", "socket")

    def __init__(self, opened: socket.socket, opening: Opening) -> None:
        """Begin with nothing heard."""
        self.socket = opened
        self.opening = opening
        self.live = self.keeps = False
        self.part = b""
        self.begin_anew(keeps=True)

    def begin_anew(self, *, keeps: bool) -> None:
        """Forget what came; from now on keep all of it, or only its count, its size and its last message."""
        self.count = self.size = 0
        self.keeps = keeps
        self.kept: list[bytes] = []
        self.end = b""

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages that were kept."""
        return [json.loads(frame.payload) for frame in frames_in(b"".join(self.kept)) if frame.opcode == TEXT]

    def last_message(self) -> dict[str, Any]:
        """Return the last message."""
        texts = [frame.payload for frame in frames_in(self.end) if frame.opcode == TEXT]
        last: dict[str, Any] = json.loads(texts[-1])
        return last


class Listeners:
    """Listeners of one server."""

    def __init__(self, port: int, path: str = "/graphql") -> None:
        """Have none yet."""
        self.all: list[Listener] = []
        self.arrivals: list[Arrival] = []
        self.received = 0
        self._address = ("127.0.0.1", port)
        self._request = upgrade(path)
        self._epoll = select.epoll()
        self._by_number: dict[int, Listener] = {}
        self._live = 0

    def open(self, openings: Iterable[Opening], at_once: int, seconds: float, *, narrow: bool = False) -> bool:
        """Open a socket for each, and return whether all are acknowledged in time and have sent their `subscribe`.

        Nothing tells when a server has taken that in, but the first event that comes.

        Args:
            openings: How each begins.
            at_once: How many are on the way at once: no more than wait to be accepted.
            seconds: How long all may take.
            narrow: Whether the system is to hold as little as can be of what is not read yet: by itself it would take
                megabytes for a socket of this machine, and a server would never notice that nobody reads.
        """
        waiting = deque(openings)
        wanted = self._live + len(waiting)

        def connect_more() -> bool:
            while waiting and len(self.all) - self._live < at_once:
                self._connect(waiting.popleft(), narrow=narrow)
            return self._live == wanted

        return self.run(connect_more, seconds)

    def run(self, done: Callable[[], bool], seconds: float) -> bool:
        """Listen until something is so, and return whether it is; give up after some time."""
        ends = time.monotonic() + seconds
        by_number, read, poll = self._by_number, self._read, self._epoll.poll
        # What is kept has no cycles, and looking for them again and again would count as the server's delay.
        gc.disable()
        try:
            while not done():
                left = ends - time.monotonic()
                if left <= 0:
                    return False
                for number, _ in poll(min(left, _LOOK_AGAIN_SECONDS), _MOST_AT_ONCE):
                    read(by_number[number])
            return True
        finally:
            gc.enable()

    def hear(self, each: int, seconds: float, of: int | None = None) -> bool:
        """Listen until as many messages have come as all listeners together are to get; see `run`.

        Args:
            each: How many each is to get.
            seconds: When to give up.
            of: How many listeners there are that read; all where not given.
        """
        wanted = each * (len(self.all) if of is None else of)
        return self.run(lambda: self.received >= wanted, seconds)

    def begin_anew(self, keep: int | None = None) -> None:
        """Forget what came; keep what comes now for this many listeners, all where not given."""
        self.received = 0
        self.arrivals = []
        for number, listener in enumerate(self.all):
            listener.begin_anew(keeps=keep is None or number < keep)

    def stop_reading(self, listeners: Sequence[Listener]) -> None:
        """Read no more from some."""
        for listener in listeners:
            self._epoll.unregister(listener.socket)

    def cut(self) -> None:
        """Close all sockets at once, without a word."""
        for listener in self.all:
            listener.socket.close()
        self.all = []
        self._by_number.clear()
        self._live = 0

    def close(self) -> None:
        """Close all sockets, for good."""
        self.cut()
        self._epoll.close()

    def _connect(self, opening: Opening, *, narrow: bool) -> None:
        opened = socket.socket()
        opened.settimeout(_CONNECT_SECONDS)
        if narrow:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW_BUFFER)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.connect(self._address)
        opened.sendall(self._request)
        opened.setblocking(False)
        listener = Listener(opened, opening)
        self.all.append(listener)
        self._by_number[opened.fileno()] = listener
        self._epoll.register(opened, select.EPOLLIN)

    def _read(self, listener: Listener) -> None:
        try:
            data = listener.socket.recv(_BUFFER)
        except BlockingIOError:
            return
        if not data:
            raise RuntimeError(f"the server closed a socket after {listener.count} messages")
        if listener.part:
            data = listener.part + data
        if listener.live:
            self._take(listener, data)
        else:
            self._go_on_opening(listener, data)

    def _take(self, listener: Listener, data: bytes) -> None:
        at = time.monotonic_ns()
        texts, end, others = scan(data)
        if end == len(data):
            listener.part = b""
        else:
            listener.part = data[end:]
            data = data[:end]
        listener.size += end
        if others:
            self._answer(listener, data)
        if texts:
            self.arrivals.append((listener.count, texts, at))
            listener.count += texts
            self.received += texts
            listener.end = data
            if listener.keeps:
                listener.kept.append(data)

    def _answer(self, listener: Listener, data: bytes) -> None:
        for frame in frames_in(data):
            if frame.opcode == PING:
                listener.socket.send(client_frame(frame.payload, PONG))
                # Its head and payload are not of the messages' size.
                listener.size -= 2 + len(frame.payload)
            elif frame.opcode == CLOSE:
                raise RuntimeError(f"the server closes a socket: {frame.payload!r}")

    def _go_on_opening(self, listener: Listener, data: bytes) -> None:
        """Go one step on for each answer: the handshake's, then the acknowledgement."""
        if data.startswith(b"HTTP/1.1 101"):
            _, complete, rest = data.partition(b"\r\n\r\n")
            listener.part = rest if complete else data
            if complete:
                listener.socket.send(listener.opening.init)
            return
        _, end, _ = scan(data)
        listener.part = data[end:]
        if end == 0 and not data.startswith(b"HTTP"):
            return
        if b'"connection_ack"' not in data:
            raise RuntimeError(f"on its way to listening, a socket got {data!r}")
        listener.socket.send(listener.opening.subscribe)
        listener.live = True
        self._live += 1
