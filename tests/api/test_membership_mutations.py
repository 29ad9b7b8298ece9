"""addMember, removeMember and setMemberRole: what admins change about people, and what that takes from whom."""

from datetime import timedelta
from typing import Any

from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_MEMBERSHIP = "membership { role user { reference name } organisation { reference } }"
_REMAINING = "organisation { reference members { nodes { user { reference } role } } }"


async def _add(world: World, viewer: str, reference: str, name: str = "New Name", **given: Any) -> dict[str, Any]:
    place = {"organisationId": await world.organisation_id(), "reference": reference, "name": name}
    return await world.mutate(viewer, "addMember", _MEMBERSHIP, **{**place, **given})


async def _remove(world: World, viewer: str, name: str, **given: Any) -> dict[str, Any]:
    place = {"organisationId": await world.organisation_id(), "userId": await world.user_id(name)}
    return await world.mutate(viewer, "removeMember", _REMAINING, **{**place, **given})


async def _set_role(world: World, viewer: str, name: str, role: str, **given: Any) -> dict[str, Any]:
    place = {"organisationId": await world.organisation_id(), "userId": await world.user_id(name)}
    return await world.mutate(viewer, "setMemberRole", _MEMBERSHIP, **{**place, "role": role, **given})


def _is_refusal(payload: dict[str, Any], code: str, path: str) -> bool:
    left = {name: value for name, value in payload.items() if name not in ("userErrors", "codes")}
    errors = [(error["__typename"], error["code"], error["path"]) for error in payload["userErrors"]]
    return list(left.values()) == [None] and errors == [("GenericUserError", code, ["input", path])]


async def _statuses(world: World, *shared_order_ids: str) -> list[str]:
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on SharedOrder { status } } }"
    return [node["status"] for node in (await world.ask("admin", document, ids=list(shared_order_ids)))["nodes"]]


async def test_an_admin_adds_somebody_who_is_not_known_yet(world: World) -> None:
    since = await head(world)
    payload = await _add(world, "admin", "newcomer", "Ada 共享")
    assert payload["userErrors"] == []
    assert payload["membership"] == {
        "role": "MEMBER",
        "user": {"reference": "newcomer", "name": "Ada 共享"},
        "organisation": {"reference": "family"},
    }
    assert await told(world, since) == ["admin: newcomer is MEMBER"]
    assert (await world.ask("newcomer", "{ viewer { user { name } } }"))["viewer"]["user"]["name"] == "Ada 共享"
    [shared] = await world.share("newcomer")
    assert (await world.claim("newcomer", shared))["codes"] == []


async def test_an_admin_adds_somebody_who_is_known_elsewhere_and_leaves_their_name_alone(world: World) -> None:
    since = await head(world)
    payload = await _add(world, "admin", "outsider", "Another Name", role="ADMIN")
    assert payload["membership"] == {
        "role": "ADMIN",
        "user": {"reference": "outsider", "name": "Outsider"},
        "organisation": {"reference": "family"},
    }
    assert await told(world, since) == ["admin: outsider is ADMIN"]
    assert (await _set_role(world, "outsider", "member", "ADMIN"))["codes"] == []


async def test_somebody_who_was_removed_can_be_added_again_and_gets_nothing_back(world: World) -> None:
    [shared] = await world.share("recipient")
    await world.claim("recipient", shared)
    await _remove(world, "admin", "recipient")
    since = await head(world)
    payload = await _add(world, "admin", "recipient", "Another Name")
    assert payload["membership"]["user"] == {"reference": "recipient", "name": "Recipient"}
    assert await told(world, since) == ["admin: recipient is MEMBER"]
    assert await _statuses(world, shared) == ["REVOKED"]
    assert (await world.order_row()).shares_claimed == 0
    [again] = await world.share("recipient")
    assert (await world.claim("recipient", again))["codes"] == []
    assert await findings(world.database) == []


async def test_who_is_a_member_already_is_not_added_again(world: World) -> None:
    for reference in ("member", "admin"):
        async with nothing_changes(world):
            payload = await _add(world, "admin", reference, role="ADMIN")
        assert _is_refusal(payload, "INVALID_INPUT", "reference")


async def test_a_reference_or_name_that_cannot_be_kept_is_refused(world: World) -> None:
    for reference in ("", " padded", "padded ", "x" * 201, "line\nbreak", "nul\x00"):
        async with nothing_changes(world):
            payload = await _add(world, "admin", reference)
        assert _is_refusal(payload, "INVALID_INPUT", "reference"), reference
    for name in ("", " padded", "x" * 501, "tab\t", "nul\x00"):
        async with nothing_changes(world):
            payload = await _add(world, "admin", "newcomer", name)
        assert _is_refusal(payload, "INVALID_INPUT", "name"), name
    assert (await _add(world, "admin", "x" * 200, "y" * 500))["userErrors"] == []


async def test_a_removed_member_loses_what_they_were_offered_and_held_and_the_seats_are_free(world: World) -> None:
    await world.import_rows(row("O-one", "owner", max_shares=1))
    [held] = await world.share("recipient", order="O-one")
    [offered] = await world.share("recipient", sender="sender", order="O-member")
    [late] = await world.share("recipient", order="O-sender", sender="admin")
    [sent] = await world.share("member", sender="recipient", order="O-owner")
    [waiting] = await world.share("member", order="O-one")
    await world.claim("recipient", held)
    await world.move_window(late, timedelta(days=-2), timedelta(days=-1))
    since = await head(world)
    payload = await _remove(world, "admin", "recipient")
    assert payload["userErrors"] == []
    assert payload["organisation"]["reference"] == "family"
    assert "recipient" not in [each["user"]["reference"] for each in payload["organisation"]["members"]["nodes"]]
    lines = await told(world, since)
    assert lines[-1] == "admin: recipient is None"
    assert sorted(lines[:-1]) == [
        "admin: O-member v1 from sender to recipient OFFERED > REVOKED",
        "admin: O-one v1 from owner to recipient CLAIMED > REVOKED",
        "nobody: O-sender v1 from admin to recipient OFFERED > EXPIRED",
    ]
    assert await _statuses(world, held, offered, late, sent) == ["REVOKED", "REVOKED", "EXPIRED", "OFFERED"]
    assert (await world.claim("member", waiting))["codes"] == []
    assert (await world.claim("member", sent))["codes"] == []
    assert (await world.order_row("O-recipient")).version == 1
    assert await findings(world.database) == []


async def test_a_removed_member_is_out_of_everything(world: World) -> None:
    [held] = await world.share("recipient", permission="PROCESS")
    await world.claim("recipient", held)
    await _remove(world, "admin", "recipient")
    document = "query($id: ID!) { organisation(id: $id) { id } viewer { memberships { role } } }"
    answer = await world.ask("recipient", document, id=await world.organisation_id())
    assert answer == {"organisation": None, "viewer": {"memberships": []}}
    for order_id in (held, await world.order_id("O-recipient")):
        async with nothing_changes(world):
            assert (await world.process("recipient", order_id, "ENDORSE"))["codes"] == ["NOT_FOUND"]


async def test_a_removal_in_one_organisation_leaves_the_other_alone(world: World) -> None:
    await world.import_rows(row("S-one", "outsider", organisation="strangers"))
    await _add(world, "admin", "outsider")
    strangers = await world.organisation_id("strangers")
    given = {"organisationId": strangers, "reference": "member", "name": "Member"}
    assert (await world.mutate("outsider", "addMember", "membership { role }", **given))["codes"] == []
    [theirs] = await world.share("member", sender="outsider", order="S-one")
    [ours] = await world.share("member")
    await _remove(world, "admin", "member")
    answer = await world.ask("outsider", "query($id: ID!) { sharedOrder(id: $id) { status } }", id=theirs)
    assert answer == {"sharedOrder": {"status": "OFFERED"}}
    assert await _statuses(world, ours) == ["REVOKED"]
    assert (await world.claim("member", theirs))["codes"] == []
    assert await findings(world.database) == []


async def test_an_admin_may_leave(world: World) -> None:
    since = await head(world)
    await _add(world, "admin", "second", role="ADMIN")
    payload = await _remove(world, "admin", "admin")
    assert (payload["organisation"], payload["userErrors"]) == (None, [])
    assert (await told(world, since))[-1] == "admin: admin is None"
    async with nothing_changes(world):
        assert _is_refusal(await _remove(world, "admin", "member"), "NOT_FOUND", "organisationId")


async def test_a_role_is_given_and_holds_at_once(world: World) -> None:
    since = await head(world)
    payload = await _set_role(world, "admin", "member", "ADMIN")
    assert payload["membership"] == {
        "role": "ADMIN",
        "user": {"reference": "member", "name": "Member"},
        "organisation": {"reference": "family"},
    }
    assert (await _set_role(world, "member", "admin", "MEMBER"))["membership"]["role"] == "MEMBER"
    assert await told(world, since) == ["admin: member is ADMIN", "member: admin is MEMBER"]
    async with nothing_changes(world):
        assert _is_refusal(await _set_role(world, "admin", "member", "MEMBER"), "FORBIDDEN", "organisationId")


async def test_the_role_that_a_member_has_changes_nothing(world: World) -> None:
    async with nothing_changes(world):
        payload = await _set_role(world, "admin", "member", "MEMBER")
    assert payload["userErrors"] == []
    assert payload["membership"]["role"] == "MEMBER"


async def test_only_admins_of_the_organisation_change_who_belongs_to_it(world: World) -> None:
    for viewer, code in (("member", "FORBIDDEN"), ("owner", "FORBIDDEN"), ("outsider", "NOT_FOUND")):
        async with nothing_changes(world):
            assert _is_refusal(await _add(world, viewer, "newcomer"), code, "organisationId")
            assert _is_refusal(await _remove(world, viewer, "recipient"), code, "organisationId")
            assert _is_refusal(await _remove(world, viewer, viewer), code, "organisationId")
            assert _is_refusal(await _set_role(world, viewer, viewer, "ADMIN"), code, "organisationId")


async def test_another_organisation_looks_like_none_at_all(world: World) -> None:
    elsewhere = (await world.organisation_id("strangers"), await world.user_id("admin"), "no id", "")
    for organisation_id in elsewhere:
        async with nothing_changes(world):
            for payload in (
                await _add(world, "admin", "newcomer", organisationId=organisation_id),
                await _remove(world, "admin", "outsider", organisationId=organisation_id),
                await _set_role(world, "admin", "outsider", "MEMBER", organisationId=organisation_id),
            ):
                assert _is_refusal(payload, "NOT_FOUND", "organisationId")


async def test_who_is_not_a_member_is_neither_removed_nor_given_a_role(world: World) -> None:
    await _remove(world, "admin", "recipient")
    strangers = [await world.user_id("recipient"), await world.user_id("outsider"), await world.order_id(), "no id", ""]
    messages = set()
    for user_id in strangers:
        async with nothing_changes(world):
            removal = await _remove(world, "admin", "member", userId=user_id)
            role = await _set_role(world, "admin", "member", "ADMIN", userId=user_id)
        assert _is_refusal(removal, "NOT_A_MEMBER", "userId")
        assert _is_refusal(role, "NOT_A_MEMBER", "userId")
        messages |= {removal["userErrors"][0]["message"], role["userErrors"][0]["message"]}
    assert len(messages) == 1
