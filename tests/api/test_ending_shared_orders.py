"""declineSharedOrder, releaseSharedOrder and revokeSharedOrder: who ends which shared order, and frees its seat."""

from datetime import timedelta
from typing import Any

import pytest

from app.sweeper import sweep
from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_FIELDS = "sharedOrder { id status claimedAt availableActions order { sharesClaimed version } }"
_ENDED = {"decline": "DECLINED", "release": "RELEASED", "revoke": "REVOKED"}
_STATES = ("OFFERED", "CLAIMED", "DECLINED", "RELEASED", "REVOKED", "EXPIRED", "EXPIRED UNNOTICED")
_REFUSALS = {
    "decline": dict.fromkeys(_STATES[1:], "NOT_OFFERED"),
    "release": dict.fromkeys((_STATES[0], *_STATES[2:]), "NOT_CLAIMED"),
    "revoke": {**dict.fromkeys(_STATES[2:5], "NOT_OFFERED"), "RELEASED": "NOT_CLAIMED"},
}


async def _end(world: World, how: str, viewer: str, shared_order_id: str) -> dict[str, Any]:
    return await world.mutate(viewer, f"{how}SharedOrder", _FIELDS, sharedOrderId=shared_order_id)


async def _is_refused(world: World, code: str, how: str, viewer: str, shared_order_id: str) -> None:
    async with nothing_changes(world):
        payload = await _end(world, how, viewer, shared_order_id)
    assert payload["sharedOrder"] is None
    [error] = payload["userErrors"]
    assert (error["__typename"], error["code"], error["path"]) == (
        "GenericUserError",
        code,
        ["input", "sharedOrderId"],
    )


async def _shared_order_in(world: World, state: str, order: str = "O-owner") -> str:
    """Return a shared order from `sender` to `recipient` that has come to a state."""
    [shared] = await world.share("recipient", sender="sender", order=order)
    if state in ("CLAIMED", "RELEASED"):
        assert (await world.claim("recipient", shared))["codes"] == []
    for how, status in _ENDED.items():
        if status == state:
            who = "sender" if how == "revoke" else "recipient"
            assert (await _end(world, how, who, shared))["codes"] == []
    if state.startswith("EXPIRED"):
        await world.move_window(shared, timedelta(days=-2), timedelta(days=-1))
    if state == "EXPIRED":
        await sweep(world.database)
    return shared


async def test_the_recipient_turns_an_offer_down(world: World) -> None:
    shared = await _shared_order_in(world, "OFFERED")
    since = await head(world)
    payload = await _end(world, "decline", "recipient", shared)
    assert payload["userErrors"] == []
    assert payload["sharedOrder"] == {
        "id": shared,
        "status": "DECLINED",
        "claimedAt": None,
        "availableActions": [],
        "order": {"sharesClaimed": 0, "version": 1},
    }
    assert await told(world, since) == ["recipient: O-owner v1 from sender to recipient OFFERED > DECLINED"]
    assert await findings(world.database) == []


async def test_an_offer_can_be_turned_down_before_its_window_opens(world: World) -> None:
    shared = await _shared_order_in(world, "OFFERED")
    await world.move_window(shared, timedelta(days=1), timedelta(days=2))
    assert (await _end(world, "decline", "recipient", shared))["sharedOrder"]["status"] == "DECLINED"


async def test_the_recipient_gives_a_claimed_share_back_and_frees_its_seat(world: World) -> None:
    [shared] = await world.share("recipient", sender="sender")
    claimed = await world.claim("recipient", shared)
    since = await head(world)
    payload = await _end(world, "release", "recipient", shared)
    assert payload["userErrors"] == []
    assert payload["sharedOrder"] == {
        "id": shared,
        "status": "RELEASED",
        "claimedAt": claimed["sharedOrder"]["claimedAt"],
        "availableActions": [],
        "order": {"sharesClaimed": 0, "version": 1},
    }
    assert await told(world, since) == ["recipient: O-owner v1 from sender to recipient CLAIMED > RELEASED"]
    assert await findings(world.database) == []


@pytest.mark.parametrize("state", ["OFFERED", "CLAIMED"])
async def test_sender_owner_and_admin_take_a_share_back_and_free_its_seat(world: World, state: str) -> None:
    for viewer in ("sender", "owner", "admin"):
        shared = await _shared_order_in(world, state)
        since = await head(world)
        payload = await _end(world, "revoke", viewer, shared)
        assert payload["userErrors"] == []
        assert payload["sharedOrder"]["status"] == "REVOKED"
        assert payload["sharedOrder"]["order"] == {"sharesClaimed": 0, "version": 1}
        assert await told(world, since) == [f"{viewer}: O-owner v1 from sender to recipient {state} > REVOKED"]
    assert await findings(world.database) == []


@pytest.mark.parametrize("how", ["release", "revoke"])
async def test_a_freed_seat_goes_to_the_next_who_claims(world: World, how: str) -> None:
    await world.import_rows(row("O-one", "owner", max_shares=1))
    first, second = await world.share("recipient", "member", order="O-one")
    await world.claim("recipient", first)
    assert (await world.claim("member", second))["codes"] == ["SHARES_EXHAUSTED"]
    who = "owner" if how == "revoke" else "recipient"
    assert (await _end(world, how, who, first))["sharedOrder"]["order"]["sharesClaimed"] == 0
    assert (await world.claim("member", second))["sharedOrder"]["status"] == "CLAIMED"
    assert (await world.order_row("O-one")).shares_claimed == 1
    assert await findings(world.database) == []


@pytest.mark.parametrize("how", _ENDED)
async def test_only_a_share_in_the_right_state_can_be_ended(world: World, how: str) -> None:
    await world.import_rows(*(row(f"O-{state}", "owner") for state in _STATES))
    shares = {state: await _shared_order_in(world, state, f"O-{state}") for state in _STATES}
    who = "sender" if how == "revoke" else "recipient"
    for state, refusal in _REFUSALS[how].items():
        await _is_refused(world, refusal, how, who, shares[state])
    for state in _STATES:
        if state not in _REFUSALS[how]:
            assert (await _end(world, how, who, shares[state]))["sharedOrder"]["status"] == _ENDED[how]
            assert (await world.order_row(f"O-{state}")).shares_claimed == 0
    assert await findings(world.database) == []


async def test_who_may_not_end_it_is_told_so_whatever_its_state(world: World) -> None:
    await world.import_rows(*(row(f"O-{state}", "owner") for state in _STATES))
    for state in _STATES:
        shared = await _shared_order_in(world, state, f"O-{state}")
        for viewer in ("sender", "owner", "admin"):
            await _is_refused(world, "FORBIDDEN", "decline", viewer, shared)
            await _is_refused(world, "FORBIDDEN", "release", viewer, shared)
        await _is_refused(world, "FORBIDDEN", "revoke", "recipient", shared)


@pytest.mark.parametrize("how", _ENDED)
async def test_a_shared_order_that_the_viewer_does_not_see_looks_like_none_at_all(world: World, how: str) -> None:
    shared = await _shared_order_in(world, "OFFERED")
    for viewer in ("member", "outsider"):
        await _is_refused(world, "NOT_FOUND", how, viewer, shared)
    for shared_order_id in (await world.order_id(), "no id", ""):
        await _is_refused(world, "NOT_FOUND", how, "recipient", shared_order_id)


async def test_a_removed_sender_no_longer_takes_back_what_they_sent(world: World) -> None:
    shared = await _shared_order_in(world, "OFFERED")
    place = {"organisationId": await world.organisation_id(), "userId": await world.user_id("sender")}
    assert (await world.mutate("admin", "removeMember", "organisation { id }", **place))["codes"] == []
    await _is_refused(world, "NOT_FOUND", "revoke", "sender", shared)
    assert (await world.claim("recipient", shared))["sharedOrder"]["status"] == "CLAIMED"
