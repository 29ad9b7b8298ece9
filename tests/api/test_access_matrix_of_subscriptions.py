"""Who hears what: every subscription, begun by everyone, with exactly the events that each may see."""

from itertools import product
from typing import Any

import pytest
import sqlalchemy
import websockets

from tests.api.sharing_stage import (
    ADMIN,
    HOLDER,
    MEMBER,
    MEMBERS,
    NOWHERE,
    OWNER,
    RECIPIENT,
    SENDER,
    STRANGERS,
    UNAUTHENTICATED,
    Stage,
    set_stage,
)
from tests.listening import EVENTS, SHARES, STATUSES, SUBSCRIPTIONS, document, first_cursor, hear, log_cursor
from tests.served_world import Server, Terminal, terminal
from tests.world import World

ALL_SHARES = {"former", "recipient", "holder", "friend"}
SHARES_OF: dict[str, set[str]] = {
    MEMBER: set(),
    SENDER: {"friend"},
    ADMIN: ALL_SHARES,
    OWNER: ALL_SHARES,
    RECIPIENT: {"recipient"},
    HOLDER: {"holder"},
}
"""Whose shares of O-owner each member hears of: sent, received, or of their own order; admins of all."""

_EVERY_EVENT = """
    SELECT event.sequence, event.kind, recipient.reference AS recipient
    FROM event
    JOIN organisation ON organisation.id = event.organisation_id AND organisation.reference = 'family'
    LEFT JOIN shared_order ON shared_order.id = event.shared_order_id
    LEFT JOIN app_user AS recipient ON recipient.id = shared_order.recipient_id
    ORDER BY event.sequence
"""
_KINDS = {
    EVENTS: {"ORDER_STATUS_CHANGED", "SHARED_ORDER_CHANGED", "ORDER_IMPORTED", "MEMBERSHIP_CHANGED"},
    STATUSES: {"ORDER_STATUS_CHANGED"},
    SHARES: {"SHARED_ORDER_CHANGED"},
}


@pytest.fixture
async def stage(world: World) -> Stage:
    """Everyone, around one shared order."""
    return await set_stage(world)


async def _say_a_last_word(stage: Stage, subscription: str, listener: str) -> None:
    """Make an event that the listener hears of, whatever they may see."""
    if subscription == SHARES:
        await stage.world.share("cousin" if listener == ADMIN else listener, sender="admin", order="O-friend")
    else:
        order = await stage.world.order_id("O-admin")
        assert (await stage.world.process("admin", order, "ENDORSE"))["codes"] == []


async def _heard_by_rule(stage: Stage, subscription: str, listener: str) -> list[int]:
    async with stage.world.database.engine.connect() as connection:
        log = (await connection.execute(sqlalchemy.text(_EVERY_EVENT))).all()
    heard = [
        event.sequence
        for event in log[:-1]
        if event.kind in _KINDS[subscription] and (event.recipient is None or event.recipient in SHARES_OF[listener])
    ]
    return [*heard, log[-1].sequence]


@pytest.mark.parametrize("listener", MEMBERS)
async def test_each_member_hears_exactly_what_they_may_see(stage: Stage, server: Server, listener: str) -> None:
    after, organisation = await first_cursor(stage.world), stage.ids["@organisation"]
    async with terminal(server, stage.world.token(listener)) as opened:
        for subscription in SUBSCRIPTIONS:
            await opened.subscribe(document(subscription), subscription, organisation=organisation, after=after)
            await _say_a_last_word(stage, subscription, listener)
            expected = await _heard_by_rule(stage, subscription, listener)
            heard = await hear(opened, subscription, expected[-1])
            assert [event["sequence"] for event in heard] == expected, subscription
            await opened.send(id=subscription, type="complete")


def _refused(subscription: str, operation: str) -> dict[str, Any]:
    """Return the whole message that refuses to begin a subscription."""
    error = {
        "message": "There is no such organisation.",
        "locations": [{"line": 1, "column": document(subscription).index(subscription) + 1}],
        "path": [subscription],
        "extensions": {"code": "NOT_FOUND"},
    }
    return {"id": operation, "type": "error", "payload": [error]}


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_stranger_cannot_tell_the_family_from_nothing(stage: Stage, server: Server, stranger: str) -> None:
    places = (stage.ids["@organisation"], NOWHERE["@organisation"], stage.ids["@order"], "💥")
    cursors = (None, await first_cursor(stage.world), await log_cursor(stage.world, ADMIN), "no cursor")
    async with terminal(server, stage.world.token(stranger)) as opened:
        for subscription, organisation, after in product(SUBSCRIPTIONS, places, cursors):
            await opened.subscribe(document(subscription), subscription, organisation=organisation, after=after)
            assert await opened.receive() == _refused(subscription, subscription)


async def test_the_family_cannot_tell_strangers_from_nothing(stage: Stage, server: Server) -> None:
    for subscription, organisation in product(SUBSCRIPTIONS, (stage.foreign["@organisation"], "💥")):
        async with terminal(server, stage.world.token(OWNER)) as opened:
            await opened.subscribe(document(subscription), organisation=organisation)
            assert await opened.receive() == _refused(subscription, "1")


async def test_without_a_token_the_socket_is_closed(stage: Stage, server: Server) -> None:
    protocol = websockets.Subprotocol("graphql-transport-ws")
    for subscription in SUBSCRIPTIONS:
        async with websockets.connect(server.socket_url, subprotocols=[protocol]) as socket:
            opened = Terminal(socket)
            await opened.send(type="connection_init")
            await opened.subscribe(document(subscription), organisation=stage.ids["@organisation"])
            with pytest.raises(websockets.ConnectionClosedError) as closed:
                await opened.receive()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4403, "Forbidden")


async def test_without_a_token_no_stream_begins(stage: Stage) -> None:
    streams = ("text/event-stream", "multipart/mixed;subscriptionSpec=1.0, application/json")
    for subscription, accepted in product(SUBSCRIPTIONS, streams):
        body = {"query": document(subscription), "variables": {"organisation": stage.ids["@organisation"]}}
        answered = await stage.world.http.post("/graphql", json=body, headers={"accept": accepted})
        assert (answered.status_code, answered.json()) == (401, UNAUTHENTICATED)
