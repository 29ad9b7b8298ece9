"""A wire between a client and the server, which a test can cut."""

import asyncio
from contextlib import suppress
from typing import Self

from tests.served_world import Server


class Wire(Server):
    """Passes on what goes through the connections of a port of its own, for as long as its context lasts."""

    def __init__(self, server: Server) -> None:
        """Lead to a server; nothing is open yet."""
        self._far_port = server.port
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Take connections."""
        self._listening = await asyncio.start_server(self._take, "127.0.0.1", 0)
        super().__init__(self._listening.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take no more connections, and end those that are there."""
        self._listening.close()
        self.cut()
        await asyncio.gather(*self._tasks)

    def cut(self) -> None:
        """End all connections without a word; new ones can be made at once."""
        for end in self._ends:
            end.transport.abort()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._lead(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far_port)
        ends = {writer, far_writer}
        self._ends |= ends
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
        self._ends -= ends


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
