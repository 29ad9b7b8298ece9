"""extendClaimWindow: the sender or an admin gives the recipient more time, also after the window has closed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.sweeper import sweep
from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_FIELDS = "sharedOrder { id status claimedAt claimWindow { opensAt closesAt } order { version sharesClaimed } }"
_LATER = "2130-01-01T00:00:00.000001Z"
_HOUR = timedelta(hours=1)


async def _extend(world: World, viewer: str, shared_order_id: str, closes_at: str = _LATER) -> dict[str, Any]:
    given = {"sharedOrderId": shared_order_id, "closesAt": closes_at}
    return await world.mutate(viewer, "extendClaimWindow", _FIELDS, **given)


async def _is_refused(
    world: World, code: str, viewer: str, shared_order_id: str, closes_at: str = _LATER, path: str = "sharedOrderId"
) -> None:
    async with nothing_changes(world):
        payload = await _extend(world, viewer, shared_order_id, closes_at)
    assert payload["sharedOrder"] is None
    [error] = payload["userErrors"]
    assert (error["__typename"], error["code"], error["path"]) == ("GenericUserError", code, ["input", path])


async def _end(world: World, how: str, viewer: str, shared_order_id: str) -> None:
    payload = await world.mutate(viewer, f"{how}SharedOrder", "sharedOrder { id }", sharedOrderId=shared_order_id)
    assert payload["userErrors"] == []


async def _remove(world: World, name: str) -> None:
    place = {"organisationId": await world.organisation_id(), "userId": await world.user_id(name)}
    assert (await world.mutate("admin", "removeMember", "organisation { id }", **place))["userErrors"] == []


@pytest.mark.parametrize("viewer", ["sender", "admin"])
async def test_an_open_offer_gets_a_later_end(world: World, viewer: str) -> None:
    window = {"opensAt": "2026-01-01T00:00:00Z", "closesAt": "2129-01-01T00:00:00Z"}
    [shared] = await world.share("recipient", sender="sender", claimWindow=window)
    since = await head(world)
    payload = await _extend(world, viewer, shared)
    assert payload["userErrors"] == []
    assert payload["sharedOrder"] == {
        "id": shared,
        "status": "OFFERED",
        "claimedAt": None,
        "claimWindow": {"opensAt": window["opensAt"], "closesAt": _LATER},
        "order": {"version": 1, "sharesClaimed": 0},
    }
    assert await told(world, since) == [f"{viewer}: O-owner v1 from sender to recipient OFFERED > OFFERED"]
    assert await findings(world.database) == []


async def test_an_offer_that_expired_unnoticed_is_open_again_after_the_log_has_told_that_it_expired(
    world: World,
) -> None:
    [shared] = await world.share("recipient", sender="sender")
    await world.move_window(shared, -2 * _HOUR, -_HOUR)
    since = await head(world)
    assert (await _extend(world, "sender", shared))["sharedOrder"]["status"] == "OFFERED"
    assert await told(world, since) == [
        "nobody: O-owner v1 from sender to recipient OFFERED > EXPIRED",
        "sender: O-owner v1 from sender to recipient EXPIRED > OFFERED",
    ]
    assert (await world.claim("recipient", shared))["sharedOrder"]["status"] == "CLAIMED"
    assert await findings(world.database) == []


async def test_an_offer_whose_end_is_logged_is_open_again(world: World) -> None:
    [shared] = await world.share("recipient", sender="sender")
    await world.move_window(shared, -2 * _HOUR, -_HOUR)
    await sweep(world.database)
    since = await head(world)
    assert (await _extend(world, "admin", shared))["sharedOrder"]["status"] == "OFFERED"
    await sweep(world.database)
    assert await told(world, since) == ["admin: O-owner v1 from sender to recipient EXPIRED > OFFERED"]
    assert (await world.claim("recipient", shared))["sharedOrder"]["status"] == "CLAIMED"


async def test_only_the_sender_and_admins_extend(world: World) -> None:
    [shared] = await world.share("recipient", sender="sender")
    for viewer in ("owner", "recipient"):
        await _is_refused(world, "FORBIDDEN", viewer, shared)
    for viewer in ("member", "outsider"):
        await _is_refused(world, "NOT_FOUND", viewer, shared)
    for shared_order_id in (await world.order_id(), "no id", ""):
        await _is_refused(world, "NOT_FOUND", "admin", shared_order_id)
    await _remove(world, "sender")
    await _is_refused(world, "NOT_FOUND", "sender", shared)
    assert (await _extend(world, "admin", shared))["userErrors"] == []


async def test_what_is_claimed_or_has_ended_by_hand_cannot_be_extended(world: World) -> None:
    [claimed] = await world.share("recipient", sender="sender")
    await world.claim("recipient", claimed)
    await _is_refused(world, "NOT_OFFERED", "sender", claimed)
    await _end(world, "release", "recipient", claimed)
    await _is_refused(world, "NOT_OFFERED", "sender", claimed)
    for viewer, how in (("recipient", "decline"), ("sender", "revoke")):
        [shared] = await world.share("recipient", sender="sender")
        await _end(world, how, viewer, shared)
        await _is_refused(world, "NOT_OFFERED", "sender", shared)


async def test_the_new_end_lies_in_the_future_and_after_the_opening(world: World) -> None:
    window = {"opensAt": "2129-01-01T00:00:00Z", "closesAt": "2129-06-01T00:00:00Z"}
    [shared] = await world.share("recipient", sender="sender", claimWindow=window)
    just_now = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    for closes_at in (window["opensAt"], "2128-01-01T00:00:00Z", "2020-01-01T00:00:00Z", just_now):
        await _is_refused(world, "INVALID_INPUT", "sender", shared, closes_at, path="closesAt")
    await world.move_window(shared, -2 * _HOUR, -_HOUR)
    await _is_refused(world, "INVALID_INPUT", "sender", shared, just_now, path="closesAt")


async def test_an_expired_offer_stays_closed_where_the_recipient_was_offered_the_order_again(world: World) -> None:
    [expired] = await world.share("recipient", sender="sender")
    await world.move_window(expired, -2 * _HOUR, -_HOUR)
    [again] = await world.share("recipient")
    await _is_refused(world, "ALREADY_SHARED", "sender", expired)
    await world.claim("recipient", again)
    await _is_refused(world, "ALREADY_SHARED", "sender", expired)
    await _end(world, "release", "recipient", again)
    assert (await _extend(world, "sender", expired))["sharedOrder"]["status"] == "OFFERED"
    assert await findings(world.database) == []


async def test_an_expired_offer_stays_closed_where_the_recipient_has_left(world: World) -> None:
    [expired] = await world.share("recipient", sender="sender")
    await world.move_window(expired, -2 * _HOUR, -_HOUR)
    await _remove(world, "recipient")
    await _is_refused(world, "NOT_A_MEMBER", "sender", expired)


async def test_an_expired_offer_stays_closed_while_the_order_cannot_be_shared(world: World) -> None:
    await world.import_rows(row("O-one", "owner"))
    [expired] = await world.share("recipient", sender="sender", order="O-one")
    await world.move_window(expired, -2 * _HOUR, -_HOUR)
    order_id = await world.order_id("O-one")
    assert (await world.process("owner", order_id, "SUSPEND"))["codes"] == []
    await _is_refused(world, "ORDER_NOT_SHAREABLE", "sender", expired)
    assert (await world.process("owner", order_id, "REINSTATE"))["codes"] == []
    assert (await _extend(world, "sender", expired))["sharedOrder"]["status"] == "OFFERED"


async def test_an_offer_does_not_outlive_an_order_that_has_lapsed_unnoticed(world: World) -> None:
    [shared] = await world.share("recipient", sender="sender")
    await world.end_cover("O-owner", timedelta(days=-31))
    await _is_refused(world, "NOT_OFFERED", "sender", shared)


async def test_an_expired_offer_is_open_again_where_a_later_one_has_expired_unnoticed(world: World) -> None:
    [expired] = await world.share("recipient", sender="sender")
    await world.move_window(expired, -2 * _HOUR, -_HOUR)
    [later] = await world.share("recipient")
    await world.move_window(later, -2 * _HOUR, -_HOUR)
    since = await head(world)
    assert (await _extend(world, "sender", expired))["userErrors"] == []
    assert await told(world, since) == [
        "nobody: O-owner v1 from owner to recipient OFFERED > EXPIRED",
        "sender: O-owner v1 from sender to recipient EXPIRED > OFFERED",
    ]
    assert (await world.claim("recipient", expired))["sharedOrder"]["status"] == "CLAIMED"
    assert await findings(world.database) == []


async def _settle(world: World, mutation: str, fields: str, **given: Any) -> None:
    payload = await world.mutate("admin", mutation, fields, organisationId=await world.organisation_id(), **given)
    assert payload["userErrors"] == []


async def _share_held(world: World, permission: str) -> str:
    """Return the id of the sender's own claimed share of the owner's order."""
    [held] = await world.share("sender", permission=permission)
    assert (await world.claim("sender", held))["userErrors"] == []
    return held


@pytest.mark.parametrize("is_expired", [False, True], ids=["open", "expired"])
async def test_an_offer_of_what_its_sender_no_longer_holds_cannot_be_extended(world: World, is_expired: bool) -> None:
    held = await _share_held(world, "PROCESS")
    [passed_on] = await world.share("recipient", sender="sender", permission="PROCESS")
    if is_expired:
        await world.move_window(passed_on, -2 * _HOUR, -_HOUR)
    await _end(world, "revoke", "owner", held)
    await _is_refused(world, "FORBIDDEN", "sender", passed_on)
    assert (await _extend(world, "admin", passed_on))["userErrors"] == []


async def test_a_share_of_a_lesser_permission_does_not_extend_an_offer_of_a_greater_one(world: World) -> None:
    held = await _share_held(world, "PROCESS")
    [passed_on] = await world.share("recipient", sender="sender", permission="PROCESS")
    assert (await _extend(world, "sender", passed_on))["userErrors"] == []
    await _end(world, "release", "sender", held)
    await _share_held(world, "VIEW")
    await _is_refused(world, "FORBIDDEN", "sender", passed_on)


async def test_a_former_admin_extends_nothing_that_they_could_not_offer_now(world: World) -> None:
    [shared] = await world.share("recipient", sender="admin", permission="PROCESS")
    await world.move_window(shared, -2 * _HOUR, -_HOUR)
    for name, role in (("member", "ADMIN"), ("admin", "MEMBER")):
        await _settle(world, "setMemberRole", "membership { role }", userId=await world.user_id(name), role=role)
    await _is_refused(world, "FORBIDDEN", "admin", shared)


async def test_a_sender_who_left_and_came_back_extends_nothing_that_they_could_not_offer_now(world: World) -> None:
    await _share_held(world, "PROCESS")
    [shared] = await world.share("recipient", sender="sender", permission="PROCESS")
    await world.move_window(shared, -2 * _HOUR, -_HOUR)
    await _remove(world, "sender")
    await _settle(world, "addMember", "membership { role }", reference="sender", name="Sender")
    await _is_refused(world, "FORBIDDEN", "sender", shared)


async def test_the_share_policy_of_now_decides_who_extends(world: World) -> None:
    [shared] = await world.share("recipient", sender="sender")
    await _settle(world, "setSharePolicy", "organisation { id }", sharePolicy="OWNER_AND_ADMINS")
    await _is_refused(world, "FORBIDDEN", "sender", shared)
    assert (await _extend(world, "admin", shared))["userErrors"] == []
    await _settle(world, "setSharePolicy", "organisation { id }", sharePolicy="ANY_MEMBER")
    assert (await _extend(world, "sender", shared, "2131-01-01T00:00:00Z"))["userErrors"] == []


async def test_an_order_that_belongs_to_the_recipient_by_now_is_not_offered_to_them_again(world: World) -> None:
    [shared] = await world.share("recipient", sender="sender")
    await world.move_window(shared, -2 * _HOUR, -_HOUR)
    await world.import_rows(row("O-owner", "recipient"))
    await _is_refused(world, "OWN_ORDER", "sender", shared)


async def test_an_open_offer_is_not_extended_while_the_order_cannot_be_shared(world: World) -> None:
    [shared] = await world.share("recipient", sender="sender")
    assert (await world.process("owner", await world.order_id(), "SUSPEND"))["codes"] == []
    await _is_refused(world, "ORDER_NOT_SHAREABLE", "sender", shared)


@pytest.mark.parametrize("viewer", ["sender", "owner", "admin"])
@pytest.mark.parametrize("is_logged", [False, True], ids=["unnoticed", "logged"])
async def test_an_expired_offer_is_revoked_by_those_who_could_revoke_it_open(
    world: World, viewer: str, is_logged: bool
) -> None:
    [shared] = await world.share("recipient", sender="sender")
    await world.move_window(shared, -2 * _HOUR, -_HOUR)
    if is_logged:
        await sweep(world.database)
    since = await head(world)
    await _end(world, "revoke", viewer, shared)
    expired = [] if is_logged else ["nobody: O-owner v1 from sender to recipient OFFERED > EXPIRED"]
    assert await told(world, since) == [*expired, f"{viewer}: O-owner v1 from sender to recipient EXPIRED > REVOKED"]
    await _is_refused(world, "NOT_OFFERED", "sender", shared)
    assert await findings(world.database) == []
