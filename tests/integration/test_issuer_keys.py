"""The keys of an issuer: when they are fetched, how long they are believed, and what is done without them."""

import asyncio

from app.issuer_keys import Pace
from tests.issuer import BAD, NEW, OLD, UNAVAILABLE, Gate, Issuer, SigningKey
from tests.world import World

_RESTLESS = Pace(refresh=(0.0, 0.0), retry=(0.0, 0.0), pause=0.0)


async def _all(gate: Gate, tokens: list[str]) -> list[int]:
    return [response.status_code for response in await asyncio.gather(*map(gate.ask, tokens))]


async def test_all_who_come_first_wait_for_one_fetch(gate: Gate, issuer: Issuer) -> None:
    assert await _all(gate, [OLD.token(jti=str(number)) for number in range(50)]) == [200] * 50
    assert issuer.fetches == 1


async def test_a_flood_of_unknown_keys_costs_one_fetch_and_holds_up_nobody(gate: Gate, issuer: Issuer) -> None:
    assert await gate.admits(OLD.token())
    gate.seconds += 10
    issuer.answering.clear()
    flood = [asyncio.create_task(gate.ask(SigningKey(f"bad {number}").token())) for number in range(200)]
    async with asyncio.timeout(20):
        await issuer.asked.acquire()
        await issuer.asked.acquire()
    assert await _all(gate, [OLD.token(jti=str(number)) for number in range(20)]) == [200] * 20
    assert not any(task.done() for task in flood)
    issuer.answering.set()
    assert [(await task).status_code for task in flood] == [401] * 200
    # Nobody waits for the next one, which is not due.
    gate.seconds += 9.9
    issuer.answering.clear()
    assert await _all(gate, [BAD.token()] * 200) == [401] * 200
    assert issuer.fetches == 2


async def test_there_is_never_a_second_fetch_while_one_is_under_way(gate: Gate, issuer: Issuer) -> None:
    issuer.answering.clear()
    first = asyncio.create_task(gate.ask(OLD.token()))
    async with asyncio.timeout(20):
        await issuer.asked.acquire()
    gate.seconds += 60
    others = [asyncio.create_task(gate.ask(OLD.token(jti=str(number)))) for number in range(20)]
    assert (await gate.http.get("/healthz")).status_code == 200
    issuer.answering.set()
    assert [(await task).status_code for task in (first, *others)] == [200] * 21
    assert issuer.fetches == 1


async def test_what_cannot_be_ours_asks_nobody(gate: Gate, issuer: Issuer) -> None:
    assert await gate.admits(OLD.token())
    gate.seconds += 10
    for token in (NEW.token({"kid": "old"}), SigningKey("old", "EdDSA").token(), "garbage", OLD.token(iss="others")):
        assert not await gate.admits(token)
    assert issuer.fetches == 1


async def test_a_new_key_works_at_once(gate: Gate, issuer: Issuer) -> None:
    assert await gate.admits(OLD.token())
    issuer.publish(OLD, NEW)
    # Not sooner than ten seconds after the last look.
    gate.seconds += 9.9
    assert not await gate.admits(NEW.token())
    gate.seconds += 0.1
    assert await gate.admits(NEW.token())
    assert await gate.admits(OLD.token())
    assert issuer.fetches == 2


async def test_whoever_hangs_up_does_not_end_the_fetch_for_others(gate: Gate, issuer: Issuer) -> None:
    issuer.answering.clear()
    first, second = (asyncio.create_task(gate.ask(OLD.token(jti=name))) for name in ("first", "second"))
    async with asyncio.timeout(20):
        await issuer.asked.acquire()
    first.cancel()
    await asyncio.wait({first})
    issuer.answering.set()
    assert (await second).status_code == 200
    assert issuer.fetches == 1


async def test_a_key_that_vanished_works_no_more_even_for_a_token_that_is_remembered(
    gate: Gate, issuer: Issuer
) -> None:
    issuer.publish(OLD, NEW)
    tokens = [OLD.token(), NEW.token()]
    assert [await gate.admits(token) for token in tokens * 2] == [True] * 4
    issuer.publish(NEW)
    await gate.refresh()
    assert [await gate.admits(token) for token in tokens * 2] == [False, True] * 2
    # Trusted again, once the issuer says so.
    issuer.publish(OLD, NEW)
    await gate.refresh()
    assert [await gate.admits(token) for token in tokens * 2] == [True] * 4


async def test_another_key_under_the_name_of_an_old_one_takes_its_place(gate: Gate, issuer: Issuer) -> None:
    token, renewed = OLD.token(), SigningKey("old", number=1)
    assert await gate.admits(token)
    issuer.publish(renewed)
    await gate.refresh()
    assert [await gate.admits(each) for each in (token, renewed.token())] == [False, True]


async def test_keys_are_fetched_again_and_again_without_anybody_asking(world: World, issuer: Issuer) -> None:
    gate = Gate(world, issuer.url, _RESTLESS)
    gate.keys.start()
    async with asyncio.timeout(20):
        for _ in range(3):
            await issuer.asked.acquire()
        token = OLD.token()
        assert await gate.admits(token)
        issuer.publish(NEW)
        while await gate.admits(token):
            pass
        assert await gate.admits(NEW.token())
        # An issuer that goes away and comes back is found again.
        await issuer.go_away()
        issuer.publish(OLD)
        await issuer.come()
        while not await gate.admits(token):
            pass
    await gate.keys.stop()
    await gate.http.aclose()


async def test_keys_that_are_kept_work_for_an_hour_while_the_issuer_is_away(gate: Gate, issuer: Issuer) -> None:
    token = OLD.token()
    assert await gate.admits(token)
    await issuer.go_away()
    gate.seconds = 3599.0
    await gate.keys.look_again()
    assert [await gate.admits(each) for each in (token, OLD.token(jti="1"))] == [True, True]
    await gate.refresh()
    for each in (token, OLD.token(jti="1")):
        response = await gate.ask(each)
        assert (response.status_code, response.json()) == (503, UNAVAILABLE)
    await issuer.come()
    await gate.refresh()
    assert await gate.admits(token)


async def test_without_any_key_it_is_said_that_nothing_can_be_verified(gate: Gate, issuer: Issuer) -> None:
    await issuer.go_away()
    response = await gate.ask(OLD.token())
    assert (response.status_code, response.json()) == (503, UNAVAILABLE)
    assert response.headers["retry-after"] == "10"
    not_ready = await gate.http.get("/readyz")
    assert (not_ready.status_code, not_ready.json()) == (503, {"status": "the issuer's keys are not there"})
    # What no key could make good is refused as ever.
    assert (await gate.http.post("/graphql", json={"query": "{ viewer { user { name } } }"})).status_code == 401
    assert [await gate.admits(token) for token in ("garbage", "a.b.c")] == [False, False]
    await issuer.come()
    assert (await gate.ask(OLD.token())).status_code == 503
    gate.seconds += 10
    assert await gate.admits(OLD.token())
    assert (await gate.http.get("/readyz")).json() == {"status": "ready"}


async def test_an_issuer_that_publishes_no_key_is_believed(gate: Gate, issuer: Issuer) -> None:
    token = OLD.token()
    assert await gate.admits(token)
    issuer.publish()
    await gate.refresh()
    assert (await gate.ask(token)).status_code == 503


async def test_a_fetch_that_is_under_way_ends_with_the_server(gate: Gate, issuer: Issuer) -> None:
    issuer.answering.clear()
    gate.keys.start()
    async with asyncio.timeout(20):
        await issuer.asked.acquire()
        await gate.keys.stop()
    assert not gate.keys.are_there
