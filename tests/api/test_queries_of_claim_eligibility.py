"""`claimEligibility` says what a claim by the recipient would answer now, and the claim then answers it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy

from tests.world import World

DAY = timedelta(days=1)
_ELIGIBILITY = "query($id: ID!) { sharedOrder(id: $id) { status claimEligibility { claimable code at } } }"


async def _nothing(world: World, shared: str) -> None: ...


async def _wait_for_the_window(world: World, shared: str) -> None:
    await world.move_window(shared, DAY, 2 * DAY)


async def _let_the_window_close(world: World, shared: str) -> None:
    await world.move_window(shared, -DAY, timedelta(0))


async def _claim(world: World, shared: str) -> None:
    assert (await world.claim("recipient", shared))["codes"] == []


async def _claim_and_let_the_window_close(world: World, shared: str) -> None:
    await _claim(world, shared)
    await _let_the_window_close(world, shared)


async def _end(world: World, viewer: str, mutation: str, shared: str) -> None:
    assert (await world.mutate(viewer, mutation, "sharedOrder { id }", sharedOrderId=shared))["codes"] == []


async def _decline(world: World, shared: str) -> None:
    await _end(world, "recipient", "declineSharedOrder", shared)


async def _release(world: World, shared: str) -> None:
    await _claim(world, shared)
    await _end(world, "recipient", "releaseSharedOrder", shared)


async def _revoke(world: World, shared: str) -> None:
    await _end(world, "owner", "revokeSharedOrder", shared)


async def _suspend(world: World, shared: str) -> None:
    assert (await world.process("owner", await world.order_id(), "SUSPEND"))["codes"] == []


async def _report_loss(world: World, shared: str) -> None:
    assert (await world.process("owner", await world.order_id(), "REPORT_LOSS"))["codes"] == []


async def _cancel(world: World, shared: str) -> None:
    assert (await world.process("owner", await world.order_id(), "CANCEL"))["codes"] == []


async def _take_every_seat(world: World, shared: str) -> None:
    for name, offer in zip(("sender", "member"), await world.share("sender", "member"), strict=True):
        assert (await world.claim(name, offer))["codes"] == []


async def _take_one_seat(world: World, shared: str) -> None:
    [offer] = await world.share("member")
    assert (await world.claim("member", offer))["codes"] == []


Before = Callable[[World, str], Awaitable[None]]

# What came before, the status that a reader sees, and the code of the refusal, None where a claim succeeds.
CASES: dict[str, tuple[Before, str, str | None]] = {
    "an open offer": (_nothing, "OFFERED", None),
    "too early": (_wait_for_the_window, "OFFERED", "CLAIM_WINDOW_NOT_OPEN"),
    "too late": (_let_the_window_close, "EXPIRED", "CLAIM_WINDOW_CLOSED"),
    "claimed already": (_claim, "CLAIMED", None),
    "claimed already, and the window closed since": (_claim_and_let_the_window_close, "CLAIMED", None),
    "declined": (_decline, "DECLINED", "NOT_OFFERED"),
    "released": (_release, "RELEASED", "NOT_OFFERED"),
    "revoked": (_revoke, "REVOKED", "NOT_OFFERED"),
    "suspended": (_suspend, "OFFERED", "ORDER_NOT_SHAREABLE"),
    "a loss reported": (_report_loss, "OFFERED", None),
    "cancelled": (_cancel, "REVOKED", "NOT_OFFERED"),
    "every seat taken": (_take_every_seat, "OFFERED", "SHARES_EXHAUSTED"),
    "one seat free": (_take_one_seat, "OFFERED", None),
}


@pytest.mark.parametrize("case", CASES)
async def test_it_says_what_the_claim_then_answers(world: World, case: str) -> None:
    before, status, code = CASES[case]
    [shared] = await world.share("recipient")
    await before(world, shared)
    for viewer in ("recipient", "owner", "admin"):
        began = datetime.now(UTC)
        answered = (await world.ask(viewer, _ELIGIBILITY, id=shared))["sharedOrder"]
        at = datetime.fromisoformat(answered["claimEligibility"].pop("at"))
        assert began - timedelta(seconds=1) <= at <= datetime.now(UTC) + timedelta(seconds=1)
        assert answered == {"status": status, "claimEligibility": {"claimable": code is None, "code": code}}
    payload = await world.claim("recipient", shared)
    assert payload["codes"] == ([] if code is None else [code])
    assert (payload["sharedOrder"] and payload["sharedOrder"]["status"]) == (None if code else "CLAIMED")


async def test_a_recipient_who_is_no_member_cannot_claim(world: World) -> None:
    [shared] = await world.share("recipient")
    # To remove a member revokes their offers; only a change past the API leaves one open.
    removal = (
        "UPDATE membership SET removed_at = joined_at"
        " WHERE user_id = (SELECT id FROM app_user WHERE reference = 'recipient')"
    )
    async with world.database.engine.begin() as connection:
        await connection.execute(sqlalchemy.text(removal))
    answered = (await world.ask("owner", _ELIGIBILITY, id=shared))["sharedOrder"]
    assert answered["claimEligibility"]["claimable"] is False
    assert answered["claimEligibility"]["code"] == "NOT_A_MEMBER"


async def test_all_fields_of_one_answer_are_judged_by_one_instant(world: World) -> None:
    await world.share("recipient", "member", "sender")
    document = (
        "query($id: ID!) { order(id: $id) { sharedOrders { nodes { claimEligibility { at }"
        " order { sharedOrders { nodes { claimEligibility { at } } } } } } } }"
    )
    answered = await world.ask("owner", document, id=await world.order_id())
    nodes = answered["order"]["sharedOrders"]["nodes"]
    inner = [shared for node in nodes for shared in node["order"]["sharedOrders"]["nodes"]]
    assert len(inner) == 9
    assert len({node["claimEligibility"]["at"] for node in [*nodes, *inner]}) == 1


async def test_an_offer_of_an_order_that_has_lapsed_unnoticed_is_judged_as_a_claim_judges_it(world: World) -> None:
    [shared] = await world.share("recipient")
    await world.end_cover("O-owner", timedelta(days=-31))
    answered = (await world.ask("recipient", _ELIGIBILITY, id=shared))["sharedOrder"]
    assert (answered["claimEligibility"]["claimable"], answered["claimEligibility"]["code"]) == (False, "NOT_OFFERED")
    assert (await world.claim("recipient", shared))["codes"] == ["NOT_OFFERED"]
