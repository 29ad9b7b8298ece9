"""What an order says of itself, and what it lets each viewer do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.vocabulary import OrderStatus
from tests.world import World, row

# The state table, by hand: what is possible from each status.
ACTIONS: dict[str, list[str]] = {
    "PENDING": ["ACTIVATE", "CANCEL"],
    "IN_FORCE": ["RENEW", "ENDORSE", "REPORT_LOSS", "SUSPEND", "CANCEL"],
    "LOSS_REPORTED": ["SETTLE_LOSS", "REJECT_LOSS"],
    "GRACE_PERIOD": ["RENEW", "REPORT_LOSS", "CANCEL"],
    "SUSPENDED": ["REINSTATE", "CANCEL"],
    "LAPSED": ["REINSTATE"],
    "CANCELLED": [],
}
SHAREABLE = {"IN_FORCE", "GRACE_PERIOD", "LOSS_REPORTED"}

_ORDER = """
query($id: ID!) { order(id: $id) {
  id reference title version maxShares sharesClaimed status
  organisation { reference } owner { reference } type { code name priority } premium { amountMinor currency }
  effectiveAt expiresAt createdAt updatedAt
  statusReason { cause action via actor { reference } at }
} }
"""
_MAY = "query($id: ID!) { order(id: $id) { availableActions viewerCanShare } }"


async def _order(world: World, reference: str = "O-owner") -> dict[str, Any]:
    order: dict[str, Any] = (await world.ask("member", _ORDER, id=await world.order_id(reference)))["order"]
    return order


async def _in_every_status(world: World) -> dict[str, str]:
    """Import an order of the owner in each status, and return their ids."""
    await world.import_rows(*(row(f"P-{status}", "owner", status=OrderStatus(status)) for status in ACTIONS))
    return {status: await world.order_id(f"P-{status}") for status in ACTIONS}


async def test_an_order_says_what_was_imported(world: World) -> None:
    began = datetime.now(UTC) - timedelta(seconds=1)
    await world.import_rows(
        row(
            "P-1",
            "owner",
            type="DENTAL",
            title="Größe 🦷",
            premium_minor=2**31 - 1,
            currency="CHF",
            effective_at=datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
            expires_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
            max_shares=10_000,
        )
    )
    order = await _order(world, "P-1")
    made = datetime.fromisoformat(order["createdAt"])
    assert began < made < datetime.now(UTC) + timedelta(seconds=1)
    assert order == {
        "id": await world.order_id("P-1"),
        "reference": "P-1",
        "title": "Größe 🦷",
        "version": 1,
        "maxShares": 10_000,
        "sharesClaimed": 0,
        "status": "IN_FORCE",
        "organisation": {"reference": "family"},
        "owner": {"reference": "owner"},
        "type": {"code": "DENTAL", "name": "Dental cover", "priority": 20},
        "premium": {"amountMinor": 2**31 - 1, "currency": "CHF"},
        "effectiveAt": "1969-12-31T23:59:59.999999Z",
        "expiresAt": "9999-12-31T23:59:59Z",
        "createdAt": order["createdAt"],
        "updatedAt": order["createdAt"],
        "statusReason": {
            "cause": "IMPORTED",
            "action": None,
            "via": None,
            "actor": None,
            "at": order["createdAt"],
        },
    }


async def test_a_cover_without_end_says_so(world: World) -> None:
    assert (await _order(world))["expiresAt"] is None


async def test_an_order_says_which_result_gave_it_its_status(world: World) -> None:
    [shared] = await world.share("recipient", permission="PROCESS")
    assert (await world.claim("recipient", shared))["codes"] == []
    order = imported = await _order(world)
    for actor, terminal, action, via in (
        ("admin", await world.order_id(), "REPORT_LOSS", "FIRST_ORDER"),
        ("recipient", shared, "SETTLE_LOSS", "SHARED_ORDER"),
    ):
        assert (await world.process(actor, terminal, action))["codes"] == []
        order = await _order(world)
        reason = order["statusReason"]
        assert reason.pop("at") == order["updatedAt"] > imported["updatedAt"]
        assert reason == {"cause": "PROCESSED", "action": action, "via": via, "actor": {"reference": actor}}
    assert (order["version"], order["sharesClaimed"], order["createdAt"]) == (3, 1, imported["createdAt"])


async def test_available_actions_follow_the_state_table_for_owner_and_admins_alone(world: World) -> None:
    for status, order in (await _in_every_status(world)).items():
        for viewer in ("owner", "admin"):
            assert (await world.ask(viewer, _MAY, id=order))["order"]["availableActions"] == ACTIONS[status]
        for viewer in ("member", "sender", "recipient"):
            assert (await world.ask(viewer, _MAY, id=order))["order"]["availableActions"] == []


async def test_available_actions_follow_the_state_table_for_whoever_holds_a_share_to_process(world: World) -> None:
    await world.import_rows(row("P-1", "owner", max_shares=3))
    order = await world.order_id("P-1")
    [process] = await world.share("recipient", order="P-1", permission="PROCESS")
    [view] = await world.share("member", order="P-1")
    document = "query($id: ID!) { sharedOrder(id: $id) { availableActions } }"

    async def actions(viewer: str, shared: str) -> Any:
        return (await world.ask(viewer, document, id=shared))["sharedOrder"]["availableActions"]

    assert await actions("recipient", process) == []
    for name, shared in (("recipient", process), ("member", view)):
        assert (await world.claim(name, shared))["codes"] == []
    for action, status in (
        (None, "IN_FORCE"),
        ("REPORT_LOSS", "LOSS_REPORTED"),
        ("REJECT_LOSS", "IN_FORCE"),
        ("SUSPEND", "SUSPENDED"),
        ("CANCEL", "CANCELLED"),
    ):
        if action is not None:
            assert (await world.process("recipient", process, action))["order"]["status"] == status
        assert await actions("recipient", process) == ACTIONS[status]
        # Through a share that only lets view, nothing; and nobody acts through the share of another.
        assert await actions("member", view) == await actions("owner", process) == await actions("admin", view) == []
    assert (await world.ask("recipient", _MAY, id=order))["order"]["availableActions"] == []


async def test_a_share_that_has_ended_lets_do_nothing(world: World) -> None:
    [shared] = await world.share("recipient", permission="PROCESS")
    assert (await world.claim("recipient", shared))["codes"] == []
    payload = await world.mutate(
        "recipient", "releaseSharedOrder", "sharedOrder { status availableActions }", sharedOrderId=shared
    )
    assert payload["sharedOrder"] == {"status": "RELEASED", "availableActions": []}


@pytest.mark.parametrize("policy", ["ANY_MEMBER", "OWNER_AND_ADMINS"])
async def test_viewer_can_share_follows_the_policy_and_the_status(world: World, policy: str) -> None:
    given = {"organisationId": await world.organisation_id(), "sharePolicy": policy}
    payload = await world.mutate("admin", "setSharePolicy", "organisation { sharePolicy }", **given)
    assert payload["organisation"] == {"sharePolicy": policy}
    for status, order in (await _in_every_status(world)).items():
        for viewer in ("owner", "admin", "member", "recipient"):
            allowed = policy == "ANY_MEMBER" or viewer in ("owner", "admin")
            can_share = (await world.ask(viewer, _MAY, id=order))["order"]["viewerCanShare"]
            assert can_share == (allowed and status in SHAREABLE), (viewer, status)
