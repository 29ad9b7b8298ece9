"""Heads of requests: long, odd and generated ones are answered at once, and none of them by a fault of the server."""

import itertools
import random
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.harness import measure, withstands
from tests.attacks.raw_client import Answer, connected
from tests.attacks.served import Served

_SMALL = b'{"query": "{ viewer { user { reference } } }"}'
_MOST_SECONDS = 0.005
_LONG = 64_000
_TRIES = 20

_VALUES: dict[str, list[str]] = {
    "Accept": ['a;"', "a/b;", "a/b;c=", "a,", "*/*,", 'a/b;c="', 'a;b="\\"', "a/b;x*0=", "\t", ";", "="],
    "Content-Type": ['a;"', "application/json;", "a/b;c=", 'application/json;c="', "\t;", 'a;b="\\"', "a/b;x*0="],
    "Authorization": ["Bearer ", "Bearer\t", "a.", ".", "=", "Basic "],
    "Origin": ["http://[", "http://a.", "a:", "/", "%", "null "],
    "Host": ["[", "a.", ":1", "[:", "%41"],
    "traceparent": ["00-", "0", "-", " "],
    "Content-Length": ["1", "0", "1,"],
    "Transfer-Encoding": ["chunked,", ";", "chunked "],
    "Last-Event-ID": ["a", "=", "-", "%"],
    "Connection": ["a,", ",", "upgrade,", "close, "],
    "Upgrade": ["websocket,", "a/", ","],
    "Expect": ["100-continue,", " ,"],
    "Access-Control-Request-Headers": ["a,"],
    "Cookie": ["a=b;"],
    "X-Forwarded-For": ["1,"],
    "Range": ["bytes=0-,"],
    "User-Agent": ["a "],
}


def _requests(server: Served, name: str, value: str) -> Iterator[bytes]:
    """Return requests with a header, anonymous ones and those of a user."""
    for authorization in ([], [f"Authorization: Bearer {server.token('owner')}"]):
        lines = ["Host: x", "Content-Type: application/json", f"Content-Length: {len(_SMALL)}", *authorization]
        others = [line for line in lines if not line.startswith(f"{name}:")]
        head = "\r\n".join(("POST /graphql HTTP/1.1", *others, f"{name}: {value}", "", ""))
        yield head.encode("latin-1") + _SMALL


def _exchange(server: Served, request: bytes) -> Answer:
    with connected(server.port) as client:
        return client.exchange(request)


def _cpu_seconds(server: Served) -> float:
    return int(Path(f"/proc/{server.process.pid}/task/{server.process.pid}/schedstat").read_text().split()[0]) / 1e9


@pytest.mark.parametrize("name", _VALUES)
def test_a_header_of_64_kilobytes_takes_less_than_five_milliseconds(attacked: Served, name: str) -> None:
    shapes = [(beginning, part) for beginning in ("", 'a;";"') for part in _VALUES[name]]
    for (beginning, part), size, is_user in itertools.product(shapes, (900, 8_000, _LONG), (False, True)):
        seconds: list[float] = []
        while not seconds or min(seconds) > _MOST_SECONDS:
            # What was seen before may be remembered.
            value = f"{beginning}{part * (size // len(part))},{len(seconds)}"
            request = list(_requests(attacked, name, value))[is_user]
            before = _cpu_seconds(attacked)
            answer = _exchange(attacked, request)
            seconds.append(_cpu_seconds(attacked) - before)
            assert answer.status not in (0, 500), (beginning, part, size)
            assert len(seconds) < _TRIES, (beginning, part, size, min(seconds))


def test_a_header_of_more_than_eight_kilobytes_is_refused(attacked: Served) -> None:
    for name, most in (
        ("X-Something", 8 * 1024),
        ("Authorization", 8 * 1024),
        ("Accept", 1024),
        ("Content-Type", 1024),
    ):
        allowed, refused = (
            _exchange(attacked, f"GET /healthz HTTP/1.1\r\nHost: x\r\n{name}: {'a' * size}\r\n\r\n".encode())
            for size in (most, most + 1)
        )
        assert (allowed.status, refused.status, refused.codes) == (200, 431, {"BAD_USER_INPUT"})
    lines = "".join(f"X-{number}: a\r\n" for number in range(128))
    many = _exchange(attacked, f"GET /healthz HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
    assert (many.status, many.headers["connection"]) == (431, "close")


def test_two_lines_of_one_list_are_as_long_as_one(attacked: Served) -> None:
    line = f"Accept: {'a,' * 300}\r\n"
    for count, status in ((1, 200), (2, 431)):
        assert _exchange(attacked, f"GET /healthz HTTP/1.1\r\nHost: x\r\n{line * count}\r\n".encode()).status == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Accept: */*;a*=x;a*0=y", 200),
        ("Accept: a/b;x*" + "5" * 900 + "*=1", 406),
        ("Accept: a/b;x*" + "5" * 5_000 + "*=1", 431),
        ("Accept: *; q=.2, */*; q=.2", 200),
        ("Accept: \xe9", 406),
        ("Accept: ,", 406),
        ("Content-Type: application/json;a*=x;a*0=y", 200),
        ("Content-Type: application/json;x*" + "5" * 900 + "*=1", 200),
        ("Content-Type: application/json; charset=\xe9", 415),
        ("Host: [::1", 400),
        ("Host: [::1]:8000", 200),
        ("Host: \xe9", 400),
        ("Origin: http://[", 200),
        ("Last-Event-ID: \xe9", 200),
        ("traceparent: \xe9", 200),
        ("Authorization: Bearer \xe9", 401),
        ("Authorization: \xe9", 401),
    ],
)
def test_an_odd_header_has_an_ordinary_answer(attacked: Served, header: str, status: int) -> None:
    name, _, value = header.partition(": ")
    *_, request = _requests(attacked, name, value)
    # The first and, as its document is known then, the second.
    assert [_exchange(attacked, request).status for _ in range(2)] == [status, status]


@pytest.mark.parametrize(
    "path", ["/%00", "/%", "/%zz", "/%ff", "/graphql%00", "/graphql/", "//", "/[", "/%5b", "*", "/?%00"]
)
def test_an_odd_path_has_an_ordinary_answer(attacked: Served, path: str) -> None:
    for host in ("x", "[::1]:1", ""):
        answer = _exchange(attacked, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert answer.status in (307, 400, 404)


_PARTS = [
    *(b"GET", b"POST", b"HEAD", b"CONNECT", b"OPTIONS", b"PRI", b"get", b"/graphql", b"/healthz", b"/metrics", b"*"),
    *(b"http://a/graphql", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b" ", b"\t", b"\r\n", b"\n", b"\r", b"\0"),
    *(b":", b",", b";", b"=", b'"', b"%", b"[", b"\xff", b"\xc3\xa9", b"0", b"-1", b"9" * 30, b"a" * 300, b"{}"),
    *(
        b"Host: x\r\n",
        b"Host: [::1\r\n",
        b"Host\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n",
        b"5\r\nabcde\r\n",
    ),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"Connection: close\r\n", b"0\r\n\r\n"),
    *(b"Connection: upgrade\r\n", b"Upgrade: websocket\r\n", b"Upgrade: h2c\r\n", b"Sec-WebSocket-Version: 13\r\n"),
    *(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n"),
    *(
        b"Accept: */*;a*=x;a*0=y\r\n",
        b'Accept: a;"\r\n',
        b"Content-Type: application/json\r\n",
        b"Origin: http://[\r\n",
    ),
    *(b"Expect: 100-continue\r\n", b"Last-Event-ID: x\r\n", b"Range: bytes=0-\r\n", b"Authorization: Bearer x\r\n"),
]


def _generated(server: Served, chance: random.Random) -> bytes:
    """Return a good request that was changed in some places."""
    [anonymous, known] = _requests(server, "Accept", "application/json")
    socket_head = b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    preflight = (
        b"OPTIONS /graphql HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\nAccess-Control-Request-Method: POST\r\n\r\n"
    )
    made = chance.choice([anonymous, known, known, socket_head, preflight, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        at, to = sorted((chance.randrange(len(made) + 1), chance.randrange(len(made) + 1)))
        lines = made.split(b"\r\n")
        made = (
            chance.choice(
                [
                    made[:at] + chance.choice(_PARTS) + made[at:],
                    made[:at] + chance.choice(_PARTS) + made[at + 1 :],
                    made[:at] + bytes([chance.randrange(256)]) + made[at + 1 :],
                    made[:at] + made[to:],
                    made[:at] + made[at:to] * 2 + made[to:],
                    b"\r\n".join((lines[0], chance.choice(_PARTS).strip(), *lines[1:])),
                    b"\r\n".join((*lines[:1], *chance.sample(lines[1:-2], max(len(lines) - 3, 0)), *lines[-2:])),
                    b"\r\n".join((*lines[:2], *lines[1:])),
                ]
            )
            or b"\r\n"
        )
    return made


_RESPONSE = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[A-Za-z-]+: [^\r\n]*\r\n)*)\r\n")
_TOGETHER = 250


def _answers(server: Served, requests: list[bytes]) -> list[bytes]:
    """Send each over a connection of its own, all at once; return what came back until a moment of silence."""
    opened = [socket.create_connection(("127.0.0.1", server.port)) for _ in requests]
    try:
        for each, request in zip(opened, requests, strict=True):
            each.sendall(request)
        # What is answered after all of them: an answer to them is on its way then, or does not come.
        with connected(server.port, server.token("member")) as client:
            for _ in range(3):
                assert client.post(_SMALL).status == 200
        return [_read(each) for each in opened]
    finally:
        for each in opened:
            each.close()


def _read(opened: socket.socket) -> bytes:
    opened.setblocking(False)
    read = b""
    try:
        while piece := opened.recv(65_536):
            read += piece
    except (BlockingIOError, ConnectionError):
        pass
    return read


def test_ten_thousand_generated_heads_have_ordinary_answers(attacked: Served) -> None:
    chance = random.Random(13)
    statuses: dict[int, int] = {}

    def attack() -> None:
        for _ in range(10_000 // _TOGETHER):
            requests = [_generated(attacked, chance) for _ in range(_TOGETHER)]
            for request, said in zip(requests, _answers(attacked, requests), strict=True):
                if said:
                    first = _RESPONSE.match(said)
                    assert first is not None, (request, said)
                    status = int(first[1])
                    statuses[status] = statuses.get(status, 0) + 1
                    assert status != 500, (request, said)

    began = time.monotonic()
    measure(attacked, attack)
    assert {200, 400, 401, 404, 405} <= statuses.keys()
    assert "Traceback" not in attacked.log()
    assert _exchange(attacked, next(_requests(attacked, "Accept", "*/*"))).status == 401
    assert time.monotonic() - began < 100


def test_malformed_requests_leave_neither_memory_nor_descriptors(attacked: Served) -> None:
    def descriptors() -> int:
        return len(list(Path(f"/proc/{attacked.process.pid}/fd").iterdir()))

    def attack(_: int) -> None:
        for _ in range(2_000):
            with connected(attacked.port) as client:
                assert client.exchange(b"GET / HTTP/1.1\r\nHost: [\r\n\r\n").status == 400

    before = descriptors()
    withstands(attacked, attack, within=None)
    with connected(attacked.port) as client:
        assert client.exchange(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").status == 200
        assert descriptors() <= before + 2
