"""Connections that are lent: what for, since when, and which of them should have been given back."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from db.loans import Loan, name_of
from db.snapshot import Snapshot
from db.writing import Statements
from schema.reading import Reading
from tests.metrics_reader import metrics
from tests.world import World

_MINUTE = 60.0


@pytest.fixture
async def fresh(world: World) -> World:
    """A world whose pool has no connection yet."""
    await world.database.close()
    return world


def _lent(database: Database) -> list[Loan]:
    return [loan for loan, _ in database.loans.overdue(-1)]


def _purposes(database: Database) -> list[str]:
    return [name_of(loan.purpose) for loan in _lent(database)]


def _age(database: Database, seconds: float) -> None:
    """Have everything that is lent been lent for so much longer."""
    for loan in _lent(database):
        assert loan.since is not None
        loan.since -= seconds


async def _ask(snapshot: Snapshot) -> None:
    await snapshot.ask_moment()


async def test_a_loan_knows_which_use_case_has_the_connection(fresh: World) -> None:
    database, seen = fresh.database, []

    async def write(session: AsyncSession) -> None:
        await session.exec(text("SELECT 1"))  # type: ignore[call-overload]  # it takes any statement
        seen.extend(_purposes(database))

    async def write_straight(_: Statements) -> None:
        seen.extend(_purposes(database))

    async def together(_: Statements, __: str, entries: Sequence[str]) -> Sequence[str]:
        seen.extend(_purposes(database))
        return entries

    async def look_up(_: Statements, entries: Sequence[str]) -> Sequence[str]:
        seen.extend(_purposes(database))
        return entries

    reading = Reading(database)
    await reading.ask(_ask)
    seen += _purposes(database)
    await reading.close()
    async with database.read("an export") as session:
        await session.connection()
        seen += _purposes(database)
    await database.write(write)
    await database.write(partial(write), "shareOrder")
    await database.write_straight(write_straight)
    await database.write_together(together, "key", "entry")
    await database.read_together(look_up, "entry")
    here = f"{__name__}.test_a_loan_knows_which_use_case_has_the_connection.<locals>"
    assert seen == [
        f"{__name__}._ask",
        "an export",
        f"{here}.write",
        "shareOrder",
        f"{here}.write_straight",
        f"{here}.together",
        f"{here}.look_up",
    ]
    assert _lent(database) == []


async def test_a_connection_that_is_not_given_back_is_logged_once_and_counted_until_it_is(
    fresh: World, caplog: pytest.LogCaptureFixture
) -> None:
    database, reading = fresh.database, Reading(fresh.database)
    await reading.ask(_ask)
    assert (await metrics(fresh)).one("database_connections_overdue") == 0
    _age(database, _MINUTE)
    with caplog.at_level(logging.WARNING, "db.loans"):
        for _ in range(3):
            assert (await metrics(fresh)).one("database_connections_overdue") == 1
    assert [each.getMessage() for each in caplog.records] == [
        f"a connection to the database has been in use for 60 seconds: {__name__}._ask"
    ]
    await reading.close()
    assert (await metrics(fresh)).one("database_connections_overdue") == 0


async def test_a_connection_that_is_lent_anew_is_logged_anew(fresh: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "db.loans"):
        for name in ("first", "second"):
            async with fresh.database.snapshot(name):
                assert fresh.database.loans.report(_MINUTE) == 0
                _age(fresh.database, 2 * _MINUTE)
                assert fresh.database.loans.report(_MINUTE) == 1
    assert [each.args[1] for each in caplog.records if isinstance(each.args, tuple)] == ["first", "second"]


async def test_a_connection_that_waits_at_hand_or_in_the_pool_is_lent_to_nobody(fresh: World) -> None:
    database = fresh.database
    lent = [await database._at_hand.take("a test") for _ in range(10)]
    _age(database, _MINUTE)
    assert len(database.loans.overdue(_MINUTE - 1)) == 10
    for each in lent:
        await database._at_hand.give_back(each)
    assert (database.loans.overdue(-1), database.lent_connections, len(database._at_hand)) == ([], 0, 8)


async def test_a_connection_that_breaks_is_lent_to_nobody(fresh: World) -> None:
    async def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fresh.database._at_hand.glance(fail, "a test")
    assert (_lent(fresh.database), fresh.database.lent_connections) == ([], 0)


class _Told(logging.Handler):
    """Hears of the first record."""

    def __init__(self) -> None:
        super().__init__()
        self.first: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def emit(self, record: logging.LogRecord) -> None:
        if not self.first.done():
            self.first.set_result(record.getMessage())


async def test_a_connection_that_is_not_given_back_is_logged_though_nobody_asks_for_metrics(fresh: World) -> None:
    told, log = _Told(), logging.getLogger("db.loans")
    log.addHandler(told)
    reporting = asyncio.create_task(fresh.database.loans.report_for_ever(0.01))
    try:
        async with fresh.database.snapshot("a test"), asyncio.timeout(10):
            assert (await told.first).endswith(": a test")
    finally:
        log.removeHandler(told)
        reporting.cancel()
        await asyncio.wait({reporting})
