"""shareOrder: nobody shares what they do not see, what the policy keeps from them, or more than they hold."""

from datetime import timedelta
from typing import Any

import pytest

from tests.log_reader import head, nothing_changes, told
from tests.world import World


async def _share(world: World, sender: str, *recipients: str, **given: Any) -> dict[str, Any]:
    return await world.mutate(
        sender,
        "shareOrder",
        "order { id } sharedOrders { permission }",
        **{
            "orderId": await world.order_id(),
            "recipientIds": [await world.user_id(name) for name in recipients],
            **given,
        },
    )


async def _is_refused(world: World, code: str, path: str, sender: str, *recipients: str, **given: Any) -> None:
    async with nothing_changes(world):
        payload = await _share(world, sender, *recipients, **given)
    assert (payload["order"], payload["sharedOrders"]) == (None, [])
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["input", path])]


async def _offers(world: World, permission: str, sender: str, *recipients: str) -> None:
    payload = await _share(world, sender, *recipients, permission=permission)
    assert payload["userErrors"] == []
    assert payload["sharedOrders"] == [{"permission": permission}] * len(recipients)


async def _set_policy(world: World, policy: str) -> None:
    organisation = await world.organisation_id()
    fields = "organisation { sharePolicy }"
    payload = await world.mutate("admin", "setSharePolicy", fields, organisationId=organisation, sharePolicy=policy)
    assert payload["organisation"] == {"sharePolicy": policy}


async def test_every_member_may_share_every_order_by_default(world: World) -> None:
    for sender in ("owner", "admin", "sender", "member"):
        await _offers(world, "VIEW", sender, "recipient")
        assert (await told(world))[-1] == f"{sender}: O-owner v1 from {sender} to recipient None > OFFERED"
        [shared] = await _open_offers(world)
        await world.mutate("recipient", "declineSharedOrder", "sharedOrder { id }", sharedOrderId=shared)


async def _open_offers(world: World) -> list[str]:
    document = "{ viewer { sharedOrders(status: [OFFERED]) { nodes { id } } } }"
    found = await world.ask("recipient", document)
    return [node["id"] for node in found["viewer"]["sharedOrders"]["nodes"]]


async def test_the_strict_policy_lets_only_the_owner_and_admins_share(world: World) -> None:
    [held] = await world.share("member", permission="PROCESS")
    await world.claim("member", held)
    await _set_policy(world, "OWNER_AND_ADMINS")
    await _is_refused(world, "FORBIDDEN", "orderId", "sender", "recipient")
    await _is_refused(world, "FORBIDDEN", "orderId", "member", "recipient", permission="PROCESS")
    await _offers(world, "VIEW", "owner", "recipient")
    await _offers(world, "PROCESS", "admin", "sender")
    await _set_policy(world, "ANY_MEMBER")
    await _offers(world, "VIEW", "sender", "admin")


async def test_the_owner_and_admins_may_let_others_process(world: World) -> None:
    await _offers(world, "PROCESS", "owner", "recipient")
    await _offers(world, "PROCESS", "admin", "member")


async def test_a_member_who_holds_nothing_lets_others_only_view(world: World) -> None:
    await _is_refused(world, "FORBIDDEN", "permission", "sender", "recipient", permission="PROCESS")
    await _offers(world, "VIEW", "sender", "recipient")


async def test_a_member_who_holds_a_share_to_view_lets_others_only_view(world: World) -> None:
    [held] = await world.share("sender", permission="VIEW")
    await world.claim("sender", held)
    await _is_refused(world, "FORBIDDEN", "permission", "sender", "recipient", permission="PROCESS")
    await _offers(world, "VIEW", "sender", "recipient")


async def test_a_member_who_holds_a_share_to_process_lets_others_process_while_they_hold_it(world: World) -> None:
    [held] = await world.share("sender", permission="PROCESS")
    await _is_refused(world, "FORBIDDEN", "permission", "sender", "recipient", permission="PROCESS")
    await world.claim("sender", held)
    await _offers(world, "PROCESS", "sender", "recipient")
    await world.mutate("sender", "releaseSharedOrder", "sharedOrder { id }", sharedOrderId=held)
    await _is_refused(world, "FORBIDDEN", "permission", "sender", "member", permission="PROCESS")


async def test_a_share_of_another_order_lets_nobody_process_this_one(world: World) -> None:
    [held] = await world.share("sender", sender="member", order="O-member", permission="PROCESS")
    await world.claim("sender", held)
    await _is_refused(world, "FORBIDDEN", "permission", "sender", "recipient", permission="PROCESS")


async def test_an_order_that_the_sender_cannot_see_looks_like_none_at_all(world: World) -> None:
    messages = set()
    for order_id in (
        await world.order_id("O-outsider"),
        "T3JkZXI6MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
        await world.user_id("owner"),
        await world.organisation_id(),
        "no id",
        "",
    ):
        async with nothing_changes(world):
            payload = await _share(world, "owner", "recipient", orderId=order_id)
        assert (payload["order"], payload["sharedOrders"], payload["codes"]) == (None, [], ["NOT_FOUND"])
        assert payload["userErrors"][0]["path"] == ["input", "orderId"]
        messages.add(payload["userErrors"][0]["message"])
    assert len(messages) == 1
    await _is_refused(world, "NOT_FOUND", "orderId", "outsider", "recipient")


@pytest.mark.parametrize("removed", ["sender", "recipient"])
async def test_a_removed_member_neither_shares_nor_is_offered_anything(world: World, removed: str) -> None:
    fields = "organisation { id }"
    who = {"organisationId": await world.organisation_id(), "userId": await world.user_id(removed)}
    assert (await world.mutate("admin", "removeMember", fields, **who))["userErrors"] == []
    async with nothing_changes(world):
        payload = await _share(world, "sender", "recipient")
    expected = {"sender": ("NOT_FOUND", ["orderId"]), "recipient": ("NOT_A_MEMBER", ["recipientIds", "0"])}
    [error] = payload["userErrors"]
    assert (error["code"], error["path"][1:]) == expected[removed]


async def test_the_order_of_a_removed_owner_can_still_be_shared(world: World) -> None:
    who = {"organisationId": await world.organisation_id(), "userId": await world.user_id("owner")}
    assert (await world.mutate("admin", "removeMember", "organisation { id }", **who))["userErrors"] == []
    await _offers(world, "VIEW", "sender", "recipient")
    async with nothing_changes(world):
        payload = await _share(world, "sender", "owner")
    assert payload["codes"] == ["NOT_A_MEMBER"]


async def test_an_order_whose_cover_has_ended_unnoticed_is_judged_by_what_it_has_become(world: World) -> None:
    await world.end_cover("O-owner", timedelta(days=-1))
    since = await head(world)
    payload = await _share(world, "owner", "recipient")
    assert payload["userErrors"] == []
    assert await told(world, since) == [
        "nobody: O-owner v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "owner: O-owner v2 from owner to recipient None > OFFERED",
    ]
    await world.end_cover("O-owner", timedelta(days=-31))
    await _is_refused(world, "ORDER_NOT_SHAREABLE", "orderId", "owner", "member")
