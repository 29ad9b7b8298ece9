"""WebSockets that are used as they should not be."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.frames import Frame, Opcode

from tests.attacks.harness import OTHERS_SECONDS, withstands
from tests.attacks.raw_client import connected
from tests.attacks.served import Served, served
from tests.served_world import terminal
from tests.world import World

_PROTOCOL = websockets.Subprotocol("graphql-transport-ws")
_SMALL = "{ viewer { user { reference } } }"
_MOST = 256 * 1024


async def _open(server: Served, viewer: str = "owner", **options: Any) -> websockets.ClientConnection:
    opened = await websockets.connect(server.socket_url, subprotocols=[_PROTOCOL], max_queue=None, **options)
    await opened.send(
        json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {server.token(viewer)}"}})
    )
    return opened


def _attack(
    server: Served, act: Callable[[websockets.ClientConnection], Awaitable[None]], others: float = OTHERS_SECONDS
) -> tuple[int | None, int]:
    """Act over a socket while somebody else asks; return the close code, if it is closed, and how much was said."""

    async def attack() -> tuple[int | None, int]:
        opened = await _open(server)
        with suppress(websockets.ConnectionClosed):
            await act(opened)
        heard = 0
        with suppress(websockets.ConnectionClosed, TimeoutError):
            async with asyncio.timeout(0.2):
                async for _ in opened:
                    heard += 1
        code = opened.close_code
        await opened.close()
        return code, heard

    return withstands(server, lambda _: asyncio.run(attack()), within=None, others=others)


def _pings() -> Iterator[bytes]:
    for _ in range(20_000):
        yield Frame(Opcode.PING, b"x" * 100).serialize(mask=True)


def test_a_message_of_one_byte_too_many_closes_the_socket_with_1009(attacked: Served) -> None:
    async def act(opened: websockets.ClientConnection) -> None:
        await opened.send(json.dumps({"type": "ping"}).ljust(_MOST + 1))

    assert _attack(attacked, act)[0] == 1009


def test_a_message_in_endless_fragments_closes_the_socket_with_1009(attacked: Served) -> None:
    async def fragments() -> Any:
        for _ in range(100_000):
            yield " " * 1_000

    async def act(opened: websockets.ClientConnection) -> None:
        await opened.send(fragments())

    # Who still sends when the server has closed may hear of a broken connection before they hear why.
    assert _attack(attacked, act)[0] in (1006, 1009)


def test_a_message_in_endless_empty_fragments_closes_the_socket_with_1009(attacked: Served) -> None:
    async def act(opened: websockets.ClientConnection) -> None:
        transport = opened.transport
        transport.write(Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True))
        for _ in range(200):
            transport.write(Frame(Opcode.CONT, b"", fin=False).serialize(mask=True) * 1_000)
            await asyncio.sleep(0)

    assert _attack(attacked, act)[0] in (1006, 1009)


def test_a_flood_of_the_smallest_frames_is_no_trouble(attacked: Served) -> None:
    async def act(opened: websockets.ClientConnection) -> None:
        for _ in range(20):
            opened.transport.write(Frame(Opcode.PONG, b"").serialize(mask=True) * 1_000)
            await asyncio.sleep(0)
        await opened.send(json.dumps({"type": "ping"}))

    code, heard = _attack(attacked, act)
    assert code is None
    assert heard >= 1


def test_a_flood_of_pings_is_no_trouble(attacked: Served) -> None:
    async def act(opened: websockets.ClientConnection) -> None:
        for number, ping in enumerate(_pings()):
            opened.transport.write(ping)
            if number % 100 == 0:
                await asyncio.sleep(0)
        await opened.send(json.dumps({"type": "ping"}))

    code, heard = _attack(attacked, act)
    assert code is None
    assert heard >= 1


def test_ten_thousand_operations_over_one_socket_are_refused_beyond_the_limit(attacked: Served) -> None:
    async def act(opened: websockets.ClientConnection) -> None:
        for number in range(10_000):
            message = {"type": "subscribe", "id": str(number), "payload": {"query": _SMALL}}
            await opened.send(json.dumps(message))
        refused = 0
        for _ in range(12_000):
            message = json.loads(await opened.recv())
            if message["type"] == "error":
                assert [each["extensions"]["code"] for each in message["payload"]] == ["RATE_LIMITED"]
                refused += 1
            if message.get("id") == "9999" and message["type"] in ("error", "complete"):
                break
        assert refused

    assert _attack(attacked, act)[0] is None


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[" * 100_000,
        '{"type":' * 20_000,
        "null",
        "1",
        "9" * 5_000,
        '"ping"',
        '{"type": "x"}',
        '{"type": ["ping"]}',
    ],
    ids=lambda each: each[:10] or "nothing",
)
def test_a_malformed_message_closes_the_socket_with_4400(attacked: Served, message: str) -> None:
    async def act(opened: websockets.ClientConnection) -> None:
        await opened.send(message)

    assert _attack(attacked, act)[0] == 4400


def test_a_second_introduction_closes_the_socket_with_4429(attacked: Served) -> None:
    async def act(opened: websockets.ClientConnection) -> None:
        await opened.send(json.dumps({"type": "connection_init"}))

    assert _attack(attacked, act)[0] == 4429


async def test_pages_of_foreign_origins_may_open_no_socket(attacked: Served) -> None:
    for origin in ("https://evil.example", "null", f"http://127.0.0.1.evil.example:{attacked.port}"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(attacked.socket_url, subprotocols=[_PROTOCOL], origin=websockets.Origin(origin))
        assert refused.value.response.status_code == 403


async def test_no_socket_compresses(attacked: Served) -> None:
    async with websockets.connect(attacked.socket_url, subprotocols=[_PROTOCOL], compression="deflate") as opened:
        assert opened.response is not None
        assert "Sec-WebSocket-Extensions" not in opened.response.headers
        # A message that says it is compressed, which was not agreed on.
        opened.transport.write(b"\xc1\x84\x00\x00\x00\x00\x00\x00\x00\x00")
        await opened.wait_closed()
        assert opened.close_code == 1002


def test_sockets_that_go_without_a_word_leave_nothing(attacked: Served) -> None:
    async def attack() -> None:
        for _ in range(100):
            opened = await _open(attacked)
            await opened.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": _SMALL}}))
            opened.transport.abort()

    withstands(attacked, lambda _: asyncio.run(attack()), within=None)


def test_five_hundred_half_handshakes_keep_nothing_from_others(attacked: Served) -> None:
    head = b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"

    def attack(_: int) -> None:
        opened = []
        for _ in range(500):
            each = socket.create_connection(("127.0.0.1", attacked.port))
            each.sendall(head)
            opened.append(each)
        with connected(attacked.port, attacked.token("owner")) as client:
            assert client.ask(_SMALL).status == 200
        for each in opened:
            each.close()

    withstands(attacked, attack, within=None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_user_has_as_many_sockets_as_are_allowed_and_others_theirs(
    world: World, database_url: str, tmp_path: Path
) -> None:
    with served(database_url, tmp_path / "log", max_sockets_per_user=50) as server:
        async with AsyncExitStack() as stack:
            for _ in range(50):
                await stack.enter_async_context(terminal(server, server.token("owner")))
            for _ in range(250):
                opened = await _open(server)
                await opened.wait_closed()
                assert (opened.close_code, opened.close_reason) == (1013, "Too many sockets of this user")
            await stack.enter_async_context(terminal(server, server.token("member")))
        # Those that have ended leave their places.
        async with terminal(server, server.token("owner")):
            pass
