"""setSharePolicy: admins say who may share; what is shared already stays."""

from typing import Any

from tests.log_reader import head, nothing_changes, told
from tests.world import World

_FIELDS = "organisation { reference sharePolicy }"


async def _set(world: World, viewer: str, policy: str, organisation_id: str | None = None) -> dict[str, Any]:
    given = {"organisationId": organisation_id or await world.organisation_id(), "sharePolicy": policy}
    return await world.mutate(viewer, "setSharePolicy", _FIELDS, **given)


async def _is_refused(
    world: World, code: str, viewer: str, policy: str = "OWNER_AND_ADMINS", organisation_id: str | None = None
) -> None:
    async with nothing_changes(world):
        payload = await _set(world, viewer, policy, organisation_id)
    assert payload["organisation"] is None
    assert [(error["__typename"], error["code"], error["path"]) for error in payload["userErrors"]] == [
        ("GenericUserError", code, ["input", "organisationId"])
    ]


async def test_an_admin_sets_the_policy_and_sets_it_back(world: World) -> None:
    since = await head(world)
    payload = await _set(world, "admin", "OWNER_AND_ADMINS")
    assert payload["userErrors"] == []
    assert payload["organisation"] == {"reference": "family", "sharePolicy": "OWNER_AND_ADMINS"}
    assert (await _set(world, "admin", "ANY_MEMBER"))["organisation"]["sharePolicy"] == "ANY_MEMBER"
    assert await told(world, since) == ["admin: ANY_MEMBER > OWNER_AND_ADMINS", "admin: OWNER_AND_ADMINS > ANY_MEMBER"]


async def test_the_policy_that_holds_changes_nothing(world: World) -> None:
    async with nothing_changes(world):
        payload = await _set(world, "admin", "ANY_MEMBER")
    assert payload["userErrors"] == []
    assert payload["organisation"] == {"reference": "family", "sharePolicy": "ANY_MEMBER"}


async def test_the_policy_holds_in_its_organisation_alone(world: World) -> None:
    await _set(world, "admin", "OWNER_AND_ADMINS")
    document = "query($id: ID!) { organisation(id: $id) { sharePolicy } }"
    theirs = await world.ask("outsider", document, id=await world.organisation_id("strangers"))
    assert theirs == {"organisation": {"sharePolicy": "ANY_MEMBER"}}


async def test_offers_and_claims_from_before_stay(world: World) -> None:
    offered, claimed = await world.share("recipient", "member", sender="sender")
    await world.claim("member", claimed)
    before = await world.ask("admin", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[offered, claimed])
    assert len(before["nodes"]) == 2
    await _set(world, "admin", "OWNER_AND_ADMINS")
    assert (await world.claim("recipient", offered))["sharedOrder"]["status"] == "CLAIMED"
    assert (await world.order_row()).shares_claimed == 2
    extension = {"sharedOrderId": claimed}
    revoked = await world.mutate("sender", "revokeSharedOrder", "sharedOrder { status }", **extension)
    assert revoked["sharedOrder"] == {"status": "REVOKED"}


async def test_only_admins_set_the_policy(world: World) -> None:
    for viewer in ("owner", "member"):
        await _is_refused(world, "FORBIDDEN", viewer)
        await _is_refused(world, "FORBIDDEN", viewer, "ANY_MEMBER")
    await _is_refused(world, "NOT_FOUND", "outsider")


async def test_another_organisation_looks_like_none_at_all(world: World) -> None:
    for organisation_id in (await world.organisation_id("strangers"), await world.order_id(), "no id"):
        await _is_refused(world, "NOT_FOUND", "admin", organisation_id=organisation_id)
