"""Handshakes that open no WebSocket: each is answered and ends its connection, and nothing of it stays."""

import asyncio
import socket
import time
from contextlib import suppress

import pytest
import uvicorn
from uvicorn.server import ServerState

import app.websocket.protocol
import app.websocket.session
from app.websocket.protocol import WebSocketProtocol
from tests.attacks.harness import withstands
from tests.attacks.served import Served
from tests.served_world import Server, ServerHere, terminal
from tests.world import World

_HANDSHAKES = 10_000
_BATCH = 50
_SECONDS = 20

_USUAL = {
    "Host": "127.0.0.1",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "graphql-transport-ws",
}


def _head(*more: str, path: str = "/graphql", **changes: str | None) -> bytes:
    """Return a handshake.

    Args:
        more: Further lines.
        path: Where it wants a socket.
        changes: Headers with another value, by their names with underscores; None for one that is left out.
    """
    headers = {**_USUAL, **{name.replace("_", "-"): value for name, value in changes.items()}}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    return "\r\n".join([*lines, *more, "", ""]).encode("latin-1")


_ORIGIN = "Origin: https://app.example"
_MALFORMED: dict[str, tuple[bytes, int]] = {
    "two origins": (_head(_ORIGIN, _ORIGIN), 400),
    "two hosts": (_head("Host: elsewhere"), 400),
    "two tokens": (_head("Authorization: Bearer a", "Authorization: Bearer b"), 400),
    "two keys": (_head("Sec-WebSocket-Key: BBBBBBBBBBBBBBBBBBBBBB=="), 400),
    "two versions": (_head("Sec-WebSocket-Version: 8"), 400),
    "no host": (_head(Host=None), 400),
    "an origin of half an address": (_head("Origin: http://["), 400),
    "an origin with a path": (_head("Origin: http://127.0.0.1/graphql"), 400),
    "an origin that is none": (_head("Origin: \xff\xfe"), 400),
    "an empty origin": (_head("Origin: "), 403),
    "another origin": (_head("Origin: https://evil.example"), 403),
    "no origin": (_head("Origin: null"), 403),
    "another path": (_head(path="/elsewhere"), 404),
    "a path of percents": (_head(path="/graphql%zz%00%ff"), 404),
    "a short key": (_head(Sec_WebSocket_Key="AAAA"), 400),
    "a key that is none": (_head(Sec_WebSocket_Key="\xe9" * 24), 400),
    "no key": (_head(Sec_WebSocket_Key=None), 400),
    "another version": (_head(Sec_WebSocket_Version="12"), 400),
    "subprotocols of commas": (_head(Sec_WebSocket_Protocol='"a" b,,c'), 400),
    "a chunked body": (_head("Transfer-Encoding: chunked"), 400),
    "a header of 9 KiB": (_head("Cookie: " + "x" * 9_000), 431),
    "two hundred headers": (_head(*(f"X-{number}: x" for number in range(200))), 431),
}


def _connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=_SECONDS)


def _answered(opened: socket.socket) -> bytes:
    """Return what the server sends until it ends the connection, to a client that keeps its own end open."""
    said = b""
    with suppress(ConnectionError):
        while piece := opened.recv(65_536):
            said += piece
    return said


def _padded(head: bytes) -> bytes:
    """Return a handshake of more than what the server reads at a time."""
    return head[:-2] + b"X-Padding: " + b"x" * 3_000 + b"\r\n\r\n"


@pytest.mark.parametrize("padded", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("kind", _MALFORMED)
def test_a_malformed_handshake_is_answered_and_its_connection_ended(attacked: Served, kind: str, padded: bool) -> None:
    head, status = _MALFORMED[kind]
    with _connected(attacked) as opened:
        opened.sendall(_padded(head) if padded else head)
        assert _answered(opened).startswith(b"HTTP/1.1 %d " % status)


def test_ten_thousand_malformed_handshakes_leave_descriptors_memory_and_log_as_they_were(attacked: Served) -> None:
    heads = [each for head, _ in _MALFORMED.values() for each in (head, _padded(head))]

    def attack(_: int) -> None:
        for first in range(0, _HANDSHAKES, _BATCH):
            batch = [_connected(attacked) for _ in range(_BATCH)]
            for number, opened in enumerate(batch, first):
                opened.sendall(heads[number % len(heads)])
            for opened in batch:
                assert _answered(opened).startswith(b"HTTP/1.1 4")
            for opened in batch:
                opened.close()

    before, log = attacked.descriptors("socket"), attacked.log()
    withstands(attacked, attack, within=None)
    ends = time.monotonic() + _SECONDS
    while attacked.descriptors("socket") > before and time.monotonic() < ends:
        time.sleep(0.01)
    assert attacked.descriptors("socket") <= before
    assert attacked.log() == log


async def test_a_handshake_that_is_refused_leaves_none_of_the_servers_connections(server: ServerHere) -> None:
    for head, status in _MALFORMED.values():
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head)
        async with asyncio.timeout(_SECONDS):
            assert (await reader.read()).startswith(b"HTTP/1.1 %d " % status)
            while server.connections:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0)
        writer.close()


async def test_a_handshake_that_is_never_complete_is_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.websocket.protocol, "_HANDSHAKE_SECONDS", 0.05)
    config, state = uvicorn.Config(world.app, log_config=None, proxy_headers=False), ServerState()
    config.load()
    listening = await asyncio.get_running_loop().create_server(
        lambda: WebSocketProtocol(config, state, {}),
        "127.0.0.1",
    )
    for beginning in (b"", b"GET /graphql", _head()[:-2]):
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer.write(beginning)
        async with asyncio.timeout(_SECONDS):
            while not state.connections:  # noqa: ASYNC110 - uvicorn has no event for either
                await asyncio.sleep(0)
            # The server aborts, which is seen as an end or as a reset.
            with suppress(ConnectionError):
                assert await reader.read() == b""
            while state.connections:  # noqa: ASYNC110
                await asyncio.sleep(0)
        writer.close()
    listening.close()


@pytest.mark.parametrize(
    "message",
    [{"type": "\N{GRINNING FACE}" * 100}, {"type": "subscribe", "id": "1", "payload": {"query": 1}}],
    ids=["a long reason", "a short reason"],
)
async def test_a_close_reason_fits_into_a_frame(world: World, server: Server, message: dict[str, object]) -> None:
    async with terminal(server, world.token("owner")) as opened:
        await opened.send(**message)
        async with asyncio.timeout(_SECONDS):
            await opened.socket.wait_closed()
        assert opened.socket.close_code == 4400
        assert 0 < len((opened.socket.close_reason or "").encode()) <= 123


async def test_a_fault_of_the_server_closes_the_socket_with_1011_and_is_logged_once_without_what_was_sent(
    world: World, server: ServerHere, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("secret")

    async with terminal(server, world.token("owner")) as opened, terminal(server, world.token("member")) as other:
        monkeypatch.setitem(app.websocket.session._MESSAGES, "ping", fail)
        for _ in range(3):
            await opened.send(type="ping", payload={"sent": "secret"})
        async with asyncio.timeout(_SECONDS):
            await opened.socket.wait_closed()
        assert (opened.socket.close_code, opened.socket.close_reason) == (1011, "Something failed on our side.")
        assert [record.getMessage() for record in caplog.records] == ["a WebSocket connection failed"]
        # Others go on.
        await other.subscribe("{ viewer { user { reference } } }")
        assert await other.next_data() == {"viewer": {"user": {"reference": "member"}}}
    async with asyncio.timeout(_SECONDS):
        while server.connections:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
