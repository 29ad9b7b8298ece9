"""claimSharedOrder: inside the window, while a seat is free, by the recipient; and what every other claim answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.sweeper import sweep
from domain.vocabulary import OrderStatus
from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_FIELDS = """
sharedOrder { id status claimedAt permission availableActions order { sharesClaimed version status } }
userErrors {
  ... on ClaimWindowError { opensAt closesAt }
  ... on SharesExhaustedError { maxShares sharesClaimed }
}
"""
_HOUR = timedelta(hours=1)


async def _claim(world: World, viewer: str, shared_order_id: str) -> dict[str, Any]:
    return await world.mutate(viewer, "claimSharedOrder", _FIELDS, sharedOrderId=shared_order_id)


async def _refused(world: World, viewer: str, shared_order_id: str) -> dict[str, Any]:
    """Return the one error of a claim, which must have changed nothing."""
    async with nothing_changes(world):
        payload = await _claim(world, viewer, shared_order_id)
    assert payload["sharedOrder"] is None
    [error] = payload["userErrors"]
    assert error.pop("path") == ["input", "sharedOrderId"]
    assert error.pop("message") != ""
    refusal: dict[str, Any] = error
    return refusal


def _generic(code: str) -> dict[str, str]:
    return {"__typename": "GenericUserError", "code": code}


async def _eligibility(world: World, viewer: str, shared_order_id: str) -> dict[str, Any]:
    document = "query($id: ID!) { sharedOrder(id: $id) { status claimEligibility { claimable code } } }"
    answer: dict[str, Any] = (await world.ask(viewer, document, id=shared_order_id))["sharedOrder"]
    return answer


async def test_the_recipient_takes_a_seat_and_both_terminals_are_told(world: World) -> None:
    [shared] = await world.share("recipient", permission="PROCESS")
    assert await _eligibility(world, "recipient", shared) == {
        "status": "OFFERED",
        "claimEligibility": {"claimable": True, "code": None},
    }
    since = await head(world)
    before = datetime.now(UTC)
    payload = await _claim(world, "recipient", shared)
    after = datetime.now(UTC)
    assert payload["userErrors"] == []
    claimed = payload["sharedOrder"]
    assert before <= datetime.fromisoformat(claimed.pop("claimedAt")) <= after
    assert claimed == {
        "id": shared,
        "status": "CLAIMED",
        "permission": "PROCESS",
        "availableActions": ["RENEW", "ENDORSE", "REPORT_LOSS", "SUSPEND", "CANCEL"],
        "order": {"sharesClaimed": 1, "version": 1, "status": "IN_FORCE"},
    }
    assert await told(world, since) == ["recipient: O-owner v1 from owner to recipient OFFERED > CLAIMED"]
    assert await findings(world.database) == []


async def test_a_repeated_claim_answers_the_same_and_takes_no_second_seat(world: World) -> None:
    [shared] = await world.share("recipient")
    first = await _claim(world, "recipient", shared)
    async with nothing_changes(world):
        again = await _claim(world, "recipient", shared)
    assert again == first
    await world.move_window(shared, -2 * _HOUR, -_HOUR)
    async with nothing_changes(world):
        after_the_window = await _claim(world, "recipient", shared)
    assert after_the_window["userErrors"] == []
    assert after_the_window["sharedOrder"] == first["sharedOrder"]


async def test_a_claim_repeated_after_the_last_seat_went_still_succeeds(world: World) -> None:
    await world.import_rows(row("O-one", "owner", max_shares=1))
    [shared] = await world.share("recipient", order="O-one")
    first = await _claim(world, "recipient", shared)
    assert (await _claim(world, "recipient", shared)) == first


async def test_a_claim_before_the_window_opens_is_told_when_it_does(world: World) -> None:
    window = {"opensAt": "2101-01-01T00:00:00.000001Z", "closesAt": "2101-01-02T00:00:00Z"}
    [shared] = await world.share("recipient", claimWindow=window)
    assert await _refused(world, "recipient", shared) == {
        "__typename": "ClaimWindowError",
        "code": "CLAIM_WINDOW_NOT_OPEN",
        **window,
    }
    assert await _eligibility(world, "recipient", shared) == {
        "status": "OFFERED",
        "claimEligibility": {"claimable": False, "code": "CLAIM_WINDOW_NOT_OPEN"},
    }
    await world.move_window(shared, timedelta(0), _HOUR)
    assert (await _claim(world, "recipient", shared))["userErrors"] == []


@pytest.mark.parametrize("logged", [False, True], ids=["not logged yet", "logged already"])
async def test_a_claim_from_the_closing_instant_on_is_told_when_that_was(world: World, logged: bool) -> None:
    [shared] = await world.share("recipient")
    await world.move_window(shared, -_HOUR, timedelta(0))
    if logged:
        await sweep(world.database)
    document = "query($id: ID!) { sharedOrder(id: $id) { claimWindow { opensAt closesAt } } }"
    window = (await world.ask("recipient", document, id=shared))["sharedOrder"]["claimWindow"]
    assert await _refused(world, "recipient", shared) == {
        "__typename": "ClaimWindowError",
        "code": "CLAIM_WINDOW_CLOSED",
        **window,
    }
    assert await _eligibility(world, "recipient", shared) == {
        "status": "EXPIRED",
        "claimEligibility": {"claimable": False, "code": "CLAIM_WINDOW_CLOSED"},
    }


async def test_the_first_to_claim_get_the_seats_and_the_next_is_told_that_all_are_taken(world: World) -> None:
    first, second, third = await world.share("recipient", "member", "sender")
    assert (await _claim(world, "sender", third))["userErrors"] == []
    assert (await _claim(world, "member", second))["userErrors"] == []
    exhausted = {"__typename": "SharesExhaustedError", "code": "SHARES_EXHAUSTED", "maxShares": 2, "sharesClaimed": 2}
    assert await _refused(world, "recipient", first) == exhausted
    assert await _eligibility(world, "recipient", first) == {
        "status": "OFFERED",
        "claimEligibility": {"claimable": False, "code": "SHARES_EXHAUSTED"},
    }
    await world.mutate("member", "releaseSharedOrder", "sharedOrder { id }", sharedOrderId=second)
    assert (await _claim(world, "recipient", first))["sharedOrder"]["order"]["sharesClaimed"] == 2
    assert await findings(world.database) == []


async def test_an_order_without_seats_can_be_offered_but_never_claimed(world: World) -> None:
    await world.import_rows(row("O-none", "owner", max_shares=0))
    [shared] = await world.share("recipient", order="O-none")
    exhausted = {"__typename": "SharesExhaustedError", "code": "SHARES_EXHAUSTED", "maxShares": 0, "sharesClaimed": 0}
    assert await _refused(world, "recipient", shared) == exhausted


@pytest.mark.parametrize("end", ["decline", "release", "revoke"])
async def test_what_is_no_longer_on_offer_cannot_be_claimed(world: World, end: str) -> None:
    [shared] = await world.share("recipient")
    if end == "release":
        await _claim(world, "recipient", shared)
    who = "owner" if end == "revoke" else "recipient"
    await world.mutate(who, f"{end}SharedOrder", "sharedOrder { id }", sharedOrderId=shared)
    assert await _refused(world, "recipient", shared) == _generic("NOT_OFFERED")


async def test_an_order_that_is_suspended_cannot_be_claimed_until_it_is_reinstated(world: World) -> None:
    [shared] = await world.share("recipient")
    order_id = await world.order_id()
    assert (await world.process("owner", order_id, "SUSPEND"))["codes"] == []
    assert await _refused(world, "recipient", shared) == _generic("ORDER_NOT_SHAREABLE")
    assert (await world.process("owner", order_id, "REINSTATE"))["codes"] == []
    assert (await _claim(world, "recipient", shared))["sharedOrder"]["order"] == {
        "sharesClaimed": 1,
        "version": 3,
        "status": "IN_FORCE",
    }


@pytest.mark.parametrize("status", [OrderStatus.GRACE_PERIOD, OrderStatus.LOSS_REPORTED])
async def test_an_order_in_trouble_can_still_be_claimed(world: World, status: OrderStatus) -> None:
    await world.import_rows(row("O-one", "owner", status=status))
    [shared] = await world.share("recipient", order="O-one")
    assert (await _claim(world, "recipient", shared))["sharedOrder"]["order"]["status"] == status


async def test_an_order_that_was_cancelled_has_no_offer_left_to_claim(world: World) -> None:
    [shared] = await world.share("recipient")
    assert (await world.process("owner", await world.order_id(), "CANCEL"))["codes"] == []
    assert await _refused(world, "recipient", shared) == _generic("NOT_OFFERED")


async def test_only_the_recipient_claims(world: World) -> None:
    [shared] = await world.share("recipient", sender="sender")
    for viewer in ("sender", "owner", "admin"):
        assert await _refused(world, viewer, shared) == _generic("FORBIDDEN")


async def test_a_shared_order_that_the_viewer_does_not_see_looks_like_none_at_all(world: World) -> None:
    [shared] = await world.share("recipient")
    nothing = "U2hhcmVkT3JkZXI6MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="
    messages = set()
    for viewer, shared_order_id in (
        ("member", shared),
        ("outsider", shared),
        ("recipient", nothing),
        ("recipient", await world.order_id()),
        ("recipient", "no id"),
        ("recipient", ""),
    ):
        async with nothing_changes(world):
            payload = await _claim(world, viewer, shared_order_id)
        assert (payload["sharedOrder"], payload["codes"]) == (None, ["NOT_FOUND"])
        messages.add(payload["userErrors"][0]["message"])
    assert len(messages) == 1


async def test_a_removed_recipient_finds_nothing_to_claim_and_a_returned_one_needs_a_new_offer(world: World) -> None:
    [shared] = await world.share("recipient")
    place = {"organisationId": await world.organisation_id(), "userId": await world.user_id("recipient")}
    await world.mutate("admin", "removeMember", "organisation { id }", **place)
    assert await _refused(world, "recipient", shared) == _generic("NOT_FOUND")
    place.pop("userId")
    back = {**place, "reference": "recipient", "name": "Recipient"}
    assert (await world.mutate("admin", "addMember", "membership { role }", **back))["codes"] == []
    assert await _refused(world, "recipient", shared) == _generic("NOT_OFFERED")


async def test_an_order_whose_cover_has_ended_unnoticed_is_claimed_in_its_grace_period(world: World) -> None:
    [shared] = await world.share("recipient")
    await world.end_cover("O-owner", -_HOUR)
    since = await head(world)
    payload = await _claim(world, "recipient", shared)
    assert payload["sharedOrder"]["order"] == {"sharesClaimed": 1, "version": 2, "status": "GRACE_PERIOD"}
    assert await told(world, since) == [
        "nobody: O-owner v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "recipient: O-owner v2 from owner to recipient OFFERED > CLAIMED",
    ]
    assert await findings(world.database) == []


async def test_an_order_that_has_lapsed_unnoticed_cannot_be_claimed(world: World) -> None:
    [shared] = await world.share("recipient")
    await world.end_cover("O-owner", timedelta(days=-30))
    assert await _refused(world, "recipient", shared) == _generic("NOT_OFFERED")
    since = await head(world)
    await sweep(world.database)
    assert await told(world, since) == [
        "nobody: O-owner v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "nobody: O-owner v3 GRACE_PERIOD > LAPSED (TIME None None)",
        "nobody: O-owner v3 from owner to recipient OFFERED > REVOKED",
    ]
    assert await _refused(world, "recipient", shared) == _generic("NOT_OFFERED")
