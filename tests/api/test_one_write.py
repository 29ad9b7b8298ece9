"""Answers leave the server whole: head and body in one piece, one after the other on a connection that is kept."""

import asyncio
import json
import socket

from tests.served_world import Server
from tests.world import World

_QUERY = json.dumps({"query": "{ viewer { user { reference } } }"}).encode()
_ANSWER = b'{"data":{"viewer":{"user":{"reference":"owner"}}},"extensions":{"cost":{"requested":2,"allowed":35000}}}'


def _request(world: World, *headers: bytes) -> bytes:
    head = (
        b"POST /graphql HTTP/1.1",
        b"Host: 127.0.0.1",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(_QUERY),
        b"Authorization: Bearer " + world.token("owner").encode(),
        *headers,
    )
    return b"\r\n".join(head) + b"\r\n\r\n" + _QUERY


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
