"""A subscriber that loses its connection after every single event still hears each once and in order."""

import asyncio
from itertools import cycle
from typing import Any

from db.database import Database
from tests.listening import EVENTS, SHARES, document, head, log_cursor
from tests.served_world import Server, serving, terminal
from tests.world import World

_OWN_FIELDS = {
    EVENTS: "sequence cursor orderVersion order { version } actor { reference } ... on OrderStatusChanged { status }",
    SHARES: "sequence cursor orderVersion order { version } status sharedOrder { recipient { reference } }",
}
_ENDORSEMENTS = 15
_OFFERS = 10


async def _endorse(world: World, name: str) -> None:
    order = await world.order_id(f"O-{name}")
    for _ in range(_ENDORSEMENTS):
        assert (await world.process(name, order, "ENDORSE"))["codes"] == []


async def _offer_and_decline(world: World, recipient: str) -> None:
    for _ in range(_OFFERS):
        [shared] = await world.share(recipient)
        declined = await world.mutate(recipient, "declineSharedOrder", "", sharedOrderId=shared)
        assert declined["codes"] == []


async def _reconnect_after_every_event(
    world: World, servers: list[Server], viewer: str, subscription: str, after: str, last: int
) -> list[dict[str, Any]]:
    """Return what is heard up to the last event, one event for each connection, from one server after the other."""
    organisation = await world.organisation_id()
    heard: list[dict[str, Any]] = []
    replicas = cycle(servers)
    while not heard or heard[-1]["sequence"] < last:
        server = next(replicas)
        async with terminal(server, world.token(viewer)) as opened:
            variables = {"organisation": organisation, "after": after}
            await opened.subscribe(document(subscription, _OWN_FIELDS[subscription]), **variables)
            heard.append((await opened.next_data())[subscription])
        after = heard[-1]["cursor"]
        assert heard[-1]["order"] is None or heard[-1]["order"]["version"] >= heard[-1]["orderVersion"]
    return heard


async def test_each_event_is_heard_once_and_in_order_while_others_write(
    world: World, server: Server, database_url: str
) -> None:
    before, after = await head(world), await log_cursor(world, "admin")
    last = before + 4 * _ENDORSEMENTS + 2 * 2 * _OFFERS + 1
    replica = World(Database(database_url))
    async with serving(replica) as second:
        listening = [
            asyncio.create_task(_reconnect_after_every_event(world, [server, second], *heard, after, last))
            for heard in (("admin", EVENTS), ("recipient", SHARES))
        ]
        await asyncio.gather(
            *(_endorse(world, name) for name in ("admin", "owner", "sender", "member")),
            _offer_and_decline(world, "recipient"),
            _offer_and_decline(world, "member"),
        )
        await world.share("recipient")
        assert await head(world) == last
        everything, shares = await asyncio.gather(*listening)
    await replica.http.aclose()
    await replica.database.close()
    assert [event["sequence"] for event in everything] == list(range(before + 1, last + 1))
    for name in ("admin", "owner", "sender", "member"):
        endorsed = [event for event in everything if "status" in event and event["actor"]["reference"] == name]
        assert [event["orderVersion"] for event in endorsed] == list(range(2, _ENDORSEMENTS + 2))
    assert [event["sequence"] for event in shares] == sorted({event["sequence"] for event in shares})
    assert [event["status"] for event in shares] == ["OFFERED", "DECLINED"] * _OFFERS + ["OFFERED"]
    assert {event["sharedOrder"]["recipient"]["reference"] for event in shares} == {"recipient"}
