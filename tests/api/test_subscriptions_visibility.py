"""Each viewer hears the slice of the log that they may see: no more, no less, and all of it in order."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import product
from typing import Any

import pytest
from sqlalchemy import text

from tests.listening import (
    EVENTS,
    SHARES,
    STATUSES,
    SUBSCRIPTIONS,
    Ear,
    document,
    first_cursor,
    head,
    hear,
    hears_no_more,
)
from tests.served_world import Server, Terminal, terminal
from tests.world import PEOPLE, World, row

_KINDS = {EVENTS: None, STATUSES: "ORDER_STATUS_CHANGED", SHARES: "SHARED_ORDER_CHANGED"}

# Reads the tables by hand, so that it shares no line with the product: whom each entry concerns.
_LOG = text(
    """
    SELECT event.sequence, event.kind, owner.reference AS owner,
           sender.reference AS sender, recipient.reference AS recipient
    FROM event
    JOIN organisation ON organisation.id = event.organisation_id AND organisation.reference = 'family'
    LEFT JOIN shared_order ON shared_order.id = event.shared_order_id
    LEFT JOIN orders ON orders.id = shared_order.order_id
    LEFT JOIN app_user AS owner ON owner.id = orders.owner_id
    LEFT JOIN app_user AS sender ON sender.id = shared_order.sender_id
    LEFT JOIN app_user AS recipient ON recipient.id = shared_order.recipient_id
    ORDER BY event.sequence
    """
)


async def _slice(world: World, viewer: str, subscription: str) -> list[int]:
    """Return the sequences that the viewer may hear, by the rule as the contract says it."""
    async with world.database.engine.connect() as connection:
        log = (await connection.execute(_LOG)).mappings().all()
    return [
        entry["sequence"]
        for entry in log
        if _KINDS[subscription] in (None, entry["kind"])
        and (
            entry["kind"] != "SHARED_ORDER_CHANGED"
            or viewer == "admin"
            or viewer in (entry["owner"], entry["sender"], entry["recipient"])
        )
    ]


async def _share_process_end(world: World, order: str, sender: str, recipients: Sequence[str]) -> None:
    owner = order.removeprefix("O-")
    permission = "PROCESS" if sender == owner else "VIEW"
    shares = await world.share(*recipients, sender=sender, order=order, permission=permission)
    declined = await world.mutate(recipients[0], "declineSharedOrder", "", sharedOrderId=shares[0])
    assert declined["codes"] == []
    assert (await world.claim(recipients[1], shares[1]))["codes"] == []
    if permission == "PROCESS":
        assert (await world.process(recipients[1], shares[1], "ENDORSE"))["codes"] == []
    assert (await world.process(owner, await world.order_id(order), "ENDORSE"))["codes"] == []
    released = await world.mutate(recipients[1], "releaseSharedOrder", "", sharedOrderId=shares[1])
    assert released["codes"] == []
    for shared in shares[2:]:
        revoked = await world.mutate(sender, "revokeSharedOrder", "", sharedOrderId=shared)
        assert revoked["codes"] == []


async def _an_eventful_day(world: World) -> None:
    """Let everybody share, claim, process and end, one beside the other, and end with what each must hear."""
    organisation = await world.organisation_id()
    await asyncio.gather(
        _share_process_end(world, "O-owner", "owner", ["sender", "recipient"]),
        _share_process_end(world, "O-owner", "sender", ["member", "admin"]),
        _share_process_end(world, "O-admin", "admin", ["recipient", "member", "owner"]),
        _share_process_end(world, "O-member", "recipient", ["owner", "sender"]),
        _share_process_end(world, "O-recipient", "recipient", ["owner", "sender"]),
        world.mutate("admin", "setSharePolicy", "", organisationId=organisation, sharePolicy="ANY_MEMBER"),
        world.mutate("admin", "addMember", "", organisationId=organisation, reference="new", name="New"),
        world.import_rows(row("O-late", "sender"), row("O-sender", "sender", title="Another title")),
    )
    await world.process("owner", await world.order_id(), "REPORT_LOSS")
    await world.share("recipient", "member", sender="sender")


@pytest.mark.parametrize("replayed", [True, False], ids=["replayed", "live"])
async def test_each_viewer_hears_their_slice_of_the_log(world: World, server: Server, replayed: bool) -> None:
    ear = Ear(world)
    organisation, after = await world.organisation_id(), await first_cursor(world)
    if replayed:
        await _an_eventful_day(world)
    async with AsyncExitStack() as sockets:
        listening: dict[tuple[str, str], Terminal] = {}
        for viewer, subscription in product(PEOPLE, SUBSCRIPTIONS):
            opened = await sockets.enter_async_context(terminal(server, world.token(viewer)))
            await ear.subscribe(opened, document(subscription), organisation=organisation, after=after)
            listening[viewer, subscription] = opened
        if not replayed:
            await _an_eventful_day(world)
        heard: dict[tuple[str, str], list[int]] = {}
        for (viewer, subscription), opened in listening.items():
            expected = await _slice(world, viewer, subscription)
            events = await hear(opened, subscription, expected[-1])
            heard[viewer, subscription] = [event["sequence"] for event in events]
            assert heard[viewer, subscription] == expected, f"{viewer}: {subscription}"
            await hears_no_more(opened)
    # The slices differ as the roles do: nobody but the admin hears all, and no two hear the same of the shares.
    whole = list(range(1, await head(world) + 1))
    assert [viewer for viewer in PEOPLE if heard[viewer, EVENTS] == whole] == ["admin"]
    assert len({tuple(heard[viewer, SHARES]) for viewer in PEOPLE}) == len(PEOPLE)
    assert len({tuple(heard[viewer, STATUSES]) for viewer in PEOPLE}) == 1


async def test_who_becomes_the_owner_of_an_order_hears_of_its_shares(world: World, server: Server) -> None:
    organisation, after = await world.organisation_id(), await first_cursor(world)
    await world.share("recipient", sender="sender")
    assert len(await _heard_shares(world, server, organisation, after, "owner")) == 1
    await world.import_rows(row("O-owner", "member"))
    for viewer, count in {"owner": 0, "member": 1, "sender": 1, "recipient": 1, "admin": 1}.items():
        expected = await _slice(world, viewer, SHARES)
        assert len(expected) == count
        assert await _heard_shares(world, server, organisation, after, viewer) == expected


async def _heard_shares(world: World, server: Server, organisation: str, after: str, viewer: str) -> list[Any]:
    """Return what a viewer hears of the shares so far: all that comes before the next change of a status."""
    async with terminal(server, world.token(viewer)) as opened:
        await opened.subscribe(document(EVENTS, "__typename sequence"), organisation=organisation, after=after)
        await world.process("admin", await world.order_id("O-admin"), "ENDORSE")
        heard = await hear(opened, EVENTS, await head(world))
        return [event["sequence"] for event in heard if event["__typename"] == "SharedOrderChanged"]
