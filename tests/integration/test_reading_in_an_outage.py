"""Answers that cannot be read because the database is away: they say so, and nobody waits for them for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import SQLAlchemyError

from db.database import Database
from db.event_log import read_events
from db.outage import is_away
from domain.people import Viewer
from execution.subscriptions import Subscribed
from schema.context import ConnectionContext
from schema.global_id import decode_node_id
from schema.types.event import event_from_row
from tests.integration.outage import outage
from tests.world import World


class _Client:
    """A client with one token: who asks is known from its first request on, so later ones meet the fault themselves."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._headers = {"Authorization": f"Bearer {world.token('owner')}"}

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return the whole answer."""
        response = await self.response(document, **variables)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    async def is_told(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return the whole answer to what cannot be answered at all, for now."""
        response = await self.response(document, **variables)
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        answer: dict[str, Any] = response.json()
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAVAILABLE"}
        return answer

    async def response(self, document: str, **variables: Any) -> httpx.Response:
        body = {"query": document, "variables": variables}
        async with asyncio.timeout(20):
            return await self.world.http.post("/graphql", json=body, headers=self._headers)


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
        answer = await client.is_told(document, id=organisation)
    assert answer["data"] == {"organisation": None}
    [error] = answer["errors"]
    assert error["message"] == (
        "The database is not available: nothing was done. Send it again, a mutation with the same idempotency key."
    )
    assert (error["extensions"]["retryAfter"], len(error["extensions"]["requestId"])) == (5, 32)
    assert await client.ask(document, id=organisation) == before


async def test_fields_that_wait_for_the_same_all_fail_with_it(
    client: _Client, postgresql_server_url: str, postgresql_url: str
) -> None:
    document = "query($id: ID!) { a: organisation(id: $id) { name logCursor } b: organisation(id: $id) { name } }"
    organisation = await client.world.organisation_id()
    before = await client.ask(document, id=organisation)
    async with outage(postgresql_server_url, postgresql_url):
        answer = await client.is_told(document, id=organisation)
    assert answer["data"] == {"a": None, "b": None}
    assert len(answer["errors"]) == 2
    assert await client.ask(document, id=organisation) == before


async def test_an_answer_of_which_only_a_part_is_missing_is_given(
    client: _Client, postgresql_server_url: str, postgresql_url: str
) -> None:
    document = "query($id: ID!) { orderStateMachine { toStatus } organisation(id: $id) { logCursor } }"
    organisation = await client.world.organisation_id()
    before = await client.ask(document, id=organisation)
    async with outage(postgresql_server_url, postgresql_url):
        answer = await client.ask(document, id=organisation)
    assert answer["data"] == {**before["data"], "organisation": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAVAILABLE"]


async def test_an_event_is_not_told_in_part_because_the_database_is_away(
    client: _Client, postgresql_server_url: str, postgresql_url: str
) -> None:
    database, schema = client.world.database, client.world.app.sockets.operations.schema
    organisation = await client.world.organisation_id()
    async with database.read() as session:
        entries = await read_events(session, decode_node_id(organisation)[1], 0, 100)
    event = event_from_row(next(entry.event for entry in entries if entry.event.order_id is not None))
    viewer = Viewer(decode_node_id(await client.world.user_id("owner"))[1])
    document = (
        f'subscription {{ organisationEvents(organisationId: "{organisation}") {{ sequence order {{ version }} }} }}'
    )
    result = await schema.begin(document, None, ConnectionContext(database, viewer), None)
    subscribed = Subscribed.within(result.data)
    assert subscribed is not None
    async with outage(postgresql_server_url, postgresql_url):
        for who in (None, viewer):
            with pytest.raises((SQLAlchemyError, OSError)) as away:
                await schema.answers(subscribed, [event], database, who)
            assert is_away(away.value)
    for who in (None, viewer):
        answers = await schema.answers(subscribed, [event], database, who)
        assert answers is not None
        assert [answer.data for answer in answers] == [
            {"organisationEvents": {"sequence": event.sequence, "order": {"version": 1}}}
        ]
