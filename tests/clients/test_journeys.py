"""The main journey, gone with each client: list, share, claim, process, and hear of it at the other terminal."""

from typing import Any

import pytest

from tests.clients.programs import program
from tests.listening import Ear, head
from tests.served_world import Server
from tests.world import World

CLIENTS = ["graphql_ws", "graphql_sse", "apollo_socket", "apollo_parts", "urql_socket", "urql_stream"]


async def journey(world: World, before: int) -> list[dict[str, Any]]:
    """Return what is said on the way, where the log ended at a sequence before it."""
    order = await world.order_id()
    return [
        {
            "listed": 1,
            "order": order,
            "reference": "O-owner",
            "owner": "owner",
            "status": "IN_FORCE",
            "version": 1,
        },
        {"shared": [["recipient", "OFFERED", "PROCESS"]]},
        {"second hears": [before + 1, "OFFERED", "recipient"]},
        {"claimed": "CLAIMED", "codes": []},
        {"processed": order, "status": "LOSS_REPORTED", "version": 2},
        {"first hears": [before + 1, "OFFERED"]},
        {"first hears": [before + 2, "CLAIMED"]},
        {
            "first hears": [before + 3, "LOSS_REPORTED", "SHARED_ORDER", "REPORT_LOSS"],
            "order": order,
            "version": 2,
        },
        {"refused": "VERSION_CONFLICT", "version": 2, "status": "LOSS_REPORTED"},
    ]


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("client", CLIENTS)
async def test_a_client_for_javascript_goes_the_whole_way(world: World, server: Server, client: str) -> None:
    ear = Ear(world)
    expected = await journey(world, await head(world))
    tokens = {"FIRST_TOKEN": world.token("owner"), "SECOND_TOKEN": world.token("recipient")}
    async with program("journey.js", client, API=server.http_url, **tokens) as running:
        assert await running.rest() == expected
    await ear.is_left_by_all()
