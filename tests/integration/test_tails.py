"""The end of a log that many follow: read once for all, from a bounded ring, whatever becomes of the database."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from db.event_log import LogEntry
from db.signals import Wakeup
from db.tails import Tail
from tests.integration.log_writing import new_organisation, write
from tests.listening import head
from tests.statements import statements
from tests.world import World, row


class HandRung(Wakeup):
    """Waits until the test rings, and tells when it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        self.waits.set()
        # Without a ring it would look again only when the test has long failed.
        await super().wait(600)
        self.waits.clear()


@asynccontextmanager
async def _followed(tail: Tail) -> AsyncIterator[HandRung]:
    """Follow a log, and yield what wakes its tail once that has looked."""
    wakeup = HandRung()
    tail.followers += 1
    task = asyncio.create_task(tail.follow(wakeup))
    async with asyncio.timeout(30):
        await wakeup.waits.wait()
        yield wakeup
        tail.leave()
        await task


async def _look(wakeup: HandRung) -> None:
    """Have a tail look once, and return when it has."""
    wakeup.waits.clear()
    wakeup.ring()
    await wakeup.waits.wait()


def _sequences(entries: Sequence[LogEntry]) -> list[int]:
    return [entry.event.sequence for entry in entries]


async def test_what_is_new_is_read_once_however_many_follow(database: Database) -> None:
    family = await new_organisation(database)
    await write(database, family, 2)
    tail = Tail(family, database.read)
    async with _followed(tail) as wakeup:
        waiting = [asyncio.create_task(tail.news_after(2)) for _ in range(100)]
        await write(database, family, 3)
        with statements(database) as sent:
            await _look(wakeup)
            await asyncio.gather(*waiting)
            heard = [_sequences(await tail.after(2)) for _ in range(100)]
    assert heard == [[3, 4, 5]] * 100
    # One that finds the three, and one that finds no more.
    assert len(sent) == 2


async def test_whoever_has_fallen_behind_the_ring_reads_the_log(database: Database) -> None:
    family = await new_organisation(database)
    await write(database, family, 2)
    tail = Tail(family, database.read, ring=3)
    async with _followed(tail) as wakeup:
        await write(database, family, 4)
        await _look(wakeup)
        with statements(database) as sent:
            assert [_sequences(await tail.after(place)) for place in (3, 4, 5, 6)] == [[4, 5, 6], [5, 6], [6], []]
            assert sent == []
            assert _sequences(await tail.after(2)) == [3, 4, 5, 6]
            assert len(sent) == 1
            assert _sequences(await tail.after(0)) == [1, 2, 3, 4, 5, 6]


async def test_whoever_is_ahead_of_the_tail_waits_for_it(database: Database) -> None:
    family = await new_organisation(database)
    await write(database, family, 1)
    tail = Tail(family, database.read)
    async with _followed(tail) as wakeup:
        await write(database, family, 2)
        # Their answer has told them more than the tail has read.
        assert not tail.ends_at(0)
        assert tail.ends_at(3)
        await _look(wakeup)
        assert list(await tail.after(3)) == []
        waiting = asyncio.create_task(tail.news_after(3))
        await write(database, family)
        await asyncio.sleep(0)
        assert not waiting.done()
        await _look(wakeup)
        await waiting
        assert _sequences(await tail.after(3)) == [4]


async def test_a_tail_outlives_faults_of_the_database(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    family = await new_organisation(database)
    fails = True

    @asynccontextmanager
    async def open_session() -> AsyncIterator[AsyncSession]:
        if fails:
            raise OperationalError("SELECT", None, Exception("gone"))
        async with database.read() as session:
            yield session

    tail = Tail(family, open_session)
    with caplog.at_level(logging.WARNING):
        async with _followed(tail) as wakeup:
            waiting = asyncio.create_task(tail.news_after(0))
            await write(database, family, 2)
            await _look(wakeup)
            assert not waiting.done()
            fails = False
            await _look(wakeup)
            await waiting
            assert _sequences(await tail.after(0)) == [1, 2]
    assert [record.getMessage() for record in caplog.records] == [
        f"the log of {family} cannot be read: OperationalError"
    ] * 2


async def test_what_is_behind_the_ring_is_read_once_for_many_who_are_as_far_behind(database: Database) -> None:
    family = await new_organisation(database)
    await write(database, family, 120)
    tail = Tail(family, database.read, ring=3)
    async with _followed(tail) as wakeup:
        with statements(database) as sent:
            pages = await asyncio.gather(*(tail.after(place) for place in (0, 10, 49, 50) for _ in range(50)))
        assert [(page[0].event.sequence, page[-1].event.sequence) for page in pages[::50]] == [
            (1, 50),
            (11, 50),
            (50, 50),
            (51, 100),
        ]
        assert len(sent) == 2
        # What is read then knows the owners of that time.
        await write(database, family, 1)
        await _look(wakeup)
        with statements(database) as sent:
            assert _sequences(await tail.after(48)) == [49, 50]
        assert len(sent) == 1


async def test_a_page_that_could_not_be_read_is_read_again(database: Database) -> None:
    family = await new_organisation(database)
    await write(database, family, 5)
    fault: list[Exception] = []

    @asynccontextmanager
    async def read() -> AsyncIterator[AsyncSession]:
        if fault:
            raise fault[0]
        async with database.read() as session:
            yield session

    tail = Tail(family, read, ring=3)
    async with _followed(tail):
        fault.append(OperationalError("SELECT", {}, OSError()))
        with pytest.raises(OperationalError):
            await tail.after(0)
        fault.clear()
        assert _sequences(await tail.after(0)) == [1, 2, 3, 4, 5]


async def test_an_entry_in_the_ring_has_the_owner_that_its_order_has_by_now(world: World) -> None:
    order = await world.order_row()
    tail = Tail(order.organisation_id, world.database.read)
    async with _followed(tail) as wakeup:
        place = await head(world)
        assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []
        await _look(wakeup)
        assert [entry.owner_id for entry in await tail.after(place)] == [order.owner_id]
        await world.import_rows(row("O-owner", "member"))
        await _look(wakeup)
        owner_id = (await world.order_row()).owner_id
        with statements(world.database) as sent:
            assert [entry.owner_id for entry in await tail.after(place)] == [owner_id] * 2
        assert (owner_id == order.owner_id, sent) == (False, [])


async def test_a_log_is_followed_once_for_all_and_no_more_when_the_last_has_left(database: Database) -> None:
    family = await new_organisation(database)
    first = database.tails.begin(family)
    second = database.tails.begin(family)
    assert second is first
    await first.news_after(-1)
    database.tails.end(second)
    assert first.followers == 1
    database.tails.end(first)
    await database.tails.finish()
    assert first.followers == 0
    anew = database.tails.begin(family)
    assert anew is not first
    database.tails.end(anew)
    await database.tails.finish()


async def test_a_log_that_is_still_followed_at_the_end_is_left(database: Database) -> None:
    family = await new_organisation(database)
    tail = database.tails.begin(family)
    await tail.news_after(-1)
    await database.tails.finish(seconds=0.01)
    await write(database, family)
    # It reads the log no more, and a ring that nobody fills ends where it ended.
    assert list(await tail.after(0)) == []
    database.tails.end(tail)
