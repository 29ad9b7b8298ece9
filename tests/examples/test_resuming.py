"""The examples for JavaScript go on after their cursor whatever ends their connection: compared with the log itself."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.clients.programs import Program, command
from tests.examples.house import EXAMPLES, House
from tests.examples.writer import EVENTS_OF_A_ROUND, keep_busy
from tests.listening import head
from tests.world import World

pytestmark = pytest.mark.usefixtures("packages")

CLIENTS = ["graphql-ws", "apollo", "urql"]
KILLED, STOPPED, TOKEN_EXPIRED, SILENT = 1006, 1012, 4403, 4499


class _Listener:
    """An example that runs, and what it has said."""

    def __init__(self, running: Program) -> None:
        self._running = running
        self.events: list[dict[str, Any]] = []
        self.breaks: list[int | None] = []

    async def begins(self) -> None:
        assert await self._running.says() == {"following": "Family"}

    async def hears(self, until: int) -> None:
        while len(self.events) < until:
            self._take(await self._running.says())

    async def breaks_off(self) -> None:
        before = len(self.breaks)
        while len(self.breaks) == before:
            self._take(await self._running.says())

    def _take(self, said: dict[str, Any]) -> None:
        if "broke" in said:
            self.breaks.append(said["broke"])
        else:
            self.events.append(said)

    def closed_by(self) -> list[int]:
        """Return how the server closed connections, without the attempts to connect while there was none."""
        return [code for code in self.breaks if code is not None]


def _environment(house: House, token_file: object) -> dict[str, str]:
    return {"API": house.http_url, "TOKEN_FILE": str(token_file)}


@pytest.mark.parametrize("client", CLIENTS)
async def test_nothing_is_lost_or_repeated_when_the_server_is_killed_and_when_it_stops(
    world: World, house: House, client: str
) -> None:
    before = await head(world)
    async with command(
        "node", EXAMPLES / client / "main.js", **_environment(house, house.token_file("admin"))
    ) as running:
        listener = _Listener(running)
        await listener.begins()
        writing = asyncio.create_task(keep_busy(house, rounds=12))
        for heard, breaks in ((12, house.kill), (28, house.stop), (44, house.kill)):
            await listener.hears(heard)
            await breaks()
            await house.start()
        await listener.hears(12 * EVENTS_OF_A_ROUND)
        await writing
        assert await running.ends() == []
    assert listener.events == await house.log(after=before)
    assert listener.closed_by() == [KILLED, STOPPED, KILLED]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("client", CLIENTS)
async def test_it_goes_on_with_a_fresh_token_when_its_token_expires(world: World, house: House, client: str) -> None:
    before = await head(world)
    token_file = house.token_file("admin", timedelta(seconds=8))
    async with command("node", EXAMPLES / client / "main.js", **_environment(house, token_file)) as running:
        listener = _Listener(running)
        await listener.begins()
        await keep_busy(house, rounds=1)
        await listener.hears(EVENTS_OF_A_ROUND)
        house.token_file("admin")
        await listener.breaks_off()
        await keep_busy(house, rounds=1)
        await listener.hears(2 * EVENTS_OF_A_ROUND)
        assert await running.ends() == []
    assert listener.events == await house.log(after=before)
    assert listener.breaks == [TOKEN_EXPIRED]
