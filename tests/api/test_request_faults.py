"""Faults of ours: the client learns a request id and nothing else; the log has the rest under that id."""

import json
import logging
import re
from typing import Any

import pytest
import sqlalchemy
import websockets

from tests.served_world import Server, Terminal, terminal
from tests.world import World

_SECRETS = re.compile(
    r"order_type|app_user|stream|gone|table|relation|SELECT|sqlite|asyncpg|Traceback|File", re.IGNORECASE
)


async def _break(world: World, table: str) -> None:
    """Take a table away, as no migration would."""
    async with world.database.engine.begin() as connection:
        await connection.execute(sqlalchemy.text(f"ALTER TABLE {table} RENAME TO gone"))


async def _mend(world: World, table: str) -> None:
    async with world.database.engine.begin() as connection:
        await connection.execute(sqlalchemy.text(f"ALTER TABLE gone RENAME TO {table}"))


def _is_ours(error: dict[str, Any], caplog: pytest.LogCaptureFixture, table: str) -> None:
    """Assert that an error tells a request id alone, and that the log tells under it what failed."""
    assert error["message"] == "Something failed on our side."
    request_id = error["extensions"].pop("requestId")
    assert error["extensions"] == {"code": "INTERNAL"}
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    [record] = [record for record in caplog.records if request_id in record.getMessage()]
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert table in str(record.exc_info[1])


async def test_a_query_that_fails_tells_a_request_id_and_answers_its_other_fields(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await _break(world, "order_type")
    document = "query($id: ID!) { viewer { user { reference } } organisation(id: $id) { orderTypes { code } } }"
    response = await world.post("owner", document, {"id": await world.organisation_id()})
    assert response.status_code == 200
    body = response.json()
    [error] = body["errors"]
    assert error["path"] == ["organisation", "orderTypes"]
    assert not _SECRETS.search(response.text.replace("orderTypes", "")), response.text
    _is_ours(error, caplog, "order_type")
    assert body["data"] == {"viewer": {"user": {"reference": "owner"}}, "organisation": None}


async def test_a_mutation_that_fails_changes_nothing_and_can_be_sent_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    given = {
        "orderId": await world.order_id(),
        "recipientIds": [await world.user_id("recipient")],
        "idempotencyKey": "once",
    }
    fields = "sharedOrders { status } userErrors { code }"
    document = f"mutation($input: ShareOrderInput!) {{ shareOrder(input: $input) {{ {fields} }} }}"
    before = await world.dump()
    await _break(world, "stream")
    response = await world.post("owner", document, {"input": given})
    await _mend(world, "stream")
    assert await world.dump() == before
    assert response.json()["data"] is None
    assert not _SECRETS.search(response.text), response.text
    [error] = response.json()["errors"]
    assert error["path"] == ["shareOrder"]
    _is_ours(error, caplog, "stream")
    assert await world.ask("owner", document, input=given) == {
        "shareOrder": {"sharedOrders": [{"status": "OFFERED"}], "userErrors": []}
    }


async def test_a_subscription_that_fails_ends_with_a_request_id_and_leaves_the_socket_open(
    world: World, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    document = "subscription($id: ID!) { organisationEvents(organisationId: $id) { sequence } }"
    organisation = await world.organisation_id()
    await _break(world, "stream")
    async with terminal(server, world.token("owner")) as opened:
        await opened.subscribe(document, id=organisation)
        message = await opened.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert not _SECRETS.search(json.dumps(message))
        [error] = message["payload"]
        _is_ours(error, caplog, "stream")
        await opened.send(type="ping")
        assert (await opened.receive())["type"] == "pong"


async def test_a_request_that_fails_before_it_is_known_who_asks_is_500_with_a_request_id(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await _break(world, "app_user")
    response = await world.post("owner", "{ viewer { user { id } } }")
    assert response.status_code == 500
    assert response.json().keys() == {"errors"}
    assert not _SECRETS.search(response.text)
    [error] = response.json()["errors"]
    _is_ours(error, caplog, "app_user")


async def test_a_socket_that_fails_before_it_is_known_who_asks_is_closed_as_our_fault(
    world: World, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    await _break(world, "app_user")
    protocol = websockets.Subprotocol("graphql-transport-ws")
    async with websockets.connect(server.socket_url, subprotocols=[protocol]) as socket:
        opened = Terminal(socket)
        await opened.send(type="connection_init", payload={"authorization": f"Bearer {world.token('owner')}"})
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await opened.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    assert not _SECRETS.search(closed.value.rcvd.reason)
    assert "app_user" in caplog.text
