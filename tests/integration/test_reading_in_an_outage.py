"""Answers that cannot be read because the database is away: they fail, and nobody waits for them for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.database import Database
from tests.integration.outage import outage
from tests.world import World


class _Client:
    """A client with one token: who asks is known from its first request on, so later ones meet the fault themselves."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._headers = {"Authorization": f"Bearer {world.token('owner')}"}

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return the whole answer."""
        body = {"query": document, "variables": variables}
        async with asyncio.timeout(20):
            response = await self.world.http.post("/graphql", json=body, headers=self._headers)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture
async def client(postgresql_url: str) -> AsyncIterator[_Client]:
    """A client of the small world, whose database can be taken away."""
    world = World(Database(postgresql_url))
    await world.populate()
    yield _Client(world)
    await world.http.aclose()
    await world.database.close()


async def test_a_query_for_which_no_connection_can_be_had_fails_and_succeeds_when_it_can(
    client: _Client, postgresql_server_url: str, postgresql_url: str
) -> None:
    document = "query($id: ID!) { organisation(id: $id) { logCursor } }"
    organisation = await client.world.organisation_id()
    before = await client.ask(document, id=organisation)
    async with outage(postgresql_server_url, postgresql_url):
        answer = await client.ask(document, id=organisation)
    assert answer["data"] == {"organisation": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL"]
    assert await client.ask(document, id=organisation) == before


async def test_fields_that_wait_for_the_same_all_fail_with_it(
    client: _Client, postgresql_server_url: str, postgresql_url: str
) -> None:
    document = "query($id: ID!) { a: organisation(id: $id) { name logCursor } b: organisation(id: $id) { name } }"
    organisation = await client.world.organisation_id()
    before = await client.ask(document, id=organisation)
    async with outage(postgresql_server_url, postgresql_url):
        answer = await client.ask(document, id=organisation)
    assert answer["data"] == {"a": None, "b": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL", "INTERNAL"]
    assert await client.ask(document, id=organisation) == before
