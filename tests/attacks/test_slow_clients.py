"""Connections over which no request comes end by themselves."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

import app.http.uvicorn_protocol
from tests.served_world import Server, ServerHere
from tests.world import World


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"POST /graph",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nContent-Type: application/json\r\n\r\n{",
    ],
    ids=["nothing", "a line", "headers", "a body"],
)
async def test_a_connection_over_which_a_request_does_not_come_whole_is_ended(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(app.http.uvicorn_protocol, "_WHOLE_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    authorization = f"Authorization: Bearer {world.token('owner')}\r\n".encode()
    writer.write(beginning.replace(b"Host: x\r\n", b"Host: x\r\n" + authorization))
    async with asyncio.timeout(20):
        # The server aborts, which is seen as an end or as a reset.
        with suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_asks_now_and_then_goes_on(server: ServerHere) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(6):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(20):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            assert await reader.readexactly(18) == b'{"status":"alive"}'
        connection: Any
        [connection] = server.connections
        # As when it is waited for a request that has begun, and nothing more has come.
        connection._check_progress()
        connection._check_progress()
    writer.close()
