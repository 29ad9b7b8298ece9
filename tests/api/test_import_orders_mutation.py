"""importOrders: what the platform says anew is applied, and never undoes what has happened here since."""

from typing import Any

import pytest

from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_FIELDS = "imported updated unchanged"
_ORDER = """query($id: ID!) { order(id: $id) {
  reference type { code } title premium { amountMinor currency } status effectiveAt expiresAt maxShares sharesClaimed
  version owner { reference } statusReason { cause action via actor { reference } }
} }"""


def _order(reference: str = "N-1", owner: str = "owner", **changes: Any) -> dict[str, Any]:
    said = {
        "reference": reference,
        "ownerReference": owner,
        "type": "HOSPITAL",
        "title": f"Cover {reference}",
        "premium": {"amountMinor": 1250, "currency": "EUR"},
        "status": "IN_FORCE",
        "effectiveAt": "2026-01-01T00:00:00Z",
        "expiresAt": None,
        "maxShares": 2,
    }
    return {**said, **changes}


async def _import(world: World, viewer: str, *orders: dict[str, Any], **given: Any) -> dict[str, Any]:
    place = {"organisationId": await world.organisation_id()}
    return await world.mutate(viewer, "importOrders", _FIELDS, **{**place, "orders": list(orders), **given})


def _counts(payload: dict[str, Any]) -> tuple[int, int, int]:
    return payload["imported"], payload["updated"], payload["unchanged"]


def _errors(payload: dict[str, Any]) -> list[tuple[str, str]]:
    assert {error["__typename"] for error in payload["userErrors"]} == {"GenericUserError"}
    return [(error["code"], ".".join(error["path"])) for error in payload["userErrors"]]


async def test_new_orders_are_imported_with_all_that_the_platform_says(world: World) -> None:
    since = await head(world)
    full = _order(
        "N-2",
        "member",
        type="DENTAL",
        title="Zähne 齿",
        premium={"amountMinor": 2**31 - 1, "currency": "CHF"},
        status="SUSPENDED",
        effectiveAt="2026-01-01T02:00:00.000001+02:00",
        expiresAt="2131-01-01T00:00:00Z",
        maxShares=10_000,
    )
    payload = await _import(world, "admin", _order(), full)
    assert payload["userErrors"] == []
    assert _counts(payload) == (2, 0, 0)
    answer = await world.ask("owner", _ORDER, id=await world.order_id("N-2"))
    assert answer["order"] == {
        "reference": "N-2",
        "type": {"code": "DENTAL"},
        "title": "Zähne 齿",
        "premium": {"amountMinor": 2**31 - 1, "currency": "CHF"},
        "status": "SUSPENDED",
        "effectiveAt": "2026-01-01T00:00:00.000001Z",
        "expiresAt": "2131-01-01T00:00:00Z",
        "maxShares": 10_000,
        "sharesClaimed": 0,
        "version": 1,
        "owner": {"reference": "member"},
        "statusReason": {"cause": "IMPORTED", "action": None, "via": None, "actor": {"reference": "admin"}},
    }
    assert await told(world, since) == ["admin: N-1 v1 imported", "admin: N-2 v1 imported"]
    assert await findings(world.database) == []


async def test_the_same_orders_again_change_nothing_and_log_nothing(world: World) -> None:
    orders = [_order("N-1"), _order("N-2", expiresAt="2131-01-01T00:00:00Z")]
    await _import(world, "admin", *orders)
    orders[1]["expiresAt"] = "2131-01-01T01:00:00+01:00"
    async with nothing_changes(world):
        payload = await _import(world, "admin", *orders)
    assert payload["userErrors"] == []
    assert _counts(payload) == (0, 0, 2)


async def test_what_differs_is_applied_and_counts_as_one_change_of_the_order(world: World) -> None:
    await _import(world, "admin", _order("N-1"), _order("N-2"), _order("N-3"))
    since = await head(world)
    changed = _order("N-1", title="Another", maxShares=5, type="DENTAL", expiresAt="2131-01-01T00:00:00Z")
    payload = await _import(world, "admin", changed, _order("N-2", status="SUSPENDED", title="Other"), _order("N-3"))
    assert _counts(payload) == (0, 2, 1)
    assert await told(world, since) == [
        "admin: N-1 v2 imported",
        "admin: N-2 v2 IN_FORCE > SUSPENDED (IMPORTED None None)",
    ]
    order = (await world.ask("owner", _ORDER, id=await world.order_id("N-1")))["order"]
    assert (order["title"], order["maxShares"], order["type"], order["expiresAt"], order["version"]) == (
        "Another",
        5,
        {"code": "DENTAL"},
        "2131-01-01T00:00:00Z",
        2,
    )
    assert await findings(world.database) == []


async def test_an_import_never_undoes_a_result(world: World) -> None:
    await _import(world, "admin", _order())
    order_id = await world.order_id("N-1")
    await world.process("owner", order_id, "RENEW", newExpiresAt="2131-06-01T00:00:00Z")
    await world.process("owner", order_id, "REPORT_LOSS")
    async with nothing_changes(world):
        assert _counts(await _import(world, "admin", _order())) == (0, 0, 1)
    payload = await _import(world, "admin", _order(title="New title"))
    assert _counts(payload) == (0, 1, 0)
    order = (await world.ask("owner", _ORDER, id=order_id))["order"]
    assert (order["title"], order["status"], order["expiresAt"], order["version"]) == (
        "New title",
        "LOSS_REPORTED",
        "2131-06-01T00:00:00Z",
        4,
    )
    payload = await _import(world, "admin", _order(title="New title", status="CANCELLED"))
    assert _counts(payload) == (0, 1, 0)
    assert (await world.order_row("N-1")).status == "CANCELLED"
    assert await findings(world.database) == []


async def test_an_import_that_says_what_has_become_of_the_order_changes_nothing_of_it(world: World) -> None:
    await _import(world, "admin", _order())
    await world.process("owner", await world.order_id("N-1"), "SUSPEND")
    since = await head(world)
    assert _counts(await _import(world, "admin", _order(status="SUSPENDED"))) == (0, 0, 1)
    order = await world.order_row("N-1")
    assert (order.status, order.version, order.reason_cause) == ("SUSPENDED", 2, "PROCESSED")
    assert await told(world, since) == []


async def test_two_rows_about_one_order_apply_one_after_the_other(world: World) -> None:
    since = await head(world)
    payload = await _import(world, "admin", _order(), _order(title="Second"), _order(title="Second"))
    assert payload["userErrors"] == []
    assert _counts(payload) == (1, 1, 1)
    assert await told(world, since) == ["admin: N-1 v1 imported", "admin: N-1 v2 imported"]
    assert await findings(world.database) == []


async def test_rows_that_cannot_hold_are_refused_one_by_one_and_the_others_kept(world: World) -> None:
    since = await head(world)
    payload = await _import(
        world,
        "admin",
        _order("N-0"),
        _order("N-1", type="UNKNOWN"),
        _order("N-2", "outsider"),
        _order("N-3", "nobody"),
        _order("N-4", expiresAt="2025-12-31T23:59:59Z"),
        _order("N-5", maxShares=-1),
        _order("N-6", maxShares=10_001),
        _order("N-7", premium={"amountMinor": -1, "currency": "EUR"}),
        _order("N-8", premium={"amountMinor": 1, "currency": "euro"}),
        _order("N-9", title=""),
        _order(""),
        _order("N-11", expiresAt="2026-01-01T00:00:00Z"),
    )
    assert _counts(payload) == (2, 0, 0)
    assert _errors(payload) == [
        ("INVALID_INPUT", "input.orders.1.type"),
        ("NOT_A_MEMBER", "input.orders.2.ownerReference"),
        ("NOT_A_MEMBER", "input.orders.3.ownerReference"),
        ("INVALID_INPUT", "input.orders.4.expiresAt"),
        ("INVALID_INPUT", "input.orders.5.maxShares"),
        ("INVALID_INPUT", "input.orders.6.maxShares"),
        ("INVALID_INPUT", "input.orders.7.premium.amountMinor"),
        ("INVALID_INPUT", "input.orders.8.premium.currency"),
        ("INVALID_INPUT", "input.orders.9.title"),
        ("INVALID_INPUT", "input.orders.10.reference"),
    ]
    messages = {error["message"] for error in payload["userErrors"] if error["code"] == "NOT_A_MEMBER"}
    assert len(messages) == 1
    assert await told(world, since) == ["admin: N-0 v1 imported", "admin: N-11 v1 imported"]
    assert await findings(world.database) == []


async def test_rows_that_all_cannot_hold_change_nothing(world: World) -> None:
    async with nothing_changes(world):
        payload = await _import(world, "admin", _order("O-owner", type="UNKNOWN"), _order("O-owner", "outsider"))
    assert _counts(payload) == (0, 0, 0)
    assert payload["codes"] == ["INVALID_INPUT", "NOT_A_MEMBER"]


async def test_seats_that_are_taken_cannot_be_imported_away(world: World) -> None:
    await _import(world, "admin", _order())
    for name, shared in zip(
        ("recipient", "member"), await world.share("recipient", "member", order="N-1"), strict=True
    ):
        assert (await world.claim(name, shared))["codes"] == []
    async with nothing_changes(world):
        payload = await _import(world, "admin", _order(maxShares=1))
    assert _errors(payload) == [("INVALID_INPUT", "input.orders.0.maxShares")]
    assert _counts(await _import(world, "admin", _order(maxShares=3))) == (0, 1, 0)
    assert (await world.order_row("N-1")).shares_claimed == 2


async def test_an_order_that_the_platform_cancels_revokes_its_open_offers_only(world: World) -> None:
    await _import(world, "admin", _order())
    held, _ = await world.share("recipient", "member", order="N-1")
    await world.claim("recipient", held)
    since = await head(world)
    assert _counts(await _import(world, "admin", _order(status="CANCELLED"))) == (0, 1, 0)
    assert await told(world, since) == [
        "admin: N-1 v2 IN_FORCE > CANCELLED (IMPORTED None None)",
        "admin: N-1 v2 from owner to member OFFERED > REVOKED",
    ]
    assert (await world.order_row("N-1")).shares_claimed == 1
    assert await findings(world.database) == []


async def test_a_recipient_who_becomes_the_owner_gives_their_share_back(world: World) -> None:
    await _import(world, "admin", _order())
    [held] = await world.share("recipient", order="N-1")
    await world.claim("recipient", held)
    since = await head(world)
    assert _counts(await _import(world, "admin", _order(owner="recipient"))) == (0, 1, 0)
    assert await told(world, since) == [
        "admin: N-1 v2 imported",
        "admin: N-1 v2 from owner to recipient CLAIMED > REVOKED",
    ]
    assert (await world.order_row("N-1")).shares_claimed == 0
    assert await findings(world.database) == []


@pytest.mark.parametrize("count", [0, 1000])
async def test_up_to_a_thousand_orders_are_taken_at_once(world: World, count: int) -> None:
    payload = await _import(world, "admin", *(_order(f"N-{number}") for number in range(count)))
    assert payload["userErrors"] == []
    assert _counts(payload) == (count, 0, 0)
    assert len(await told(world)) == 10 + count
    assert await findings(world.database) == []


async def test_more_than_a_thousand_orders_are_refused_as_a_whole(world: World) -> None:
    async with nothing_changes(world):
        payload = await _import(world, "admin", *(_order(f"N-{number}") for number in range(1001)))
    assert _counts(payload) == (0, 0, 0)
    assert _errors(payload) == [("INVALID_INPUT", "input.orders")]


async def test_only_admins_of_the_organisation_import(world: World) -> None:
    for viewer, code in (("owner", "FORBIDDEN"), ("outsider", "NOT_FOUND")):
        async with nothing_changes(world):
            payload = await _import(world, viewer, _order())
        assert _counts(payload) == (0, 0, 0)
        assert _errors(payload) == [(code, "input.organisationId")]
    for organisation_id in (await world.organisation_id("strangers"), await world.order_id(), "no id"):
        async with nothing_changes(world):
            payload = await _import(world, "admin", _order(), organisationId=organisation_id)
        assert _errors(payload) == [("NOT_FOUND", "input.organisationId")]


async def test_an_order_of_another_organisation_with_the_same_reference_is_another_order(world: World) -> None:
    await world.import_rows(row("N-1", "outsider", organisation="strangers"))
    theirs = await world.dump()
    assert _counts(await _import(world, "admin", _order())) == (1, 0, 0)
    ours = await world.dump()
    assert set(theirs["orders"]) < set(ours["orders"])
    assert len(ours["orders"]) == len(theirs["orders"]) + 1
