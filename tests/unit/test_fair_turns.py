"""Turns at work are shared out fairly."""

import asyncio

from execution.fair_turns import FairTurns, give_way


async def _work(turns: FairTurns, key: str, done: list[str], go_on: asyncio.Event) -> None:
    async with turns.turn(key):
        await go_on.wait()
        done.append(key)


async def test_a_key_with_much_work_delays_another_by_one_piece_only() -> None:
    turns, done, go_on = FairTurns(), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for key in ("much", "much", "much", "little", "much", "other"):
            group.create_task(_work(turns, key, done, go_on))
        await asyncio.sleep(0)
        go_on.set()
    assert done == ["much", "much", "little", "other", "much", "much"]


async def test_no_more_than_the_given_number_runs_at_a_time() -> None:
    turns, running, most = FairTurns(at_once=2), 0, 0

    async def work(key: int) -> None:
        nonlocal running, most
        async with turns.turn(key):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(work(key) for key in range(20)))
    assert most == 2


async def test_work_that_fails_or_is_cancelled_gives_its_turn_back() -> None:
    turns, done, go_on = FairTurns(), list[str](), asyncio.Event()

    async def fail() -> None:
        try:
            async with turns.turn("failing"):
                await go_on.wait()
                raise ValueError
        finally:
            # Its turn went to this one, which is cancelled before it can take it.
            waiting[1].cancel()

    failing = asyncio.create_task(fail())
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(_work(turns, key, done, go_on)) for key in ("left", "left", "stays")]
    await asyncio.sleep(0)
    waiting[0].cancel()
    go_on.set()
    results = await asyncio.gather(failing, *waiting, return_exceptions=True)
    assert [type(result).__name__ for result in results] == [
        "ValueError",
        "CancelledError",
        "CancelledError",
        "NoneType",
    ]
    assert done == ["stays"]
    async with asyncio.timeout(5), turns.turn("later"):
        pass


async def test_a_key_waits_from_when_it_asks_until_it_has_its_turn() -> None:
    turns, done, go_on = FairTurns(), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        async with turns.turn("first"):
            group.create_task(_work(turns, "second", done, go_on))
            await asyncio.sleep(0)
            assert [turns.is_waiting(key) for key in ("first", "second")] == [False, True]
        assert not turns.is_waiting("second")
        go_on.set()
    assert done == ["second"]


async def test_work_that_gives_way_lets_other_keys_go_first_and_none_of_its_own() -> None:
    turns, done = FairTurns(), list[str]()

    async def work(name: str, key: str, pieces: int) -> None:
        async with turns.turn(key):
            await asyncio.sleep(0)
            for piece in range(pieces):
                done.append(f"{name}{piece}")
                await give_way()

    async with asyncio.TaskGroup() as group:
        group.create_task(work("a", "large", 3))
        group.create_task(work("b", "large", 1))
        group.create_task(work("c", "small", 1))
    assert done == ["a0", "c0", "a1", "a2", "b0"]


async def test_work_that_nobody_waits_for_gives_way_to_the_event_loop() -> None:
    turns, seen = FairTurns(), list[str]()

    async def work() -> None:
        async with turns.turn("only"):
            asyncio.get_running_loop().call_soon(seen.append, "the loop")
            await give_way()
            seen.append("the work")

    await work()
    await give_way()
    assert seen == ["the loop", "the work"]


async def test_work_that_is_cancelled_while_it_gives_way_leaves_the_turn_to_others() -> None:
    turns, done, go_on = FairTurns(), list[str](), asyncio.Event()

    async def work() -> None:
        async with turns.turn("cancelled"):
            await asyncio.sleep(0)
            await give_way()
            done.append("never")

    working = asyncio.create_task(work())
    others = [asyncio.create_task(_work(turns, key, done, go_on)) for key in ("first", "second")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    working.cancel()
    go_on.set()
    await asyncio.gather(working, *others, return_exceptions=True)
    assert done == ["first", "second"]
    async with asyncio.timeout(5), turns.turn("later"):
        pass


async def test_a_turn_passes_over_all_who_are_cancelled_at_the_moment_in_which_it_is_given_back() -> None:
    turns, done, go_on = FairTurns(), list[str](), asyncio.Event()
    holding = asyncio.create_task(_work(turns, "holds", done, go_on))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(_work(turns, key, done, go_on)) for key in ("left", "gone", "left", "stays")]
    await asyncio.sleep(0)
    # All in one round of the loop: the turn is given back before they know that they are cancelled.
    holding.cancel()
    for each in waiting[:3]:
        each.cancel()
    go_on.set()
    await asyncio.gather(holding, *waiting, return_exceptions=True)
    assert done == ["stays"]
    async with asyncio.timeout(5), turns.turn("later"):
        pass
