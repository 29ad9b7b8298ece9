"""What becomes of offers and covers when their time has come, without anybody asking."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.sweeper import sweep
from domain.vocabulary import OrderStatus
from tests.integration.time_travel import HOUR, close_window, end_cover, shared_order
from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_DAY = timedelta(days=1)
_OFFER = "O-owner v1 from owner to recipient"


async def _order(world: World, reference: str = "O-owner") -> dict[str, Any]:
    query = """query($id: ID!) { order(id: $id) {
      status version sharesClaimed statusReason { cause action via actor { reference } at } updatedAt
      sharedOrders { nodes { status } }
    } }"""
    answer: dict[str, Any] = (await world.ask("admin", query, id=await world.order_id(reference)))["order"]
    return answer


async def test_an_offer_reads_expired_from_the_end_of_its_window_on_before_any_sweep(world: World) -> None:
    [shared] = await world.share("recipient")
    assert (await shared_order(world, "recipient", shared))["status"] == "OFFERED"
    await close_window(world, shared)
    async with nothing_changes(world):
        for viewer in ("recipient", "owner", "admin"):
            assert await shared_order(world, viewer, shared) == {
                "status": "EXPIRED",
                "claimedAt": None,
                "availableActions": [],
                "claimEligibility": {"claimable": False, "code": "CLAIM_WINDOW_CLOSED"},
                "order": {"sharesClaimed": 0, "version": 1},
            }
        boxes = """{ viewer {
          offered: sharedOrders(status: [OFFERED]) { totalCount }
          expired: sharedOrders(status: [EXPIRED]) { totalCount }
        } }"""
        answer = await world.ask("recipient", boxes)
        assert answer["viewer"] == {"offered": {"totalCount": 0}, "expired": {"totalCount": 1}}
        assert (await world.claim("recipient", shared))["codes"] == ["CLAIM_WINDOW_CLOSED"]


async def test_an_expired_offer_is_logged_once_however_often_time_is_looked_at(world: World) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    async with nothing_changes(world):
        await sweep(world.database)
    await close_window(world, shared)
    await sweep(world.database)
    assert await told(world, since) == [f"nobody: {_OFFER} OFFERED > EXPIRED"]
    assert (await shared_order(world, "recipient", shared))["status"] == "EXPIRED"
    async with nothing_changes(world):
        for _ in range(3):
            await sweep(world.database)
    assert await findings(world.database) == []


async def test_only_open_offers_expire(world: World) -> None:
    await world.import_rows(row("O-owner", "owner", max_shares=5))
    claimed, declined, revoked, released = await world.share("recipient", "member", "sender", "admin")
    await world.claim("recipient", claimed)
    await world.claim("admin", released)
    await world.mutate("member", "declineSharedOrder", "", sharedOrderId=declined)
    await world.mutate("owner", "revokeSharedOrder", "", sharedOrderId=revoked)
    await world.mutate("admin", "releaseSharedOrder", "", sharedOrderId=released)
    await close_window(world, claimed, declined, revoked, released)
    async with nothing_changes(world):
        await sweep(world.database)
    statuses = [
        (await shared_order(world, "owner", shared))["status"] for shared in (claimed, declined, revoked, released)
    ]
    assert statuses == ["CLAIMED", "DECLINED", "REVOKED", "RELEASED"]


async def test_an_extended_offer_is_open_until_its_new_end_and_expires_once_more(world: World) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    await close_window(world, shared)
    await sweep(world.database)
    closes_at = (datetime.now(UTC) + HOUR).isoformat()
    extended = await world.mutate("owner", "extendClaimWindow", "", sharedOrderId=shared, closesAt=closes_at)
    assert extended["codes"] == []
    async with nothing_changes(world):
        await sweep(world.database)
    assert (await shared_order(world, "recipient", shared))["claimEligibility"] == {"claimable": True, "code": None}
    await close_window(world, shared)
    await sweep(world.database)
    assert await told(world, since) == [
        f"nobody: {_OFFER} OFFERED > EXPIRED",
        f"owner: {_OFFER} EXPIRED > OFFERED",
        f"nobody: {_OFFER} OFFERED > EXPIRED",
    ]


async def test_an_extended_offer_can_be_claimed(world: World) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    await close_window(world, shared)
    await sweep(world.database)
    closes_at = (datetime.now(UTC) + HOUR).isoformat()
    await world.mutate("owner", "extendClaimWindow", "", sharedOrderId=shared, closesAt=closes_at)
    assert (await world.claim("recipient", shared))["codes"] == []
    await close_window(world, shared)
    await sweep(world.database)
    assert await told(world, since) == [
        f"nobody: {_OFFER} OFFERED > EXPIRED",
        f"owner: {_OFFER} EXPIRED > OFFERED",
        f"recipient: {_OFFER} OFFERED > CLAIMED",
    ]
    assert await findings(world.database) == []


async def test_a_cover_that_ends_comes_into_its_grace_period_and_then_lapses(world: World) -> None:
    since = await head(world)
    await end_cover(world, HOUR, "O-owner")
    before = datetime.now(UTC)
    await sweep(world.database)
    in_grace = await _order(world)
    await end_cover(world, 30 * _DAY, "O-owner")
    await sweep(world.database)
    lapsed = await _order(world)
    after = datetime.now(UTC)
    for order, status, version in ((in_grace, "GRACE_PERIOD", 2), (lapsed, "LAPSED", 3)):
        at = order["statusReason"].pop("at")
        assert order["statusReason"] == {"cause": "TIME", "action": None, "via": None, "actor": None}
        assert (order["status"], order["version"]) == (status, version)
        assert before <= datetime.fromisoformat(at) <= after
        assert order["updatedAt"] == at
    assert await told(world, since) == [
        "nobody: O-owner v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "nobody: O-owner v3 GRACE_PERIOD > LAPSED (TIME None None)",
    ]
    async with nothing_changes(world):
        await sweep(world.database)
    assert await findings(world.database) == []


async def test_a_cover_whose_grace_is_over_too_takes_both_steps(world: World) -> None:
    since = await head(world)
    await end_cover(world, 31 * _DAY, "O-owner")
    await sweep(world.database)
    assert await told(world, since) == [
        "nobody: O-owner v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "nobody: O-owner v3 GRACE_PERIOD > LAPSED (TIME None None)",
    ]


async def test_a_lapse_revokes_the_open_offers_and_leaves_the_claimed_shares(world: World) -> None:
    claimed, offered, late = await world.share("recipient", "member", "sender")
    await world.claim("recipient", claimed)
    since = await head(world)
    await end_cover(world, HOUR, "O-owner")
    await sweep(world.database)
    # In its grace period an order is shared as before.
    assert (await shared_order(world, "member", offered))["claimEligibility"] == {"claimable": True, "code": None}
    await end_cover(world, 31 * _DAY, "O-owner")
    await sweep(world.database)
    lines = await told(world, since)
    assert lines[:2] == [
        "nobody: O-owner v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "nobody: O-owner v3 GRACE_PERIOD > LAPSED (TIME None None)",
    ]
    assert sorted(lines[2:]) == [
        "nobody: O-owner v3 from owner to member OFFERED > REVOKED",
        "nobody: O-owner v3 from owner to sender OFFERED > REVOKED",
    ]
    assert (await _order(world))["sharesClaimed"] == 1
    statuses = [(await shared_order(world, "owner", shared))["status"] for shared in (claimed, offered, late)]
    assert statuses == ["CLAIMED", "REVOKED", "REVOKED"]
    assert await findings(world.database) == []


async def test_an_offer_that_closed_before_its_order_lapsed_has_expired(world: World) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    await close_window(world, shared)
    await end_cover(world, 31 * _DAY, "O-owner")
    await sweep(world.database)
    lines = await told(world, since)
    assert [line for line in lines if "recipient" in line] == [f"nobody: {_OFFER} OFFERED > EXPIRED"]
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("ago", "status"),
    [(-HOUR, "IN_FORCE"), (30 * _DAY - HOUR, "GRACE_PERIOD"), (30 * _DAY, "LAPSED"), (9000 * _DAY, "LAPSED")],
    ids=["not yet", "in grace", "grace over", "long ago"],
)
async def test_a_cover_goes_as_far_as_its_time_has_come(world: World, ago: timedelta, status: str) -> None:
    await end_cover(world, ago, "O-owner")
    await sweep(world.database)
    assert (await _order(world))["status"] == status


@pytest.mark.parametrize(
    "status", [status for status in OrderStatus if status not in (OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD)]
)
async def test_time_moves_no_order_that_is_neither_in_force_nor_in_grace(world: World, status: OrderStatus) -> None:
    await world.import_rows(row("O-still", "owner", status=status))
    await end_cover(world, 31 * _DAY, "O-still")
    async with nothing_changes(world):
        await sweep(world.database)


async def test_a_cover_without_an_end_never_ends(world: World) -> None:
    async with nothing_changes(world):
        await sweep(world.database)
    assert (await world.order_row()).expires_at is None


async def test_time_passes_in_every_organisation(world: World) -> None:
    since, strangers = await head(world), await head(world, "strangers")
    await end_cover(world, HOUR, "O-owner", "O-outsider", "O-member")
    await sweep(world.database)
    assert sorted(await told(world, since)) == [
        "nobody: O-member v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "nobody: O-owner v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
    ]
    assert await told(world, strangers, "strangers") == [
        "nobody: O-outsider v2 IN_FORCE > GRACE_PERIOD (TIME None None)"
    ]
