"""Attackers that need no user: heads of requests, and where a request ends."""

import asyncio
import json
from collections.abc import Sequence

from tests.soak.attackers.attack import Attack, Outcomes, Surprise, status_outcome
from tests.soak.attackers.wire import HANDSHAKE, connected, head, post

_LATE_SECONDS = 0.02
_SECOND_SECONDS = 0.2
_MANY = 60_000

_SECOND = b"GET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n"
_DOCUMENT = "{ viewer { user { reference } } }"
_QUERY = json.dumps({"query": _DOCUMENT}).encode()

_UNTAKEN = ("foo", "h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", "websocket")


async def untaken_upgrades(attack: Attack) -> Outcomes:
    """Ask for a protocol that the server does not speak, and send the body late: it is none of the next request."""
    upgrade = f"Upgrade: {_UNTAKEN[attack.number % len(_UNTAKEN)]}"
    # One of two bodies is a request of its own.
    body = post(_DOCUMENT, token=attack.token) if attack.number % 2 else _QUERY
    async with connected(_port(attack)) as wire:
        lines = ("Connection: Upgrade", *upgrade.split("\r\n"))
        await wire.send(head(*lines, token=attack.token, length=len(body)))
        await asyncio.sleep(_LATE_SECONDS)
        await wire.send(body)
        return _one_answer(attack, await wire.statuses(_SECOND_SECONDS))


def _lengths(token: str) -> Sequence[bytes]:
    """Return requests that are read as two by whoever takes the wrong one of their lengths."""
    chunked = b"0\r\n\r\n" + _SECOND
    given: list[tuple[Sequence[str], int | str | None, bytes]] = [
        (("Transfer-Encoding: chunked",), 5, chunked),
        (("Transfer-Encoding: chunked",), len(chunked), chunked),
        (("Transfer-Encoding: gzip, chunked",), None, chunked),
        (("Transfer-Encoding: identity",), 4, b"{}  " + _SECOND),
        (("Transfer-Encoding: chunked, identity",), None, chunked),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), None, chunked),
        (("Transfer-Encoding: xchunked",), 5, chunked),
        (("Transfer-Encoding : chunked",), 5, chunked),
        (("X: y\r\n Transfer-Encoding: chunked",), 5, chunked),
        (("Content-Length: 2",), 4, b"{}  " + _SECOND),
        ((), "+2", b"{}" + _SECOND),
        ((), "2, 2", b"{}" + _SECOND),
        ((), "0x2", b"{}" + _SECOND),
        (("Host: a", "Host: b"), 2, b"{}" + _SECOND),
        (("Transfer-Encoding: chunked",), None, b"-1\r\n{}\r\n0\r\n\r\n" + _SECOND),
        # Its end is certain, so that a second one behind it would be answered too.
        (("Transfer-Encoding: chunked",), None, b"2;" + b"a" * 20_000 + b"\r\n{}\r\n0\r\n\r\n"),
    ]
    return [head(*lines, token=token, length=length) + body for lines, length, body in given]


async def uncertain_lengths(attack: Attack) -> Outcomes:
    """Send a request whose end is not certain: it has one answer, and the connection is closed."""
    requests = _lengths(attack.token)
    async with connected(_port(attack)) as wire:
        await wire.send(requests[attack.number // 4 % len(requests)])
        return _one_answer(attack, await wire.statuses(_SECOND_SECONDS))


def _port(attack: Attack) -> int:
    """Return where an attack goes: two to the server, and two through the proxy, where others may get the answers."""
    return attack.target.proxy_port if attack.number & 2 else attack.target.port


def _one_answer(attack: Attack, statuses: Sequence[int]) -> Outcomes:
    # What the proxy takes for two requests is its own affair.
    if len(statuses) > 1 and _port(attack) == attack.target.port:
        raise Surprise(f"one request had the answers {', '.join(map(str, statuses))}")
    return [status_outcome(statuses[0])] if statuses else ["closed"]


async def quadratic_headers(attack: Attack) -> Outcomes:
    """Send long headers whose parser may take time that grows with the square of their length."""
    values = ('a;"' + ";" * _MANY, "a;b*0=" + "x;b*1=" * (_MANY // 6), "a/b;" + '"' * _MANY, "," * _MANY)
    name = ("Accept", "Content-Type")[attack.number % 2]
    async with connected(attack.target.port) as wire:
        await wire.send(head(f"{name}: {values[attack.number // 2 % len(values)]}", length=len(_QUERY)) + _QUERY)
        return [status_outcome(await wire.first_status())]


_PADDING = "X-Padding: " + "x" * 3_000
_HANDSHAKES = (
    ("Origin: http://a.example", "Origin: http://b.example"),
    ("Host: a", "Host: b"),
    ("Authorization: Bearer a", "Authorization: Bearer b"),
    ("Origin: http://[",),
    ("Host: [::1",),
    ("Origin: \xff",),
    ("Sec-WebSocket-Key: short",),
    ("Sec-WebSocket-Version: 99",),
    ("Sec-WebSocket-Extensions: permessage-deflate; ;;",),
    ("Sec-WebSocket-Protocol: ,,",),
)


async def malformed_handshakes(attack: Attack) -> Outcomes:
    """Send twenty handshakes that are malformed, half of them long, and hang up."""

    async def one(number: int) -> str:
        lines = _HANDSHAKES[number % len(_HANDSHAKES)]
        padded = (*lines, _PADDING) if number // len(_HANDSHAKES) else lines
        async with connected(attack.target.port) as wire:
            await wire.send(head(*HANDSHAKE, *padded, method="GET"))
            return status_outcome(await wire.first_status(1.0))

    return await asyncio.gather(*map(one, range(2 * len(_HANDSHAKES))))


async def pipelining(attack: Attack) -> Outcomes:
    """Send 250 KB of requests over each of ten connections without waiting for an answer."""
    requests = (b"GET / HTTP/1.1\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    request = requests[attack.number % len(requests)]
    many = request * (250_000 // len(request))

    async def one() -> str:
        async with connected(attack.target.port) as wire:
            await wire.send(many, 2.0)
            return "answered" if await wire.read(2.0) else "closed"

    return await asyncio.gather(*(one() for _ in range(10)))


_MALFORMED = (
    "Accept: */*;a*=x;a*0=y",
    "Accept: a/b;x*" + "1" * 5_000 + "*=1",
    "Content-Type: */*;a*=x;a*0=y",
    "Content-Type: application/json;charset*0*=''%",
    "Accept: application/json;q=" + "9" * 1_000,
    "Accept: ;;;,,,",
    "Host: [::1",
    "Host: a:b:c",
    "Host: \xff",
    "Origin: http://[",
    "Accept-Encoding: \x00",
    "Content-Encoding: gzip",
    "Last-Event-ID: \xff",
)


async def malformed_headers(attack: Attack) -> Outcomes:
    """Send a header with a value that no grammar has: refused or ignored, and no fault of the server."""
    async with connected(attack.target.port) as wire:
        line = _MALFORMED[attack.number % len(_MALFORMED)]
        await wire.send(head(line, token=attack.token, length=len(_QUERY)) + _QUERY)
        return [status_outcome(await wire.first_status())]


async def fuzzed_heads(attack: Attack) -> Outcomes:
    """Send twenty heads that are well formed but for a few bytes."""
    chance = attack.chance
    kinds = (
        head(token=attack.token, length=len(_QUERY)) + _QUERY,
        head(*HANDSHAKE, method="GET"),
        head("Transfer-Encoding: chunked", token=attack.token) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(_QUERY), _QUERY),
    )

    async def one() -> str:
        data = bytearray(chance.choice(kinds))
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[place] = chance.randrange(256)
                case 1:
                    del data[place : place + chance.randint(1, 9)]
                case _:
                    data[place:place] = chance.choice((b"\r\n", b"\x00", b";", b":", b",", b'"', bytes([255]) * 9))
        async with connected(attack.target.port) as wire:
            await wire.send(bytes(data))
            return status_outcome(await wire.first_status(0.5))

    return [await one() for _ in range(20)]
