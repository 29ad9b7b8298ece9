"""Following a log: what is there and what comes, each event once, also when the hints about it are lost."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.database import Database
from db.follower import BATCH, follow
from db.signals import InProcessSignals, Wakeup
from tests.integration.log_writing import new_organisation, write
from tests.listening import AnnouncingSignals


async def _follow(database: Database, organisation_id: UUID, after: int, until: int) -> list[list[int]]:
    """Return the sequences that a follower gets, batch by batch, up to `until`."""
    batches: list[list[int]] = []
    async with asyncio.timeout(30), aclosing(follow(database, organisation_id, after)) as following:
        async for batch in following:
            batches.append([found.event.sequence for found in batch])
            if batches[-1][-1] >= until:
                break
    return batches


async def _begin(database: Database, organisation_id: UUID, until: int) -> "asyncio.Task[list[list[int]]]":
    """Begin to follow from the first event, and return once the follower listens."""
    signals = database.signals
    assert isinstance(signals, AnnouncingSignals)
    following = asyncio.create_task(_follow(database, organisation_id, 0, until))
    await signals.begun.acquire()
    return following


async def test_a_follower_gets_what_is_there_and_then_what_comes(database: Database) -> None:
    database.signals = AnnouncingSignals()
    family = await new_organisation(database)
    await write(database, family, 3)
    following = await _begin(database, family, 6)
    for _ in range(3):
        await write(database, family)
    batches = await following
    assert [sequence for batch in batches for sequence in batch] == [1, 2, 3, 4, 5, 6]
    assert all(batches)


async def test_a_follower_of_one_organisation_hears_nothing_of_another(database: Database) -> None:
    database.signals = AnnouncingSignals()
    family, fund = await new_organisation(database), await new_organisation(database, "fund")
    following = await _begin(database, family, 1)
    await write(database, fund, 5)
    await write(database, family)
    assert await following == [[1]]


@pytest.mark.parametrize("count", [BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 1])
async def test_no_event_is_lost_where_one_batch_ends_and_the_next_begins(database: Database, count: int) -> None:
    family = await new_organisation(database)
    await write(database, family, count)
    for after in (0, 1, BATCH - 2):
        batches = await _follow(database, family, after, count)
        left = list(range(after + 1, count + 1))
        assert batches == [left[start : start + BATCH] for start in range(0, len(left), BATCH)]


async def test_what_another_process_writes_is_found_without_a_hint(database: Database, database_url: str) -> None:
    database.signals = AnnouncingSignals()
    family = await new_organisation(database)
    following = await _begin(database, family, 3)
    elsewhere = Database(database_url)
    await write(elsewhere, family, 2)
    # Only when this one is heard is the next one written: the follower had gone back to waiting.
    while not (await _heads(database))[family] == 2:
        pass
    await write(elsewhere, family)
    await elsewhere.close()
    assert [sequence for batch in await following for sequence in batch] == [1, 2, 3]


async def _heads(database: Database) -> dict[UUID, int]:
    async with database.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT organisation_id, head FROM stream"))).all()
    return {UUID(str(organisation_id)): head for organisation_id, head in rows}


class PatientWakeup(Wakeup):
    """Waits for a hint alone: without one it would look again only after a minute."""

    async def wait(self, seconds: float) -> None:
        await super().wait(60)


class PatientSignals(InProcessSignals):
    """Hints to readers who never look without one, and what the database's pool lends while they wait."""

    @contextmanager
    def listen(self, organisation_id: UUID) -> Iterator[Wakeup]:
        wakeup = PatientWakeup()
        self._listeners[organisation_id].add(wakeup)
        yield wakeup


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
