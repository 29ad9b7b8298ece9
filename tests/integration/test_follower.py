"""Following a log: what is there and what comes, each event once, also when the hints about it are lost."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.database import Database
from db.follower import BATCH, follow
from db.signals import InProcessSignals, Wakeup
from tests.integration.log_writing import new_organisation, write
from tests.listening import AnnouncingSignals


class PatientWakeup(Wakeup):
    """Waits for a hint alone, and notes how many connections are lent meanwhile."""

    def __init__(self, wakeup: Wakeup, signals: "PatientSignals") -> None:
        super().__init__()
        self._wakeup = wakeup
        self._signals = signals

    def forget(self) -> None:
        self._wakeup.forget()

    async def wait(self, seconds: float) -> None:
        self._signals.lent.append(self._signals.database.lent_connections)
        self._signals.waits.set()
        # Without a hint it would look again only when the test has long failed.
        await self._wakeup.wait(600)


class PatientSignals(InProcessSignals):
    """The hints of one process, to followers that never look without one."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.lent: list[int] = []
        self.waits = asyncio.Event()

    @contextmanager
    def listen(self, organisation_id: UUID) -> Iterator[Wakeup]:
        with super().listen(organisation_id) as wakeup:
            yield PatientWakeup(wakeup, self)


async def _follow(database: Database, organisation_id: UUID, after: int, until: int) -> list[list[int]]:
    """Return the sequences that a follower gets, batch by batch, up to `until`."""
    batches: list[list[int]] = []
    async with asyncio.timeout(30), aclosing(follow(database, organisation_id, after)) as following:
        async for batch in following:
            batches.append([found.event.sequence for found in batch])
            if not batch or batches[-1][-1] >= until:
                break
    return batches


async def _begin(database: Database, organisation_id: UUID, until: int) -> "asyncio.Task[list[list[int]]]":
    """Begin to follow from the first event, and return once the follower waits for one."""
    database.signals = signals = PatientSignals(database)
    following = asyncio.create_task(_follow(database, organisation_id, 0, until))
    await signals.waits.wait()
    return following


async def test_a_follower_gets_what_is_there_and_then_what_comes(database: Database) -> None:
    family = await new_organisation(database)
    await write(database, family, 3)
    following = await _begin(database, family, 6)
    for _ in range(3):
        await write(database, family)
    first, *others = await following
    assert first == [1, 2, 3]
    assert [sequence for batch in others for sequence in batch] == [4, 5, 6]


async def test_a_follower_of_one_organisation_hears_nothing_of_another(database: Database) -> None:
    family, fund = await new_organisation(database), await new_organisation(database, "fund")
    following = await _begin(database, family, 1)
    await write(database, fund, 5)
    await write(database, family)
    assert await following == [[1]]


async def test_all_followers_get_all_events(database: Database) -> None:
    family = await new_organisation(database)
    following = [await _begin(database, family, 4)]
    # They share the hints of the first.
    following += [asyncio.create_task(_follow(database, family, after, 4)) for after in (0, 0, 1, 3)]
    await write(database, family, 2)
    await write(database, family, 2)
    heard = [[sequence for batch in batches for sequence in batch] for batches in await asyncio.gather(*following)]
    assert heard == [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [2, 3, 4], [4]]


@pytest.mark.parametrize("count", [BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 1])
async def test_no_event_is_lost_where_one_batch_ends_and_the_next_begins(database: Database, count: int) -> None:
    family = await new_organisation(database)
    await write(database, family, count)
    for after in (0, 1, BATCH - 2):
        batches = await _follow(database, family, after, count)
        left = list(range(after + 1, count + 1))
        assert batches == [left[start : start + BATCH] for start in range(0, len(left), BATCH)]


async def test_what_another_process_writes_is_found_without_a_hint(database: Database, database_url: str) -> None:
    database.signals = signals = AnnouncingSignals()
    family = await new_organisation(database)
    elsewhere = Database(database_url)
    async with asyncio.timeout(30), aclosing(follow(database, family, 0)) as following:
        next_batch = asyncio.create_task(anext(following))
        await signals.begun.acquire()
        for sequence in (1, 2):
            await write(elsewhere, family)
            assert [found.event.sequence for found in await next_batch] == [sequence]
            next_batch = asyncio.create_task(anext(following))
        next_batch.cancel()
        with suppress(asyncio.CancelledError):
            await next_batch
    await elsewhere.close()


async def test_a_hint_that_comes_while_the_log_is_read_is_kept(database: Database) -> None:
    database.signals = PatientSignals(database)
    family = await new_organisation(database)
    heard: list[int] = []
    async with asyncio.timeout(30), aclosing(follow(database, family, 0)) as following:
        writing = asyncio.create_task(write(database, family))
        while len(heard) < 150:
            heard += [found.event.sequence for found in await anext(following)]
            await writing
            # Written beside the follower's next look, which finds it or must be told to look again.
            writing = asyncio.create_task(write(database, family))
        await writing
    assert heard == list(range(1, len(heard) + 1))


async def test_a_follower_holds_no_connection_while_it_waits(database: Database) -> None:
    family = await new_organisation(database)
    await write(database, family)
    following = await _begin(database, family, 2)
    signals = database.signals
    assert isinstance(signals, PatientSignals)
    assert signals.lent == [0]
    await write(database, family)
    assert await following == [[1], [2]]


async def test_a_follower_that_has_heard_waits_again(database: Database) -> None:
    family = await new_organisation(database)
    following = await _begin(database, family, 2)
    signals = database.signals
    assert isinstance(signals, PatientSignals)
    signals.waits.clear()
    await write(database, family)
    await signals.waits.wait()
    # Time enough for a follower that looks again and again to be found at it.
    for _ in range(20):
        await write(database, await new_organisation(database, str(uuid4())))
    await write(database, family)
    assert await following == [[1], [2]]
    assert len(signals.lent) == 2


async def test_a_follower_that_is_cancelled_listens_no_more(database: Database) -> None:
    database.signals = signals = AnnouncingSignals()
    family = await new_organisation(database)
    await write(database, family)
    waiting = [asyncio.create_task(_follow(database, family, 1, 99)) for _ in range(3)]
    for _ in waiting:
        await signals.begun.acquire()
    assert signals.listening == 3
    for left, follower in enumerate(waiting):
        follower.cancel()
        with pytest.raises(asyncio.CancelledError):
            await follower
        assert signals.listening == 2 - left
    # As does one that is closed with an event in hand.
    async with aclosing(follow(database, family, 0)) as following:
        await anext(following)
        assert signals.listening == 1
    assert signals.listening == 0


async def test_a_follower_that_meets_a_fault_listens_no_more(database: Database) -> None:
    database.signals = signals = AnnouncingSignals()
    family = await new_organisation(database)
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP TABLE event"))
    with pytest.raises(DBAPIError):
        await _follow(database, family, 0, 1)
    assert signals.listening == 0
