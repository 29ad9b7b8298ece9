"""The examples for JavaScript go on after their cursor whatever ends their connection: compared with the log itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clients.programs import Program, command
from tests.examples.house import EXAMPLES, House
from tests.examples.writer import EVENTS_OF_A_ROUND, Writer
from tests.listening import head
from tests.world import World

# Servers that start again and clients that wait for them take their time on a machine that is busy.
pytestmark = [pytest.mark.usefixtures("packages"), pytest.mark.timeout(300)]

CLIENTS = ["graphql-ws", "apollo", "urql"]
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
KILLED, STOPPED, TOKEN_REFUSED, SILENT = 1006, 1012, 4403, 4499


class Listener:
    """An example that runs, and what it has said."""

    def __init__(self, running: Program) -> None:
        """Listen to it; it has said nothing yet."""
        self._running = running
        self.events: list[dict[str, Any]] = []
        self.breaks: list[int | None] = []

    @property
    def closed_by(self) -> list[int]:
        """How connections ended, without the attempts to connect while there was no server."""
        return [code for code in self.breaks if code is not None]

    async def hears(self, count: int) -> None:
        """Return when it has heard so many events."""
        while len(self.events) < count:
            self._take(await self._running.says())

    async def breaks_off(self) -> None:
        """Return when its next connection has ended."""
        before = len(self.breaks)
        while len(self.breaks) == before:
            self._take(await self._running.says())

    async def fails(self) -> str:
        """Return what it complains of when it ends by itself, having said nothing more."""
        return await self._running.fails()

    async def ends(self) -> None:
        """Tell it to end, and hear what it says until then."""
        for said in await self._running.ends():
            self._take(said)

    def _take(self, said: dict[str, Any]) -> None:
        if "broke" in said:
            self.breaks.append(said["broke"])
        else:
            self.events.append(said)


@asynccontextmanager
async def _listening(house: House, client: str, token_file: Path) -> AsyncIterator[Listener]:
    where = {"API": house.http_url, "TOKEN_FILE": str(token_file)}
    async with command("node", EXAMPLES / client / "main.js", **where) as running:
        assert await running.says() == {"following": "Family"}
        yield Listener(running)


@pytest.mark.parametrize("client", CLIENTS)
async def test_nothing_is_lost_or_repeated_when_the_server_is_killed_and_when_it_stops(
    world: World, house: House, writer: Writer, client: str
) -> None:
    before = await head(world)
    async with _listening(house, client, house.token_file("admin")) as listener:
        writing = asyncio.create_task(writer.write_until_told())
        for ends in (house.kill, house.stop):
            # What it had not read when the last connection ended comes by the next one.
            await listener.hears(await head(world) - before + 20)
            await ends()
            await house.start()
        await listener.hears(await head(world) - before + 20)
        writer.enough()
        await writing
        log = await house.log(after=before)
        await listener.hears(len(log))
        await listener.ends()
    assert listener.events == log
    assert listener.closed_by == [KILLED, STOPPED]


@ON_SQLITE
@pytest.mark.parametrize("client", ["apollo"])
async def test_it_goes_on_with_a_fresh_token_when_its_token_expires(
    world: World, house: House, writer: Writer, client: str
) -> None:
    before = await head(world)
    async with _listening(house, client, house.token_file("admin", timedelta(seconds=20))) as listener:
        await writer.write_round()
        await listener.hears(EVENTS_OF_A_ROUND)
        house.token_file("admin")
        await listener.breaks_off()
        await writer.write_round()
        await listener.hears(2 * EVENTS_OF_A_ROUND)
        await listener.ends()
    assert listener.events == await house.log(after=before)
    assert listener.breaks == [TOKEN_REFUSED]


@ON_SQLITE
@pytest.mark.parametrize("client", ["graphql-ws"])
async def test_it_gives_up_a_server_that_is_silent(world: World, house: House, writer: Writer, client: str) -> None:
    before = await head(world)
    async with _listening(house, client, house.token_file("admin")) as listener:
        await writer.write_round()
        await listener.hears(EVENTS_OF_A_ROUND)
        house.freeze()
        await listener.breaks_off()
        house.thaw()
        await writer.write_round()
        await listener.hears(2 * EVENTS_OF_A_ROUND)
        await listener.ends()
    assert listener.events == await house.log(after=before)
    assert listener.breaks == [SILENT]


@ON_SQLITE
@pytest.mark.parametrize("client", CLIENTS)
async def test_it_can_be_ended_while_there_is_no_server(
    world: World, house: House, writer: Writer, client: str
) -> None:
    async with _listening(house, client, house.token_file("admin")) as listener:
        await writer.write_round()
        await listener.hears(EVENTS_OF_A_ROUND)
        await house.stop()
        await listener.breaks_off()
        await listener.ends()
    assert listener.closed_by == [STOPPED]


@ON_SQLITE
@pytest.mark.parametrize("client", CLIENTS)
async def test_it_ends_where_its_access_ends(house: House, writer: Writer, client: str) -> None:
    async with _listening(house, client, house.token_file("member")) as listener:
        await writer.write_round()
        # Of the shared order between others it hears nothing.
        await listener.hears(2)
        await writer.remove("member")
        assert "ACCESS_ENDED" in await listener.fails()


@pytest.mark.parametrize("client", CLIENTS)
async def test_its_types_hold(client: str) -> None:
    checking = await asyncio.create_subprocess_exec("npm", "run", "check", cwd=EXAMPLES / client)
    assert await checking.wait() == 0
