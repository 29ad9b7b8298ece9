"""How many statements an answer costs: the same for one order as for many, and none that nobody asked for."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from db.database import Database
from tests.statements import statements
from tests.world import World, row

_NESTED = """
  nodes {
    reference status viewerCanShare availableActions
    organisation { reference viewerRole }
    owner { name }
    type { name priority }
    statusReason { cause actor { name } }
    sharedOrders { %(count)s nodes {
      status sender { name } recipient { name } claimEligibility { claimable code } availableActions order { title }
    } }
    history { %(count)s nodes { __typename actor { name } order { version }
      ... on SharedOrderChanged { sharedOrder { status } } } }
    processingResults { %(count)s nodes { action actor { name } sharedOrder { permission } } }
  }
  %(count)s
"""
_LIST = (
    'query($id: ID!, $first: Int) { organisation(id: $id) { orders(where: {search: "P-"}, first: $first) {'
    + _NESTED
    + "} } }"
)
_PAGE = "WITH seen"
"""How the statement begins that reads a page whole."""


async def _busy_orders(world: World, count: int) -> None:
    """Make orders, each shared, claimed by one recipient and processed once, all by the same people.

    With others, a page would need one statement less where an earlier one happened to load them.
    """
    orders = [f"P-{number:02}" for number in range(count)]
    await world.import_rows(
        *(row(order, "owner", type=("HOSPITAL", "DENTAL")[number % 2]) for number, order in enumerate(orders))
    )
    for order in orders:
        [_, shared] = await world.share("member", "recipient", sender="admin", order=order, permission="PROCESS")
        assert (await world.claim("recipient", shared))["codes"] == []
        assert (await world.process("recipient", shared, "ENDORSE"))["codes"] == []


async def _cost(world: World, viewer: str, document: str, **variables: Any) -> tuple[list[str], dict[str, Any]]:
    organisation = await world.organisation_id()
    with statements(world.database) as sent:
        data = await world.ask(viewer, document, id=organisation, **variables)
    # Who asks is looked up once for each token, by the first request that brings it.
    return [statement.text for statement in sent if "WHERE app_user.reference " not in statement.text], data


_LIST_PAGE = """query($id: ID!, $first: Int) { organisation(id: $id) { orders(first: $first) {
  nodes { id reference title status version premium { amountMinor currency } expiresAt sharesClaimed maxShares
    %s sharedOrders(first: 5) { nodes { id status permission %s } } }
  pageInfo { hasNextPage endCursor } } } }"""
_LINKED = _LIST_PAGE % ("type { code name } owner { id name }", "recipient { id name }")
_BARE = _LIST_PAGE % ("", "")


def _tables(statements: list[str]) -> list[str]:
    """Return the table of the first column that each statement reads, or how the statement of a page begins."""
    return [_PAGE if each.startswith(_PAGE) else re.findall(r"SELECT (?!anon)(\w+)\.", each)[0] for each in statements]


@asynccontextmanager
async def _restarted(world: World) -> AsyncIterator[World]:
    """Return the world as a process that remembers nothing serves it."""
    url = world.database.engine.url.render_as_string(hide_password=False)
    fresh = World(Database(url))
    yield fresh
    await fresh.http.aclose()
    await fresh.database.close()


async def test_the_page_of_orders_with_their_shares_and_people_costs_one_statement(world: World) -> None:
    await _busy_orders(world, 25)
    async with _restarted(world) as fresh:
        first, data = await _cost(fresh, "admin", _LINKED, first=25)
        # The people and kinds are read once, and remembered.
        assert _tables(first) == [_PAGE, "names", "app_user", "order_type"]
        for size in (1, 5, 25):
            sent, data = await _cost(fresh, "admin", _LINKED, first=size)
            assert _tables(sent) == [_PAGE]
            assert len(data["organisation"]["orders"]["nodes"]) == size


async def test_people_and_kinds_are_read_only_where_they_are_selected(world: World) -> None:
    await _busy_orders(world, 2)
    async with _restarted(world) as fresh:
        sent, _ = await _cost(fresh, "admin", _BARE, first=25)
        assert _tables(sent) == [_PAGE]
        sent, _ = await _cost(fresh, "admin", "query($id: ID!) { organisation(id: $id) { name viewerRole } }")
        assert _tables(sent) == ["organisation"]


async def test_the_nested_list_costs_the_same_for_one_order_as_for_twenty_five(world: World) -> None:
    await _busy_orders(world, 25)
    # What each viewer sees of an order: shares, entries of its history, results.
    # Of the recipients' memberships one knows one's own already, so a page of one's own shares asks for none.
    for viewer, seen, cost in (("admin", [2, 5, 1], 9), ("member", [1, 3, 1], 8)):
        costs = {}
        for first in (25, 1, 5, 25):
            sent, data = await _cost(world, viewer, _LIST % {"count": ""}, first=first)
            nodes = data["organisation"]["orders"]["nodes"]
            assert len(nodes) == first
            for node in nodes:
                assert [len(node[name]["nodes"]) for name in ("sharedOrders", "history", "processingResults")] == seen
            costs[first] = len(sent)
        assert costs == dict.fromkeys((1, 5, 25), cost)


async def test_what_is_counted_costs_one_statement_for_each_kind_of_list_and_nothing_otherwise(world: World) -> None:
    await _busy_orders(world, 10)
    await _cost(world, "admin", _LIST % {"count": ""}, first=10)
    plain, _ = await _cost(world, "admin", _LIST % {"count": ""}, first=10)
    assert [statement for statement in plain if "count(" in statement.lower()] == []
    counting, data = await _cost(world, "admin", _LIST % {"count": "totalCount"}, first=10)
    assert len([statement for statement in counting if "count(" in statement.lower()]) == 4
    assert len(counting) == len(plain) + 4
    listed = data["organisation"]["orders"]
    assert listed["totalCount"] == 10
    assert {node["sharedOrders"]["totalCount"] for node in listed["nodes"]} == {2}
    assert {node["history"]["totalCount"] for node in listed["nodes"]} == {5}
    assert {node["processingResults"]["totalCount"] for node in listed["nodes"]} == {1}


_OTHER_LISTS = {
    "members": "query($id: ID!, $first: Int) { organisation(id: $id) { list: members(first: $first) {"
    " nodes { role user { name } organisation { name } } } } }",
    "received": "query($first: Int) { organisation: viewer { list: sharedOrders(first: $first) {"
    " nodes { status order { title owner { name } type { name } } sender { name } claimEligibility { code }"
    " availableActions } } } }",
}


@pytest.mark.parametrize("name", _OTHER_LISTS)
async def test_every_other_list_costs_the_same_for_one_entry_as_for_many(world: World, name: str) -> None:
    await world.import_rows(*(row(f"O-guest-{number}", f"guest-{number}") for number in range(20)))
    for number in range(20):
        await world.share("recipient", order=f"O-guest-{number}", sender="admin")
    costs = {}
    for first in (20, 1, 20):
        sent, data = await _cost(world, "recipient", _OTHER_LISTS[name], first=first)
        assert len(data["organisation"]["list"]["nodes"]) == first
        costs[first] = len(sent)
    assert costs == dict.fromkeys((1, 20), {"members": 2, "received": 4}[name])


async def test_a_hundred_nodes_of_one_kind_cost_the_same_as_one(world: World) -> None:
    await world.import_rows(*(row(f"P-{number:02}", "owner") for number in range(99)))
    orders = [await world.order_id(f"P-{number:02}") for number in range(99)]
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { title owner { name } } } }"
    costs = {}
    for ids in (orders[:1], orders):
        sent, data = await _cost(world, "member", document, ids=ids)
        assert None not in data["nodes"]
        costs[len(ids)] = len(sent)
    assert costs == {1: 2, 99: 2}


async def test_a_query_of_constants_costs_nothing(world: World) -> None:
    sent, _ = await _cost(world, "member", "{ orderStateMachine { action } __schema { queryType { name } } }")
    assert sent == []
