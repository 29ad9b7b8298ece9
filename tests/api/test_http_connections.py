"""One request of a connection is answered after the other, each whole, and the first time like the second."""

import asyncio
import json
import re
import socket
from typing import Any

from websockets.frames import Frame, Opcode

from tests.served_world import Server, ServerHere
from tests.world import World

_QUERY = json.dumps({"query": "{ viewer { user { reference } } }"}).encode()
_ANSWER = b'{"data":{"viewer":{"user":{"reference":"owner"}}},"extensions":{"cost":{"requested":2,"allowed":35000}}}'


def _request(world: World, *headers: bytes, query: bytes = _QUERY) -> bytes:
    head = (
        b"POST /graphql HTTP/1.1",
        b"Host: 127.0.0.1",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(query),
        b"Authorization: Bearer " + world.token("owner").encode(),
        *headers,
    )
    return b"\r\n".join(head) + b"\r\n\r\n" + query


async def test_an_answer_comes_in_one_piece(world: World, server: Server) -> None:
    request = _request(world)

    def ask() -> list[bytes]:
        # In a thread, which the first piece wakes at once; the first document takes the long way, the others the short.
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            pieces = []
            for _ in range(30):
                connection.sendall(request)
                pieces.append(connection.recv(65_536))
            return pieces

    for piece in await asyncio.to_thread(ask):
        assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
        assert piece.endswith(_ANSWER)


async def test_answers_to_requests_in_a_row_come_in_their_order_and_the_connection_closes_where_asked(
    world: World, server: Server
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(_request(world) * 5 + _request(world, b"Connection: close"))
    everything = await reader.read()
    assert everything.count(b"HTTP/1.1 200 OK\r\n") == 6
    assert everything.count(_ANSWER) == 6
    assert everything.endswith(_ANSWER)
    writer.close()
    await writer.wait_closed()


_HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
_ALIVE = b'{"status":"alive"}'


def _chunked(world: World) -> bytes:
    head, _, body = _request(world).partition(b"\r\n\r\n")
    framed = head.replace(b"Content-Length: %d" % len(_QUERY), b"Transfer-Encoding: chunked")
    # The first chunk ends like a head does, and there is a trailer.
    chunks = (body[:10], b"\r\n\r\n", body[10:])
    body = b"".join(b"%x;a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return framed + b"\r\n\r\n" + body + b"0\r\nTrailer: x\r\n\r\n"


async def test_requests_in_a_row_are_answered_wherever_what_arrives_is_divided(world: World, server: Server) -> None:
    body = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n\r\n\r\nabc"
    following = _HEALTH + b"\r\n\r\n" + _chunked(world) + _HEALTH + body + _request(world) + _HEALTH
    expected = [b"alive", _ANSWER, b"alive", b"Method Not Allowed", _ANSWER, b"alive"]
    for size in (1, 2, 3, 5, 7, 50, 1_000, len(following)):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for begin in range(0, len(following), size):
            writer.write(following[begin : begin + size])
            # The server, in the same loop, has its turn.
            await asyncio.sleep(0)
        answers = [await _answer(reader) for _ in expected]
        for answer, part in zip(answers, expected, strict=True):
            assert part in answer
        writer.close()
        await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = re.findall(rb"content-length: (\d+)", head)
        return await reader.readexactly(int(length))


async def test_a_message_behind_the_handshake_of_a_socket_is_received(world: World, server: Server) -> None:
    init = json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {world.token('owner')}"}})
    handshake = b"\r\n".join(
        (
            b"GET /graphql HTTP/1.1",
            b"Host: 127.0.0.1",
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            b"Sec-WebSocket-Protocol: graphql-transport-ws",
        )
    )
    sent = handshake + b"\r\n\r\n" + Frame(Opcode.TEXT, init.encode()).serialize(mask=True)
    for pieces in ([sent], [_HEALTH + sent], [sent[:-1], sent[-1:]], [sent[:-200], sent[-200:]]):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        if pieces[0].startswith(_HEALTH):
            assert await _answer(reader) == _ALIVE
        async with asyncio.timeout(20):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            assert b'{"type":"connection_ack"}' in await reader.readuntil(b"}")
        writer.close()


async def test_what_the_parser_would_take_for_a_second_request_of_one_piece_is_refused(server: ServerHere) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(_HEALTH)
    await _answer(reader)
    connection: Any
    [connection] = server.connections
    connection._feed(_HEALTH * 2)
    async with asyncio.timeout(20):
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_first_and_second_answer_to_a_request_are_alike_to_the_byte(world: World, server: Server) -> None:
    for number, variations in enumerate(
        (
            [],
            [b"Accept: application/json", b"Accept: application/graphql-response+json"],
            [b"Accept: application/graphql-response+json", b"Accept: application/json;q=0.5"],
            [b"Accept: text/html", b"Accept: text/plain"],
            [b"Accept: */*;a*=x;a*0=y"],
            [b"Accept: a/b;x*" + b"5" * 900 + b"*=1"],
            [b"Accept: text/event-stream, application/json"],
            [b"Content-Type: application/json"],
            [b"Authorization: Bearer x"],
            [b"Origin: http://["],
            [b"X-Forwarded-For: a", b"X-Forwarded-For: b"],
            [b"Connection: Upgrade", b"Upgrade: h2c"],
        )
    ):
        query = json.dumps({"query": f"{{ alias{number}: viewer {{ user {{ reference }} }} }}"}).encode()
        answers = []
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(_request(world, *variations, b"Connection: close", query=query))
            async with asyncio.timeout(20):
                answers.append(re.sub(rb"\r\ndate: [^\r]+", b"", await reader.read()))
            writer.close()
        assert len(set(answers)) == 1, variations
        assert not answers[0].startswith(b"HTTP/1.1 500 ")
