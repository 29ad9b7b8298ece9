"""The list of an organisation's orders is what a plain SQL statement, written by hand, says it is."""

from collections import defaultdict
from typing import Any

from resolvers.import_order_types import OrderTypeToImport, import_order_types
from tests.api.many_orders import by_hand, fill, walk
from tests.world import World

_ORDERS = """
    SELECT o.reference, u.reference, t.code, t.priority
    FROM orders AS o
    JOIN organisation AS g ON g.id = o.organisation_id
    JOIN app_user AS u ON u.id = o.owner_id
    JOIN order_type AS t ON t.code = o.type_code
    WHERE g.reference = 'family'
    ORDER BY {order}
"""
_SHARES = """
    SELECT o.reference, s.reference, r.reference, shared.status
    FROM shared_order AS shared
    JOIN orders AS o ON o.id = shared.order_id
    JOIN app_user AS s ON s.id = shared.sender_id
    JOIN app_user AS r ON r.id = shared.recipient_id
    ORDER BY shared.id DESC
"""
_BY = {
    "TYPE_PRIORITY": "t.priority, o.effective_at DESC, o.id",
    "EXPIRES_AT": "CASE WHEN o.expires_at IS NULL THEN 1 ELSE 0 END, o.expires_at, o.id",
    "EFFECTIVE_AT_DESC": "o.effective_at DESC, o.id",
    "PREMIUM_DESC": "o.premium_minor DESC, o.id DESC",
}


async def _share_some(world: World) -> None:
    """Share every seventh of the orders that can be shared, with everybody but its owner."""
    everybody = ("sender", "recipient", "member")
    shareable = await walk(world, "admin", "reference owner { reference } maxShares", where={"shareable": True})
    for order in shareable[::7]:
        recipients = [name for name in everybody if name != order["owner"]["reference"]]
        shared = await world.share(*recipients, sender="admin", order=order["reference"])
        if order["maxShares"]:
            assert (await world.claim(recipients[0], shared[0]))["codes"] == []


async def test_the_list_by_type_priority_is_the_sql_statement_with_owners_types_and_shares(world: World) -> None:
    await fill(world, 300)
    await _share_some(world)
    shares: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for reference, sender, recipient, status in await by_hand(world, _SHARES):
        shares[reference].append(
            {"sender": {"reference": sender}, "recipient": {"reference": recipient}, "status": status}
        )
    expected = [
        {
            "reference": reference,
            "owner": {"reference": owner},
            "type": {"code": code, "priority": priority},
            "sharedOrders": {"nodes": shares[reference]},
        }
        for reference, owner, code, priority in await by_hand(world, _ORDERS.format(order=_BY["TYPE_PRIORITY"]))
    ]
    assert len(expected) == 305
    assert sum(map(len, shares.values())) > 30
    fields = (
        "reference owner { reference } type { code priority }"
        " sharedOrders { nodes { sender { reference } recipient { reference } status } }"
    )
    assert await walk(world, "admin", fields) == expected


async def _references_by_hand(world: World, sort: str) -> list[str]:
    return [reference for reference, *_ in await by_hand(world, _ORDERS.format(order=_BY[sort]))]


async def test_every_sort_is_its_sql_statement(world: World) -> None:
    await fill(world, 300)
    for sort in _BY:
        expected = await _references_by_hand(world, sort)
        assert len(expected) == 305
        assert [order["reference"] for order in await walk(world, "member", "reference", by=sort)] == expected, sort


async def test_a_list_is_sorted_by_type_priority_and_has_fifty_entries_unless_told_otherwise(world: World) -> None:
    await fill(world, 60)
    document = "query($id: ID!) { organisation(id: $id) { orders { totalCount nodes { reference } } } }"
    listed = (await world.ask("member", document, id=await world.organisation_id()))["organisation"]["orders"]
    expected = await _references_by_hand(world, "TYPE_PRIORITY")
    assert [order["reference"] for order in listed["nodes"]] == expected[:50]
    assert listed["totalCount"] == len(expected) == 65


async def test_a_type_that_gets_another_priority_moves_its_orders(world: World) -> None:
    await fill(world, 60)
    before = await _references_by_hand(world, "TYPE_PRIORITY")
    last = OrderTypeToImport("TRAVEL", "Travel cover", 1000)
    await world.database.write(lambda session: import_order_types(session, [last]))
    listed = [order["reference"] for order in await walk(world, "member", "reference")]
    assert listed == await _references_by_hand(world, "TYPE_PRIORITY") != before
    codes = [order["type"]["code"] for order in await walk(world, "member", "type { code }")]
    travelling = codes.count("TRAVEL")
    assert codes[-travelling:] == ["TRAVEL"] * travelling


async def test_arguments_of_null_are_arguments_left_out(world: World) -> None:
    document = "query($id: ID!) { organisation(id: $id) { orders(where: null, first: null) { totalCount } } }"
    assert await world.ask("member", document, id=await world.organisation_id()) == {
        "organisation": {"orders": {"totalCount": 5}}
    }
