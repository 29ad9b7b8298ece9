"""shareOrder: who can offer which order to whom, and what becomes of each recipient of one instruction."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.vocabulary import OrderStatus
from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_FIELDS = """
order { reference version sharesClaimed status }
sharedOrders {
  id status permission message claimedAt createdAt claimWindow { opensAt closesAt }
  order { reference } sender { reference } recipient { reference }
}
"""
_ORDER = {"reference": "O-owner", "version": 1, "sharesClaimed": 0, "status": "IN_FORCE"}
_SHAREABLE = (OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD, OrderStatus.LOSS_REPORTED)
_WINDOWS_NEVER_OPEN = {
    "empty": ({"opensAt": "2130-01-01T00:00:00Z", "closesAt": "2130-01-01T00:00:00Z"}, "closesAt"),
    "reversed": ({"opensAt": "2130-01-01T00:00:00Z", "closesAt": "2129-12-31T23:59:59.999999Z"}, "closesAt"),
    "over": ({"opensAt": "2020-01-01T00:00:00Z", "closesAt": "2020-01-02T00:00:00Z"}, "closesAt"),
    "over already": ({"closesAt": "2020-01-02T00:00:00Z"}, "closesAt"),
    "over after seven days": ({"opensAt": "2020-01-01T00:00:00Z"}, "closesAt"),
    "beyond the calendar": ({"opensAt": "9999-12-31T00:00:00Z"}, "opensAt"),
}


async def _share(world: World, sender: str, *recipients: str, order: str = "O-owner", **given: Any) -> dict[str, Any]:
    return await world.mutate(
        sender,
        "shareOrder",
        _FIELDS,
        **{
            "orderId": await world.order_id(order),
            "recipientIds": [await world.user_id(name) for name in recipients],
            **given,
        },
    )


def _errors(payload: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(error["__typename"], error["code"], ".".join(error["path"])) for error in payload["userErrors"]]


def _refused(payload: dict[str, Any], code: str, path: str) -> bool:
    return (payload["order"], payload["sharedOrders"], _errors(payload)) == (
        None,
        [],
        [("GenericUserError", code, path)],
    )


async def test_an_offer_names_its_order_and_people_and_is_open_for_seven_days_at_once(world: World) -> None:
    since = await head(world)
    before = datetime.now(UTC)
    payload = await _share(world, "owner", "recipient")
    after = datetime.now(UTC)
    assert payload["userErrors"] == []
    assert payload["order"] == _ORDER
    [offer] = payload["sharedOrders"]
    created_at = datetime.fromisoformat(offer["createdAt"])
    assert before <= created_at <= after
    assert {name: offer[name] for name in ("status", "permission", "message", "claimedAt")} == {
        "status": "OFFERED",
        "permission": "VIEW",
        "message": None,
        "claimedAt": None,
    }
    assert datetime.fromisoformat(offer["claimWindow"]["opensAt"]) == created_at
    assert datetime.fromisoformat(offer["claimWindow"]["closesAt"]) == created_at + timedelta(days=7)
    assert (offer["order"], offer["sender"], offer["recipient"]) == (
        {"reference": "O-owner"},
        {"reference": "owner"},
        {"reference": "recipient"},
    )
    assert await told(world, since) == ["owner: O-owner v1 from owner to recipient None > OFFERED"]
    assert await findings(world.database) == []


async def test_the_window_permission_and_message_are_those_of_the_instruction(world: World) -> None:
    opens_at = datetime(2130, 5, 1, 9, 30, 0, 123456, tzinfo=UTC)
    window = {"opensAt": "2130-05-01T11:30:00.123456+02:00", "closesAt": "2130-05-02T09:30:00Z"}
    payload = await _share(
        world, "owner", "recipient", permission="PROCESS", claimWindow=window, message="x" * 999 + "共"
    )
    [offer] = payload["sharedOrders"]
    assert payload["userErrors"] == []
    assert (offer["permission"], offer["message"]) == ("PROCESS", "x" * 999 + "共")
    assert offer["claimWindow"] == {"opensAt": "2130-05-01T09:30:00.123456Z", "closesAt": "2130-05-02T09:30:00Z"}
    payload = await _share(world, "owner", "member", claimWindow={"opensAt": window["opensAt"]})
    closes_at = datetime.fromisoformat(payload["sharedOrders"][0]["claimWindow"]["closesAt"])
    assert closes_at == opens_at + timedelta(days=7)


async def test_one_instruction_offers_the_order_to_more_recipients_than_it_has_seats(world: World) -> None:
    since = await head(world)
    payload = await _share(world, "owner", "recipient", "member", "admin")
    assert payload["userErrors"] == []
    assert [offer["recipient"]["reference"] for offer in payload["sharedOrders"]] == ["recipient", "member", "admin"]
    assert await told(world, since) == [
        "owner: O-owner v1 from owner to recipient None > OFFERED",
        "owner: O-owner v1 from owner to member None > OFFERED",
        "owner: O-owner v1 from owner to admin None > OFFERED",
    ]
    assert (await world.order_row()).version == 1


async def test_the_valid_recipients_are_offered_it_and_each_other_one_is_named_by_its_index(world: World) -> None:
    since = await head(world)
    names = ["owner", "recipient", "outsider", "sender", "recipient", "member"]
    ids = [await world.user_id(name) for name in names]
    ids += ["bm90aGluZw==", await world.order_id(), ""]
    payload = await _share(world, "sender", recipientIds=ids)
    assert payload["order"] == _ORDER
    assert [offer["recipient"]["reference"] for offer in payload["sharedOrders"]] == ["recipient", "member"]
    assert _errors(payload) == [
        ("GenericUserError", "OWN_ORDER", "input.recipientIds.0"),
        ("GenericUserError", "NOT_A_MEMBER", "input.recipientIds.2"),
        ("GenericUserError", "INVALID_INPUT", "input.recipientIds.3"),
        ("GenericUserError", "ALREADY_SHARED", "input.recipientIds.4"),
        ("GenericUserError", "NOT_A_MEMBER", "input.recipientIds.6"),
        ("GenericUserError", "NOT_A_MEMBER", "input.recipientIds.7"),
        ("GenericUserError", "NOT_A_MEMBER", "input.recipientIds.8"),
    ]
    strangers = [error["message"] for error in payload["userErrors"] if error["code"] == "NOT_A_MEMBER"]
    assert len(set(strangers)) == 1
    assert await told(world, since) == [
        "sender: O-owner v1 from sender to recipient None > OFFERED",
        "sender: O-owner v1 from sender to member None > OFFERED",
    ]


async def test_an_instruction_without_a_valid_recipient_changes_nothing(world: World) -> None:
    async with nothing_changes(world):
        payload = await _share(world, "admin", "owner", "outsider", "admin")
    assert (payload["order"], payload["sharedOrders"]) == (None, [])
    assert payload["codes"] == ["OWN_ORDER", "NOT_A_MEMBER", "INVALID_INPUT"]


async def test_an_instruction_names_one_to_a_hundred_recipients(world: World) -> None:
    recipient = await world.user_id("recipient")
    for count in (0, 101):
        async with nothing_changes(world):
            payload = await _share(world, "owner", recipientIds=[recipient] * count)
        assert _refused(payload, "INVALID_INPUT", "input.recipientIds")
    payload = await _share(world, "owner", recipientIds=[recipient] * 100)
    assert payload["codes"] == ["ALREADY_SHARED"] * 99
    assert [error["path"][-1] for error in payload["userErrors"]] == [str(index) for index in range(1, 100)]


async def test_a_message_that_cannot_be_kept_is_refused(world: World) -> None:
    for message in ("x" * 1001, "nul \x00"):
        async with nothing_changes(world):
            payload = await _share(world, "owner", "recipient", message=message)
        assert _refused(payload, "INVALID_INPUT", "input.message")


async def test_a_window_that_would_never_be_open_is_refused(world: World) -> None:
    for window, field in _WINDOWS_NEVER_OPEN.values():
        async with nothing_changes(world):
            payload = await _share(world, "owner", "recipient", claimWindow=window)
        assert _refused(payload, "INVALID_INPUT", f"input.claimWindow.{field}"), window


async def test_a_window_may_reach_to_the_end_of_the_calendar(world: World) -> None:
    window = {"opensAt": "9999-12-30T00:00:00Z", "closesAt": "9999-12-31T23:59:59.999999Z"}
    payload = await _share(world, "owner", "recipient", claimWindow=window)
    assert payload["userErrors"] == []
    assert payload["sharedOrders"][0]["claimWindow"] == window


async def test_only_an_order_that_is_effective_can_be_shared(world: World) -> None:
    await world.import_rows(*(row(f"O-{status}", "owner", status=status) for status in OrderStatus))
    for status in OrderStatus:
        if status in _SHAREABLE:
            payload = await _share(world, "owner", "recipient", order=f"O-{status}")
            assert payload["userErrors"] == []
            assert payload["order"] == {**_ORDER, "reference": f"O-{status}", "status": status}
        else:
            async with nothing_changes(world):
                payload = await _share(world, "owner", "recipient", order=f"O-{status}")
            assert _refused(payload, "ORDER_NOT_SHAREABLE", "input.orderId")


async def test_a_recipient_who_is_offered_or_holds_it_is_not_offered_it_again(world: World) -> None:
    [shared] = await world.share("recipient")
    async with nothing_changes(world):
        while_offered = await _share(world, "owner", "recipient")
    assert _refused(while_offered, "ALREADY_SHARED", "input.recipientIds.0")
    await world.claim("recipient", shared)
    async with nothing_changes(world):
        while_held = await _share(world, "admin", "recipient")
    assert _refused(while_held, "ALREADY_SHARED", "input.recipientIds.0")


async def test_a_recipient_whose_share_has_ended_can_be_offered_it_again(world: World) -> None:
    seen = set()
    for who, end in (("recipient", "decline"), ("recipient", "release"), ("owner", "revoke")):
        [shared] = await world.share("recipient")
        seen.add(shared)
        if end == "release":
            await world.claim("recipient", shared)
        ended = await world.mutate(who, f"{end}SharedOrder", "sharedOrder { status }", sharedOrderId=shared)
        assert ended["userErrors"] == []
    since = await head(world)
    [last] = await world.share("recipient")
    assert len(seen | {last}) == 4
    assert await told(world, since) == ["owner: O-owner v1 from owner to recipient None > OFFERED"]
    assert (await world.claim("recipient", last))["sharedOrder"]["status"] == "CLAIMED"
    assert (await world.order_row()).shares_claimed == 1
    assert await findings(world.database) == []


async def test_a_recipient_whose_offer_has_expired_can_be_offered_it_again(world: World) -> None:
    [first] = await world.share("recipient")
    await world.move_window(first, timedelta(days=-2), timedelta(days=-1))
    since = await head(world)
    [second] = await world.share("recipient", sender="sender")
    assert second != first
    assert await told(world, since) == [
        "nobody: O-owner v1 from owner to recipient OFFERED > EXPIRED",
        "sender: O-owner v1 from sender to recipient None > OFFERED",
    ]
    status = await world.ask("recipient", "query($id: ID!) { sharedOrder(id: $id) { status } }", id=first)
    assert status == {"sharedOrder": {"status": "EXPIRED"}}
    assert await findings(world.database) == []
