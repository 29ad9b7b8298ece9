"""The log: its sequence is the order of the commits, without a gap, whoever writes and whatever is rolled back."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from db.event_log import append, log_head, read_events
from db.log_cursor import LogCursor, log_end
from db.signals import InProcessSignals
from tests.integration.log_writing import new_event, new_organisation, write


class RecordingSignals(InProcessSignals):
    """The hints of one process, kept for a test."""

    def __init__(self) -> None:
        super().__init__()
        self.notified: list[UUID] = []

    def notify(self, organisation_id: UUID) -> None:
        self.notified.append(organisation_id)
        super().notify(organisation_id)


class RolledBack(Exception):
    """What a transaction in these tests is ended by."""


async def _read(database: Database, organisation_id: UUID, after: int = 0, limit: int = 10_000) -> list[UUID]:
    """Return the ids of the log's events, which must be numbered without a gap."""
    async with database.read() as session:
        events = [found.event for found in await read_events(session, organisation_id, after, limit)]
    assert [event.sequence for event in events] == list(range(after + 1, after + len(events) + 1))
    return [event.event_id for event in events]


async def _head(database: Database, organisation_id: UUID) -> int:
    async with database.read() as session:
        return await log_head(session, organisation_id)


async def _append_and_roll_back(database: Database, organisation_id: UUID) -> None:
    async def work(session: AsyncSession) -> None:
        await append(session, organisation_id, [new_event(organisation_id), new_event(organisation_id)])
        raise RolledBack

    with pytest.raises(RolledBack):
        await database.write(work)


async def test_events_count_from_one_in_the_order_they_are_given(database: Database) -> None:
    family = await new_organisation(database)
    assert (await _head(database, family), await _read(database, family)) == (0, [])
    written = [*await write(database, family), *await write(database, family, 3), *await write(database, family)]
    assert await _read(database, family) == written
    assert await _head(database, family) == 5


async def test_each_organisation_has_a_log_of_its_own(database: Database) -> None:
    family, fund = await new_organisation(database), await new_organisation(database, "fund")
    of_family = await write(database, family, 2)
    of_fund = await write(database, fund, 3)
    of_family += await write(database, family)
    assert await _read(database, family) == of_family
    assert await _read(database, fund) == of_fund


async def test_a_part_of_the_log_is_read_in_order(database: Database) -> None:
    family = await new_organisation(database)
    written = await write(database, family, 7)
    for after, limit, count in ((0, 3, 3), (3, 3, 3), (6, 3, 1), (7, 3, 0), (99, 3, 0)):
        found = await _read(database, family, after, limit)
        assert found == written[after : after + limit]
        assert len(found) == count


async def test_the_end_of_the_log_is_the_place_after_the_last_event(database: Database) -> None:
    family = await new_organisation(database)
    async with database.snapshot() as snapshot:
        assert await log_end(snapshot, family) == LogCursor.before_everything(family)
    written = await write(database, family, 3)
    async with database.snapshot() as snapshot:
        assert await log_end(snapshot, family) == LogCursor(family, 3, written[-1].bytes[:8])


async def test_a_rollback_leaves_no_gap_and_no_trace(database: Database) -> None:
    family = await new_organisation(database)
    first = await write(database, family)
    await _append_and_roll_back(database, family)
    assert (await _head(database, family), await _read(database, family)) == (1, first)
    second = await write(database, family)
    assert await _read(database, family) == first + second


async def test_readers_are_woken_by_a_commit_alone_and_once(database: Database) -> None:
    family, fund = await new_organisation(database), await new_organisation(database, "fund")
    database.signals = signals = RecordingSignals()

    async def work(session: AsyncSession) -> None:
        await append(session, family, [new_event(family)])
        await append(session, family, [new_event(family)])
        await append(session, fund, [])
        assert signals.notified == []

    await database.write(work)
    assert signals.notified == [family]
    await _append_and_roll_back(database, family)
    await write(database, family, 0)
    assert signals.notified == [family]
    await write(database, fund, 5)
    assert signals.notified == [family, fund]


class Writer:
    """A process of its own, as far as the database can tell: a thread with its own connections."""

    def __init__(self, url: str, organisation_ids: Sequence[UUID]) -> None:
        self._url = url
        self._organisation_ids = organisation_ids
        self.written: dict[UUID, list[UUID]] = {organisation_id: [] for organisation_id in organisation_ids}

    def run(self) -> None:
        asyncio.run(self._write())

    async def _write(self) -> None:
        database = Database(self._url)
        for turn in range(60):
            organisation_id = self._organisation_ids[turn % len(self._organisation_ids)]
            if turn % 4 == 3:
                await _append_and_roll_back(database, organisation_id)
            else:
                self.written[organisation_id] += await write(database, organisation_id, 1 + turn % 3)
        await database.close()


@pytest.mark.parametrize("count", [1, 3], ids=["one organisation", "three organisations"])
async def test_the_sequence_is_the_order_of_the_commits(database: Database, database_url: str, count: int) -> None:
    organisation_ids = [await new_organisation(database, f"fund {number}") for number in range(count)]
    writers = [Writer(database_url, organisation_ids) for _ in range(4)]
    writing = asyncio.gather(*(asyncio.to_thread(writer.run) for writer in writers))
    seen: dict[UUID, list[UUID]] = {organisation_id: [] for organisation_id in organisation_ids}
    looks = 0
    while not writing.done():
        for organisation_id in organisation_ids:
            # Were one sequence committed after a higher one, a look between the two would find a gap.
            log = await _read(database, organisation_id)
            assert log[: len(seen[organisation_id])] == seen[organisation_id]
            seen[organisation_id] = log
            looks += 1
    await writing
    assert looks > 10
    for organisation_id in organisation_ids:
        log = await _read(database, organisation_id)
        written = [writer.written[organisation_id] for writer in writers]
        assert sorted(log) == sorted(event_id for own in written for event_id in own)
        assert await _head(database, organisation_id) == len(log)
        for own in written:
            # Each writer's events are in the order in which it committed them.
            assert [event_id for event_id in log if event_id in own] == own


async def test_an_append_waits_for_the_one_before_it_in_the_same_organisation_alone(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    family, fund = await new_organisation(database), await new_organisation(database, "fund")
    appended, may_commit = asyncio.Event(), asyncio.Event()
    event = new_event(family)

    async def append_and_wait(session: AsyncSession) -> None:
        await append(session, family, [event])
        appended.set()
        await may_commit.wait()

    async with asyncio.timeout(20):
        first = asyncio.create_task(database.write(append_and_wait))
        await appended.wait()
        second = asyncio.create_task(write(database, family))
        await _somebody_waits_for_a_lock(database)
        of_fund = await write(database, fund)
        assert await _read(database, fund) == of_fund
        assert await _read(database, family) == []
        may_commit.set()
        await first
        expected = [event.event_id, *await second]
        assert await _read(database, family) == expected
    await database.close()


async def _somebody_waits_for_a_lock(database: Database) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with database.engine.connect() as connection:
        while not (await connection.execute(waiting)).scalar_one():
            await connection.rollback()
