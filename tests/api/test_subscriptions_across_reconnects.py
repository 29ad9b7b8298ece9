"""A subscriber that loses its connection after every single event still hears each once and in order."""

import asyncio
from itertools import cycle
from typing import Any

from db.database import Database
from tests.listening import EVENTS, SHARES, STATUSES, document, first_cursor, head
from tests.world import Server, World, serving, terminal

_OWN_FIELDS = {
    EVENTS: "sequence cursor orderVersion order { version }",
    STATUSES: "sequence cursor orderVersion order { version } reason { action actor { reference } }",
    SHARES: "sequence cursor orderVersion order { version } status sharedOrder { recipient { reference } }",
}
_ENDORSEMENTS = 35
_OFFERS = 20


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
    world: World, servers: list[Server], viewer: str, subscription: str, last: int
) -> list[dict[str, Any]]:
    """Return what is heard up to the last event, one event for each connection, from one server after the other."""
    organisation, after = await world.organisation_id(), await first_cursor(world)
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
    written = await head(world) + 4 * _ENDORSEMENTS + 2 * 2 * _OFFERS
    replica = World(Database(database_url))
    async with serving(replica) as second:
        listening = [
            asyncio.create_task(_reconnect_after_every_event(world, [server, second], *heard))
            for heard in (
                ("admin", EVENTS, written + 2),
                ("member", STATUSES, written + 1),
                ("recipient", SHARES, written + 2),
            )
        ]
        await asyncio.gather(
            *(_endorse(world, name) for name in ("admin", "owner", "sender", "member")),
            _offer_and_decline(world, "recipient"),
            _offer_and_decline(world, "member"),
        )
        assert await head(world) == written
        await world.process("admin", await world.order_id("O-admin"), "REPORT_LOSS")
        await world.share("recipient")
        everything, statuses, shares = await asyncio.gather(*listening)
    await replica.http.aclose()
    await replica.database.close()
    assert [event["sequence"] for event in everything] == list(range(1, written + 3))
    assert len(statuses) == 4 * _ENDORSEMENTS + 1
    assert len(shares) == 2 * _OFFERS + 1
    for slice_ in (shares, statuses):
        sequences = [event["sequence"] for event in slice_]
        assert sequences == sorted(set(sequences))
    assert [event["status"] for event in shares] == ["OFFERED", "DECLINED"] * _OFFERS + ["OFFERED"]
    assert {event["sharedOrder"]["recipient"]["reference"] for event in shares} == {"recipient"}
    for name in ("admin", "owner", "sender", "member"):
        versions = [
            event["orderVersion"]
            for event in statuses
            if event["reason"] == {"action": "ENDORSE", "actor": {"reference": name}}
        ]
        assert versions == list(range(2, _ENDORSEMENTS + 2))
