"""Paging through the lists inside an order, through members, and through what a viewer received and sent."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.api.many_orders import ENDLESS
from tests.world import PEOPLE, World, row

CONNECTIONS = {
    "sharedOrders": "recipient { reference }",
    "processingResults": "orderVersion",
    "history": "sequence",
}

Ask = Callable[[int, str | None], Awaitable[dict[str, Any]]]


async def _busy_order(world: World) -> None:
    """Give O-owner five results and nine shares, and O-member some of its own."""
    guests = [f"guest-{number}" for number in range(9)]
    await world.import_rows(*(row(f"O-{name}", name) for name in guests))
    order = await world.order_id()
    for name in guests:
        await world.share(name)
        if int(name[-1]) % 2:
            assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
    await world.share("guest-1", "guest-2", sender="member", order="O-member")
    assert (await world.process("member", await world.order_id("O-member"), "ENDORSE"))["codes"] == []


async def _walk(ask: Ask, size: int) -> list[Any]:
    """Return all entries of a list, page after page, each page as large as it can be."""
    found: list[Any] = []
    cursor = None
    while True:
        page = await ask(size, cursor)
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        assert page["pageInfo"]["hasPreviousPage"] == (cursor is not None)
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        found += page["nodes"]
        assert len(found) < ENDLESS
        assert page["totalCount"] == len(found) if not page["pageInfo"]["hasNextPage"] else len(page["nodes"]) == size
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def _fields(node: str) -> str:
    page_info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    return f"{{ totalCount nodes {{ {node} }} edges {{ cursor node {{ {node} }} }} {page_info} }}"


def _of_order(world: World, viewer: str, order: str, connection: str) -> Ask:
    document = (
        f"query($id: ID!, $first: Int, $after: String) {{ order(id: $id) {{ {connection}(first: $first, after: $after)"
        f" {_fields(CONNECTIONS[connection])} }} }}"
    )

    async def ask(size: int, cursor: str | None) -> dict[str, Any]:
        page: dict[str, Any] = (await world.ask(viewer, document, id=order, first=size, after=cursor))["order"]
        return dict(page[connection])

    return ask


async def test_pages_of_every_size_cover_each_entry_of_an_order_once_newest_first(world: World) -> None:
    await _busy_order(world)
    order = await world.order_id()
    for connection, expected in (
        ("sharedOrders", [{"recipient": {"reference": f"guest-{number}"}} for number in range(8, -1, -1)]),
        ("processingResults", [{"orderVersion": version} for version in (5, 4, 3, 2)]),
    ):
        for size in range(1, 11):
            assert await _walk(_of_order(world, "owner", order, connection), size) == expected
    whole = await _walk(_of_order(world, "owner", order, "history"), 100)
    sequences = [event["sequence"] for event in whole]
    assert len(sequences) == 14
    assert sequences == sorted(sequences, reverse=True)
    for size in range(1, 16):
        assert await _walk(_of_order(world, "owner", order, "history"), size) == whole


async def test_a_bystanders_pages_are_full_of_what_they_may_see(world: World) -> None:
    await _busy_order(world)
    order = await world.order_id()
    for size in (1, 2, 3, 100):
        told = await _walk(_of_order(world, "member", order, "history"), size)
        assert len(told) == 5  # The import and four results: no share that is not theirs takes a place on a page.
        shared = await _walk(_of_order(world, "guest-3", order, "sharedOrders"), size)
        assert shared == [{"recipient": {"reference": "guest-3"}}]


async def test_one_page_for_many_orders_is_the_page_of_each(world: World) -> None:
    await _busy_order(world)
    lists = " ".join(f"{name}(first: 2) {_fields(node)}" for name, node in CONNECTIONS.items())
    document = f"query($id: ID!) {{ organisation(id: $id) {{ orders {{ nodes {{ id {lists} }} }} }} }}"
    asked = await world.ask("admin", document, id=await world.organisation_id())
    orders = asked["organisation"]["orders"]["nodes"]
    assert len(orders) == 14
    for order in orders:
        for connection in CONNECTIONS:
            page = await _of_order(world, "admin", order["id"], connection)(2, None)
            assert order[connection] == page
    counts = sorted(order["history"]["totalCount"] for order in orders)
    assert counts == [1] * 12 + [4, 14]


async def test_a_page_of_one_order_is_not_the_page_of_another_with_the_same_arguments(world: World) -> None:
    await _busy_order(world)
    document = (
        "query($a: ID!, $b: ID!) {"
        " a: order(id: $a) { sharedOrders(first: 1) { totalCount nodes { recipient { reference } } } }"
        " b: order(id: $b) { sharedOrders(first: 1) { totalCount nodes { recipient { reference } } }"
        " more: sharedOrders(first: 5, status: [DECLINED]) { totalCount nodes { id } } } }"
    )
    ids = {"a": await world.order_id(), "b": await world.order_id("O-member")}
    assert await world.ask("admin", document, **ids) == {
        "a": {"sharedOrders": {"totalCount": 9, "nodes": [{"recipient": {"reference": "guest-8"}}]}},
        "b": {
            "sharedOrders": {"totalCount": 2, "nodes": [{"recipient": {"reference": "guest-2"}}]},
            "more": {"totalCount": 0, "nodes": []},
        },
    }


async def test_pages_of_members_cover_each_once_in_the_order_in_which_they_came(world: World) -> None:
    guests = [f"guest-{number}" for number in (3, 1, 4, 0, 2)]
    for name in guests:
        await world.import_rows(row(f"O-{name}", name))
    document = (
        "query($id: ID!, $first: Int, $after: String) { organisation(id: $id) { members(first: $first, after: $after)"
        f" {_fields('user { reference }')} }} }}"
    )
    organisation = await world.organisation_id()

    async def ask(size: int, cursor: str | None) -> dict[str, Any]:
        asked = await world.ask("member", document, id=organisation, first=size, after=cursor)
        page: dict[str, Any] = asked["organisation"]["members"]
        return page

    whole = [member["user"]["reference"] for member in await _walk(ask, 100)]
    # Those of one import came at once; the guests came one after the other.
    assert set(whole[:5]) == set(PEOPLE)
    assert whole[5:] == guests
    for size in range(1, 12):
        assert await _walk(ask, size) == [{"user": {"reference": name}} for name in whole]


async def test_pages_of_both_boxes_cover_each_shared_order_once_newest_first(world: World) -> None:
    orders = [f"P-{number}" for number in range(7)]
    await world.import_rows(*(row(order, "owner") for order in orders))
    for order in orders:
        await world.share("recipient", order=order)
    for viewer, box in (("recipient", "RECEIVED"), ("owner", "SENT")):
        document = (
            f"query($first: Int, $after: String) {{ viewer {{ sharedOrders(box: {box}, first: $first, after: $after)"
            f" {_fields('order { reference }')} }} }}"
        )

        async def ask(size: int, cursor: str | None, viewer: str = viewer, document: str = document) -> dict[str, Any]:
            asked = await world.ask(viewer, document, first=size, after=cursor)
            page: dict[str, Any] = asked["viewer"]["sharedOrders"]
            return page

        for size in range(1, 9):
            assert await _walk(ask, size) == [{"order": {"reference": order}} for order in reversed(orders)]
