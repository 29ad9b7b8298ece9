"""Requests of one connection are answered one at a time, and what is read ahead of them is bounded."""

import re
import socket
import threading
import time
from contextlib import ExitStack, suppress

import pytest

from tests.attacks.harness import withstands
from tests.attacks.raw_client import connected
from tests.attacks.served import Served

_TINY = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
_CHUNKS = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
_CONNECTIONS = 60
_BYTES = 250_000
_SECONDS = 3.0


def _flood(server: Served, request: bytes, *, reads: bool) -> int:
    """Send as many requests over each of some connections as the server takes; return how many were answered."""
    answered = 0
    with ExitStack() as opened:
        sockets = [opened.enter_context(connected(server.port)).socket for _ in range(_CONNECTIONS)]
        waiting = {each: memoryview(request * max(_BYTES // len(request), 1)) for each in sockets}
        for each in sockets:
            each.setblocking(False)
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            for each in sockets:
                with suppress(BlockingIOError, ConnectionError):
                    waiting[each] = waiting[each][each.send(waiting[each]) :]
                if reads:
                    with suppress(BlockingIOError, ConnectionError):
                        answered += each.recv(65_536).count(b"HTTP/1.1 ")
            time.sleep(0.005)
    return answered


def test_pipelined_requests_of_sixty_connections_keep_nothing_from_others(attacked: Served) -> None:
    assert withstands(attacked, lambda _: _flood(attacked, _TINY, reads=True), within=None) > _CONNECTIONS


def test_pipelined_requests_whose_answers_are_not_read_keep_nothing_from_others(attacked: Served) -> None:
    withstands(attacked, lambda _: _flood(attacked, _TINY, reads=False), within=None)


@pytest.mark.parametrize(
    ("beginning", "part"),
    [
        (b"", b"\r\n"),
        (b"GET / HTTP/1.1\r\n", b"a:\r\n"),
        (_CHUNKS, b"1\r\na\r\n"),
        (_CHUNKS, b"4\r\n\r\n\r\n\r\n"),
        (_CHUNKS + b"0\r\n", b"a:\r\n"),
    ],
    ids=["empty lines", "fields", "chunks", "chunks that look like the end", "trailers"],
)
def test_the_smallest_parts_of_requests_keep_nothing_from_others(
    attacked: Served, beginning: bytes, part: bytes
) -> None:
    request = beginning + part * (_BYTES // len(part))
    withstands(attacked, lambda _: _flood(attacked, request, reads=True), within=None)


def test_two_thousand_pipelined_requests_are_answered_in_their_order_and_completely(attacked: Served) -> None:
    number, sent = 2_000, b""
    for each in range(number):
        sent += (b"GET /healthz", b"GET /%d" % each)[each % 2] + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", attacked.port), timeout=60) as opened:
        sending = threading.Thread(target=opened.sendall, args=(sent,))
        sending.start()
        read = b""
        while read.count(b"HTTP/1.1 ") < number or not read.endswith(b"}"):
            piece = opened.recv(65_536)
            assert piece
            read += piece
        sending.join()
    assert re.findall(rb"HTTP/1\.1 (\d+) ", read) == [b"200", b"404"] * (number // 2)
