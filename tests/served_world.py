"""The small world's application on a port of its own, and clients of `graphql-transport-ws` that speak with it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
import websockets

from app.http.uvicorn_protocol import CoalescingHttpProtocol
from app.websocket.protocol import WebSocketProtocol
from tests.world import World


class Server:
    """The application on a port of its own."""

    def __init__(self, port: int) -> None:
        """Name the addresses."""
        self.port = port
        self.http_url = f"http://127.0.0.1:{port}/graphql"
        self.socket_url = f"ws://127.0.0.1:{port}/graphql"


class ServerHere(Server):
    """The same in the process of the test, which can see what it does.

    Attributes:
        socket: Where it listens.
        connections: Its connections.
    """

    def __init__(self, running: uvicorn.Server) -> None:
        """Name what is running."""
        self.socket = running.servers[0].sockets[0]
        self.connections = running.server_state.connections
        super().__init__(self.socket.getsockname()[1])


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[ServerHere]:
    """Serve the world's application on a free port of the loopback address, without its sweeper."""
    config = uvicorn.Config(
        world.app,
        port=0,
        lifespan="off",
        log_level="warning",
        http=CoalescingHttpProtocol,
        ws=WebSocketProtocol,  # type: ignore[arg-type]  # uvicorn's types know no buffered protocol
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0)
    try:
        yield ServerHere(server)
    finally:
        server.should_exit = True
        await task


class Terminal:
    """A client of `graphql-transport-ws`."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        """Speak over an open socket."""
        self.socket = socket

    async def send(self, **message: Any) -> None:
        """Send a protocol message."""
        await self.socket.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        """Return the next protocol message; a test that waits for ever is ended here."""
        async with asyncio.timeout(20):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        return message

    async def subscribe(self, document: str, operation: str = "1", **variables: Any) -> None:
        """Begin an operation."""
        await self.send(id=operation, type="subscribe", payload={"query": document, "variables": variables})

    async def next_data(self) -> dict[str, Any]:
        """Return the data of the next result, which must have no error."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        data: dict[str, Any] = message["payload"]["data"]
        return data


@asynccontextmanager
async def terminal(server: Server, token: str) -> AsyncIterator[Terminal]:
    """Open an authenticated socket."""
    async with websockets.connect(
        server.socket_url,
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        # With a full queue this client stops reading, and does not see that the server closes as well.
        max_queue=None,
    ) as socket:
        opened = Terminal(socket)
        await opened.send(type="connection_init", payload={"authorization": f"Bearer {token}"})
        assert (await opened.receive())["type"] == "connection_ack"
        yield opened
