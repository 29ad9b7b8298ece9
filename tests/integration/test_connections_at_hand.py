"""Connections that are kept at hand: the one used last comes first, none is lent broken, and none is lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import literal
from sqlalchemy.exc import DBAPIError

from db.connections_at_hand import ConnectionsAtHand, Lent
from db.database import Database
from db.driver import DRIVER_FAULTS, Driver
from db.parts_query import Part, PartsQuery
from tests.integration.outage import outage

_CAP = 8
_ONE = PartsQuery(lambda _: [Part({"one": literal(1)}, lambda statement: statement)] * 2)
_BACKEND = "SELECT pg_backend_pid()"
_WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Database]:
    """A database whose connections nobody else has, once for each supported server."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def at_hand(opened: Database) -> ConnectionsAtHand:
    return opened._at_hand


def _checked_out(database: Database) -> int:
    pool: Any = database.engine.pool
    lent: int = pool.checkedout()
    return lent


async def _terminate(database: Database, pid: int) -> None:
    """End a connection's server side, and wait until it is gone."""
    async with database.engine.connect() as connection:
        ended = await connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 10000)")
        assert ended.scalar_one() is True


async def _hung_up(lent: Lent) -> None:
    """Wait until the driver has heard that the server has hung up."""
    driver: Any = lent.connection.driver_connection
    heard = asyncio.Event()
    driver.add_termination_listener(lambda _: heard.set())
    if not driver.is_closed():
        await heard.wait()


async def test_the_connection_used_last_is_lent_first(opened: Database, at_hand: ConnectionsAtHand) -> None:
    first, second, third = [await at_hand.take("a test") for _ in range(3)]
    for lent in (second, third, first):
        await at_hand.give_back(lent)

    assert [await at_hand.take("a test") for _ in range(3)] == [first, third, second]
    assert len(at_hand) == 0
    for lent in (first, second, third):
        await at_hand.give_back(lent)


async def test_no_more_are_kept_than_the_cap(opened: Database, at_hand: ConnectionsAtHand) -> None:
    lent = [await at_hand.take("a test") for _ in range(_CAP + 2)]
    assert (len(at_hand), opened.lent_connections, _checked_out(opened)) == (0, _CAP + 2, _CAP + 2)

    for number, each in enumerate(lent, start=1):
        await at_hand.give_back(each)
        assert len(at_hand) == min(number, _CAP)
        assert opened.lent_connections == len(lent) - number

    assert _checked_out(opened) == _CAP
    assert await opened.glance(_ONE)
    assert (len(at_hand), opened.lent_connections, _checked_out(opened)) == (_CAP, 0, _CAP)


async def test_what_is_lent_is_counted_whoever_has_it(opened: Database) -> None:
    async with opened.snapshot() as snapshot:
        assert opened.lent_connections == 1
        await snapshot.ask_moment()
        async with opened.read() as session:
            await session.connection()
            assert opened.lent_connections == 2
        async with opened.snapshot():
            assert opened.lent_connections == 2
    assert opened.lent_connections == 0
    assert len(opened._at_hand) == 2


async def test_closing_returns_what_is_at_hand(opened: Database, at_hand: ConnectionsAtHand) -> None:
    for lent in [await at_hand.take("a test") for _ in range(3)]:
        await at_hand.give_back(lent)
    assert _checked_out(opened) == 3

    await at_hand.close()

    assert (len(at_hand), _checked_out(opened), opened.lent_connections) == (0, 0, 0)
    assert [list(row) for row in await opened.glance(_ONE)] == [[0, 1], [1, 1]]


async def test_a_reader_that_fails_does_not_give_its_connection_to_others(
    opened: Database, at_hand: ConnectionsAtHand
) -> None:
    before = await at_hand.take("a test")
    await at_hand.give_back(before)

    async def fail(driver: Driver) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await at_hand.glance(fail, "a test")

    assert (len(at_hand), opened.lent_connections) == (0, 0)
    after = await at_hand.take("a test")
    assert after.driver is not before.driver
    await at_hand.give_back(after)


async def test_a_reader_that_is_cancelled_leaves_nothing_lent(opened: Database, at_hand: ConnectionsAtHand) -> None:
    reading = asyncio.Event()

    async def read(driver: Driver) -> None:
        await driver.send("BEGIN")
        reading.set()
        await asyncio.Event().wait()

    for _ in range(30):
        reading.clear()
        reader = asyncio.create_task(at_hand.glance(read, "a test"))
        await reading.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert (len(at_hand), opened.lent_connections) == (0, 0)
        # A transaction that had stayed open would not let another begin.
        lent = await at_hand.take("a test")
        await lent.driver.send("BEGIN")
        await at_hand.roll_back(lent)
        await at_hand.close()


async def test_a_reader_that_is_cancelled_while_the_server_answers_leaves_nothing_lent(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    at_hand = database._at_hand
    blocker, watcher = await at_hand.take("a test"), await at_hand.take("a test")
    await blocker.driver.send("BEGIN")
    await blocker.driver.send("LOCK TABLE app_user")
    reader = asyncio.create_task(at_hand.glance(lambda driver: driver.fetch("SELECT 1 FROM app_user", ()), "a test"))
    while not await watcher.driver.fetch(_WAITING, ()):
        pass

    reader.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reader
    assert (database.lent_connections, len(at_hand)) == (2, 0)
    await at_hand.roll_back(blocker)
    await at_hand.give_back(watcher)
    assert (database.lent_connections, len(at_hand)) == (0, 2)
    await database.close()


async def test_whoever_is_cancelled_while_a_connection_is_looked_at_leaves_nothing_lent(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    at_hand = database._at_hand
    lent = await at_hand.take("a test")
    await at_hand.give_back(lent)
    at_hand._at_hand[0] = (lent, time.monotonic() - 60)
    taker = asyncio.create_task(at_hand.take("a test"))
    # One turn of the loop, and the server is being asked.
    await asyncio.sleep(0)
    assert len(at_hand) == 0

    taker.cancel()

    with pytest.raises(asyncio.CancelledError):
        await taker
    assert (database.lent_connections, len(at_hand)) == (0, 0)
    await database.close()


async def test_a_connection_that_the_server_has_ended_is_not_lent_again(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    lent = await database._at_hand.take("a test")
    [[pid]] = await lent.driver.fetch(_BACKEND, ())
    await database._at_hand.give_back(lent)

    await _terminate(database, pid)
    await _hung_up(lent)

    [[other]] = await database._at_hand.glance(lambda driver: driver.fetch(_BACKEND, ()), "a test")
    assert other != pid
    assert [list(row) for row in await database.glance(_ONE)] == [[0, 1], [1, 1]]
    assert (database.lent_connections, len(database._at_hand)) == (0, 1)
    await database.close()


async def test_a_reader_whose_server_goes_is_told_and_the_next_one_reads(postgresql_url: str) -> None:
    database = Database(postgresql_url)

    async def ended(driver: Driver) -> None:
        [[pid]] = await driver.fetch(_BACKEND, ())
        await _terminate(database, pid)
        await driver.fetch("SELECT 1", ())

    with pytest.raises(DRIVER_FAULTS):
        await database._at_hand.glance(ended, "a test")

    assert (database.lent_connections, len(database._at_hand)) == (0, 0)
    assert [list(row) for row in await database.glance(_ONE)] == [[0, 1], [1, 1]]
    await database.close()


async def test_a_transaction_whose_server_goes_leaves_nothing_lent(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    lent = await database._at_hand.take("a test")
    await lent.driver.send("BEGIN")
    [[pid]] = await lent.driver.fetch(_BACKEND, ())
    await _terminate(database, pid)

    await database._at_hand.roll_back(lent)

    assert (database.lent_connections, len(database._at_hand)) == (0, 0)
    await database.close()


async def test_a_database_that_is_away_is_a_fault_of_the_database(
    postgresql_server_url: str, postgresql_url: str
) -> None:
    database = Database(postgresql_url)
    await database.glance(_ONE)
    async with outage(postgresql_server_url, postgresql_url):
        [(lent, _)] = database._at_hand._at_hand
        await _hung_up(lent)
        with pytest.raises(DBAPIError):
            await database.glance(_ONE)
        assert (database.lent_connections, len(database._at_hand)) == (0, 0)
    assert [list(row) for row in await database.glance(_ONE)] == [[0, 1], [1, 1]]
    await database.close()
