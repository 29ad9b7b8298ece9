"""The time that work may take."""

import asyncio

import pytest

from app.deadlines import Deadlines

_LONG = 60.0


async def test_work_that_is_in_time_returns_or_raises_as_ever() -> None:
    deadlines = Deadlines(_LONG)

    async def fails() -> None:
        raise KeyError("it")

    assert await deadlines.keep(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(KeyError):
        await deadlines.keep(fails())


async def test_work_that_takes_too_long_is_cancelled_and_told_so_and_its_task_goes_on() -> None:
    deadlines, ended = Deadlines(0.01), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    for _ in range(2):
        with pytest.raises(TimeoutError):
            await deadlines.keep(work())
    assert ended == [True, True]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_began_first_is_due_first_and_the_others_have_their_own_time() -> None:
    deadlines = Deadlines(0.05)
    order: list[str] = []

    async def late(name: str) -> None:
        with pytest.raises(TimeoutError):
            await deadlines.keep(asyncio.Event().wait())
        order.append(name)

    async def in_time() -> None:
        assert await deadlines.keep(asyncio.sleep(0, True))
        order.append("in time")

    await asyncio.gather(late("first"), in_time(), late("second"))
    assert order == ["in time", "first", "second"]


async def test_a_task_that_somebody_else_cancels_is_cancelled() -> None:
    deadlines = Deadlines(_LONG)
    began = asyncio.Event()

    async def work() -> None:
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(deadlines.keep(work()))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
