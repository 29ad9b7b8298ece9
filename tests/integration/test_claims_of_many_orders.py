"""Claims of different orders of one organisation are decided together too, and each gets what is its own."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.columns import new_id
from db.database import Database
from db.idempotency import KeyUse
from domain.errors import DomainError
from resolvers.claim_shared_order import claim_together, find_claims
from schema.keys_once import Keyed
from tests.integration.claims_stage import CROWD, Claimed, Stage, crowded
from tests.integration.log_replay import the_log_explains_everything
from tests.log_reader import head, told
from tests.statements import statements
from tests.world import World

_ANN, _BOB, _CEM, _DEE = CROWD[:4]


@pytest.fixture
async def stage(world: World) -> Stage:
    """The world with a crowd in it."""
    return await crowded(world)


class _Group:
    """Claims that are handed on at once."""

    def __init__(self, stage: Stage, offers: dict[str, dict[str, str]]) -> None:
        self.stage = stage
        self.offers = offers
        self.entries: list[Any] = []

    def claim(self, name: str, order: str, key: str | None = None, viewer: str | None = None) -> None:
        claimed = Claimed(viewer or name, name, key)
        self.entries.append(self.stage.entry(claimed, self.offers[order], order))

    async def answers(self) -> list[Any]:
        """Return what each is told: a refusal's code, or the status."""
        answers = await asyncio.gather(*map(self.stage.claim, self.entries), return_exceptions=True)
        return [
            answer.code if isinstance(answer, DomainError) else getattr(answer, "status", answer) for answer in answers
        ]


async def _group(stage: Stage, **seats: int) -> _Group:
    """Return nothing claimed yet of new orders, each offered to the same four."""
    people = (_ANN, _BOB, _CEM, _DEE)
    return _Group(stage, {name: await stage.offers(name, count, people) for name, count in seats.items()})


async def _seats(stage: Stage, *orders: str) -> list[int]:
    return [(await stage.world.order_row(order)).shares_claimed for order in orders]


def _claimed(name: str, order: str, version: int = 1) -> str:
    return f"{name}: {order} v{version} from owner to {name} OFFERED > CLAIMED"


async def test_claims_of_many_orders_are_one_transaction_and_told_in_the_order_of_arrival(stage: Stage) -> None:
    group = await _group(stage, A=2, B=1, C=3)
    for name, order in ((_ANN, "B"), (_BOB, "A"), (_ANN, "C"), (_CEM, "B"), (_DEE, "A"), (_BOB, "C"), (_CEM, "A")):
        group.claim(name, order)
    since = await head(stage.world)
    with statements(stage.world.database) as sent:
        answers = await group.answers()
    assert sum("UPDATE stream" in statement.text for statement in sent) == 1
    full = "SHARES_EXHAUSTED"
    assert answers == ["CLAIMED", "CLAIMED", "CLAIMED", full, "CLAIMED", "CLAIMED", full]
    won = ((_ANN, "B"), (_BOB, "A"), (_ANN, "C"), (_DEE, "A"), (_BOB, "C"))
    assert await told(stage.world, since) == [_claimed(name, order) for name, order in won]
    assert await head(stage.world) == since + 5
    assert await _seats(stage, "A", "B", "C") == [2, 1, 2]
    await the_log_explains_everything(stage.world.database)


async def test_what_is_refused_in_a_mixed_group_changes_nothing_and_keeps_nobody_from_a_seat(stage: Stage) -> None:
    group = await _group(stage, A=1, B=1)
    await stage.world.move_window(group.offers["A"][_ANN], timedelta(days=1), timedelta(days=2))
    group.claim(_ANN, "A")
    group.claim(_BOB, "A", viewer="owner")
    group.claim(_BOB, "A", viewer="outsider")
    group.claim(_CEM, "A", viewer=_DEE)
    group.claim(_DEE, "B")
    group.claim(_CEM, "A")
    assert await group.answers() == [
        *("CLAIM_WINDOW_NOT_OPEN", "FORBIDDEN", "NOT_FOUND", "NOT_FOUND", "CLAIMED", "CLAIMED")
    ]
    assert await _seats(stage, "A", "B") == [1, 1]
    await the_log_explains_everything(stage.world.database)


async def test_where_nothing_succeeds_nothing_is_written(stage: Stage) -> None:
    group = await _group(stage, A=1, B=1)
    await stage.world.end_cover("A", timedelta(days=-31))
    await stage.world.end_cover("B", timedelta(days=-1))
    group.claim(_ANN, "A")
    group.claim(_BOB, "B", viewer="owner")
    before = await stage.world.dump()
    assert await group.answers() == ["NOT_OFFERED", "FORBIDDEN"]
    assert await stage.world.dump() == before


async def test_a_fault_of_one_claim_fails_no_claim_of_another_order(stage: Stage) -> None:
    group = await _group(stage, A=1, B=1, C=1)
    for name, order in ((_ANN, "A"), (_BOB, "B"), (_CEM, "C")):
        group.claim(name, order, key="key")
    # A key of a user who does not exist: the database refuses it, and with it the transaction.
    group.entries[1] = Keyed(group.entries[1].asked, KeyUse(new_id(), "key", "claimSharedOrder", ""))
    since = await head(stage.world)
    first, fault, last = await group.answers()
    assert (first, last) == ("CLAIMED", "CLAIMED")
    assert isinstance(fault, IntegrityError)
    assert await told(stage.world, since) == [_claimed(_ANN, "A"), _claimed(_CEM, "C")]
    assert await _seats(stage, "A", "B", "C") == [1, 0, 1]


async def test_a_member_who_was_removed_after_the_look_up_is_refused_among_others_who_are_not(stage: Stage) -> None:
    world, group = stage.world, await _group(stage, A=2, B=2)
    place = {"organisationId": await world.organisation_id(), "userId": await world.user_id(_ANN)}
    for name, order in ((_BOB, "A"), (_ANN, "A"), (_ANN, "B"), (_CEM, "B")):
        group.claim(name, order)
    asked = [entry.asked for entry in group.entries]
    found = [each for each in await world.database.write_straight(partial(find_claims, claims=asked)) if each]
    assert len(found) == 4
    assert (await world.mutate("admin", "removeMember", "organisation { id }", **place))["codes"] == []
    since = await head(world)
    answers = await world.database.write_straight(
        lambda statements: claim_together(statements, found[0].organisation_id, found)
    )
    assert [stage.told(answer)[1] for answer in answers if not isinstance(answer, DomainError)] == ["CLAIMED"] * 2
    assert [answer.code for answer in answers[1:3] if isinstance(answer, DomainError)] == ["NOT_FOUND"] * 2
    assert await told(world, since) == [_claimed(_BOB, "A"), _claimed(_CEM, "B")]
    # The look-up tells the same.
    assert await group.answers() == ["CLAIMED", "NOT_FOUND", "NOT_FOUND", "CLAIMED"]
    await the_log_explains_everything(world.database)


async def test_what_time_has_changed_is_stored_with_the_first_claim_of_its_order_that_succeeds(stage: Stage) -> None:
    group = await _group(stage, A=2, B=1, C=2)
    await stage.world.claim(_DEE, group.offers["C"][_DEE])
    await stage.world.end_cover("A", timedelta(days=-1))
    await stage.world.end_cover("C", timedelta(days=-31))
    group.claim(_BOB, "A", viewer="owner")
    group.claim(_ANN, "B")
    group.claim(_ANN, "A")
    group.claim(_BOB, "C")
    group.claim(_DEE, "C")
    group.claim(_BOB, "A")
    since = await head(stage.world)
    assert await group.answers() == ["FORBIDDEN", "CLAIMED", "CLAIMED", "NOT_OFFERED", "CLAIMED", "CLAIMED"]
    log = await told(stage.world, since)
    assert log[:3] == [
        _claimed(_ANN, "B"),
        "nobody: A v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        _claimed(_ANN, "A", 2),
    ]
    assert log[3:5] == [
        "nobody: C v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "nobody: C v3 GRACE_PERIOD > LAPSED (TIME None None)",
    ]
    assert log[5:] == [
        *(f"nobody: C v3 from owner to {name} OFFERED > REVOKED" for name in (_ANN, _BOB, _CEM)),
        _claimed(_BOB, "A", 2),
    ]
    assert await _seats(stage, "A", "B", "C") == [2, 1, 1]
    await the_log_explains_everything(stage.world.database)


async def test_a_claim_that_comes_twice_in_one_group_takes_one_seat(stage: Stage) -> None:
    group = await _group(stage, A=2, B=1)
    for order in ("A", "B", "A"):
        group.claim(_ANN, order)
    group.claim(_BOB, "A")
    since = await head(stage.world)
    assert await group.answers() == ["CLAIMED"] * 4
    assert await told(stage.world, since) == [_claimed(_ANN, "A"), _claimed(_ANN, "B"), _claimed(_BOB, "A")]
    assert await _seats(stage, "A", "B") == [2, 1]


async def test_each_key_of_a_group_is_done_once_whichever_order_it_is_about(stage: Stage) -> None:
    group = await _group(stage, same=1)
    group.offers["other"] = await stage.offers("other", 1, (_ANN, _BOB))
    group.claim(_ANN, "same", key="k")
    group.claim(_BOB, "same", key="k")
    group.claim(_ANN, "same", key="k")
    group.claim(_BOB, "other", key="k")
    since = await head(stage.world)
    expected = ["CLAIMED", "SHARES_EXHAUSTED", "CLAIMED", "CLAIMED"]
    assert await group.answers() == expected
    log = [_claimed(_ANN, "same"), _claimed(_BOB, "other")]
    assert await told(stage.world, since) == log
    # Answered again from what was kept: the seat that has become free is not taken.
    await stage.world.mutate(_ANN, "releaseSharedOrder", "", sharedOrderId=group.offers["same"][_ANN])
    assert await group.answers() == expected
    assert await _seats(stage, "same", "other") == [0, 1]


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_claims_are_judged_by_the_time_when_the_last_of_their_locks_was_granted(postgresql_url: str) -> None:
    world = World(Database(postgresql_url))
    await world.populate()
    group = await _group(await crowded(world), A=2)
    group.claim(_ANN, "A")
    group.claim(_BOB, "A")
    async with world.database.engine.connect() as looking, world.database.engine.begin() as rival:
        last = text("SELECT id FROM shared_order WHERE recipient_id = :bob FOR UPDATE")
        await rival.execute(last, {"bob": group.stage.people[_BOB]})
        answers = asyncio.create_task(group.answers())
        while not (await looking.execute(text(_WAITING))).scalar_one():
            await looking.rollback()
        await looking.rollback()
        released_at = datetime.now(UTC)
        await rival.rollback()
    assert await answers == ["CLAIMED"] * 2
    async with world.database.engine.connect() as looking:
        claimed = await looking.execute(text("SELECT DISTINCT claimed_at FROM shared_order WHERE status = 'CLAIMED'"))
        assert claimed.scalar_one() >= released_at
    await world.http.aclose()
    await world.database.close()


_OF_BOB = "SELECT order_id FROM shared_order WHERE recipient_id = :bob"
_ROWS = {
    "membership": "SELECT user_id FROM membership WHERE user_id = :bob FOR UPDATE",
    "order": f"SELECT id FROM orders WHERE id = ({_OF_BOB}) FOR UPDATE",
    "shared order": "SELECT id FROM shared_order WHERE recipient_id = :bob FOR UPDATE",
}


@pytest.mark.parametrize("held", _ROWS)
async def test_the_locks_of_a_claim_are_taken_in_the_order_of_everybodys(postgresql_url: str, held: str) -> None:
    world = World(Database(postgresql_url))
    await world.populate()
    group = await _group(await crowded(world), A=2)
    group.claim(_BOB, "A")
    bob = {"bob": group.stage.people[_BOB]}
    kinds = list(_ROWS)
    async with world.database.engine.connect() as looking, world.database.engine.begin() as rival:
        await rival.execute(text(_ROWS[held]), bob)
        answers = asyncio.create_task(group.answers())
        while not (await looking.execute(text(_WAITING))).scalar_one():
            await looking.rollback()
        taken = []
        for kind in kinds:
            await looking.rollback()
            if kind != held:
                free = (await looking.execute(text(f"{_ROWS[kind]} SKIP LOCKED"), bob)).all()
                taken += [] if free else [kind]
        await looking.rollback()
        await rival.rollback()
    # What comes before the one that is waited for is held, and nothing behind it.
    assert taken == kinds[: kinds.index(held)]
    assert await answers == ["CLAIMED"]
    await world.http.aclose()
    await world.database.close()
