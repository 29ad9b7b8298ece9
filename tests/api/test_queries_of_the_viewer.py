"""What a viewer is told of themselves: who they are, where they belong, what they received and sent."""

from datetime import timedelta
from typing import Any

from tests.world import World, row

_DAY = timedelta(days=1)

_BOX = """
query($box: SharedOrderBox!, $status: [SharedOrderStatus!]) { viewer {
  sharedOrders(box: $box, status: $status) { totalCount nodes { order { reference } status } }
} }
"""


async def _box(world: World, viewer: str, box: str, status: list[str] | None = None) -> list[tuple[str, str]]:
    listed = (await world.ask(viewer, _BOX, box=box, status=status))["viewer"]["sharedOrders"]
    assert listed["totalCount"] == len(listed["nodes"])
    return [(shared["order"]["reference"], shared["status"]) for shared in listed["nodes"]]


async def _share_in_every_status(world: World) -> dict[str, str]:
    """Share an order in each status from owner to recipient; the newest is the last."""
    ends = {"CLAIMED": None, "DECLINED": None, "RELEASED": None, "REVOKED": None, "EXPIRED": None, "OFFERED": None}
    await world.import_rows(*(row(f"P-{status}", "owner") for status in ends))
    shared = {status: (await world.share("recipient", order=f"P-{status}"))[0] for status in ends}
    for status in ("CLAIMED", "RELEASED"):
        assert (await world.claim("recipient", shared[status]))["codes"] == []
    for viewer, mutation, status in (
        ("recipient", "declineSharedOrder", "DECLINED"),
        ("recipient", "releaseSharedOrder", "RELEASED"),
        ("owner", "revokeSharedOrder", "REVOKED"),
    ):
        payload = await world.mutate(viewer, mutation, "sharedOrder { status }", sharedOrderId=shared[status])
        assert payload["sharedOrder"] == {"status": status}
    await world.move_window(shared["EXPIRED"], -_DAY, timedelta(0))
    return shared


async def test_the_boxes_hold_what_was_received_and_sent_newest_first(world: World) -> None:
    statuses = list(await _share_in_every_status(world))
    everything = [(f"P-{status}", status) for status in reversed(statuses)]
    assert await _box(world, "recipient", "RECEIVED") == everything
    assert await _box(world, "owner", "SENT") == everything
    assert await _box(world, "owner", "RECEIVED") == await _box(world, "recipient", "SENT") == []
    for bystander in ("admin", "member", "outsider"):
        assert await _box(world, bystander, "RECEIVED") == await _box(world, bystander, "SENT") == []


async def test_the_boxes_keep_the_statuses_that_a_reader_sees(world: World) -> None:
    statuses = list(await _share_in_every_status(world))
    for status in statuses:
        assert await _box(world, "recipient", "RECEIVED", [status]) == [(f"P-{status}", status)]
    assert await _box(world, "owner", "SENT", ["CLAIMED", "EXPIRED", "OFFERED"]) == [
        ("P-OFFERED", "OFFERED"),
        ("P-EXPIRED", "EXPIRED"),
        ("P-CLAIMED", "CLAIMED"),
    ]
    assert await _box(world, "recipient", "RECEIVED", []) == []
    assert len(await _box(world, "recipient", "RECEIVED", statuses)) == 6


async def test_an_order_keeps_the_statuses_that_a_reader_sees(world: World) -> None:
    statuses = await _share_in_every_status(world)
    document = (
        "query($id: ID!, $status: [SharedOrderStatus!])"
        " { order(id: $id) { sharedOrders(status: $status) { totalCount nodes { id status } } } }"
    )
    for status, shared in statuses.items():
        order = await world.order_id(f"P-{status}")
        for asked in statuses:
            found = [{"id": shared, "status": status}] if asked == status else []
            listed: dict[str, Any] = await world.ask("owner", document, id=order, status=[asked])
            assert listed["order"]["sharedOrders"] == {"totalCount": len(found), "nodes": found}


async def test_the_boxes_are_those_received_unless_told_otherwise(world: World) -> None:
    await world.share("recipient")
    document = "{ viewer { sharedOrders { nodes { order { reference } } } } }"
    received = {"viewer": {"sharedOrders": {"nodes": [{"order": {"reference": "O-owner"}}]}}}
    assert await world.ask("recipient", document) == received
    assert await world.ask("owner", document) == {"viewer": {"sharedOrders": {"nodes": []}}}


async def test_the_boxes_reach_over_all_organisations_of_the_viewer(world: World) -> None:
    await world.import_rows(row("S-owner", "owner", organisation="strangers"))
    await world.share("recipient")
    await world.share("owner", sender="outsider", order="O-outsider")
    assert await _box(world, "owner", "SENT") == [("O-owner", "OFFERED")]
    assert await _box(world, "owner", "RECEIVED") == [("O-outsider", "OFFERED")]
    remove = {"organisationId": await world.organisation_id("strangers"), "userId": await world.user_id("owner")}
    assert (await world.mutate("outsider", "removeMember", "organisation { id }", **remove))["codes"] == []
    assert await _box(world, "owner", "RECEIVED") == []
    assert await _box(world, "owner", "SENT") == [("O-owner", "OFFERED")]


async def test_memberships_are_those_that_hold_oldest_organisation_first(world: World) -> None:
    await world.import_rows(row("S-owner", "owner", organisation="strangers"))
    await world.import_rows(row("A-owner", "owner", organisation="a team"))
    document = (
        "{ viewer { user { id reference name } memberships { organisation { reference name viewerRole } role } } }"
    )
    user = {"id": await world.user_id("owner"), "reference": "owner", "name": "Owner"}
    memberships = [
        {"organisation": {"reference": reference, "name": name, "viewerRole": "MEMBER"}, "role": "MEMBER"}
        for reference, name in (("family", "Family"), ("strangers", "Strangers"), ("a team", "A Team"))
    ]
    assert await world.ask("owner", document) == {"viewer": {"user": user, "memberships": memberships}}
    remove = {"organisationId": await world.organisation_id("strangers"), "userId": await world.user_id("owner")}
    assert (await world.mutate("outsider", "removeMember", "organisation { id }", **remove))["codes"] == []
    del memberships[1]
    assert await world.ask("owner", document) == {"viewer": {"user": user, "memberships": memberships}}
