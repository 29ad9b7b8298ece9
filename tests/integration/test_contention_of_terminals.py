"""Terminals that write at once: one result for each version, one order of events, a log that is read without gaps."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from db.log_tables import EventRow
from db.order_tables import OrderRow
from db.people_tables import OrganisationRow
from domain.people import Viewer
from domain.vocabulary import SharePolicy
from resolvers.set_share_policy import set_share_policy
from schema.global_id import decode_node_id
from tests.integration.deadlocks import deadlocks
from tests.integration.log_replay import the_log_explains_everything
from tests.log_reader import head, told
from tests.world import FAMILY, World, row

_ROUNDS = 10
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
_FIELDS = """
order { status version } processingResult { orderVersion }
userErrors {
  ... on VersionConflictError { currentVersion currentStatus }
  ... on ActionNotAllowedError { currentStatus availableActions }
}
"""


async def _process(world: World, viewer: str, order_id: str, action: str, **given: Any) -> dict[str, Any]:
    return await world.mutate(viewer, "processOrder", _FIELDS, orderId=order_id, action=action, **given)


async def _both(world: World, shared: str, action: str, **given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Send the same result from both terminals at once; return the answer of the one that came first, and the other."""
    order_id = await world.order_id()
    one, two = await asyncio.gather(
        _process(world, "owner", order_id, action, **given), _process(world, "recipient", shared, action, **given)
    )
    return (one, two) if one["order"] else (two, one)


async def _claimed(world: World, *recipients: str) -> list[str]:
    shares = await world.share(*recipients, permission="PROCESS")
    for name, shared in zip(recipients, shares, strict=True):
        assert (await world.claim(name, shared))["codes"] == []
    return shares


async def test_of_two_results_for_one_version_one_is_applied_and_the_other_told_of_it(world: World) -> None:
    [shared] = await _claimed(world, "recipient")
    for version in range(1, _ROUNDS + 1):
        since = await head(world)
        applied, refused = await _both(world, shared, "ENDORSE", expectedVersion=version)
        assert applied["order"] == {"status": "IN_FORCE", "version": version + 1}
        assert applied["processingResult"] == {"orderVersion": version + 1}
        assert (refused["order"], refused["processingResult"]) == (None, None)
        [error] = refused["userErrors"]
        assert (error["code"], error["currentVersion"], error["currentStatus"]) == (
            "VERSION_CONFLICT",
            version + 1,
            "IN_FORCE",
        )
        assert len(await told(world, since)) == 1
    await the_log_explains_everything(world.database)


async def test_of_two_results_of_which_the_second_is_impossible_one_is_applied(world: World) -> None:
    [shared] = await _claimed(world, "recipient")
    for number in range(_ROUNDS):
        since = await head(world)
        loss_is_reported = number % 2 == 1
        action = "SETTLE_LOSS" if loss_is_reported else "REPORT_LOSS"
        status = "IN_FORCE" if loss_is_reported else "LOSS_REPORTED"
        applied, refused = await _both(world, shared, action)
        assert applied["order"] == {"status": status, "version": number + 2}
        assert refused["order"] is None
        [error] = refused["userErrors"]
        assert (error["code"], error["currentStatus"]) == ("ACTION_NOT_ALLOWED", status)
        assert len(await told(world, since)) == 1
    await the_log_explains_everything(world.database)


async def test_results_that_remain_possible_are_all_applied_one_after_the_other(world: World) -> None:
    [shared] = await _claimed(world, "recipient")
    order_id = await world.order_id()
    answers = await asyncio.gather(
        *(_process(world, "owner", order_id, "ENDORSE") for _ in range(_ROUNDS)),
        *(_process(world, "recipient", shared, "ENDORSE") for _ in range(_ROUNDS)),
    )
    assert sorted(answer["order"]["version"] for answer in answers) == list(range(2, 2 * _ROUNDS + 2))
    await the_log_explains_everything(world.database)


async def test_a_result_and_the_revocation_of_its_share_at_once_come_in_either_order(world: World) -> None:
    for _ in range(_ROUNDS):
        [shared] = await _claimed(world, "recipient")
        processed, revoked = await asyncio.gather(
            _process(world, "recipient", shared, "ENDORSE"),
            world.mutate("owner", "revokeSharedOrder", "sharedOrder { status }", sharedOrderId=shared),
        )
        assert revoked["sharedOrder"] == {"status": "REVOKED"}
        assert processed["codes"] in ([], ["NOT_CLAIMED"])
        assert "REVOKED" in (await told(world))[-1] or processed["codes"] == []
    await the_log_explains_everything(world.database)


async def test_an_offer_and_the_removal_of_who_sends_or_gets_it_at_once_come_in_either_order(world: World) -> None:
    place = {"organisationId": await world.organisation_id()}
    ids = {name: await world.user_id(name) for name in ("recipient", "member", "sender")}
    await world.import_rows(*(row(f"N-{number}", "owner") for number in range(4)))
    orders = [await world.order_id(f"N-{number}") for number in range(4)]

    async def offer(sender: str, recipient: str, order_id: str) -> dict[str, Any]:
        given = {"orderId": order_id, "recipientIds": [ids[recipient]]}
        return await world.mutate(sender, "shareOrder", "sharedOrders { status }", **given)

    async def remove(name: str) -> dict[str, Any]:
        return await world.mutate("admin", "removeMember", "organisation { id }", **place, userId=ids[name])

    for _ in range(_ROUNDS):
        to_recipient = [offer("owner", "recipient", order_id) for order_id in orders]
        from_sender = [offer("sender", "member", order_id) for order_id in orders]
        answers = await asyncio.gather(
            *(*to_recipient[:2], *from_sender[:2], remove("recipient"), remove("sender")),
            *(*to_recipient[2:], *from_sender[2:], remove("member")),
        )
        refusals = [answer["codes"] for answer in answers]
        assert [refusals[4], refusals[5], refusals[10]] == [[], [], []]
        assert {code for codes in refusals for code in codes} <= {"NOT_A_MEMBER", "NOT_FOUND"}
        for name in ids:
            person = {**place, "reference": name, "name": name.title()}
            assert (await world.mutate("admin", "addMember", "membership { role }", **person))["codes"] == []
    await the_log_explains_everything(world.database)


async def test_of_two_admins_who_remove_each_other_at_once_one_remains(world: World, database_url: str) -> None:
    place = {"organisationId": await world.organisation_id()}
    ids = {name: await world.user_id(name) for name in ("admin", "member")}
    for _ in range(_ROUNDS):
        promoted = await world.mutate(
            "admin", "setMemberRole", "membership { role }", **place, userId=ids["member"], role="ADMIN"
        )
        assert promoted["codes"] == []
        one, other = await asyncio.gather(
            world.mutate("admin", "removeMember", "organisation { id }", **place, userId=ids["member"]),
            world.mutate("member", "removeMember", "organisation { id }", **place, userId=ids["admin"]),
        )
        assert sorted([one["codes"], other["codes"]]) == [[], ["NOT_FOUND"]]
        left, gone = ("admin", "member") if one["codes"] == [] else ("member", "admin")
        given = {**place, "reference": gone, "name": gone, "role": "ADMIN"}
        assert (await world.mutate(left, "addMember", "membership { role }", **given))["codes"] == []
    await the_log_explains_everything(world.database)
    assert await deadlocks(world.database, database_url) == 0


async def _follow(database: Database, done: asyncio.Event) -> list[int]:
    """Return the sequences in the order in which a reader that looks again and again gets to see them."""
    seen: list[int] = []
    of_family = select(OrganisationRow.id).where(col(OrganisationRow.reference) == FAMILY)
    while True:
        finished = done.is_set()
        async with database.read() as session:
            organisation_id = (await session.exec(of_family)).one()
            following = select(EventRow.sequence).where(
                col(EventRow.organisation_id) == organisation_id, col(EventRow.sequence) > (seen[-1] if seen else 0)
            )
            seen += sorted((await session.exec(following)).all())
        if finished:
            return seen


async def test_a_reader_of_the_log_never_sees_a_gap_while_many_write(world: World) -> None:
    """A gap would be an event that commits after one with a higher sequence: the reader has moved past it for good."""
    await world.import_rows(*(row(f"N-{number}", "owner", max_shares=50) for number in range(6)))

    async def share_and_end(order: str, recipient: str) -> None:
        for _ in range(3):
            [shared] = await world.share(recipient, order=order)
            await world.claim(recipient, shared)
            await world.mutate(recipient, "releaseSharedOrder", "sharedOrder { id }", sharedOrderId=shared)

    async def process(order: str) -> None:
        order_id = await world.order_id(order)
        for action in ("REPORT_LOSS", "SETTLE_LOSS", "CANCEL"):
            await world.process("admin", order_id, action)

    since = await head(world)
    done = asyncio.Event()
    reader = asyncio.create_task(_follow(world.database, done))
    orders = [f"N-{number}" for number in range(6)]
    sharing = [share_and_end(order, name) for order in orders for name in ("recipient", "member")]
    await asyncio.gather(*sharing[:6], *(process(f"O-{name}") for name in ("owner", "admin", "sender")), *sharing[6:])
    done.set()
    seen = await reader
    assert len(seen) == since + 12 * 9 + 3 * 3
    assert seen == list(range(1, len(seen) + 1))
    await the_log_explains_everything(world.database)


async def _hold_the_order(database: Database, held: asyncio.Event, let_go: Callable[[], Awaitable[None]]) -> None:
    """Keep an order locked, by a writer of another process as it were, until `let_go` returns."""

    async def work(session: AsyncSession) -> None:
        locked = select(OrderRow).where(col(OrderRow.reference) == "O-owner").with_for_update()
        assert (await session.exec(locked)).one().reference == "O-owner"
        held.set()
        await let_go()

    await database.write(work)


@pytest.mark.parametrize("window", ["closes", "opens"])
async def test_a_claim_that_waits_for_the_lock_is_judged_by_when_it_gets_it(
    world: World, database_url: str, window: str
) -> None:
    [shared] = await world.share("recipient")
    moment = timedelta(milliseconds=400)
    at = datetime.now(UTC) + moment
    opens_in, closes_in = (moment, 10 * moment) if window == "opens" else (-moment, moment)
    await world.move_window(shared, opens_in, closes_in)

    async def until_the_window_has_turned() -> None:
        # The real clock is what is tested: there is nothing else to wait for.
        await asyncio.sleep((at - datetime.now(UTC)).total_seconds() + 0.1)

    other, held = Database(database_url), asyncio.Event()
    holder = asyncio.create_task(_hold_the_order(other, held, until_the_window_has_turned))
    await held.wait()
    claim = await world.claim("recipient", shared)
    await holder
    await other.close()
    assert claim["codes"] == (["CLAIM_WINDOW_CLOSED"] if window == "closes" else [])
    await the_log_explains_everything(world.database)


async def test_an_order_is_not_shared_by_a_policy_that_the_log_has_told_to_be_over(postgresql_url: str) -> None:
    world = World(Database(postgresql_url))
    await world.populate()
    admin, organisation = [
        decode_node_id(each)[1] for each in (await world.user_id("admin"), await world.organisation_id())
    ]
    changed, may_commit = asyncio.Event(), asyncio.Event()

    async def change_and_wait(session: AsyncSession) -> None:
        await set_share_policy(session, Viewer(admin), organisation, SharePolicy.OWNER_AND_ADMINS)
        changed.set()
        await may_commit.wait()

    async with asyncio.timeout(20):
        change = asyncio.create_task(world.database.write(change_and_wait))
        await changed.wait()
        given = {"orderId": await world.order_id(), "recipientIds": [await world.user_id("recipient")]}
        sharing = asyncio.create_task(world.mutate("sender", "shareOrder", "sharedOrders { id }", **given))
        async with world.database.engine.connect() as looking:
            while not (await looking.execute(_WAITING)).scalar_one():
                await looking.rollback()
        may_commit.set()
        await change
        assert (await sharing)["codes"] == ["FORBIDDEN"]
    await world.http.aclose()
    await world.database.close()
