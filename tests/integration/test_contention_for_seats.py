"""Many claims at once: the seats go to exactly as many, whatever else happens to the offers meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from app.sweeper import sweep
from tests.integration.deadlocks import deadlocks
from tests.integration.log_replay import the_log_explains_everything
from tests.world import World, row

_ROUNDS = 10
_CROWD = [f"person{number:02}" for number in range(64)]
_CLAIM = """
sharedOrder { status }
userErrors { ... on SharesExhaustedError { maxShares sharesClaimed } ... on ClaimWindowError { opensAt closesAt } }
"""


async def _claim(world: World, viewer: str, shared_order_id: str) -> dict[str, Any]:
    return await world.mutate(viewer, "claimSharedOrder", _CLAIM, sharedOrderId=shared_order_id)


async def _revoke(world: World, viewer: str, shared_order_id: str) -> dict[str, Any]:
    return await world.mutate(viewer, "revokeSharedOrder", "sharedOrder { status }", sharedOrderId=shared_order_id)


async def _remove(world: World, name: str) -> dict[str, Any]:
    place = {"organisationId": await world.organisation_id(), "userId": await world.user_id(name)}
    return await world.mutate("admin", "removeMember", "organisation { id }", **place)


async def _add(world: World, name: str) -> None:
    person = {"organisationId": await world.organisation_id(), "reference": name, "name": name.title()}
    assert (await world.mutate("admin", "addMember", "membership { role }", **person))["codes"] == []


async def _offers(world: World, order: str, seats: int, *people: str) -> dict[str, str]:
    """Return new offers of a new order by the names of their recipients."""
    await world.import_rows(row(order, "owner", max_shares=seats))
    return dict(zip(people, await world.share(*people, order=order), strict=True))


async def _at_once(*actions: Awaitable[Any]) -> list[Any]:
    return list(await asyncio.gather(*actions))


def _codes(answers: list[dict[str, Any]]) -> set[str]:
    return {code for answer in answers for code in answer["codes"]}


async def _seats_are_claims(world: World, order: str, answers: list[dict[str, Any]], given_back: int = 0) -> None:
    won = sum(answer["codes"] == [] for answer in answers)
    assert (await world.order_row(order)).shares_claimed == won - given_back


async def test_of_64_claims_at_once_for_5_seats_exactly_5_succeed(world: World) -> None:
    await world.import_rows(*(row(f"O-{name}", name) for name in _CROWD))
    for number in range(_ROUNDS):
        offers = await _offers(world, f"N-{number}", 5, *_CROWD)
        answers = await _at_once(*(_claim(world, name, offer) for name, offer in offers.items()))
        outcomes = Counter(answer["sharedOrder"] and answer["sharedOrder"]["status"] for answer in answers)
        assert outcomes == {"CLAIMED": 5, None: 59}
        refusals = [error for answer in answers for error in answer["userErrors"]]
        assert [(error["code"], error["maxShares"], error["sharesClaimed"]) for error in refusals] == [
            ("SHARES_EXHAUSTED", 5, 5)
        ] * 59
        await _seats_are_claims(world, f"N-{number}", answers)
    await the_log_explains_everything(world.database)


async def test_claims_repeated_at_once_by_the_same_recipient_take_one_seat(world: World) -> None:
    for number in range(_ROUNDS):
        offers = await _offers(world, f"N-{number}", 2, "recipient", "member")
        names = list(offers) * 4
        answers = await _at_once(*(_claim(world, name, offers[name]) for name in names))
        assert [answer["sharedOrder"] for answer in answers] == [{"status": "CLAIMED"}] * 8
        assert (await world.order_row(f"N-{number}")).shares_claimed == 2
    await the_log_explains_everything(world.database)


async def test_a_claim_and_a_revocation_at_once_end_in_a_revoked_share_and_a_free_seat(world: World) -> None:
    people = ("recipient", "member", "sender")
    for number in range(_ROUNDS):
        offers = await _offers(world, f"N-{number}", 2, *people)
        claims = [_claim(world, name, offer) for name, offer in offers.items()]
        revocations = [_revoke(world, "owner", offer) for offer in offers.values()]
        answers = await _at_once(*(each for pair in zip(claims, revocations, strict=True) for each in pair))
        assert _codes(answers[0::2]) <= {"NOT_OFFERED", "SHARES_EXHAUSTED"}
        assert [answer["sharedOrder"] for answer in answers[1::2]] == [{"status": "REVOKED"}] * 3
        assert (await world.order_row(f"N-{number}")).shares_claimed == 0
    await the_log_explains_everything(world.database)


async def test_a_claim_as_the_window_closes_is_either_in_time_or_told_that_it_closed(world: World) -> None:
    people = ("recipient", "member", "sender", "admin")
    seen: Counter[str] = Counter()
    for number in range(_ROUNDS):
        offers = await _offers(world, f"N-{number}", 4, *people)
        for name, offer in offers.items():
            closes_in = timedelta(milliseconds=10 + 10 * people.index(name))
            await world.move_window(offer, timedelta(days=-1), closes_in)
        claims = [_claim(world, name, offer) for name, offer in offers.items()]
        answers = await _at_once(*claims, sweep(world.database), sweep(world.database))
        assert _codes(answers[:4]) <= {"CLAIM_WINDOW_CLOSED"}
        await _seats_are_claims(world, f"N-{number}", answers[:4])
        seen.update(str(answer["codes"]) for answer in answers[:4])
    assert seen.total() == 4 * _ROUNDS
    await the_log_explains_everything(world.database)


async def test_a_claim_and_the_cancellation_of_the_order_at_once_leave_no_open_offer(world: World) -> None:
    people = ("recipient", "member", "sender")
    for number in range(_ROUNDS):
        offers = await _offers(world, f"N-{number}", 3, *people)
        order_id = await world.order_id(f"N-{number}")
        claims = [_claim(world, name, offer) for name, offer in offers.items()]
        cancelled, *answers = await _at_once(world.process("owner", order_id, "CANCEL"), *claims)
        assert cancelled["order"] == {"status": "CANCELLED", "version": 2}
        assert _codes(answers) <= {"NOT_OFFERED"}
        await _seats_are_claims(world, f"N-{number}", answers)
    await the_log_explains_everything(world.database)


async def test_a_claim_and_the_removal_of_its_recipient_at_once_leave_no_seat_taken(world: World) -> None:
    for number in range(_ROUNDS):
        offers = await _offers(world, f"N-{number}", 2, "recipient", "member")
        others = await _offers(world, f"M-{number}", 2, "member", "recipient")
        answers = await _at_once(
            *(_claim(world, name, offer) for name, offer in offers.items()),
            _remove(world, "recipient"),
            *(_claim(world, name, offer) for name, offer in others.items()),
            _remove(world, "member"),
        )
        assert (answers[2]["codes"], answers[5]["codes"]) == ([], [])
        assert _codes(answers) <= {"NOT_FOUND", "NOT_OFFERED"}
        assert (await world.order_row(f"N-{number}")).shares_claimed == 0
        assert (await world.order_row(f"M-{number}")).shares_claimed == 0
        await _add(world, "recipient")
        await _add(world, "member")
    await the_log_explains_everything(world.database)


async def test_everything_at_once_ends_in_a_state_that_the_log_explains(world: World, database_url: str) -> None:
    crowd = _CROWD[:10]
    await world.import_rows(*(row(f"O-{name}", name) for name in crowd))
    for number in range(_ROUNDS):
        order = f"N-{number}"
        offers = await _offers(world, order, 3, *crowd)
        for name in crowd[6:8]:
            await world.move_window(offers[name], timedelta(days=-1), timedelta(milliseconds=20))
        claims = [_claim(world, name, offer) for name, offer in offers.items()]
        answers = await _at_once(
            *claims[:5],
            _revoke(world, "owner", offers[crowd[0]]),
            _revoke(world, "owner", offers[crowd[5]]),
            _remove(world, crowd[1]),
            world.process("owner", await world.order_id(order), "CANCEL"),
            _remove(world, crowd[9]),
            sweep(world.database),
            *claims[5:],
        )
        assert _codes([*answers[:5], *answers[11:]]) <= {
            *("NOT_FOUND", "NOT_OFFERED", "CLAIM_WINDOW_CLOSED", "SHARES_EXHAUSTED", "ORDER_NOT_SHAREABLE")
        }
        assert answers[8]["order"] == {"status": "CANCELLED", "version": 2}
        for name in (crowd[1], crowd[9]):
            await _add(world, name)
    await sweep(world.database)
    await the_log_explains_everything(world.database)
    assert await deadlocks(world.database, database_url) == 0
