import asyncio
from uuid import UUID

import pytest

from db.signals import InProcessSignals, Wakeup

OURS = UUID(int=1)
THEIRS = UUID(int=2)
LONG = 3600.0


async def has_rung(wakeup: Wakeup) -> bool:
    try:
        async with asyncio.timeout(0):
            await wakeup.wait(LONG)
    except TimeoutError:
        return False
    return True


async def notify(signals: InProcessSignals, organisation_id: UUID) -> None:
    signals.notify(organisation_id)


async def test_a_reader_starts_without_a_hint() -> None:
    with InProcessSignals().listen(OURS) as wakeup:
        assert await has_rung(wakeup) is False


async def test_a_hint_that_came_before_the_wait_is_not_lost() -> None:
    signals = InProcessSignals()

    with signals.listen(OURS) as wakeup:
        signals.notify(OURS)

        assert await has_rung(wakeup) is True


async def test_a_hint_wakes_a_reader_that_waits_already() -> None:
    signals = InProcessSignals()

    with signals.listen(OURS) as wakeup:
        async with asyncio.timeout(10):
            await asyncio.gather(wakeup.wait(LONG), notify(signals, OURS))

        assert await has_rung(wakeup) is True


async def test_a_hint_reaches_every_reader_of_the_organisation() -> None:
    signals = InProcessSignals()

    with signals.listen(OURS) as one, signals.listen(OURS) as other:
        signals.notify(OURS)

        assert (await has_rung(one), await has_rung(other)) == (True, True)


async def test_a_hint_reaches_no_reader_of_another_organisation() -> None:
    signals = InProcessSignals()

    with signals.listen(OURS) as ours, signals.listen(THEIRS) as theirs:
        signals.notify(THEIRS)

        assert (await has_rung(ours), await has_rung(theirs)) == (False, True)


async def test_a_hint_stays_until_the_reader_forgets_it() -> None:
    signals = InProcessSignals()

    with signals.listen(OURS) as wakeup:
        signals.notify(OURS)
        assert await has_rung(wakeup) is True
        assert await has_rung(wakeup) is True

        wakeup.forget()
        assert await has_rung(wakeup) is False


async def test_many_hints_before_a_look_are_one() -> None:
    signals = InProcessSignals()

    with signals.listen(OURS) as wakeup:
        signals.notify(OURS)
        signals.notify(OURS)
        wakeup.forget()

        assert await has_rung(wakeup) is False


async def test_one_reader_s_forgetting_leaves_the_other_its_hint() -> None:
    signals = InProcessSignals()

    with signals.listen(OURS) as one, signals.listen(OURS) as other:
        signals.notify(OURS)
        one.forget()

        assert (await has_rung(one), await has_rung(other)) == (False, True)


async def test_a_wait_without_a_hint_returns_when_its_time_is_over() -> None:
    wakeup = Wakeup()

    async with asyncio.timeout(10):
        await wakeup.wait(0)

    assert await has_rung(wakeup) is False


async def test_a_reader_that_stopped_listening_hears_nothing_more_while_others_do() -> None:
    signals = InProcessSignals()

    with signals.listen(OURS) as staying:
        with signals.listen(OURS) as leaving:
            pass
        signals.notify(OURS)

        assert (await has_rung(leaving), await has_rung(staying)) == (False, True)


async def test_a_reader_that_fails_stops_listening_all_the_same() -> None:
    signals = InProcessSignals()
    heard: list[Wakeup] = []

    def fail_while_listening() -> None:
        with signals.listen(OURS) as wakeup:
            heard.append(wakeup)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        fail_while_listening()

    signals.notify(OURS)
    assert await has_rung(heard[0]) is False


async def test_an_organisation_can_be_listened_to_again_after_its_last_reader_left() -> None:
    signals = InProcessSignals()
    with signals.listen(OURS):
        pass

    with signals.listen(OURS) as wakeup:
        signals.notify(OURS)

        assert await has_rung(wakeup) is True


async def test_a_hint_that_nobody_waits_for_is_no_fault() -> None:
    signals = InProcessSignals()

    signals.notify(OURS)

    with signals.listen(OURS) as wakeup:
        assert await has_rung(wakeup) is False


async def test_signals_within_a_process_need_no_connection() -> None:
    signals = InProcessSignals()
    await signals.start()

    with signals.listen(OURS) as wakeup:
        signals.notify(OURS)
        assert await has_rung(wakeup) is True

    await signals.stop()
