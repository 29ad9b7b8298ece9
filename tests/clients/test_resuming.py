"""A client goes on after its cursor whatever happens to its connection: each event is heard once, in order."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from db.database import Database
from tests.clients.programs import Program, program
from tests.clients.wire import Wire
from tests.listening import head, log_cursor
from tests.served_world import Server, serving
from tests.world import World

pytestmark = pytest.mark.usefixtures("node")

# What a client is told of the end of its connection: over HTTP nothing.
CUT: dict[str, dict[str, Any]] = {"graphql_ws": {"closed": 1006}, "graphql_sse": {}}
STOPPED: dict[str, dict[str, Any]] = {"graphql_ws": {"closed": 1012}, "graphql_sse": {}}
NOTHING: dict[str, dict[str, Any]] = {"graphql_ws": {"closed": None}, "graphql_sse": {}}


async def _endorse(world: World) -> None:
    assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []


async def _place(world: World) -> tuple[str, str]:
    return await world.organisation_id(), await log_cursor(world, "member")


async def _connects(running: Program, connection: int, after: dict[str, Any]) -> None:
    assert await running.says() == {"connection": connection, **after}


@pytest.mark.parametrize("client", CUT)
async def test_when_the_connection_is_cut_again_and_again(world: World, server: Server, client: str) -> None:
    before, place = await head(world), await _place(world)
    async with Wire(server) as wire:
        addresses = {"ADDRESSES": wire.http_url, "TOKENS": world.token("member")}
        async with program(f"resuming/{client}.js", *place, "6", **addresses) as running:
            await _connects(running, 1, NOTHING[client])
            for cut in (1, 2, 3):
                await _endorse(world)
                assert await running.says() == {"heard": before + 2 * cut - 1}
                wire.cut()
                await _endorse(world)
                await _connects(running, cut + 1, CUT[client])
                assert await running.says() == {"heard": before + 2 * cut}
            assert await running.rest() == []


@pytest.mark.parametrize("client", STOPPED)
async def test_at_another_server_when_one_stops(world: World, server: Server, database_url: str, client: str) -> None:
    before, place = await head(world), await _place(world)
    replica = World(Database(database_url))
    async with AsyncExitStack() as running_replica:
        stopping = await running_replica.enter_async_context(serving(replica))
        addresses = {"ADDRESSES": f"{stopping.http_url} {server.http_url}", "TOKENS": world.token("member")}
        async with program(f"resuming/{client}.js", *place, "2", **addresses) as running:
            await _connects(running, 1, NOTHING[client])
            await _endorse(replica)
            assert await running.says() == {"heard": before + 1}
            await running_replica.aclose()
            await _connects(running, 2, STOPPED[client])
            await _endorse(world)
            assert await running.rest() == [{"heard": before + 2}]
    await replica.http.aclose()
    await replica.database.close()


async def test_with_another_token_when_one_is_refused(world: World, server: Server) -> None:
    before, place = await head(world), await _place(world)
    await _endorse(world)
    addresses = {"ADDRESSES": server.http_url, "TOKENS": f"garbage {world.token('member')}"}
    async with program("resuming/graphql_ws.js", *place, "1", **addresses) as running:
        assert await running.rest() == [
            {"connection": 1, "closed": None},
            {"connection": 2, "closed": 4403},
            {"heard": before + 1},
        ]
