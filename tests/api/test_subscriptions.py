"""What the three subscriptions say, from when on, and how they end."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from schema.global_id import encode_id
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
    log_cursor,
)
from tests.served_world import Server, terminal
from tests.world import World

# What `_endorse_share_endorse` adds to the log, by the subscription that tells it.
_TOLD = {EVENTS: (1, 2, 3), STATUSES: (1, 3), SHARES: (2,)}


async def _endorse_share_endorse(world: World, recipient: str) -> None:
    order = await world.order_id()
    assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
    await world.share(recipient)
    assert (await world.process("owner", order, "ENDORSE"))["codes"] == []


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS)
async def test_without_a_cursor_a_subscriber_hears_what_happens_from_now_on(
    world: World, server: Server, subscription: str
) -> None:
    ear = Ear(world)
    await _endorse_share_endorse(world, "recipient")
    before = await head(world)
    async with terminal(server, world.token("owner")) as opened:
        await ear.subscribe(opened, document(subscription), organisation=await world.organisation_id())
        await _endorse_share_endorse(world, "member")
        expected = [before + step for step in _TOLD[subscription]]
        heard = await hear(opened, subscription, expected[-1])
        assert [event["sequence"] for event in heard] == expected
        await hears_no_more(opened)


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS)
async def test_from_a_cursor_a_subscriber_hears_what_was_and_then_what_comes(
    world: World, server: Server, subscription: str
) -> None:
    ear = Ear(world)
    await _endorse_share_endorse(world, "sender")
    after = await log_cursor(world, "owner")
    before = await head(world)
    await _endorse_share_endorse(world, "recipient")
    async with terminal(server, world.token("owner")) as opened:
        organisation = await world.organisation_id()
        await ear.subscribe(opened, document(subscription), organisation=organisation, after=after)
        await _endorse_share_endorse(world, "member")
        expected = [before + round_ + step for round_ in (0, 3) for step in _TOLD[subscription]]
        heard = await hear(opened, subscription, expected[-1])
        assert [event["sequence"] for event in heard] == expected
        await hears_no_more(opened)


async def test_there_is_no_seam_between_what_was_and_what_comes(world: World, server: Server) -> None:
    order, organisation, after = await world.order_id(), await world.organisation_id(), await first_cursor(world)
    before = await head(world)

    async def listen() -> list[int]:
        async with terminal(server, world.token("member")) as opened:
            await opened.subscribe(document(EVENTS), organisation=organisation, after=after)
            return [event["sequence"] for event in await hear(opened, EVENTS, before + 60)]

    listeners = []
    for written in range(60):
        # Each begins while the log grows, with more of it behind them.
        if written % 6 == 0:
            listeners.append(asyncio.create_task(listen()))
        assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
    for heard in await asyncio.gather(*listeners):
        assert heard == list(range(1, before + 61))


async def test_the_status_is_that_of_the_event_and_the_nested_order_is_at_least_as_new(
    world: World, server: Server
) -> None:
    order, organisation = await world.order_id(), await world.organisation_id()
    after = await log_cursor(world, "owner")
    fields = "status previousStatus orderVersion order { version status }"
    ear = Ear(world)
    for action in ("REPORT_LOSS", "SETTLE_LOSS", "SUSPEND"):
        assert (await world.process("owner", order, action))["codes"] == []
    async with terminal(server, world.token("member")) as opened:
        await ear.subscribe(opened, document(STATUSES, fields), organisation=organisation, after=after)
        heard = [(await opened.next_data())[STATUSES] for _ in range(3)]
        now = {"version": 4, "status": "SUSPENDED"}
        assert heard == [
            {"previousStatus": "IN_FORCE", "status": "LOSS_REPORTED", "orderVersion": 2, "order": now},
            {"previousStatus": "LOSS_REPORTED", "status": "IN_FORCE", "orderVersion": 3, "order": now},
            {"previousStatus": "IN_FORCE", "status": "SUSPENDED", "orderVersion": 4, "order": now},
        ]
        # The same subscriber hears a later event with the order as it is then, not as it was when it subscribed.
        assert (await world.process("owner", order, "REINSTATE"))["codes"] == []
        assert (await opened.next_data())[STATUSES] == {
            "previousStatus": "SUSPENDED",
            "status": "IN_FORCE",
            "orderVersion": 5,
            "order": {"version": 5, "status": "IN_FORCE"},
        }


async def test_a_shared_order_is_told_with_the_status_of_the_event_and_as_it_is_now(
    world: World, server: Server
) -> None:
    after = await log_cursor(world, "owner")
    [shared] = await world.share("recipient")
    await world.claim("recipient", shared)
    fields = "previousStatus status actor { reference } sharedOrder { id status order { sharesClaimed } }"
    async with terminal(server, world.token("owner")) as opened:
        await opened.subscribe(document(SHARES, fields), organisation=await world.organisation_id(), after=after)
        now = {"id": shared, "status": "CLAIMED", "order": {"sharesClaimed": 1}}
        assert [(await opened.next_data())[SHARES] for _ in range(2)] == [
            {"previousStatus": None, "status": "OFFERED", "actor": {"reference": "owner"}, "sharedOrder": now},
            {
                "previousStatus": "OFFERED",
                "status": "CLAIMED",
                "actor": {"reference": "recipient"},
                "sharedOrder": now,
            },
        ]


async def test_an_event_that_fails_in_part_is_heard_and_so_are_those_after_it(world: World, server: Server) -> None:
    ear = Ear(world)
    organisation, order = await world.organisation_id(), await world.order_id()
    # The field fails while those beside it are being read.
    fields = """sequence order {
      organisation { orders(first: 0) { totalCount } }
      sharedOrders { totalCount nodes { recipient { name } } } history { totalCount nodes { actor { name } } }
    }"""
    before = await head(world)
    async with terminal(server, world.token("owner")) as opened:
        await ear.subscribe(opened, document(EVENTS, fields), organisation=organisation)
        for step in range(1, 6):
            assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
            payload = (await opened.receive())["payload"]
            assert payload["data"] == {EVENTS: {"sequence": before + step, "order": None}}
            [error] = payload["errors"]
            assert error["path"] == [EVENTS, "order", "organisation", "orders"]
            assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        await _no_connection_is_out(world)


async def test_order_ids_keep_the_changes_of_these_orders_alone(world: World, server: Server) -> None:
    ear = Ear(world)
    organisation, before = await world.organisation_id(), await head(world)
    orders = {name: await world.order_id(f"O-{name}") for name in ("owner", "sender", "member")}
    only = (
        "subscription($organisation: ID!, $orders: [ID!]) { orderStatusChanged(organisationId: $organisation, "
        "orderIds: $orders) { sequence order { reference } } }"
    )
    foreign = [await world.order_id("O-outsider"), encode_id("User", (await world.order_row()).id), "garbage", ""]
    async with terminal(server, world.token("recipient")) as opened:
        wanted = [orders["sender"], orders["member"], *foreign]
        await ear.subscribe(opened, only, "two", organisation=organisation, orders=wanted)
        await ear.subscribe(opened, only, "none", organisation=organisation, orders=[])
        await ear.subscribe(opened, only, "all", organisation=organisation, orders=None)
        for name in ("owner", "sender", "owner", "member"):
            assert (await world.process(name, orders[name], "ENDORSE"))["codes"] == []
        assert (await world.process("outsider", foreign[0], "ENDORSE"))["codes"] == []
        heard: dict[str, list[tuple[int, str]]] = {"two": [], "none": [], "all": []}
        for _ in range(6):
            message = await opened.receive()
            event = message["payload"]["data"][STATUSES]
            heard[message["id"]].append((event["sequence"] - before, event["order"]["reference"]))
        assert heard == {
            "two": [(2, "O-sender"), (4, "O-member")],
            "none": [],
            "all": [(1, "O-owner"), (2, "O-sender"), (3, "O-owner"), (4, "O-member")],
        }
        await hears_no_more(opened)


async def test_more_than_a_thousand_order_ids_are_refused(world: World, server: Server) -> None:
    only = (
        "subscription($organisation: ID!, $orders: [ID!]) { orderStatusChanged(organisationId: $organisation, "
        "orderIds: $orders) { sequence } }"
    )
    async with terminal(server, world.token("owner")) as opened:
        order, organisation = await world.order_id(), await world.organisation_id()
        await opened.subscribe(only, organisation=organisation, orders=[order] * 1001)
        message = await opened.receive()
        assert message["type"] == "error"
        assert [error["extensions"]["code"] for error in message["payload"]] == ["BAD_USER_INPUT"]


async def test_two_subscriptions_share_a_socket_and_complete_ends_the_one_it_names(
    world: World, server: Server
) -> None:
    ear = Ear(world)
    organisation, order = await world.organisation_id(), await world.order_id()
    async with terminal(server, world.token("owner")) as opened:
        for operation, subscription in (("first", STATUSES), ("second", EVENTS)):
            await ear.subscribe(opened, document(subscription, "orderVersion"), operation, organisation=organisation)
        assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
        assert sorted([await _heard(opened), await _heard(opened)]) == [("first", 2), ("second", 2)]
        await opened.send(id="first", type="complete")
        await hears_no_more(opened)
        assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
        assert await _heard(opened) == ("second", 3)
        # Its name is free again.
        await ear.subscribe(opened, document(STATUSES, "orderVersion"), "first", organisation=organisation)
        assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
        assert sorted([await _heard(opened), await _heard(opened)]) == [("first", 4), ("second", 4)]
        await hears_no_more(opened)
    await ear.is_left_by_all()


async def _heard(opened: Any) -> tuple[str, int]:
    message = await opened.receive()
    assert message["type"] == "next", message
    [event] = message["payload"]["data"].values()
    return message["id"], event["orderVersion"]


async def test_a_subscription_holds_no_connection_while_it_waits(world: World, server: Server) -> None:
    ear = Ear(world)
    organisation, order, before = await world.organisation_id(), await world.order_id(), await head(world)
    fields = "sequence order { owner { name } sharedOrders { totalCount } }"
    # More subscribers than either database's pool has connections.
    async with AsyncExitStack() as sockets:
        terminals = [await sockets.enter_async_context(terminal(server, world.token("owner"))) for _ in range(4)]
        for opened in terminals:
            for operation in range(12):
                await ear.subscribe(opened, document(EVENTS, fields), str(operation), organisation=organisation)
        await _no_connection_is_out(world)
        assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
        for opened in terminals:
            heard = [(await opened.next_data())[EVENTS] for _ in range(12)]
            nested = {"owner": {"name": "Owner"}, "sharedOrders": {"totalCount": 0}}
            assert heard == [{"sequence": before + 1, "order": nested}] * 12
        await _no_connection_is_out(world)
        assert ear.tails.listening == 48
    await ear.is_left_by_all()


async def _no_connection_is_out(world: World) -> None:
    async with asyncio.timeout(10):
        while world.database.lent_connections:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)
