"""Claims that wait for the same order are decided together: nobody can tell, but for how soon they are answered."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from db.columns import new_id
from db.database import Database
from db.idempotency import KeyUse
from domain.errors import DomainError
from schema.keys_once import Keyed
from tests.integration.claims_stage import CROWD, Claimed, Stage, crowded
from tests.integration.log_replay import the_log_explains_everything
from tests.log_reader import head, told
from tests.statements import statements
from tests.world import World

_FEW = CROWD[:8]
_ROUNDS = 12


@pytest.fixture
async def stage(world: World) -> Stage:
    """The world with a crowd in it."""
    return await crowded(world)


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """The same database, opened once more."""
    opened = Database(database_url)
    yield opened
    await opened.close()


def _mixed_claims(dice: random.Random) -> list[Claimed]:
    """Return claims of few offers by the right people and by wrong ones, some of them with the same keys."""
    claims = []
    for number in range(dice.randrange(5, 30)):
        recipient = dice.choice(_FEW)
        viewer = dice.choice([recipient] * 6 + ["owner", "admin", "member", *_FEW[:2]])
        claims.append(Claimed(viewer, recipient, dice.choice([None, "a", "b", f"c{number}"])))
        if dice.random() < 0.2:
            claims.append(Claimed("outsider", recipient, dice.choice([None, f"d{number}"])))
        if dice.random() < 0.2:
            claims.append(Claimed(recipient, None, dice.choice([None, f"e{number}"])))
    return claims


async def _prepare(stage: Stage, order: str, seed: int) -> dict[str, str]:
    """Return the offers of a new order, which are in all states that an offer may be in; alike for the same seed."""
    dice = random.Random(seed)
    world, offers = stage.world, await stage.offers(order, dice.randrange(1, 6), _FEW)
    for name, offer in offers.items():
        match dice.choice(["open", "open", "open", "early", "late", "declined", "revoked", "claimed"]):
            case "early":
                await world.move_window(offer, timedelta(days=1), timedelta(days=2))
            case "late":
                await world.move_window(offer, timedelta(days=-2), timedelta(days=-1))
            case "declined":
                await world.mutate(name, "declineSharedOrder", "", sharedOrderId=offer)
            case "revoked":
                await world.mutate("owner", "revokeSharedOrder", "", sharedOrderId=offer)
            case "claimed":
                await world.claim(name, offer)
    ended = dice.choice([None, None, timedelta(days=-1), timedelta(days=-31), "suspended"])
    if isinstance(ended, timedelta):
        await world.end_cover(order, ended)
    elif ended is not None:
        await world.process("owner", await world.order_id(order), "SUSPEND")
    return offers


async def test_claims_decided_together_are_answered_and_logged_as_one_after_the_other(stage: Stage) -> None:
    appended: dict[str, int] = {"together": 0, "alone": 0}
    seen: set[str] = set()
    for seed in range(_ROUNDS):
        claims = _mixed_claims(random.Random(seed))
        results = {}
        for way in appended:
            order = f"{way}-{seed}"
            offers = await _prepare(stage, order, seed)
            entries = [stage.entry(claim, offers, order) for claim in claims]
            since = await head(stage.world)
            with statements(stage.world.database) as sent:
                if way == "together":
                    answers = await asyncio.gather(*map(stage.claim, entries))
                else:
                    answers = [await stage.claim(entry) for entry in entries]
            appended[way] += sum("UPDATE stream" in statement.text for statement in sent)
            results[way] = ([stage.told(answer) for answer in answers], await stage.outcome(order, since))
            seen.update(str(answer.code) for answer in answers if isinstance(answer, DomainError))
        assert results["together"] == results["alone"]
    assert 0 < appended["together"] <= _ROUNDS < appended["alone"]
    assert seen == {
        *("NOT_FOUND", "FORBIDDEN", "NOT_OFFERED", "CLAIM_WINDOW_NOT_OPEN", "CLAIM_WINDOW_CLOSED"),
        *("ORDER_NOT_SHAREABLE", "SHARES_EXHAUSTED", "KEY_REUSED"),
    }
    await the_log_explains_everything(stage.world.database)


async def test_forty_claims_cost_no_more_statements_than_two(stage: Stage) -> None:
    sent: dict[int, int] = {}
    for size in (2, 40):
        offers = await stage.offers(f"N-{size}", size, CROWD[:size])
        entries = [stage.entry(Claimed(name, name, "key"), offers, f"N-{size}") for name in offers]
        for times in (1, 2):
            with statements(stage.world.database) as asked:
                answers = await asyncio.gather(*map(stage.claim, entries))
            assert [stage.told(answer) for answer in answers] == [(name, "CLAIMED", True) for name in offers]
            sent[size * times] = len(asked)
    assert (sent[40], sent[80]) == (sent[2], sent[4])


async def test_where_a_group_fails_only_the_claim_that_is_at_fault_fails(stage: Stage) -> None:
    offers = await stage.offers("N-1", 3, _FEW[:3])
    first, poisoned, last = (stage.entry(Claimed(name, name, "key"), offers, "N-1") for name in offers)
    # A key of a user who does not exist: the database refuses it, and with it the transaction.
    poisoned = Keyed(poisoned.asked, KeyUse(new_id(), "key", "claimSharedOrder", ""))
    since = await head(stage.world)
    answers = await asyncio.gather(*map(stage.claim, (first, poisoned, last)), return_exceptions=True)
    assert isinstance(answers[1], IntegrityError)
    assert [stage.told(answers[place]) for place in (0, 2)] == [(_FEW[0], "CLAIMED", True), (_FEW[2], "CLAIMED", True)]
    assert await told(stage.world, since) == [
        f"{name}: N-1 v1 from owner to {name} OFFERED > CLAIMED" for name in (_FEW[0], _FEW[2])
    ]
    assert (await stage.world.order_row("N-1")).shares_claimed == 2
    await the_log_explains_everything(stage.world.database)


async def test_a_claim_whose_caller_is_cancelled_is_decided_all_the_same(stage: Stage) -> None:
    offers = await stage.offers("N-1", 2, _FEW[:3])
    since = await head(stage.world)
    tasks = [asyncio.create_task(stage.claim(stage.entry(Claimed(name, name, None), offers, "N-1"))) for name in offers]
    await asyncio.sleep(0)
    tasks[1].cancel()
    first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
    assert stage.told(first) == (_FEW[0], "CLAIMED", True)
    assert isinstance(second, asyncio.CancelledError)
    assert isinstance(third, DomainError)
    assert third.code == "SHARES_EXHAUSTED"
    assert await told(stage.world, since) == [
        f"{name}: N-1 v1 from owner to {name} OFFERED > CLAIMED" for name in _FEW[:2]
    ]


async def test_a_database_that_closes_answers_the_claims_that_wait_first(stage: Stage, other: Database) -> None:
    offers = await stage.offers("N-1", 2, _FEW)
    tasks = [
        asyncio.create_task(stage.claim(stage.entry(Claimed(name, name, None), offers, "N-1"), other))
        for name in offers
    ]
    await asyncio.sleep(0)
    await other.close()
    answers = [stage.told(task.result()) for task in tasks if task.done()]
    assert [answer[1] for answer in answers[:2]] == ["CLAIMED"] * 2
    assert [answer[1]["code"] for answer in answers[2:]] == ["SHARES_EXHAUSTED"] * 6
