"""Following a log: what is there and what comes, each event once, also when the hints about it are lost."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.database import Database
from db.follower import follow
from db.signals import InProcessSignals, Wakeup
from db.tails import BATCH
from tests.integration.log_writing import new_organisation, write
from tests.listening import AnnouncingTails


class PatientWakeup(Wakeup):
    """Waits for a hint alone, and counts how often."""

    def __init__(self, wakeup: Wakeup, signals: "PatientSignals") -> None:
        super().__init__()
        self._wakeup = wakeup
        self._signals = signals

    def ring(self) -> None:
        self._wakeup.ring()

    def forget(self) -> None:
        self._wakeup.forget()

    async def wait(self, seconds: float) -> None:
        self._signals.waits += 1
        self._signals.waiting.set()
        # Without a hint it would look again only when the test has long failed.
        await self._wakeup.wait(600)
        self._signals.waiting.clear()


class PatientSignals(InProcessSignals):
    """The hints of one process, to tails that never look without one."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0
        self.waiting = asyncio.Event()

    @contextmanager
    def listen(self, organisation_id: UUID) -> Iterator[Wakeup]:
        with super().listen(organisation_id) as wakeup:
            yield PatientWakeup(wakeup, self)


class Following:
    """A follower of a log from a place on, and what it has heard."""

    def __init__(self, database: Database, organisation_id: UUID, after: int, until: int) -> None:
        self.batches: list[list[int]] = []
        self._task = asyncio.create_task(self._follow(database, organisation_id, after, until))

    async def _follow(self, database: Database, organisation_id: UUID, after: int, until: int) -> None:
        async with asyncio.timeout(30), aclosing(follow(database, organisation_id, after)) as following:
            async for batch in following:
                self.batches.append([found.event.sequence for found in batch])
                if not batch or batch[-1].event.sequence >= until:
                    break

    @property
    def heard(self) -> list[int]:
        return [sequence for batch in self.batches for sequence in batch]

    async def has_heard(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.heard) < count:  # noqa: ASYNC110 - what it hears is nobody's event
                await asyncio.sleep(0)

    async def ended(self) -> list[list[int]]:
        await self._task
        return self.batches

    async def cancelled(self) -> None:
        self._task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._task


async def _begin(database: Database, organisation_id: UUID, until: int, heard: int = 0) -> Following:
    """Begin to follow from the first event, and return once what is there is heard and a hint is waited for."""
    database.signals = signals = PatientSignals()
    following = Following(database, organisation_id, 0, until)
    await following.has_heard(heard)
    await signals.waiting.wait()
    return following


async def test_a_follower_gets_what_is_there_and_then_what_comes(database: Database) -> None:
    family = await new_organisation(database)
    await write(database, family, 3)
    following = await _begin(database, family, 6, heard=3)
    assert following.batches == [[1, 2, 3]]
    for _ in range(3):
        await write(database, family)
    await following.ended()
    assert following.heard == [1, 2, 3, 4, 5, 6]


async def test_a_follower_of_one_organisation_hears_nothing_of_another(database: Database) -> None:
    family, fund = await new_organisation(database), await new_organisation(database, "fund")
    following = await _begin(database, family, 1)
    await write(database, fund, 5)
    await write(database, family)
    assert await following.ended() == [[1]]


async def test_all_followers_get_all_events(database: Database) -> None:
    family = await new_organisation(database)
    following = [await _begin(database, family, 4)]
    # They share the tail of the first.
    following += [Following(database, family, after, 4) for after in (0, 0, 1, 3)]
    await write(database, family, 2)
    await write(database, family, 2)
    for each in following:
        await each.ended()
    heard = [each.heard for each in following]
    assert heard == [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [2, 3, 4], [4]]


@pytest.mark.parametrize("count", [BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 1])
async def test_no_event_is_lost_where_one_batch_ends_and_the_next_begins(database: Database, count: int) -> None:
    family = await new_organisation(database)
    await write(database, family, count)
    for after in (0, 1, BATCH - 2):
        batches = await Following(database, family, after, count).ended()
        assert [sequence for batch in batches for sequence in batch] == list(range(after + 1, count + 1))
        assert max(map(len, batches)) <= BATCH


async def test_what_another_process_writes_is_found_without_a_hint(database: Database, database_url: str) -> None:
    database.tails = tails = AnnouncingTails(database)
    family = await new_organisation(database)
    elsewhere = Database(database_url)
    async with asyncio.timeout(30), aclosing(follow(database, family, 0)) as following:
        next_batch = asyncio.create_task(anext(following))
        await tails.begun.acquire()
        for sequence in (1, 2):
            await write(elsewhere, family)
            assert [found.event.sequence for found in await next_batch] == [sequence]
            next_batch = asyncio.create_task(anext(following))
        next_batch.cancel()
        with suppress(asyncio.CancelledError):
            await next_batch
    await elsewhere.close()


async def test_a_hint_that_comes_while_the_log_is_read_is_kept(database: Database) -> None:
    database.signals = PatientSignals()
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


async def test_nobody_holds_a_connection_while_they_wait(database: Database) -> None:
    family = await new_organisation(database)
    await write(database, family)
    following = await _begin(database, family, 2, heard=1)
    assert database.lent_connections == 0
    await write(database, family)
    assert await following.ended() == [[1], [2]]


async def test_a_follower_that_has_heard_waits_again(database: Database) -> None:
    family = await new_organisation(database)
    following = await _begin(database, family, 2)
    signals = database.signals
    assert isinstance(signals, PatientSignals)
    await write(database, family)
    await following.has_heard(1)
    await signals.waiting.wait()
    # Time enough for one that looks again and again to be found at it.
    for _ in range(20):
        await write(database, await new_organisation(database, str(uuid4())))
    assert signals.waits == 2
    await write(database, family)
    assert await following.ended() == [[1], [2]]


async def test_a_follower_that_is_cancelled_follows_no_more(database: Database) -> None:
    database.tails = tails = AnnouncingTails(database)
    family = await new_organisation(database)
    await write(database, family)
    waiting = [Following(database, family, 1, 99) for _ in range(3)]
    for _ in waiting:
        await tails.begun.acquire()
    assert tails.listening == 3
    for left, follower in enumerate(waiting):
        await follower.cancelled()
        assert tails.listening == 2 - left
    # As does one that is closed with an event in hand.
    async with aclosing(follow(database, family, 0)) as following:
        await anext(following)
        assert tails.listening == 1
    assert tails.listening == 0
    await tails.finish()


async def test_a_follower_that_meets_a_fault_follows_no_more(database: Database) -> None:
    database.tails = tails = AnnouncingTails(database)
    family = await new_organisation(database)
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP TABLE event"))
    with pytest.raises(DBAPIError):
        await Following(database, family, 0, 1).ended()
    assert tails.listening == 0
    await tails.finish()
