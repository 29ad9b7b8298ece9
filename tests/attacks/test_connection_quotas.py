"""Streams and sockets of one user, opened at the same moment: as many stay as are allowed, and no place is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import NamedTuple

import pytest
import websockets

from db.database import Database
from tests.listening import EVENTS, document
from tests.served_world import Server, serving, terminal
from tests.streaming import EVENT_STREAM, PARTS
from tests.world import World

_ALLOWED, _AT_ONCE = 5, 40
_SECONDS = 20
_PROTOCOL = websockets.Subprotocol("graphql-transport-ws")


class _Serving(NamedTuple):
    world: World
    server: Server


@pytest.fixture
async def small(database: Database) -> AsyncIterator[_Serving]:
    """A server that allows each user five sockets and streams."""
    world = World(database, max_sockets_per_user=_ALLOWED)
    await world.populate()
    async with serving(world) as server:
        yield _Serving(world, server)


class _Stream(NamedTuple):
    status: int
    writer: asyncio.StreamWriter

    def end(self) -> None:
        self.writer.transport.abort()


async def _send(server: Server, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    return reader, writer


async def _stream(server: Server, request: bytes) -> _Stream:
    reader, writer = await _send(server, request)
    async with asyncio.timeout(_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
    return _Stream(int(head.split()[1]), writer)


async def _request(world: World, accept: str) -> bytes:
    variables = {"organisation": await world.organisation_id()}
    body = json.dumps({"query": document(EVENTS, "sequence"), "variables": variables})
    return (
        "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: {accept}\r\nAuthorization: Bearer {world.token('owner')}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def _streams(server: Server, request: bytes, count: int) -> list[_Stream]:
    return list(await asyncio.gather(*(_stream(server, request) for _ in range(count))))


async def _has_all_places(server: Server, request: bytes) -> None:
    """Require that soon there is a place for as many streams as are allowed, and for no more."""
    async with asyncio.timeout(_SECONDS):
        while True:
            opened = await _streams(server, request, _ALLOWED + 1)
            for each in opened:
                each.end()
            if sorted(each.status for each in opened) == [200] * _ALLOWED + [429]:
                return


@pytest.mark.parametrize("accept", [EVENT_STREAM, PARTS])
async def test_of_forty_streams_at_once_five_stay_and_their_places_are_given_back(small: _Serving, accept: str) -> None:
    request = await _request(small.world, accept)
    opened = await _streams(small.server, request, _AT_ONCE)
    assert sorted(each.status for each in opened) == [200] * _ALLOWED + [429] * (_AT_ONCE - _ALLOWED)
    for each in opened:
        each.end()
    await _has_all_places(small.server, request)


async def test_clients_that_are_gone_before_their_stream_begins_leave_no_place_taken(small: _Serving) -> None:
    request = await _request(small.world, EVENT_STREAM)
    for _ in range(_AT_ONCE):
        _, writer = await _send(small.server, request)
        await writer.drain()
        writer.transport.abort()
    await _has_all_places(small.server, request)


async def test_of_forty_sockets_at_once_five_stay_and_their_places_are_given_back(small: _Serving) -> None:
    token = small.world.token("owner")

    async def is_open(stack: AsyncExitStack) -> bool:
        opened = await stack.enter_async_context(websockets.connect(small.server.socket_url, subprotocols=[_PROTOCOL]))
        await opened.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        try:
            return bool(json.loads(await opened.recv()) == {"type": "connection_ack"})
        except websockets.ConnectionClosed:
            assert (opened.close_code, opened.close_reason) == (1013, "Too many sockets of this user")
            return False

    async with asyncio.timeout(_SECONDS), AsyncExitStack() as stack:
        answers = await asyncio.gather(*(is_open(stack) for _ in range(_AT_ONCE)))
        assert answers.count(True) == _ALLOWED
    async with asyncio.timeout(_SECONDS), AsyncExitStack() as stack:
        for _ in range(_ALLOWED):
            await stack.enter_async_context(terminal(small.server, token))
