"""idempotencyKey: the same key and input answers what the first answered and does nothing again."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from db.log_tables import IdempotencyKeyRow
from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_SHARED = "sharedOrder { id status permission message claimedAt createdAt claimWindow { opensAt closesAt } }"
_FIELDS = {
    "shareOrder": "order { id status version sharesClaimed } sharedOrders { id status createdAt recipient { id } }",
    "claimSharedOrder": _SHARED
    + "userErrors { ... on ClaimWindowError { opensAt closesAt } }"
    + "userErrors { ... on SharesExhaustedError { maxShares sharesClaimed } }",
    "declineSharedOrder": _SHARED,
    "releaseSharedOrder": _SHARED,
    "revokeSharedOrder": _SHARED,
    "extendClaimWindow": _SHARED,
    "processOrder": """
      order { id status version expiresAt updatedAt statusReason { cause action via at actor { reference } } }
      processingResult { id action note fromStatus toStatus orderVersion at actor { reference } }
      userErrors {
        ... on ActionNotAllowedError { currentStatus availableActions }
        ... on VersionConflictError { currentVersion currentStatus }
      }""",
    "importOrders": "imported updated unchanged",
    "setSharePolicy": "organisation { id name sharePolicy }",
    "addMember": "membership { role user { id name } }",
    "removeMember": "organisation { id name sharePolicy }",
    "setMemberRole": "membership { role user { id name } }",
}


async def _send(world: World, viewer: str, mutation: str, key: str | None, **given: Any) -> dict[str, Any]:
    return await world.mutate(viewer, mutation, _FIELDS[mutation], **given, idempotencyKey=key)


async def _done(world: World, viewer: str, mutation: str, **given: Any) -> None:
    assert (await _send(world, viewer, mutation, None, **given))["userErrors"] == []


async def _kept(world: World) -> int:
    async with world.database.read() as session:
        return len((await session.exec(select(col(IdempotencyKeyRow.key)))).all())


class _Repeated:
    """Mutations that were sent once, to be sent again later on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sent: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = []

    async def send(self, viewer: str, mutation: str, **given: Any) -> dict[str, Any]:
        answer = await _send(self._world, viewer, mutation, f"key {len(self._sent)}", **given)
        self._sent.append((viewer, mutation, given, answer))
        return answer

    async def all_answer_the_same_again(self) -> None:
        async with nothing_changes(self._world):
            for number, (viewer, mutation, given, answer) in enumerate(self._sent):
                assert await _send(self._world, viewer, mutation, f"key {number}", **given) == answer
        assert await _kept(self._world) == len(self._sent)


async def test_sharing_again_with_the_same_keys_answers_the_same_after_all_has_moved_on(world: World) -> None:
    repeated = _Repeated(world)
    people = {name: await world.user_id(name) for name in ("recipient", "owner", "outsider", "member", "sender")}
    given = {"orderId": await world.order_id(), "recipientIds": list(people.values()), "message": "take it"}
    shared = await repeated.send("admin", "shareOrder", **given)
    assert shared["codes"] == ["OWN_ORDER", "NOT_A_MEMBER"]
    first, second, third = ({"sharedOrderId": each["id"]} for each in shared["sharedOrders"])
    claimed = await repeated.send("recipient", "claimSharedOrder", **first)
    assert claimed["sharedOrder"]["status"] == "CLAIMED"
    await repeated.send("admin", "extendClaimWindow", **second, closesAt="2131-01-01T00:00:00Z")
    await repeated.all_answer_the_same_again()
    await repeated.send("member", "declineSharedOrder", **second)
    await repeated.send("recipient", "releaseSharedOrder", **first)
    revoked = await repeated.send("owner", "revokeSharedOrder", **third)
    assert revoked["sharedOrder"]["status"] == "REVOKED"
    await repeated.all_answer_the_same_again()
    await world.share("recipient", "member", "sender")
    await _done(world, "owner", "processOrder", orderId=given["orderId"], action="CANCEL")
    await repeated.all_answer_the_same_again()
    assert await findings(world.database) == []


async def test_processing_again_with_the_same_keys_answers_the_same_after_all_has_moved_on(world: World) -> None:
    repeated = _Repeated(world)
    [shared] = await world.share("recipient", permission="PROCESS")
    await world.claim("recipient", shared)
    order_id = await world.order_id()
    renewal = {"action": "RENEW", "newExpiresAt": "2131-01-01T00:00:00.000001Z", "note": "one more year"}
    renewed = await repeated.send("owner", "processOrder", orderId=order_id, **renewal)
    assert renewed["order"]["expiresAt"] == renewal["newExpiresAt"]
    await repeated.send("recipient", "processOrder", orderId=shared, action="REPORT_LOSS", expectedVersion=2)
    await _done(world, "owner", "processOrder", orderId=order_id, action="SETTLE_LOSS")
    await repeated.all_answer_the_same_again()
    await _done(world, "owner", "processOrder", orderId=order_id, action="CANCEL")
    await repeated.all_answer_the_same_again()
    assert (await world.order_row()).version == 5
    assert await findings(world.database) == []


async def test_administering_again_with_the_same_keys_answers_the_same_after_all_has_moved_on(world: World) -> None:
    repeated = _Repeated(world)
    here = {"organisationId": await world.organisation_id()}
    member = {**here, "userId": await world.user_id("member")}
    order = {
        **{"reference": "N-1", "ownerReference": "owner", "type": "HOSPITAL", "title": "New", "status": "IN_FORCE"},
        **{"premium": {"amountMinor": 1, "currency": "EUR"}, "effectiveAt": "2026-01-01T00:00:00Z", "maxShares": 1},
    }
    imported = await repeated.send("admin", "importOrders", **here, orders=[order, {**order, "type": "UNKNOWN"}])
    assert (imported["imported"], imported["codes"]) == (1, ["INVALID_INPUT"])
    await repeated.send("admin", "setSharePolicy", **here, sharePolicy="OWNER_AND_ADMINS")
    await repeated.send("admin", "addMember", **here, reference="newcomer", name="New")
    await repeated.send("admin", "setMemberRole", **member, role="ADMIN")
    await repeated.send("admin", "removeMember", **member)
    await repeated.all_answer_the_same_again()
    await _done(world, "admin", "setSharePolicy", **here, sharePolicy="ANY_MEMBER")
    await _done(world, "admin", "addMember", **here, reference="member", name="Member")
    await _done(world, "admin", "importOrders", **here, orders=[{**order, "title": "Newer"}])
    await repeated.all_answer_the_same_again()
    assert await findings(world.database) == []


async def test_a_refusal_is_kept_like_any_other_answer(world: World) -> None:
    repeated = _Repeated(world)
    await world.import_rows(row("O-one", "owner", max_shares=1))
    early = {"opensAt": "2131-01-01T00:00:00Z", "closesAt": "2131-01-02T00:00:00Z"}
    [too_early] = await world.share("recipient", claimWindow=early)
    won, lost = await world.share("recipient", "member", order="O-one")
    await world.claim("recipient", won)
    order_id = await world.order_id()
    answers = [
        await repeated.send("recipient", "claimSharedOrder", sharedOrderId=too_early),
        await repeated.send("member", "claimSharedOrder", sharedOrderId=lost),
        await repeated.send("owner", "processOrder", orderId=order_id, action="ACTIVATE"),
        await repeated.send("owner", "processOrder", orderId=order_id, action="ENDORSE", expectedVersion=7),
        await repeated.send("sender", "processOrder", orderId=order_id, action="ENDORSE"),
        await repeated.send("outsider", "claimSharedOrder", sharedOrderId=lost),
        await repeated.send("owner", "shareOrder", orderId=order_id, recipientIds=[await world.user_id("owner")]),
        await repeated.send("owner", "shareOrder", orderId=order_id, recipientIds=[]),
    ]
    codes = ["CLAIM_WINDOW_NOT_OPEN", "SHARES_EXHAUSTED", "ACTION_NOT_ALLOWED", "VERSION_CONFLICT"]
    assert [answer["codes"] for answer in answers] == [
        *([code] for code in codes),
        *(["FORBIDDEN"], ["NOT_FOUND"], ["OWN_ORDER"], ["INVALID_INPUT"]),
    ]
    await world.move_window(too_early, timedelta(0), timedelta(hours=1))
    await world.mutate("recipient", "releaseSharedOrder", "sharedOrder { id }", sharedOrderId=won)
    await _done(world, "owner", "processOrder", orderId=order_id, action="REPORT_LOSS")
    await repeated.all_answer_the_same_again()
    assert (await world.claim("recipient", too_early))["codes"] == []
    assert (await world.claim("member", lost, idempotencyKey="another key"))["codes"] == []
    assert await findings(world.database) == []


async def test_a_refused_mutation_leaves_nothing_but_its_key(world: World) -> None:
    [shared] = await world.share("recipient", sender="sender")
    await world.end_cover("O-owner", timedelta(days=-31))
    before = await world.dump()
    given = {"sharedOrderId": shared}
    for viewer, mutation, more in (
        ("recipient", "claimSharedOrder", {}),
        ("sender", "extendClaimWindow", {"closesAt": "2131-01-01T00:00:00Z"}),
    ):
        assert (await _send(world, viewer, mutation, "k", **given, **more))["codes"] == ["NOT_OFFERED"]
    after = await world.dump()
    assert len(after.pop("idempotency_key")) == len(before.pop("idempotency_key")) + 2
    assert after == before


async def test_a_key_that_was_used_with_another_input_or_mutation_is_refused(world: World) -> None:
    [here] = await world.share("recipient")
    [there] = await world.share("recipient", order="O-member")
    first, second = {"sharedOrderId": here}, {"sharedOrderId": there}
    await _send(world, "recipient", "claimSharedOrder", "k", **first)
    for mutation, given in (
        ("claimSharedOrder", second),
        ("claimSharedOrder", {"sharedOrderId": ""}),
        ("releaseSharedOrder", first),
        ("processOrder", {"orderId": first["sharedOrderId"], "action": "ENDORSE"}),
    ):
        async with nothing_changes(world):
            payload = await _send(world, "recipient", mutation, "k", **given)
        [error] = payload["userErrors"]
        assert (error["__typename"], error["code"]) == ("GenericUserError", "KEY_REUSED")
        assert error["path"] == ["input", "idempotencyKey"]


async def test_an_input_that_says_the_same_in_other_words_is_the_same_input(world: World) -> None:
    given = {"orderId": await world.order_id(), "recipientIds": [await world.user_id("recipient")]}
    window = {"opensAt": "2130-01-01T00:00:00Z", "closesAt": "2131-01-01T00:00:00Z"}
    elsewhere = {"opensAt": "2130-01-01T01:00:00+01:00", "closesAt": "2130-12-31T18:00:00.000-06:00"}
    first = await _send(world, "owner", "shareOrder", "k", **given, claimWindow=window)
    again = {**given, "claimWindow": elsewhere, "permission": "VIEW", "message": None}
    async with nothing_changes(world):
        assert await _send(world, "owner", "shareOrder", "k", **again) == first
        payload = await _send(world, "owner", "shareOrder", "k", **{**again, "permission": "PROCESS"})
        assert payload["codes"] == ["KEY_REUSED"]


async def test_two_users_may_use_the_same_key(world: World) -> None:
    since = await head(world)
    given = {"orderId": await world.order_id(), "recipientIds": [await world.user_id("recipient")]}
    assert (await _send(world, "owner", "shareOrder", "k", **given))["codes"] == []
    assert (await _send(world, "admin", "shareOrder", "k", **given))["codes"] == ["ALREADY_SHARED"]
    given["recipientIds"] = [await world.user_id("member")]
    assert (await _send(world, "sender", "shareOrder", "k", **given))["codes"] == []
    assert len(await told(world, since)) == 2
    assert await _kept(world) == 3


async def test_a_key_has_one_to_128_characters(world: World) -> None:
    given = {"organisationId": await world.organisation_id(), "sharePolicy": "OWNER_AND_ADMINS"}
    for key in ("", "x" * 129, "nul\x00"):
        async with nothing_changes(world):
            payload = await _send(world, "admin", "setSharePolicy", key, **given)
        assert payload["organisation"] is None
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [
            ("INVALID_INPUT", ["input", "idempotencyKey"])
        ]
    since = await head(world)
    for key in ("x", " ", "享" * 128, "🔑" * 128):
        payload = await _send(world, "admin", "setSharePolicy", key, **given)
        assert payload["organisation"]["sharePolicy"] == "OWNER_AND_ADMINS"
    assert await told(world, since) == ["admin: ANY_MEMBER > OWNER_AND_ADMINS"]


async def test_requests_with_the_same_key_at_once_do_it_once_and_answer_alike(world: World) -> None:
    order_id = await world.order_id()
    for number in range(5):
        since = await head(world)
        given = {"orderId": order_id, "action": "ENDORSE", "expectedVersion": number + 1}
        requests = (_send(world, "owner", "processOrder", f"key {number}", **given) for _ in range(6))
        first, *others = await asyncio.gather(*requests)
        assert first["codes"] == []
        assert others == [first] * 5
        assert len(await told(world, since)) == 1
    assert await findings(world.database) == []


async def test_requests_with_the_same_key_and_other_inputs_at_once_do_one_of_them(world: World) -> None:
    since = await head(world)
    order_id = await world.order_id()
    requests = (
        _send(world, "owner", "processOrder", "k", orderId=order_id, action="ENDORSE", note=str(number))
        for number in range(6)
    )
    codes = sorted(str(payload["codes"]) for payload in await asyncio.gather(*requests))
    assert codes == ["['KEY_REUSED']"] * 5 + ["[]"]
    assert len(await told(world, since)) == 1


async def test_a_key_tells_a_removed_member_nothing_of_what_has_happened_since(world: World) -> None:
    [shared] = await world.share("recipient")
    fields = "sharedOrder { order { status organisation { orders(first: 100) { nodes { title } } } } }"
    given = {"sharedOrderId": shared, "idempotencyKey": "k"}
    first = await world.mutate("recipient", "claimSharedOrder", fields, **given)
    place = {"organisationId": await world.organisation_id()}
    member = {**place, "userId": await world.user_id("recipient")}
    await _done(world, "admin", "removeMember", **member)
    async with nothing_changes(world):
        again = await world.mutate("recipient", "claimSharedOrder", fields, **given)
    assert again["sharedOrder"] is None
    assert [(error["code"], error["path"]) for error in again["userErrors"]] == [
        ("NOT_FOUND", ["input", "idempotencyKey"])
    ]
    await _done(world, "admin", "addMember", **place, reference="recipient", name="Recipient")
    assert await world.mutate("recipient", "claimSharedOrder", fields, **given) == first
