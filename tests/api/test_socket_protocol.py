"""What a socket does with whatever is sent to it, and with whoever sends or reads nothing."""

import asyncio
import gc
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import pytest
import websockets
from websockets.frames import Frame, Opcode

import app.http.uvicorn_protocol
import app.websocket.protocol
import app.websocket.session
from tests.listening import EVENTS, Ear, document, head, hears_no_more
from tests.served_world import Server, Terminal, serving, terminal
from tests.world import World

_PROTOCOL = websockets.Subprotocol("graphql-transport-ws")
_WHO = "{ viewer { user { reference } } }"


@asynccontextmanager
async def _socket(server: Server, **options: Any) -> AsyncIterator[websockets.ClientConnection]:
    async with websockets.connect(server.socket_url, subprotocols=[_PROTOCOL], **options) as opened:
        yield opened


async def _is_closed(opened: websockets.ClientConnection, code: int, reason: str) -> None:
    async with asyncio.timeout(20):
        await opened.wait_closed()
    assert (opened.close_code, opened.close_reason) == (code, reason)


async def _endorse(world: World) -> None:
    assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []


_MALFORMED: list[tuple[str, str]] = [
    ("", "WebSocket message must be valid JSON"),
    ("{", "WebSocket message must be valid JSON"),
    ("nonsense", "WebSocket message must be valid JSON"),
    ("null", "Failed to parse message"),
    ("1", "Failed to parse message"),
    ("[]", "Failed to parse message"),
    ('"ping"', "Failed to parse message"),
    ("{}", "Failed to parse message"),
    ('{"type": 1}', "Failed to parse message"),
    ('{"type": ["ping"]}', "Failed to parse message"),
    ('{"type": "start"}', "Unknown message type: start"),
    ('{"type": "ping", "payload": 1}', "Failed to parse message"),
    ('{"type": "pong", "payload": []}', "Failed to parse message"),
    ('{"type": "complete"}', "Failed to parse message"),
    ('{"type": "subscribe"}', "Failed to parse message"),
    ('{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}', "Failed to parse message"),
    ('{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}', "Failed to parse message"),
    ('{"type": "subscribe", "id": "1", "payload": null}', "A request must be a JSON object with a `query`."),
    ('{"type": "subscribe", "id": "1", "payload": {}}', "`query` must be a document, as a string."),
    ('{"type": "subscribe", "id": "1", "payload": {"query": null}}', "`query` must be a document, as a string."),
    ('{"type": "subscribe", "id": "1", "payload": {"query": "", "variables": []}}', "`variables` must be an object."),
    (
        '{"type": "subscribe", "id": "1", "payload": {"query": "", "operationName": 1}}',
        "`operationName` must be a string.",
    ),
]


async def test_a_malformed_message_closes_the_socket_with_4400(world: World, server: Server) -> None:
    for message, reason in _MALFORMED:
        async with terminal(server, world.token("owner")) as opened:
            await opened.socket.send(message)
            await _is_closed(opened.socket, 4400, reason)
    async with terminal(server, world.token("owner")) as opened:
        await opened.socket.send(json.dumps({"type": "ping"}).encode())
        await _is_closed(opened.socket, 4400, "WebSocket message type must be text")


async def test_text_that_is_no_utf_8_closes_the_socket_with_1007(world: World, server: Server) -> None:
    async with terminal(server, world.token("owner")) as opened:
        await opened.socket.send(b'{"type": "ping\xff"}', text=True)
        await _is_closed(opened.socket, 1007, "A message is not UTF-8")


async def test_a_message_may_be_256_kib_in_any_number_of_frames_and_no_more(world: World, server: Server) -> None:
    size = 256 * 1024
    async with terminal(server, world.token("owner")) as opened:
        message = json.dumps({"type": "ping"})
        await opened.socket.send(message.ljust(size))
        assert await opened.receive() == {"type": "pong"}
        await opened.socket.send([message, *(" " * (size // 16 - 1) for _ in range(16))])
        assert await opened.receive() == {"type": "pong"}
    for too_large in (message.ljust(size + 1), [message, *(" " * (size // 16) for _ in range(16))]):
        async with terminal(server, world.token("owner")) as opened:
            await opened.socket.send(too_large)
            async with asyncio.timeout(20):
                await opened.socket.wait_closed()
            assert opened.socket.close_code == 1009


async def test_pings_of_both_protocols_are_answered(world: World, server: Server) -> None:
    async with _socket(server) as opened:
        await (await opened.ping(b"whatever"))
        client = Terminal(opened)
        await client.send(type="ping", payload={"some": "thing"})
        assert await client.receive() == {"type": "pong"}
        await client.send(type="pong")
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}


async def test_a_bad_operation_ends_the_operation_and_not_the_socket(world: World, server: Server) -> None:
    bad = {
        "{": "GRAPHQL_PARSE_FAILED",
        "": "BAD_USER_INPUT",
        "fragment F on Query { __typename }": "BAD_USER_INPUT",
        "{ nonsense }": "GRAPHQL_VALIDATION_FAILED",
        "query A { __typename } query B { __typename }": "BAD_USER_INPUT",
        "subscription { organisationEvents { id } }": "GRAPHQL_VALIDATION_FAILED",
        'subscription { organisationEvents(organisationId: "1") { id } }': "NOT_FOUND",
        "subscription($id: ID!) { organisationEvents(organisationId: $id) { id } }": "BAD_USER_INPUT",
    }
    async with terminal(server, world.token("owner")) as opened:
        for _ in range(2):
            for query, code in bad.items():
                await opened.subscribe(query, "bad")
                message = await opened.receive()
                assert (message["id"], message["type"]) == ("bad", "error"), query
                assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        await opened.subscribe(_WHO, "good")
        assert await opened.next_data() == {"viewer": {"user": {"reference": "owner"}}}
        assert await opened.receive() == {"id": "good", "type": "complete"}


async def test_a_socket_may_end_before_its_operation_has_begun(world: World, server: Server) -> None:
    async with terminal(server, world.token("owner")) as opened:
        # Both are read at once.
        await opened.subscribe(_WHO)
        await opened.socket.send("nonsense")
        await _is_closed(opened.socket, 4400, "WebSocket message must be valid JSON")
    # Python warns of a coroutine that nobody has awaited when it is collected.
    gc.collect()


async def test_an_id_that_is_in_use_closes_the_socket_with_4409(world: World, server: Server) -> None:
    ear, organisation = Ear(world), await world.organisation_id()
    async with terminal(server, world.token("owner")) as opened:
        await ear.subscribe(opened, document(EVENTS), organisation=organisation)
        await opened.subscribe(_WHO)
        await _is_closed(opened.socket, 4409, "Subscriber for 1 already exists")
    await ear.is_left_by_all()


async def test_a_client_that_does_not_wait_for_its_acknowledgement_is_heard_in_order(
    world: World, server: Server
) -> None:
    async with _socket(server) as opened:
        client = Terminal(opened)
        await client.send(type="connection_init", payload={"authorization": f"Bearer {world.token('owner')}"})
        await client.subscribe(_WHO)
        await client.send(type="ping")
        assert await client.receive() == {"type": "connection_ack"}
        assert sorted([(await client.receive())["type"] for _ in range(3)]) == ["complete", "next", "pong"]


async def test_a_client_that_says_nothing_is_closed_with_4408(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.websocket.session, "_INIT_SECONDS", 0.05)
    async with _socket(server) as opened:
        await _is_closed(opened, 4408, "Connection initialisation timeout")


async def test_elsewhere_there_is_no_socket(world: World, server: Server) -> None:
    for path in ("", "/graphql/", "/graphq", "/graphql/graphql", "//graphql"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with websockets.connect(f"ws://127.0.0.1:{server.port}{path}"):
                pass
        assert refused.value.response.status_code == 404
    async with websockets.connect(f"{server.socket_url}?token=ignored", subprotocols=[_PROTOCOL]) as opened:
        assert opened.subprotocol == _PROTOCOL


class _Deaf:
    """A client that speaks, and reads nothing more after its handshake."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def __aenter__(self) -> Self:
        address = socket.socket()
        address.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        address.setblocking(False)
        await asyncio.get_running_loop().sock_connect(address, ("127.0.0.1", self._server.port))
        self.reader, self._writer = await asyncio.open_connection(sock=address, limit=1024)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def open(self, token: str) -> None:
        self._writer.write(
            b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )
        assert (await self.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        self.send(type="connection_init", payload={"authorization": f"Bearer {token}"})

    def send(self, **message: Any) -> None:
        self._writer.write(Frame(Opcode.TEXT, json.dumps(message).encode()).serialize(mask=True))

    def ask(self, token: str, query: str) -> None:
        body = json.dumps({"query": query}).encode()
        self._writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b" % (token.encode(), len(body), body)
        )

    async def is_cut_off(self) -> bytes:
        """Return what was in the pipe when the server has ended the connection."""
        read = b""
        with suppress(ConnectionError):
            while piece := await self.reader.read(65_536):
                read += piece
        return read


async def test_who_gives_no_sign_of_life_is_closed_and_who_does_is_not(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.websocket.protocol, "_KEEP_ALIVE_SECONDS", 0.1)
    async with terminal(server, world.token("owner")) as opened, _Deaf(server) as dead:
        # One client answers pings by itself; the other is connected, and says nothing after its greeting.
        await dead.open(world.token("owner"))
        async with asyncio.timeout(20):
            assert (await dead.is_cut_off()).endswith(b"\x03\xf3No sign of life")
        await hears_no_more(opened)


_LONG = "{ __schema { types { name description fields { name description args { name description } } } } }"


async def test_a_client_that_reads_nothing_is_cut_off_and_others_hear_on(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.websocket.protocol, "SEND_SECONDS", 0.3)
    ear, organisation, before = Ear(world), await world.organisation_id(), await head(world)
    async with terminal(server, world.token("owner")) as opened, _Deaf(server) as deaf:
        await ear.subscribe(opened, document(EVENTS, "sequence"), organisation=organisation)
        await deaf.open(world.token("owner"))
        query = document(EVENTS, "sequence")
        deaf.send(type="subscribe", id="events", payload={"query": query, "variables": {"organisation": organisation}})
        await ear.tails.begun.acquire()
        for number in range(200):
            deaf.send(type="subscribe", id=str(number), payload={"query": _LONG})
        await _endorse(world)
        assert (await opened.next_data())[EVENTS] == {"sequence": before + 1}
        # Its operations end with it.
        async with asyncio.timeout(20):
            while ear.tails.listening > 1:
                await hears_no_more(opened)
        await deaf.is_cut_off()


async def test_a_client_over_http_that_reads_nothing_is_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.http.uvicorn_protocol, "SEND_SECONDS", 0.3)
    longest = "{" + " ".join(f"part{number}: {_LONG[1:-1]}" for number in range(8)) + "}"
    async with serving(world) as server:
        # The answer is larger than what the system keeps for a client, and has to wait in the server.
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        async with _Deaf(server) as deaf, asyncio.timeout(20):
            deaf.ask(world.token("owner"), longest)
            while not server.connections:  # noqa: ASYNC110 - uvicorn has no event for either
                await asyncio.sleep(0)
            while server.connections:  # noqa: ASYNC110
                await asyncio.sleep(0)
            head, _, body = (await deaf.is_cut_off()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    [length] = re.findall(rb"content-length: (\d+)", head)
    assert len(body) < int(length)
