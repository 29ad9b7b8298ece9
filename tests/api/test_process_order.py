"""processOrder: every action from every status, through either terminal, and what is kept and told of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.vocabulary import OrderAction, OrderStatus
from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_FIELDS = """
order { version status expiresAt sharesClaimed statusReason { cause action via at actor { reference } } updatedAt }
processingResult {
  id action via note fromStatus toStatus orderVersion at actor { reference } sharedOrder { id }
}
userErrors {
  ... on ActionNotAllowedError { currentStatus availableActions }
  ... on VersionConflictError { currentVersion currentStatus }
}
"""
_LATER = "2130-01-01T00:00:00Z"
_TABLE = {
    "ACTIVATE": ({"PENDING"}, "IN_FORCE"),
    "RENEW": ({"IN_FORCE", "GRACE_PERIOD"}, "IN_FORCE"),
    "ENDORSE": ({"IN_FORCE"}, "IN_FORCE"),
    "REPORT_LOSS": ({"IN_FORCE", "GRACE_PERIOD"}, "LOSS_REPORTED"),
    "SETTLE_LOSS": ({"LOSS_REPORTED"}, "IN_FORCE"),
    "REJECT_LOSS": ({"LOSS_REPORTED"}, "IN_FORCE"),
    "SUSPEND": ({"IN_FORCE"}, "SUSPENDED"),
    "REINSTATE": ({"SUSPENDED", "LAPSED"}, "IN_FORCE"),
    "CANCEL": ({"PENDING", "IN_FORCE", "GRACE_PERIOD", "SUSPENDED"}, "CANCELLED"),
}
"""The contract's table, by hand."""


async def _process(world: World, viewer: str, order_id: str, action: str, **given: Any) -> dict[str, Any]:
    return await world.mutate(viewer, "processOrder", _FIELDS, orderId=order_id, action=action, **given)


async def _refused(world: World, viewer: str, order_id: str, action: str, **given: Any) -> dict[str, Any]:
    """Return the one error of a result that was refused, which must have changed nothing."""
    async with nothing_changes(world):
        payload = await _process(world, viewer, order_id, action, **given)
    assert (payload["order"], payload["processingResult"]) == (None, None)
    [error] = payload["userErrors"]
    assert error.pop("message") != ""
    refusal: dict[str, Any] = error
    return refusal


def _generic(code: str, path: str = "orderId") -> dict[str, Any]:
    return {"__typename": "GenericUserError", "code": code, "path": ["input", path]}


def _conflict(version: int, status: str) -> dict[str, Any]:
    return {
        "__typename": "VersionConflictError",
        "code": "VERSION_CONFLICT",
        "path": ["input", "expectedVersion"],
        "currentVersion": version,
        "currentStatus": status,
    }


async def test_the_table_by_hand_is_the_one_that_clients_are_served(world: World) -> None:
    served = (await world.ask("member", "{ orderStateMachine { action fromStatuses toStatus } }"))["orderStateMachine"]
    by_action = [(entry["action"], set(entry["fromStatuses"]), entry["toStatus"]) for entry in served]
    assert sorted(by_action[:-2]) == sorted((action, *ends) for action, ends in _TABLE.items())
    assert by_action[-2:] == [(None, {"IN_FORCE"}, "GRACE_PERIOD"), (None, {"GRACE_PERIOD"}, "LAPSED")]


async def test_every_action_leads_where_the_table_says_and_nowhere_else(world: World) -> None:
    pairs = [(status, action) for status in OrderStatus for action in OrderAction]
    await world.import_rows(*(row(f"O-{status}-{action}", "owner", status=status) for status, action in pairs))
    for status, action in pairs:
        order_id = await world.order_id(f"O-{status}-{action}")
        from_statuses, to_status = _TABLE[action]
        given = {"newExpiresAt": _LATER} if action == "RENEW" else {}
        if status not in from_statuses:
            assert await _refused(world, "owner", order_id, action, **given) == {
                "__typename": "ActionNotAllowedError",
                "code": "ACTION_NOT_ALLOWED",
                "path": ["input", "action"],
                "currentStatus": status,
                "availableActions": [name for name in OrderAction if status in _TABLE[name][0]],
            }
            continue
        since = await head(world)
        payload = await _process(world, "owner", order_id, action, **given)
        assert payload["userErrors"] == []
        assert (payload["order"]["status"], payload["order"]["version"]) == (to_status, 2)
        assert await told(world, since) == [
            f"owner: O-{status}-{action} v2 {status} > {to_status} (PROCESSED {action} FIRST_ORDER)"
        ]
    assert await findings(world.database) == []


async def test_a_result_through_the_first_order_is_kept_with_all_that_was_said(world: World) -> None:
    order_id = await world.order_id()
    before = datetime.now(UTC)
    payload = await _process(world, "admin", order_id, "REPORT_LOSS", note="x" * 999 + "損", expectedVersion=1)
    after = datetime.now(UTC)
    assert payload["userErrors"] == []
    order, result = payload["order"], payload["processingResult"]
    assert before <= datetime.fromisoformat(result["at"]) <= after
    assert order == {
        "version": 2,
        "status": "LOSS_REPORTED",
        "expiresAt": None,
        "sharesClaimed": 0,
        "statusReason": {
            "cause": "PROCESSED",
            "action": "REPORT_LOSS",
            "via": "FIRST_ORDER",
            "at": result["at"],
            "actor": {"reference": "admin"},
        },
        "updatedAt": result["at"],
    }
    kept = {
        "id": result["id"],
        "action": "REPORT_LOSS",
        "via": "FIRST_ORDER",
        "note": "x" * 999 + "損",
        "fromStatus": "IN_FORCE",
        "toStatus": "LOSS_REPORTED",
        "orderVersion": 2,
        "at": result["at"],
        "actor": {"reference": "admin"},
        "sharedOrder": None,
    }
    assert result == kept
    listed = "query($id: ID!) { order(id: $id) { processingResults { nodes { id orderVersion } } } }"
    answer = await world.ask("member", listed, id=order_id)
    assert answer["order"]["processingResults"]["nodes"] == [{"id": kept["id"], "orderVersion": 2}]


async def test_a_result_through_the_shared_order_names_it_and_changes_the_same_order(world: World) -> None:
    [shared] = await world.share("recipient", permission="PROCESS")
    await world.claim("recipient", shared)
    since = await head(world)
    payload = await _process(world, "recipient", shared, "SUSPEND", expectedVersion=1)
    assert payload["userErrors"] == []
    result = payload["processingResult"]
    assert (result["via"], result["sharedOrder"], result["actor"]) == (
        "SHARED_ORDER",
        {"id": shared},
        {"reference": "recipient"},
    )
    assert (payload["order"]["status"], payload["order"]["version"]) == ("SUSPENDED", 2)
    assert payload["order"]["statusReason"]["via"] == "SHARED_ORDER"
    assert await told(world, since) == [
        "recipient: O-owner v2 IN_FORCE > SUSPENDED (PROCESSED SUSPEND SHARED_ORDER)",
    ]
    payload = await _process(world, "owner", await world.order_id(), "REINSTATE", expectedVersion=2)
    assert (payload["order"]["status"], payload["order"]["version"]) == ("IN_FORCE", 3)
    assert await findings(world.database) == []


async def test_sharing_and_claiming_leave_the_version_that_a_terminal_expects(world: World) -> None:
    [shared] = await world.share("recipient", permission="PROCESS")
    await world.claim("recipient", shared)
    await world.mutate("recipient", "releaseSharedOrder", "sharedOrder { id }", sharedOrderId=shared)
    payload = await _process(world, "owner", await world.order_id(), "ENDORSE", expectedVersion=1)
    assert payload["order"]["version"] == 2


async def test_a_result_decided_on_another_version_is_told_the_present_one(world: World) -> None:
    order_id = await world.order_id()
    await _process(world, "owner", order_id, "REPORT_LOSS")
    for expected in (1, 3, 0, -1, 2**31 - 1):
        refusal = await _refused(world, "owner", order_id, "SETTLE_LOSS", expectedVersion=expected)
        assert refusal == _conflict(2, "LOSS_REPORTED")
    assert (await _process(world, "owner", order_id, "SETTLE_LOSS", expectedVersion=2))["userErrors"] == []


async def test_a_stale_version_is_told_before_an_impossible_action(world: World) -> None:
    order_id = await world.order_id()
    await _process(world, "owner", order_id, "CANCEL")
    refusal = await _refused(world, "owner", order_id, "CANCEL", expectedVersion=1)
    assert refusal == _conflict(2, "CANCELLED")
    assert (await _refused(world, "owner", order_id, "CANCEL"))["code"] == "ACTION_NOT_ALLOWED"


async def test_only_the_owner_and_admins_process_through_the_order(world: World) -> None:
    order_id = await world.order_id()
    [shared] = await world.share("recipient", sender="sender")
    [process] = await world.share("member", permission="PROCESS")
    await world.claim("recipient", shared)
    await world.claim("member", process)
    for viewer in ("sender", "member", "recipient"):
        assert await _refused(world, viewer, order_id, "ENDORSE") == _generic("FORBIDDEN")
    for viewer in ("owner", "admin"):
        assert (await _process(world, viewer, order_id, "ENDORSE"))["userErrors"] == []


async def test_only_its_recipient_with_process_and_a_claim_processes_through_a_shared_order(world: World) -> None:
    [offered] = await world.share("recipient", sender="admin", permission="PROCESS")
    [view] = await world.share("member")
    await world.claim("member", view)
    for viewer in ("owner", "admin"):
        assert await _refused(world, viewer, offered, "ENDORSE") == _generic("FORBIDDEN")
    assert await _refused(world, "recipient", offered, "ENDORSE") == _generic("NOT_CLAIMED")
    assert await _refused(world, "member", view, "ENDORSE") == _generic("FORBIDDEN")
    await world.claim("recipient", offered)
    assert (await _process(world, "recipient", offered, "ENDORSE"))["userErrors"] == []
    await world.mutate("admin", "revokeSharedOrder", "sharedOrder { id }", sharedOrderId=offered)
    assert await _refused(world, "recipient", offered, "ENDORSE") == _generic("NOT_CLAIMED")


async def test_an_order_that_the_viewer_does_not_see_looks_like_none_at_all(world: World) -> None:
    [shared] = await world.share("recipient", permission="PROCESS")
    assert await _refused(world, "outsider", await world.order_id(), "ENDORSE") == _generic("NOT_FOUND")
    for viewer in ("member", "outsider"):
        assert await _refused(world, viewer, shared, "ENDORSE") == _generic("NOT_FOUND")
    for order_id in (await world.user_id("owner"), await world.order_id("O-outsider"), "no id", ""):
        assert await _refused(world, "owner", order_id, "ENDORSE") == _generic("NOT_FOUND")


async def test_a_note_that_cannot_be_kept_is_refused(world: World) -> None:
    for note in ("x" * 1001, "\x00"):
        refusal = await _refused(world, "owner", await world.order_id(), "ENDORSE", note=note)
        assert refusal == _generic("INVALID_INPUT", "note")


async def test_renew_needs_a_new_end_that_lies_ahead(world: World) -> None:
    await world.import_rows(row("O-one", "owner", effective_at=datetime(2129, 1, 1, tzinfo=UTC)))
    order_id = await world.order_id("O-one")
    refusal = await _refused(world, "owner", order_id, "RENEW")
    assert refusal == _generic("INVALID_INPUT", "newExpiresAt")
    for end in ("2020-01-01T00:00:00Z", "2128-12-31T00:00:00Z", "2129-01-01T00:00:00Z"):
        refusal = await _refused(world, "owner", order_id, "RENEW", newExpiresAt=end)
        assert refusal == _generic("INVALID_INPUT", "newExpiresAt")
    payload = await _process(world, "owner", order_id, "RENEW", newExpiresAt=_LATER)
    assert (payload["order"]["expiresAt"], payload["order"]["version"]) == (_LATER, 2)


async def test_no_action_but_renew_and_reinstate_takes_a_new_end(world: World) -> None:
    for action, (statuses, _) in _TABLE.items():
        reference = f"O-{action}"
        await world.import_rows(row(reference, "owner", status=OrderStatus(min(statuses))))
        order_id = await world.order_id(reference)
        if action in ("RENEW", "REINSTATE"):
            payload = await _process(world, "owner", order_id, action, newExpiresAt=_LATER)
            assert payload["order"]["expiresAt"] == _LATER
        else:
            refusal = await _refused(world, "owner", order_id, action, newExpiresAt=_LATER)
            assert refusal == _generic("INVALID_INPUT", "newExpiresAt")


async def test_a_lapsed_order_is_reinstated_with_a_new_end_or_lapses_again_in_time(world: World) -> None:
    ended = datetime.now(UTC) - timedelta(days=40)
    given: dict[str, Any] = {
        "effective_at": ended - timedelta(days=365),
        "expires_at": ended,
        "status": OrderStatus.LAPSED,
    }
    await world.import_rows(row("O-kept", "owner", **given), row("O-left", "owner", **given))
    payload = await _process(world, "owner", await world.order_id("O-kept"), "REINSTATE", newExpiresAt=_LATER)
    assert (payload["order"]["status"], payload["order"]["expiresAt"]) == ("IN_FORCE", _LATER)
    payload = await _process(world, "owner", await world.order_id("O-left"), "REINSTATE")
    assert (payload["order"]["status"], payload["order"]["version"]) == ("IN_FORCE", 2)
