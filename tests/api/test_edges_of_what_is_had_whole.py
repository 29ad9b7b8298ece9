"""An organisation had whole where a row, a request or a viewer is unlike the others; field by field says the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from db.database import Database
from db.sharing_tables import SharedOrderRow
from resolvers.import_order_types import OrderTypeToImport, import_order_types
from tests.api.both_ways import BothWays
from tests.world import World, row

_SHARES = "orders { nodes { reference sharedOrders { nodes { recipient { reference } } } } }"
_NAMES = "orders { nodes { reference owner { name } type { name } } }"


@pytest.fixture
def both(world: World) -> BothWays:
    return BothWays(world)


async def _shown(both: BothWays, viewer: str) -> dict[str, list[str]]:
    """Return the recipients of the shares that a viewer sees, by order, where there are any."""
    shown = {
        node["reference"]: [share["recipient"]["reference"] for share in node["sharedOrders"]["nodes"]]
        for node in await both.orders(viewer, _SHARES)
    }
    return {reference: recipients for reference, recipients in shown.items() if recipients}


async def test_a_share_is_seen_by_its_sender_its_recipient_the_order_s_owner_and_admins(
    world: World, both: BothWays
) -> None:
    await world.share("recipient", sender="admin", order="O-owner")
    await world.share("member", sender="owner", order="O-owner")
    organisation = await world.organisation_id()
    for user, role in (("sender", "ADMIN"), ("admin", "MEMBER")):
        changed = await world.mutate(
            "sender" if user == "admin" else "admin",
            "setMemberRole",
            "membership { role }",
            organisationId=organisation,
            userId=await world.user_id(user),
            role=role,
        )
        assert changed["codes"] == []

    everything = {"O-owner": ["member", "recipient"]}
    assert await _shown(both, "owner") == everything
    # An admin now, who has sent nothing.
    assert await _shown(both, "sender") == everything
    # No admin any more, and the sender of one.
    assert await _shown(both, "admin") == {"O-owner": ["recipient"]}
    assert await _shown(both, "recipient") == {"O-owner": ["recipient"]}
    assert await _shown(both, "member") == {"O-owner": ["member"]}


async def test_people_and_kinds_have_their_names_of_now_from_the_first_request_on(world: World, both: BothWays) -> None:
    fresh = World(Database(world.database.engine.url.render_as_string(hide_password=False)))
    first = BothWays(fresh)
    for owner, kind in (("Owner", "Hospital cover"), ("Ada", "Hospital cover"), ("Ada", "Ward"), ("Owner", "Ward")):
        await world.import_rows(replace(row("O-owner", "owner"), member_name=owner))
        kinds = [OrderTypeToImport("HOSPITAL", kind, 10)]
        await world.database.write(partial(import_order_types, types=kinds))
        for asker in (first, both, first):
            nodes = await asker.orders("owner", _NAMES)
            [node] = [node for node in nodes if node["reference"] == "O-owner"]
            assert (node["owner"]["name"], node["type"]["name"]) == (owner, kind)
    await fresh.http.aclose()
    await fresh.database.close()


async def test_one_person_is_shown_in_several_forms_in_one_answer(world: World, both: BothWays) -> None:
    await world.share("recipient", sender="owner", order="O-owner")
    shares = "sharedOrders { nodes { sender { reference } recipient { name id } by: sender { name: reference } } }"
    nodes = await both.orders("owner", f"orders {{ nodes {{ owner {{ name }} mine: owner {{ id }} {shares} }} }}")

    [node] = [node for node in nodes if node["sharedOrders"]["nodes"]]
    assert node == {
        "owner": {"name": "Owner"},
        "mine": {"id": await world.user_id("owner")},
        "sharedOrders": {
            "nodes": [
                {
                    "sender": {"reference": "owner"},
                    "recipient": {"name": "Recipient", "id": await world.user_id("recipient")},
                    "by": {"name": "owner"},
                }
            ]
        },
    }


@pytest.mark.parametrize(
    ("selection", "variables"),
    [
        ("orders(first: $a) { nodes { reference sharedOrders(first: $b) { nodes { id } } } }", ", $a: Int, $b: Int"),
        ("orders(first: 3) { nodes { reference sharedOrders(first: $b) { nodes { id } } } }", ", $b: Int"),
        ("orders(first: $a) { nodes { reference sharedOrders(first: 1) { nodes { id } } } }", ", $a: Int"),
        ("orders(first: $a) { nodes { reference } }", ", $a: Int = 4"),
    ],
)
async def test_each_request_has_the_pages_that_it_asks_for(
    world: World, both: BothWays, selection: str, variables: str
) -> None:
    await world.share("recipient", "member", "admin", sender="owner", order="O-owner")
    for a, b in ((5, 1), (1, 3), (5, 3), (2, 2)):
        given: dict[str, Any] = {name: value for name, value in (("a", a), ("b", b)) if f"${name}" in variables}
        nodes = await both.orders("owner", selection, variables=variables, **given)
        assert len(nodes) == given.get("a", 3)
        [shares] = [node["sharedOrders"]["nodes"] for node in nodes if node.get("sharedOrders", {}).get("nodes")] or [
            []
        ]
        most = given.get("b", 1 if "sharedOrders" in selection else 0)
        assert len(shares) == (most if any(node["reference"] == "O-owner" for node in nodes) else 0)


async def test_each_request_has_the_filter_that_it_asks_for(world: World, both: BothWays) -> None:
    selection = "orders(where: {search: $text, expiresBefore: null}) { nodes { reference } }"
    for searched, expected in (("o-ow", ["O-owner"]), ("o-mem", ["O-member"]), ("none", [])):
        nodes = await both.orders("owner", selection, variables=", $text: String", text=searched)
        assert [node["reference"] for node in nodes] == expected


async def test_arguments_that_are_null_are_as_in_the_usual_way(world: World, both: BothWays) -> None:
    await world.share("recipient", "member", sender="owner", order="O-owner")
    for arguments in ("first: null", "after: null, before: null", "where: null", "last: null, first: 2"):
        assert len(await both.orders("owner", f"orders({arguments}) {{ nodes {{ id }} }}")) in (2, 5)
    shares = "orders { nodes { sharedOrders(status: null, after: null, first: 1) { nodes { id } } } }"
    assert sum(len(node["sharedOrders"]["nodes"]) for node in await both.orders("owner", shares)) == 1
    nulled = "orders { nodes { sharedOrders(first: null) { nodes { id } } } }"
    # Left to the usual way, which knows how many there are then.
    assert sum(len(node["sharedOrders"]["nodes"]) for node in await both.orders("owner", nulled, whole=False)) == 2


async def test_a_page_tells_whether_there_is_more_exactly(world: World, both: BothWays) -> None:
    await world.share("recipient", "member", "admin", sender="owner", order="O-owner")
    info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    for size, more in ((2, True), (3, False), (4, False)):
        selection = f"orders {{ nodes {{ reference sharedOrders(first: {size}) {{ {info} nodes {{ id }} }} }} }}"
        [shares] = [
            node["sharedOrders"] for node in await both.orders("owner", selection) if node["reference"] == "O-owner"
        ]
        assert (len(shares["nodes"]), shares["pageInfo"]["hasNextPage"]) == (min(size, 3), more)
    for size in (4, 5, 6):
        for side in ("first", "last"):
            selection = f"orders({side}: {size}) {{ {info} edges {{ cursor }} nodes {{ reference }} }}"
            assert len(await both.orders("owner", selection)) == min(size, 5)


async def test_instants_at_both_ends_of_time_are_shown(world: World, both: BothWays) -> None:
    ends = {
        "P-1": datetime.max.replace(tzinfo=UTC),
        "P-2": datetime.max.replace(tzinfo=UTC) - timedelta(microseconds=10),
        "P-3": None,
    }
    await world.import_rows(*(row(reference, "owner", expires_at=ends[reference]) for reference in ends))
    # asyncpg keeps the last instant of all as infinity, which is left to the usual way.
    is_whole = world.database.engine.dialect.name == "sqlite"
    nodes = await both.orders(
        "owner", 'orders(where: {search: "p-"}) { nodes { reference expiresAt } }', whole=is_whole
    )
    assert {node["reference"]: node["expiresAt"] for node in nodes} == {
        "P-1": "9999-12-31T23:59:59.999999Z",
        "P-2": "9999-12-31T23:59:59.999989Z",
        "P-3": None,
    }


async def test_a_share_that_was_claimed_or_ended_keeps_its_status_behind_its_window(
    world: World, both: BothWays
) -> None:
    shared = await world.share("recipient", "member", "admin", sender="owner", order="O-owner")
    assert (await world.claim("recipient", shared[0]))["codes"] == []
    declined = await world.mutate("member", "declineSharedOrder", "sharedOrder { id }", sharedOrderId=shared[1])
    assert declined["codes"] == []
    over = update(SharedOrderRow).values(
        opens_at=datetime.now(UTC) - timedelta(days=2), closes_at=datetime.now(UTC) - timedelta(days=1)
    )

    async def change(session: Any) -> None:
        await session.exec(over.where(col(SharedOrderRow.id).is_not(None)))

    await world.database.write(change)
    nodes = await both.orders("owner", "orders { nodes { sharedOrders { nodes { status } } } }")
    [told] = [node["sharedOrders"]["nodes"] for node in nodes if node["sharedOrders"]["nodes"]]
    assert [node["status"] for node in told] == ["EXPIRED", "DECLINED", "CLAIMED"]


async def test_the_next_page_of_shares_is_left_to_the_usual_way(world: World, both: BothWays) -> None:
    shared = await world.share("recipient", "member", "admin", sender="owner", order="O-owner")
    page = "nodes { sharedOrders(first: 2%s) { nodes { id } pageInfo { endCursor } } }"
    at: dict[str, Any] = {}
    shown = []
    for whole in (True, False):
        selection = "orders { " + page % (", after: $at" if at else "") + " }"
        nodes = await both.orders("owner", selection, variables=", $at: String" if at else "", whole=whole, **at)
        [found] = [node["sharedOrders"] for node in nodes if node["sharedOrders"]["nodes"]]
        at = {"at": found["pageInfo"]["endCursor"]}
        shown.append([node["id"] for node in found["nodes"]])
    assert shown == [shared[:0:-1], shared[:1]]
