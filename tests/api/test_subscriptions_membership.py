"""What a subscriber hears goes by their membership at that very place of the log."""

from itertools import product
from typing import Any

import pytest

from db.database import Database
from tests.listening import (
    EVENTS,
    SHARES,
    STATUSES,
    SUBSCRIPTIONS,
    Ear,
    document,
    first_cursor,
    head,
    hears_no_more,
    log_cursor,
)
from tests.served_world import Server, Terminal, terminal
from tests.world import World

_FIELDS = """
__typename sequence cursor
... on SharedOrderChanged { shareStatus: status sharedOrder { recipient { reference } } }
... on OrderStatusChanged { orderStatus: status }
... on MembershipChanged { role user { reference } }
"""
_OWN_FIELDS = {
    EVENTS: _FIELDS,
    STATUSES: "sequence cursor orderStatus: status",
    SHARES: "sequence cursor shareStatus: status sharedOrder { recipient { reference } }",
}


def _line(event: dict[str, Any]) -> str:
    if "shareStatus" in event:
        return f"{event['sharedOrder']['recipient']['reference']} {event['shareStatus']}"
    if "orderStatus" in event:
        return str(event["orderStatus"])
    return f"{event['user']['reference']} is {event['role']}"


async def _hear(opened: Terminal, subscription: str, count: int) -> list[str]:
    return [_line((await opened.next_data())[subscription]) for _ in range(count)]


async def _remove(world: World, name: str) -> None:
    organisation, user = await world.organisation_id(), await world.user_id(name)
    assert (await world.mutate("admin", "removeMember", "", organisationId=organisation, userId=user))["codes"] == []


async def _add(world: World, name: str) -> None:
    given = {"organisationId": await world.organisation_id(), "reference": name, "name": name}
    assert (await world.mutate("admin", "addMember", "", **given))["codes"] == []


async def _give_role(world: World, name: str, role: str) -> None:
    given = {"organisationId": await world.organisation_id(), "userId": await world.user_id(name), "role": role}
    assert (await world.mutate("admin", "setMemberRole", "", **given))["codes"] == []


async def _endorse(world: World, name: str = "owner") -> None:
    assert (await world.process(name, await world.order_id(f"O-{name}"), "ENDORSE"))["codes"] == []


async def _has_ended(opened: Terminal) -> None:
    message = await opened.receive()
    assert message == {
        "id": "1",
        "type": "next",
        "payload": {
            "data": None,
            "errors": [
                {
                    "message": "You are no longer a member of this organisation.",
                    "extensions": {"code": "ACCESS_ENDED"},
                }
            ],
        },
    }
    assert await opened.receive() == {"id": "1", "type": "complete"}
    await hears_no_more(opened)


@pytest.mark.parametrize(
    ("subscription", "hinted"), [(EVENTS, True), (STATUSES, True), (SHARES, True), (EVENTS, False)]
)
async def test_a_removed_member_hears_of_their_revocations_and_then_nothing(
    world: World, server: Server, database_url: str, subscription: str, hinted: bool
) -> None:
    ear = Ear(world)
    organisation = await world.organisation_id()
    # Another replica's writes reach the subscriber by its own look at the log, long after they are all there.
    writer = world if hinted else World(Database(database_url))
    async with terminal(server, world.token("recipient")) as opened:
        document_ = document(subscription, _OWN_FIELDS[subscription])
        await ear.subscribe(opened, document_, organisation=organisation)
        await writer.share("recipient")
        [held] = await writer.share("recipient", sender="sender", order="O-member")
        await writer.claim("recipient", held)
        await _endorse(writer)
        await _remove(writer, "recipient")
        await _endorse(writer)
        await writer.share("sender")
        shares = ["recipient OFFERED", "recipient OFFERED", "recipient CLAIMED"]
        revocations = ["recipient REVOKED"] * 2
        expected = {
            EVENTS: [*shares, "IN_FORCE", *revocations],
            STATUSES: ["IN_FORCE"],
            SHARES: [*shares, *revocations],
        }[subscription]
        assert await _hear(opened, subscription, len(expected)) == expected
        await _has_ended(opened)
        await ear.is_left_by_all()
    if writer is not world:
        await writer.http.aclose()
        await writer.database.close()


async def test_what_a_removed_member_still_hears_can_be_asked_for_in_full(
    world: World, server: Server, database_url: str
) -> None:
    ear = Ear(world)
    writer = World(Database(database_url))
    fields = """__typename actor { name } order {
      reference owner { name } viewerCanShare availableActions sharedOrders { totalCount nodes { id } }
      organisation { name } history(first: 1) { totalCount } processingResults(first: 1) { totalCount }
    } ... on SharedOrderChanged { status sharedOrder { status availableActions recipient { name } } }"""
    async with terminal(server, world.token("recipient")) as opened:
        await ear.subscribe(opened, document(EVENTS, fields), organisation=await world.organisation_id())
        await writer.share("recipient", permission="PROCESS")
        await _remove(writer, "recipient")
        for status in ("OFFERED", "REVOKED"):
            event = (await opened.next_data())[EVENTS]
            assert event["status"] == status
            # They are not a member any more: nothing can be done, and nobody else's shares are seen.
            now = {"status": "REVOKED", "availableActions": [], "recipient": {"name": "Recipient"}}
            assert event["sharedOrder"] == now
            assert event["order"]["reference"] == "O-owner"
            assert event["order"]["viewerCanShare"] is False
            assert event["order"]["availableActions"] == []
        await _has_ended(opened)
    await writer.http.aclose()
    await writer.database.close()


async def test_a_removed_member_cannot_resume(world: World, server: Server) -> None:
    organisation, after = await world.organisation_id(), await log_cursor(world, "recipient")
    await world.share("recipient")
    await _remove(world, "recipient")
    async with terminal(server, world.token("recipient")) as opened:
        for subscription, cursor in product(SUBSCRIPTIONS, (after, await first_cursor(world), None)):
            await opened.subscribe(document(subscription), organisation=organisation, after=cursor)
            message = await opened.receive()
            assert message["type"] == "error"
            [error] = message["payload"]
            assert (error["message"], error["extensions"]) == ("There is no such organisation.", {"code": "NOT_FOUND"})
            await hears_no_more(opened)


async def test_the_removal_of_another_member_ends_nothing(world: World, server: Server) -> None:
    ear = Ear(world)
    async with terminal(server, world.token("recipient")) as opened:
        await ear.subscribe(opened, document(EVENTS, _FIELDS), organisation=await world.organisation_id())
        await _remove(world, "sender")
        await _endorse(world)
        assert await _hear(opened, EVENTS, 2) == ["sender is None", "IN_FORCE"]


async def test_a_member_who_is_added_again_resumes_and_has_missed_nothing(world: World, server: Server) -> None:
    ear = Ear(world)
    organisation, before = await world.organisation_id(), await head(world)
    async with terminal(server, world.token("recipient")) as opened:
        await ear.subscribe(opened, document(EVENTS, _FIELDS), organisation=organisation)
        await world.share("recipient")
        event = (await opened.next_data())[EVENTS]
        assert event["sequence"] == before + 1
        await _remove(world, "recipient")
        await _endorse(world)
        await _add(world, "recipient")
        assert _line((await opened.next_data())[EVENTS]) == "recipient REVOKED"
        # The stream ended where the log removed them, whatever came after.
        await _has_ended(opened)
        await ear.subscribe(opened, document(EVENTS, _FIELDS), organisation=organisation, after=event["cursor"])
        await world.share("recipient")
        assert await _hear(opened, EVENTS, 5) == [
            "recipient REVOKED",
            "recipient is None",
            "IN_FORCE",
            "recipient is MEMBER",
            "recipient OFFERED",
        ]
        # A second removal ends the second stream as the first one ended the first.
        await _remove(world, "recipient")
        assert await _hear(opened, EVENTS, 1) == ["recipient REVOKED"]
        await _has_ended(opened)


_BY_ROLE = ("MEMBER", "ADMIN", "MEMBER", "ADMIN")


@pytest.mark.parametrize(("subscription", "hinted"), [(EVENTS, True), (SHARES, True), (EVENTS, False)])
async def test_a_change_of_role_changes_what_is_heard_from_that_place_on(
    world: World, server: Server, database_url: str, subscription: str, hinted: bool
) -> None:
    ear = Ear(world)
    writer = world if hinted else World(Database(database_url))
    async with terminal(server, world.token("member")) as opened:
        document_ = document(subscription, _OWN_FIELDS[subscription])
        await ear.subscribe(opened, document_, organisation=await world.organisation_id())
        # None of these offers is the member's business; an admin sees them all.
        await writer.share("admin")
        await _give_role(writer, "member", "ADMIN")
        await writer.share("sender")
        await _give_role(writer, "member", "MEMBER")
        await writer.share("recipient")
        await _give_role(writer, "member", "ADMIN")
        await writer.share("owner", sender="sender", order="O-recipient")
        roles, shares = [f"member is {role}" for role in _BY_ROLE[1:]], ["sender OFFERED", "owner OFFERED"]
        expected = [roles[0], shares[0], roles[1], roles[2], shares[1]] if subscription == EVENTS else shares
        assert await _hear(opened, subscription, len(expected)) == expected
        await hears_no_more(opened)
    if writer is not world:
        await writer.http.aclose()
        await writer.database.close()


@pytest.mark.parametrize(("last", "heard"), [("MEMBER", []), ("ADMIN", ["admin OFFERED", "sender OFFERED"])])
async def test_who_resumes_hears_by_the_role_they_have_now(
    world: World, server: Server, last: str, heard: list[str]
) -> None:
    ear = Ear(world)
    after = await log_cursor(world, "member")
    await world.share("admin")
    await _give_role(world, "member", "ADMIN")
    await world.share("sender")
    await _give_role(world, "member", "MEMBER")
    if last == "ADMIN":
        await _give_role(world, "member", "ADMIN")
    async with terminal(server, world.token("member")) as opened:
        fields = _OWN_FIELDS[SHARES]
        await ear.subscribe(opened, document(SHARES, fields), organisation=await world.organisation_id(), after=after)
        # Every role sees this one, so what came before it is all there was.
        await world.share("member")
        assert await _hear(opened, SHARES, len(heard) + 1) == [*heard, "member OFFERED"]
